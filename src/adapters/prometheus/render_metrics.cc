#include <algorithm>

#include "adapters/prometheus/families.h"
#include "juncture/adapters/metrics.h"

namespace juncture {
namespace {

constexpr std::size_t kLagRowsMax = 128;
constexpr std::size_t kErrorCodesMax = 32;
constexpr std::array<std::string_view, 5> kTaskStates{"created", "restoring", "running", "suspended", "closed"};
constexpr std::array<std::string_view, 5> kClasses{"1xx", "2xx", "3xx", "4xx", "5xx"};

template <std::size_t N>
void add_each(Families& out, std::string_view label, const std::array<std::string_view, N>& names,
              const std::array<std::uint64_t, N>& values, std::size_t first = 0) {
  for (std::size_t i = first; i < N; ++i) out.add(values[i], {{label, names[i]}});
}

void add_process(Families& out, const MetricsSnapshot& s) {
  const ProcessStats& p = s.process;
  out.gauge("juncture_build_info", "What this binary was built from; always 1.")
      .add(1.0, {{"version", s.version}, {"commit", s.commit}, {"librdkafka", s.librdkafka}, {"rocksdb", s.rocksdb}});
  out.gauge("juncture_source_info", "Kind of log the signals come from, and whether they are made up; always 1.")
      .add(1.0, {{"source", s.source}, {"synthetic", s.synthetic ? "true" : "false"}});
  out.gauge("juncture_ready", "1 when /-/ready answers 200.").add(s.ready ? 1.0 : 0.0);
  out.gauge("juncture_tasks", "Tasks by state.");
  add_each(out, "state", kTaskStates, s.tasks);
  out.gauge("juncture_tasks_suspended", "Tasks that take no records, by the code of what failed.");
  for (const auto& [code, count] : s.tasks_suspended) out.add(static_cast<double>(count), {{"code", code}});
  out.gauge("juncture_standby_lag_records", "Changelog records that the copy of another process's partition lacks.");
  for (std::size_t i = 0; i < std::min(s.standby_lag.size(), kLagRowsMax); ++i) {
    const auto& [partition, lag] = s.standby_lag[i];
    out.add(static_cast<double>(lag), {{"partition", std::to_string(partition)}});
  }
  out.gauge("juncture_worker_stuck", "Workers that have made no step for more than 10 s.")
      .add(static_cast<double>(s.workers_stuck));
  out.counter("process_cpu_seconds_total", "User and system CPU time.").add(p.cpu_seconds);
  out.gauge("process_start_time_seconds", "Start of the process, seconds since 1970.").add(p.start_time_seconds);
  out.gauge("process_resident_memory_bytes", "Resident memory.").add(p.resident_bytes);
  out.gauge("process_virtual_memory_bytes", "Virtual memory.").add(p.virtual_bytes);
  out.gauge("process_open_fds", "Open file descriptors.").add(p.open_files);
  out.gauge("process_max_fds", "Most file descriptors that may be open.").add(p.files_max);
  out.gauge("process_threads", "Threads.").add(p.threads);
}

void add_signals(Families& out, const MetricsSnapshot& s) {
  out.counter("juncture_signals_consumed_total", "Records read, by connector.");
  for (const NamedCount& row : s.signals_consumed) out.add(row.value, {{"source", row.name}});
  if (s.signals_consumed.empty()) out.add(0.0, {{"source", "none"}});
  out.counter("juncture_signals_rejected_total", "Records that are no signal, by reason; each is a dead letter.");
  add_each(out, "reason", kRejectionCodes, s.signals_rejected);
  out.counter("juncture_signals_ignored_total", "Well-formed records that no buyer made, by reason.");
  add_each(out, "reason", kIgnoredReasons, s.signals_ignored);
  out.counter("juncture_signals_duplicate_total", "Signals seen before.").add(s.signals_duplicate);
  out.counter("juncture_signals_late_total", "Signals that came behind others of their prospect.")
      .add(s.signals_late_accepted, {{"action", "accepted"}})
      .add(s.signals_late_dropped, {{"action", "dropped"}});
  out.counter("juncture_signals_denied_total", "Signals of prospects who denied consent; never profiled.")
      .add(s.signals_denied);
  out.counter("juncture_signals_stale_total", "Signals far behind the head: state only, no recommendation.")
      .add(s.signals_stale);
  out.counter("juncture_signals_clamped_total", "Signals whose clock was ahead and was set back.")
      .add(s.signals_clamped);
  out.counter("juncture_hot_keys_total", "Prospects with more signals in a minute than the limit, once a minute each.")
      .add(s.hot_keys);
  out.counter("juncture_prospects_expired_total", "Prospects forgotten after their time.").add(s.prospects_expired);
  out.counter("juncture_prospects_erased_total", "Prospects erased on request.").add(s.prospects_erased);
  out.counter("juncture_signal_bytes_total", "Bytes of the records read.").add(s.signal_bytes);
}

void add_durations(Families& out, const MetricsSnapshot& s) {
  out.histogram("juncture_parse_duration_seconds", "Parsing one record, sampled.").add(s.parse_seconds);
  out.histogram("juncture_process_duration_seconds", "Processing one record, sampled, by step.");
  for (const NamedHistogram& row : s.process_seconds) out.add(row.value, {{"step", row.name}});
  if (s.process_seconds.empty()) out.add(HistogramValue{}, {{"step", "none"}});
  out.histogram("juncture_signal_to_recommendation_seconds", "From the signal's record to its committed result.")
      .add(s.signal_to_recommendation_seconds);
  out.histogram("juncture_event_time_skew_seconds", "Record's time minus the signal's own.")
      .add(s.event_time_skew_seconds);
}

void add_log(Families& out, const MetricsSnapshot& s) {
  std::vector<LagRow> rows = s.lag;
  if (rows.size() > kLagRowsMax) {
    std::stable_sort(rows.begin(), rows.end(), [](const LagRow& a, const LagRow& b) { return a.seconds > b.seconds; });
    rows.resize(kLagRowsMax);
  }
  const auto each = [&](const auto& value_of) {
    for (const LagRow& row : rows) {
      out.add(value_of(row), {{"topic", row.topic}, {"partition", std::to_string(row.partition)}});
    }
  };
  out.gauge("juncture_consumer_lag_messages", "Records not yet read, by input partition.");
  each([](const LagRow& row) { return static_cast<double>(row.messages); });
  out.gauge("juncture_consumer_lag_seconds", "Age of the next unread record, by input partition.");
  each([](const LagRow& row) { return row.seconds; });
  out.gauge("juncture_watermark_timestamp_seconds", "Event time of the newest record read, by input partition.");
  each([](const LagRow& row) { return static_cast<double>(row.watermark_ms) / 1000.0; });
  out.counter("juncture_log_rebalances_total", "Partitions that came or went, by kind.")
      .add(s.rebalances_assigned, {{"kind", "assigned"}})
      .add(s.rebalances_revoked, {{"kind", "revoked"}})
      .add(s.rebalances_lost, {{"kind", "lost"}});
  out.counter("juncture_log_errors_total", "Errors of the log, by code.");
  std::uint64_t other = 0;
  std::size_t codes = 0;
  for (const auto& [code, count] : s.log_errors) {
    if (codes++ < kErrorCodesMax) {
      out.add(count, {{"code", code}});
    } else {
      other += count;
    }
  }
  out.add(other, {{"code", "other"}});
  out.counter("juncture_log_commits_total", "Commits, by result.")
      .add(s.commits_succeeded, {{"result", "succeeded"}})
      .add(s.commits_failed, {{"result", "failed"}});
  out.counter("juncture_log_dropped_messages_total", "Records removed before any group had read them.")
      .add(s.log_dropped_unread, {{"reason", "retention"}});
}

void add_decisions(Families& out, const MetricsSnapshot& s) {
  out.counter("juncture_moments_detected_total", "Likeliest micro-moment of each signal.");
  add_each(out, "moment", kMomentNames, s.moments);
  out.counter("juncture_stage_transitions_total", "Changes of a prospect's likeliest stage.");
  for (std::size_t from = 0; from < kStages; ++from) {
    for (std::size_t to = 0; to < kStages; ++to) {
      if (from != to) {
        out.add(s.stage_transitions[from][to], {{"from", kStageNames[from]}, {"to", kStageNames[to]}});
      }
    }
  }
  out.counter("juncture_conditions_total", "Conditions of prospects and accounts that were told of, by kind.");
  for (std::size_t c = 0; c < kConditions; ++c) {
    out.add(s.conditions[c][0], {{"condition", kConditionNames[c]}, {"kind", "enter"}});
    out.add(s.conditions[c][1], {{"condition", kConditionNames[c]}, {"kind", "leave"}});
  }
  if (s.prospects_active) {
    out.gauge("juncture_prospects_active", "Prospects held, by likeliest stage.");
    add_each(out, "stage", kStageNames, *s.prospects_active);
  }
  out.counter("juncture_recommendations_total", "Decisions, by outcome.");
  add_each(out, "outcome", kOutcomeNames, s.recommendations);
  out.counter("juncture_abstentions_total", "Decisions to offer nothing, by reason.");
  add_each(out, "reason", kAbstainReasonNames, s.abstained, 1);
  out.counter("juncture_feedback_total", "Feedback taken, by kind.");
  add_each(out, "kind", kFeedbackActionNames, s.feedback, 1);
}

// Rates and shares of these say how the models do on what they read, without labels.
void add_models(Families& out, const MetricsSnapshot& s) {
  out.counter("juncture_texts_total", "Queries and titles scored.").add(s.texts);
  out.counter("juncture_text_none_odds_total", "Odds that a text is no buyer's, summed.").add(s.text_none_odds);
  out.counter("juncture_text_words_total", "Words of the texts scored.").add(s.text_words);
  out.counter("juncture_text_unknown_words_total", "Words that the model has no weight for.").add(s.text_unknown_words);
  out.counter("juncture_stage_odds_total", "Odds of each condition, summed over the decisions.");
  for (std::size_t i = 0; i < kStages; ++i) out.add(s.stage_odds[i], {{"stage", kStageNames[i]}});
}

void add_serving(Families& out, const MetricsSnapshot& s) {
  out.counter("juncture_http_requests_total", "Answers sent, by route template, method and class of status.");
  for (const RouteStats& row : s.http.requests) {
    for (std::size_t code = 1; code < kClasses.size(); ++code) {
      out.add(row.codes[code], {{"route", row.route}, {"method", row.method}, {"code", kClasses[code]}});
    }
  }
  if (s.http.requests.empty()) out.add(0.0, {{"route", "other"}, {"method", "other"}, {"code", "2xx"}});
  out.histogram("juncture_http_request_duration_seconds", "From a request's first byte to its answer's.");
  for (const RouteSeconds& row : s.http.seconds) out.add(row.seconds, {{"route", row.route}});
  if (s.http.seconds.empty()) out.add(HistogramValue{}, {{"route", "other"}});
  out.counter("juncture_http_connections_total", "Connections, by what became of them.")
      .add(s.http.connections, {{"result", "accepted"}})
      .add(s.http.connections_refused, {{"result", "refused"}});
  out.counter("juncture_http_accept_pauses_total", "Times that accepting waited for a file descriptor.")
      .add(s.http.accept_pauses);
  out.counter("juncture_http_forwarded_total", "Requests about other instances' prospects, by what became of them.")
      .add(s.forwarded.answered, {{"result", "answered"}})
      .add(s.forwarded.failed, {{"result", "failed"}})
      .add(s.forwarded.refused, {{"result", "refused"}})
      .add(s.redirected, {{"result", "redirected"}});
  out.gauge("juncture_sse_clients", "Open streams.").add(static_cast<double>(s.sse.clients));
  out.counter("juncture_sse_dropped_total", "Gaps said to streams, and streams cut off, by reason.");
  add_each(out, "reason", kSseDropNames, s.sse.dropped);
  out.counter("juncture_sse_rows_total", "Rows published to the stream.").add(s.sse.rows);
  out.gauge("juncture_rocksdb_bytes", "What RocksDB holds, by kind.")
      .add(s.rocksdb_sst_bytes, {{"kind", "sst"}})
      .add(s.rocksdb_memtable_bytes, {{"kind", "memtable"}})
      .add(s.rocksdb_block_cache_bytes, {{"kind", "block_cache"}});
  out.gauge("juncture_rocksdb_write_stalled", "1 while RocksDB holds writes back.")
      .add(s.rocksdb_write_stalled ? 1.0 : 0.0);
  out.gauge("juncture_rocksdb_scrub_pending", "Open stores whose files are not read through yet.")
      .add(s.rocksdb_scrub_pending);
  out.counter("juncture_rocksdb_scrubbed_bytes_total", "Bytes of stores' files read through and found sound.")
      .add(s.rocksdb_scrubbed_bytes);
}

}  // namespace

std::string render_metrics(const MetricsSnapshot& snapshot) {
  Families out;
  add_process(out, snapshot);
  add_signals(out, snapshot);
  add_durations(out, snapshot);
  add_log(out, snapshot);
  add_decisions(out, snapshot);
  add_models(out, snapshot);
  add_serving(out, snapshot);
  return out.text();
}

}  // namespace juncture
