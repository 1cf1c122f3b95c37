#include "apps/collect_metrics.h"

#include "apps/build_info.h"
#include "juncture/adapters/metrics.h"
#include "juncture/adapters/rocksdb_stores.h"

namespace juncture::apps {
namespace {

void take_totals(MetricsSnapshot& out, const Totals& prospects, const Totals& intake, const Totals& accounts) {
  out.signals_consumed = {{"canonical", prospects.read}, {"intake", intake.read}};
  out.signals_rejected = prospects.rejected;
  for (std::size_t i = 0; i < out.signals_rejected.size(); ++i) {
    out.signals_rejected[i] += intake.rejected[i] + accounts.rejected[i];
  }
  out.signals_ignored = intake.ignored;
  out.signals_duplicate = prospects.duplicate;
  out.signals_late_dropped = prospects.late;
  out.signals_late_accepted = prospects.reordered;
  out.signals_denied = prospects.denied;
  out.signals_stale = prospects.stale;
  out.signals_clamped = prospects.clamped;
  out.hot_keys = prospects.hot_keys;
  out.prospects_expired = prospects.expired;
  out.prospects_erased = prospects.erased;
  out.signal_bytes = prospects.bytes + intake.bytes;
  out.event_time_skew_seconds = prospects.skew;
  out.moments = prospects.moments;
  out.stage_transitions = prospects.transitions;
  out.conditions = prospects.conditions;
  for (std::size_t c = 0; c < kConditions; ++c) {
    for (std::size_t kind = 0; kind < 2; ++kind) out.conditions[c][kind] += accounts.conditions[c][kind];
  }
  out.recommendations = prospects.outcomes;
  out.abstained = prospects.abstained;
  out.feedback = prospects.feedback;
  out.texts = prospects.texts;
  out.text_words = prospects.text_words;
  out.text_unknown_words = prospects.text_unknown_words;
  out.text_none_odds = static_cast<double>(prospects.text_none) / 1000.0;
  for (std::size_t s = 0; s < kStages; ++s) out.stage_odds[s] = static_cast<double>(prospects.stage_odds[s]) / 1000.0;
}

void take_engine(MetricsSnapshot& out, const EngineStats& stats) {
  NamedHistogram prospects{.name = "prospects", .value = {}}, intake{.name = "intake", .value = {}},
      accounts{.name = "accounts", .value = {}};
  for (const TaskStats& task : stats.tasks) {
    ++out.tasks[static_cast<std::size_t>(task.state)];
    if (task.state == TaskState::suspended) ++out.tasks_suspended[task.error_code];
    const bool of_prospects = task.sub_topology == kProspects;
    NamedHistogram& step = of_prospects ? prospects : task.sub_topology == kAccounts ? accounts : intake;
    step.value.merge(task.process_seconds);
    if (of_prospects) out.signal_to_recommendation_seconds.merge(task.end_to_end_seconds);
    out.commits_succeeded += task.commits;
    out.commits_failed += task.commits_failed;
    if (task.state == TaskState::closed) continue;
    for (const InputStats& input : task.inputs) {
      out.lag.push_back({.topic = input.topic,
                         .partition = task.partition,
                         .messages = input.lag,
                         .seconds = input.lag_seconds,
                         .watermark_ms = to_ms(input.stream_time)});
    }
  }
  for (const WorkerStats& worker : stats.workers) out.workers_stuck += worker.stuck ? 1 : 0;
  for (const StandbyStats& copy : stats.standbys) out.standby_lag.emplace_back(copy.partition, copy.lag);
  out.process_seconds = {prospects, intake, accounts};
  out.rebalances_assigned = stats.rebalances_assigned;
  out.rebalances_revoked = stats.rebalances_revoked;
  out.rebalances_lost = stats.rebalances_lost;
  out.log_errors = stats.log_errors;
}

}  // namespace

std::string collect_metrics(const Node& node, const StatusBoard& board, std::span<const HttpStats> http,
                            const Forwarder& forwarder, const SseStats& stream) {
  MetricsSnapshot out;
  const BuildInfo libraries = build_info();
  out.version = build_info().juncture;
  out.commit = build_info().commit;
  out.librdkafka = libraries.librdkafka;
  out.rocksdb = libraries.rocksdb;
  out.source = std::string(node.log().kind());
  out.synthetic = node.knowledge().synthetic;
  out.ready = node.engine().ready();
  take_totals(out, totals_of(node, kProspects), totals_of(node, kIntake), totals_of(node, kAccounts));
  board.add_http(out.signals_rejected);
  take_engine(out, node.engine().stats());
  out.log_dropped_unread = node.log().dropped_unread();
  for (const HttpStats& server : http) {
    out.http.requests.insert(out.http.requests.end(), server.requests.begin(), server.requests.end());
    out.http.seconds.insert(out.http.seconds.end(), server.seconds.begin(), server.seconds.end());
    out.http.connections += server.connections;
    out.http.connections_refused += server.connections_refused;
    out.http.accept_pauses += server.accept_pauses;
  }
  out.forwarded = forwarder.stats();
  out.redirected = forwarder.redirected();
  out.sse = stream;
  if (const auto usage = node.storage()) {
    out.rocksdb_sst_bytes = usage->sst_bytes;
    out.rocksdb_memtable_bytes = usage->memtable_bytes;
    out.rocksdb_block_cache_bytes = usage->block_cache_bytes;
    out.rocksdb_write_stalled = usage->write_stalled;
    out.rocksdb_scrub_pending = usage->scrub_pending;
    out.rocksdb_scrubbed_bytes = usage->scrubbed_bytes;
  }
  out.process = process_stats();
  return render_metrics(out);
}

}  // namespace juncture::apps
