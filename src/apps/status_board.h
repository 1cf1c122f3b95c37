// What the Status view shows: rates, latency, lag and decisions of the last half hour, sampled every two seconds.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "apps/node.h"
#include "juncture/core/json_writer.h"
#include "juncture/ingest/connector.h"

namespace juncture::apps {

// Sums over the tasks of one process.
struct Totals {
  std::uint64_t read = 0, accepted = 0, bytes = 0, duplicate = 0, late = 0, reordered = 0, denied = 0, left_out = 0,
                expired = 0, erased = 0, clamped = 0, stale = 0, hot_keys = 0;
  std::array<std::uint64_t, kIgnoredReasons.size()> ignored{};
  std::array<std::uint64_t, kRejectionCodes.size()> rejected{};
  std::array<std::uint64_t, kSignalTypes> signals{};
  std::array<std::uint64_t, kMoments> moments{};
  std::array<std::uint64_t, kStages> modes{};
  std::array<std::array<std::uint64_t, kStages>, kStages> transitions{};
  std::array<std::uint64_t, kOutcomeNames.size()> outcomes{};
  std::array<std::uint64_t, kAbstainReasonNames.size()> abstained{};
  std::array<std::uint64_t, kFeedbackActionNames.size()> feedback{};
  std::array<std::array<std::uint64_t, 2>, kConditions> conditions{};              // entered, left
  std::uint64_t texts = 0, text_words = 0, text_unknown_words = 0, text_none = 0;  // the last in thousandths
  std::array<std::uint64_t, kStages> stage_odds{};                                 // in thousandths
  HistogramValue skew;

  void add(const PipelineCounters& counters);
  std::uint64_t recommendations() const { return outcomes[0] + outcomes[1] + outcomes[2]; }
};
Totals totals_of(const Node& node, std::string_view sub_topology);

// Seconds below which the share `q` of the observations lie, by linear interpolation inside a bucket.
double quantile(const HistogramValue& histogram, double q);

class StatusBoard {
 public:
  explicit StatusBoard(const Node& node);  // outlives the board
  ~StatusBoard();

  void start();
  void stop();
  std::string to_json() const;
  // HTTP posts are parsed outside the pipelines: their outcomes are counted here.
  void count_http(std::span<const std::string_view> rejected) const;
  void add_http(std::array<std::uint64_t, kRejectionCodes.size()>& to) const;

 private:
  struct Sample {
    Timestamp at{};
    std::uint64_t consumed = 0, recommendations = 0;
    double lag = 0, p99 = 0;
    HistogramValue end_to_end;
  };
  void sample();
  void write_recent(JsonWriter& json, const Totals& totals, const HistogramValue& end_to_end) const;
  void write_line(JsonWriter& json, std::string_view name, double (*value)(const Sample&, const Sample&)) const;

  const Node& node_;
  Timestamp started_;
  mutable std::mutex mutex_;
  std::deque<Sample> samples_;
  mutable std::array<std::uint64_t, kRejectionCodes.size()> http_rejected_{};
  std::jthread thread_;
};

}  // namespace juncture::apps
