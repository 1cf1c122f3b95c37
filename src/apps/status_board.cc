#include "apps/status_board.h"
#include "apps/build_info.h"

#include <algorithm>
#include <condition_variable>

#include "apps/wall_clock.h"
#include "juncture/core/json_writer.h"

namespace juncture::apps {
namespace {

constexpr Millis kSampleEvery{2000};
constexpr std::size_t kSamplesMax = 900;

template <std::size_t N>
void add_all(std::array<std::uint64_t, N>& to, const std::array<Counter, N>& from) {
  for (std::size_t i = 0; i < N; ++i) to[i] += from[i].value();
}

HistogramValue difference(const HistogramValue& later, const HistogramValue& earlier) {
  HistogramValue out = later;
  for (std::size_t i = 0; i < out.buckets.size(); ++i) out.buckets[i] -= std::min(out.buckets[i], earlier.buckets[i]);
  return out;
}

HistogramValue end_to_end_of(const EngineStats& stats) {
  HistogramValue sum;
  for (const TaskStats& task : stats.tasks) {
    if (task.sub_topology == kProspects) sum.merge(task.end_to_end_seconds);
  }
  return sum;
}

double lag_of(const EngineStats& stats) {
  double worst = 0;
  for (const TaskStats& task : stats.tasks) {
    for (const InputStats& input : task.inputs) {
      if (task.state != TaskState::closed) worst = std::max(worst, input.lag_seconds);
    }
  }
  return worst;
}

void write_tasks(JsonWriter& json, const EngineStats& stats) {
  json.key("tasks").begin_array();
  for (const TaskStats& task : stats.tasks) {
    if (task.state == TaskState::closed) continue;
    std::uint64_t lag = 0;
    double seconds = 0;
    for (const InputStats& input : task.inputs) {
      lag += input.lag;
      seconds = std::max(seconds, input.lag_seconds);
    }
    json.begin_object();
    json.member("sub", task.sub_topology);
    json.member("partition", task.partition);
    json.member("state", kTaskStateNames[static_cast<std::size_t>(task.state)]);
    json.member("lag_messages", lag);
    json.key("lag_seconds").fixed(seconds, 2);
    json.member("consumed", task.consumed);
    json.member("pending", task.pending);
    json.member("restored", task.restored);
    json.member("error", task.error_code);
    json.end_object();
  }
  json.end_array();
}

void write_counts(JsonWriter& json, const Totals& totals,
                  const std::array<std::uint64_t, kRejectionCodes.size()>& rejected) {
  json.key("counts").begin_object();
  json.member("consumed", totals.read);
  json.member("duplicate", totals.duplicate);
  json.member("late", totals.late);
  json.member("stale", totals.stale);
  json.member("denied", totals.denied);
  json.member("left_out", totals.left_out);
  json.key("rejected").begin_object();
  for (std::size_t i = 0; i < kRejectionCodes.size(); ++i) {
    if (rejected[i] > 0) json.member(kRejectionCodes[i], rejected[i]);
  }
  json.end_object();
  json.key("outcomes").begin_object();
  for (std::size_t i = 0; i < kOutcomeNames.size(); ++i) json.member(kOutcomeNames[i], totals.outcomes[i]);
  json.end_object();
  json.end_object();
  json.key("dead_letters").begin_array();
  for (std::size_t i = 0; i < kRejectionCodes.size(); ++i) {
    if (rejected[i] == 0) continue;
    json.begin_object();
    json.member("reason", kRejectionCodes[i]);
    json.member("n", rejected[i]);
    json.end_object();
  }
  json.end_array();
}

void write_verdict(JsonWriter& json, const std::vector<std::string>& missing, double lag_seconds) {
  constexpr double kWatchSeconds = 30;
  json.member("verdict", !missing.empty() ? "bad" : lag_seconds > kWatchSeconds ? "watch" : "good");
  json.key("reasons").begin_array();
  for (const std::string& reason : missing) json.value(reason);
  if (lag_seconds > kWatchSeconds) json.value("the input is more than 30 s behind");
  json.end_array();
}

void write_commits(JsonWriter& json, const EngineStats& stats) {
  std::uint64_t commits = 0, failed = 0;
  for (const TaskStats& task : stats.tasks) {
    commits += task.commits;
    failed += task.commits_failed;
  }
  json.key("commit").begin_object();
  json.member("ok", commits);
  json.member("failed", failed);
  json.end_object();
}

}  // namespace

void Totals::add(const PipelineCounters& counters) {
  read += counters.read.value();
  accepted += counters.accepted.value();
  bytes += counters.bytes.value();
  duplicate += counters.duplicate.value();
  late += counters.late.value();
  reordered += counters.reordered.value();
  denied += counters.denied.value();
  left_out += counters.left_out.value();
  expired += counters.expired.value();
  erased += counters.erased.value();
  clamped += counters.clamped.value();
  hot_keys += counters.hot_keys.value();
  stale += counters.stale.value();
  add_all(ignored, counters.ignored);
  add_all(rejected, counters.rejected);
  add_all(signals, counters.signals);
  add_all(moments, counters.moments);
  add_all(modes, counters.modes);
  for (std::size_t from = 0; from < kStages; ++from) add_all(transitions[from], counters.transitions[from]);
  for (std::size_t c = 0; c < kConditions; ++c) add_all(conditions[c], counters.conditions[c]);
  add_all(outcomes, counters.outcomes);
  add_all(abstained, counters.abstained);
  add_all(feedback, counters.feedback);
  texts += counters.texts.value();
  text_words += counters.text_words.value();
  text_unknown_words += counters.text_unknown_words.value();
  text_none += counters.text_none.value();
  add_all(stage_odds, counters.stage_odds);
  skew.merge(counters.skew.value());
}

Totals totals_of(const Node& node, std::string_view sub_topology) {
  Totals totals;
  for (const PipelineCounters* counters : node.counters(sub_topology)) totals.add(*counters);
  return totals;
}

double quantile(const HistogramValue& histogram, double q) {
  std::uint64_t total = 0;
  for (const std::uint64_t n : histogram.buckets) total += n;
  if (total == 0) return 0;
  const double rank = q * static_cast<double>(total);
  double below = 0;
  for (std::size_t i = 0; i < kSecondsEdges.size(); ++i) {
    const auto here = static_cast<double>(histogram.buckets[i]);
    if (below + here >= rank && here > 0) {
      const double low = i == 0 ? 0 : kSecondsEdges[i - 1];
      return low + (kSecondsEdges[i] - low) * (rank - below) / here;
    }
    below += here;
  }
  return kSecondsEdges.back();
}

StatusBoard::StatusBoard(const Node& node) : node_(node), started_(wall_now()) {}
StatusBoard::~StatusBoard() {
  stop();
}

void StatusBoard::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    do {
      sample();
    } while (!wake.wait_for(lock, stop, kSampleEvery, [&] { return stop.stop_requested(); }) && !stop.stop_requested());
  });
}

