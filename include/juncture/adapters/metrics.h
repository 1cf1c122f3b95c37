// What juncture tells Prometheus: one plain struct of values, and the text of /metrics made from it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "juncture/adapters/http_client.h"
#include "juncture/adapters/http_server.h"
#include "juncture/adapters/sse_hub.h"
#include "juncture/core/condition.h"
#include "juncture/core/counters.h"
#include "juncture/core/decision.h"
#include "juncture/core/vocabulary.h"
#include "juncture/ingest/connector.h"

namespace juncture {

// Of this process, from /proc/self; zeros where it cannot be read.
struct ProcessStats {
  double cpu_seconds = 0;
  double start_time_seconds = 0;  // since 1970
  std::uint64_t resident_bytes = 0, virtual_bytes = 0;
  std::uint64_t open_files = 0, files_max = 0, threads = 0;
};
ProcessStats process_stats();

struct NamedCount {
  std::string name{};  // of a closed set: a connector, a step
  std::uint64_t value = 0;
};
struct NamedHistogram {
  std::string name{};
  HistogramValue value{};
};

// One partition of an input, whichever log it is in.
struct LagRow {
  std::string topic{};
  std::int32_t partition = 0;
  std::uint64_t messages = 0;
  double seconds = 0;             // age of the next unread record
  std::int64_t watermark_ms = 0;  // event time of the newest record read; 0: none yet
};

// Every array and every member is a series from the start, zero until something happens. docs/operations.md has the
// table of names and meanings.
struct MetricsSnapshot {
  std::string version{}, commit{}, librdkafka{}, rocksdb{};
  std::string source = "embedded";  // kind of log: embedded, kafka or memory
  bool synthetic = false;
  bool ready = false;

  std::vector<NamedCount> signals_consumed{};  // by connector; give all configured ones from the start
  std::array<std::uint64_t, kRejectionCodes.size()> signals_rejected{};
  std::array<std::uint64_t, kIgnoredReasons.size()> signals_ignored{};
  std::uint64_t signals_duplicate = 0, signals_late_accepted = 0, signals_late_dropped = 0;
  std::uint64_t signals_denied = 0, signals_stale = 0, signals_clamped = 0, hot_keys = 0;
  std::uint64_t prospects_expired = 0, prospects_erased = 0;
  std::uint64_t signal_bytes = 0;

  HistogramValue parse_seconds{};
  std::vector<NamedHistogram> process_seconds{};  // by step
  HistogramValue signal_to_recommendation_seconds{};
  HistogramValue event_time_skew_seconds{};

  std::vector<LagRow> lag{};  // beyond 128 rows only the worst are shown
  std::uint64_t rebalances_assigned = 0, rebalances_revoked = 0, rebalances_lost = 0;
  std::map<std::string, std::uint64_t> log_errors{};  // by Error::code
  std::uint64_t commits_succeeded = 0, commits_failed = 0;
  std::uint64_t log_dropped_unread = 0;

  std::array<std::uint64_t, kMoments> moments{};
  std::array<std::array<std::uint64_t, kStages>, kStages> stage_transitions{};  // [from][to]
  std::array<std::array<std::uint64_t, 2>, kConditions> conditions{};           // entered, left
  std::optional<std::array<std::uint64_t, kStages>> prospects_active{};         // by stage
  std::array<std::uint64_t, kOutcomeNames.size()> recommendations{};
  std::array<std::uint64_t, kAbstainReasonNames.size()> abstained{};
  std::array<std::uint64_t, kFeedbackActionNames.size()> feedback{};

  std::uint64_t texts = 0, text_words = 0, text_unknown_words = 0;
  double text_none_odds = 0;                 // summed over the texts
  std::array<double, kStages> stage_odds{};  // summed over the decisions

  HttpStats http{};
  HttpClientStats forwarded{};  // requests about prospects of other instances
  std::uint64_t redirected = 0;
  SseStats sse{};

  std::uint64_t rocksdb_sst_bytes = 0, rocksdb_memtable_bytes = 0, rocksdb_block_cache_bytes = 0;
  bool rocksdb_write_stalled = false;
  std::uint64_t rocksdb_scrub_pending = 0, rocksdb_scrubbed_bytes = 0;
  std::array<std::uint64_t, 5> tasks{};                             // by TaskState, in the order of kTaskStateNames
  std::vector<std::pair<std::int32_t, std::uint64_t>> standby_lag;  // partition, records
  std::uint64_t workers_stuck = 0;
  std::map<std::string, std::uint64_t> tasks_suspended{{"disk_full", 0}};  // by Error::code

  ProcessStats process{};
};

// Text format 0.0.4, at most 1,500 series.
std::string render_metrics(const MetricsSnapshot& snapshot);

}  // namespace juncture