void StatusBoard::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void StatusBoard::sample() {
  const EngineStats stats = node_.engine().stats();
  const Totals totals = totals_of(node_, kProspects);
  Sample now{.at = wall_now(),
             .consumed = totals.read,
             .recommendations = totals.recommendations(),
             .lag = lag_of(stats),
             .p99 = 0,
             .end_to_end = end_to_end_of(stats)};
  const std::scoped_lock lock(mutex_);
  if (!samples_.empty()) now.p99 = quantile(difference(now.end_to_end, samples_.back().end_to_end), 0.99);
  samples_.push_back(now);
  if (samples_.size() > kSamplesMax) samples_.pop_front();
}

void StatusBoard::count_http(std::span<const std::string_view> rejected) const {
  const std::scoped_lock lock(mutex_);
  for (const std::string_view code : rejected) ++http_rejected_[index_in(kRejectionCodes, code)];
}

void StatusBoard::add_http(std::array<std::uint64_t, kRejectionCodes.size()>& to) const {
  const std::scoped_lock lock(mutex_);
  for (std::size_t i = 0; i < to.size(); ++i) to[i] += http_rejected_[i];
}

std::string StatusBoard::to_json() const {
  const EngineStats stats = node_.engine().stats();
  const auto missing = node_.engine().not_ready();
  const Totals totals = totals_of(node_, kProspects);
  auto rejected = totals_of(node_, kIntake).rejected;
  for (std::size_t i = 0; i < rejected.size(); ++i) rejected[i] += totals.rejected[i];
  add_http(rejected);
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  write_verdict(json, missing, lag_of(stats));
  json.member("source", node_.log().kind());
  json.member("synthetic", node_.knowledge().synthetic);
  json.member("version", build_info().juncture);
  json.member("model", node_.knowledge().model_version);
  json.member("catalog", node_.knowledge().catalog.version);
  json.member("policy", node_.knowledge().policy.version);
  json.member("uptime_s", std::chrono::duration_cast<std::chrono::seconds>(wall_now() - started_).count());
  write_tasks(json, stats);
  write_counts(json, totals, rejected);
  write_commits(json, stats);
  write_recent(json, totals, end_to_end_of(stats));
  json.end_object();
  return out;
}

// Rates and latency of the last minute, or as far back as there is, and the lines of the charts.
void StatusBoard::write_recent(JsonWriter& json, const Totals& totals, const HistogramValue& end_to_end) const {
  const std::scoped_lock lock(mutex_);
  const Timestamp now = wall_now();
  const Sample* then = nullptr;
  for (const Sample& one : samples_) {
    if (then == nullptr || one.at <= now - 60s) then = &one;
  }
  const Sample start = then == nullptr ? Sample{.at = now,
                                                .consumed = totals.read,
                                                .recommendations = totals.recommendations(),
                                                .end_to_end = end_to_end}
                                       : *then;
  const HistogramValue recent = difference(end_to_end, start.end_to_end);
  const double seconds = std::max(1.0, static_cast<double>((now - start.at).count()) / 1000.0);
  json.key("rates").begin_object();
  json.key("signals_per_s").fixed(static_cast<double>(totals.read - start.consumed) / seconds, 2);
  json.key("recommendations_per_s")
      .fixed(static_cast<double>(totals.recommendations() - start.recommendations) / seconds, 2);
  json.end_object();
  json.key("latency").begin_object();
  json.key("p50_ms").fixed(quantile(recent, 0.5) * 1000, 1);
  json.key("p99_ms").fixed(quantile(recent, 0.99) * 1000, 1);
  json.end_object();
  json.key("series").begin_object();
  write_line(json, "lag", [](const Sample&, const Sample& b) { return b.lag; });
  write_line(json, "throughput", [](const Sample& a, const Sample& b) {
    const auto elapsed = std::max<std::int64_t>(1, (b.at - a.at).count());
    return static_cast<double>(b.consumed - a.consumed) * 1000 / static_cast<double>(elapsed);
  });
  write_line(json, "p99", [](const Sample&, const Sample& b) { return b.p99 * 1000; });
  json.end_object();
}

void StatusBoard::write_line(JsonWriter& json, std::string_view name,
                             double (*value)(const Sample&, const Sample&)) const {
  json.key(name).begin_array();
  for (std::size_t i = 1; i < samples_.size(); ++i) {
    json.begin_array();
    json.value(to_ms(samples_[i].at));
    json.fixed(value(samples_[i - 1], samples_[i]), 3);
    json.end_array();
  }
  json.end_array();
}

}  // namespace juncture::apps
