// Runs any Pipeline over any Log: workers, tasks, commits, changelog and restore. It knows no buyer.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "juncture/core/counters.h"
#include "juncture/core/result.h"
#include "juncture/core/types.h"
#include "juncture/ports/clock.h"
#include "juncture/ports/log.h"
#include "juncture/ports/pipeline.h"
#include "juncture/ports/state.h"

namespace juncture {

Clock& system_clock();

struct EngineOptions {
  enum class Start : std::uint8_t { earliest, latest, time };

  std::string application = "juncture";  // the group, and the prefix of changelog topics
  Delivery delivery = Delivery::exactly_once;
  int workers = 1;                                        // threads, each with its own consumer and tasks; 1 to 64
  Millis commit_interval{100};                            // longest time that work stays uncommitted when caught up
  Millis commit_interval_backlog{1000};                   // the same behind the head
  Millis write_behind{15'000};                            // how late committed values reach the store
  Start start = Start::earliest;                          // where an input begins that was never read before
  Timestamp start_time{};                                 // for Start::time
  Millis fresh_within{60'000};                            // the freshness gate: how far behind the head a record may be
  std::size_t cache_entries_max = 200'000;                // values kept in memory, per task
  std::size_t cache_bytes_max = std::size_t{512} << 20U;  // of them, per task; a transaction may go beyond
  // Per task: a transaction that holds so much is committed early; committed values go to the store early.
  std::size_t transaction_bytes_max = std::size_t{32} << 20U;
  std::size_t pending_bytes_max = std::size_t{64} << 20U;
  // Per worker, and per producer: as ConsumerOptions and ProducerOptions have them.
  std::size_t consumer_queue_bytes = std::size_t{64} << 20U;
  std::size_t producer_queue_bytes = std::size_t{32} << 20U;
  std::size_t restore_read_ahead_bytes = std::size_t{64} << 20U;  // for each of two restores of a worker at a time
  std::size_t poll_records_max = 4096;
  bool serve_reads = true;        // keep committed values readable from other threads
  std::string member;             // static member id, worker number appended; empty: dynamic
  std::string endpoint;           // told to the group's other members: ConsumerOptions::endpoint
  Millis shutdown_max{10'000};    // stop() leaves out what may be left out when it gets late
  Millis retry_backoff{200};      // doubles up to 50 times this
  int retries_max = 5;            // commits of one position
  Millis store_stale_after{12h};  // an older store is restored from the start: tombstones may be gone
  Millis transaction_timeout{10'000};
  Millis revoke_max{2'000};        // how long a commit may hold up partitions that go to somebody else
  std::size_t commit_lanes = 8;    // threads on which commits of different tasks wait for the log at the same time
  bool standby = false;            // keep a copy of the state of every partition that other processes own
  Millis standby_after{3'000};     // how long a partition has been nobody's here before it is copied
  Millis stuck_after{10'000};      // a worker that makes no step for so long is reported
  Clock* clock = &system_clock();  // outlives the engine
};

// created -> restoring -> running; any -> suspended -> restoring; any -> closed.
enum class TaskState : std::uint8_t { created, restoring, running, suspended, closed };
inline constexpr std::array<std::string_view, 5> kTaskStateNames{"created", "restoring", "running", "suspended",
                                                                 "closed"};

struct InputStats {
  std::string topic;
  Offset position = 0;      // next to be read
  Offset end = 0;           // of the log, as last asked
  std::uint64_t lag = 0;    // records
  double lag_seconds = 0;   // age of the last record read while there is lag, else 0
  Timestamp stream_time{};  // newest record read
  Timestamp head_time{};    // newest record known
};

struct TaskStats {
  std::string sub_topology;
  Partition partition = 0;
  TaskState state = TaskState::created;
  std::vector<InputStats> inputs;
  std::uint64_t consumed = 0, emitted = 0, stale = 0;  // stale: behind the freshness gate
  std::uint64_t commits = 0, commits_failed = 0;
  std::uint64_t restored = 0;         // changelog records read
  double restore_seconds = 0;         // of the last restore
  double restore_write_seconds = 0;   // of it, writing to the store
  std::uint64_t pending = 0;          // committed values that the store does not hold yet
  std::uint64_t cached = 0;           // values in memory
  HistogramValue process_seconds;     // one record in 64
  HistogramValue end_to_end_seconds;  // record's time to its commit
  std::string error_code;             // of the last failure; empty if there was none
  std::string error;
};

struct WorkerStats {
  int number = 0;
  double step_seconds = 0;  // since its last step began
  std::string doing;        // as "processing prospects-3"
  bool stuck = false;       // for longer than EngineOptions::stuck_after
};

// The copy of a partition's state that another process owns.
struct StandbyStats {
  std::string sub_topology;
  Partition partition = 0;
  Offset position = 0;  // of the changelog, next to be read
  Offset end = 0;
  std::uint64_t lag = 0;   // records, ends of transactions included
  std::string error_code;  // of what keeps it from going on; empty if nothing does
  std::string error;
};

struct EngineStats {
  std::vector<TaskStats> tasks;  // sorted by sub-topology and partition; closed ones too, once seen here
  std::vector<WorkerStats> workers;
  std::vector<StandbyStats> standbys;  // of partitions that no task here owns; empty without EngineOptions::standby
  std::uint64_t rebalances_assigned = 0, rebalances_revoked = 0, rebalances_lost = 0;
  std::map<std::string, std::uint64_t> log_errors;  // by code
};

// A committed value and how far its task had read.
struct ReadValue {
  std::optional<std::string> value;
  Offset as_of_offset = 0;  // next of the first input
  Timestamp as_of_time{};   // stream time
};

class Engine {
 public:
  // `log` and `stores` outlive the engine. Makes the changelog topics; input topics must exist with equal partition
  // counts within a sub-topology.
  static Result<std::unique_ptr<Engine>> start(Log& log, Stores& stores, std::vector<SubTopology> sub_topologies,
                                               EngineOptions options);
  virtual ~Engine() = default;
  // Finishes the records in hand, commits, closes the stores and leaves the group. Idempotent.
  virtual Status stop() = 0;
  // For tests: the threads end as if killed. Nothing is committed, written or left.
  virtual void kill() = 0;

  // Any thread:
  virtual EngineStats stats() const = 0;
  // Empty when every worker has its assignment and all of its tasks run; else what is missing.
  virtual std::vector<std::string> not_ready() const = 0;
  bool ready() const { return not_ready().empty(); }
  // Committed values only. `route` is the record key whose partition holds `key`; empty: `key` itself. An error
  // `not_here` where no task of this process owns that partition.
  virtual Result<ReadValue> read(std::string_view sub_topology, std::string_view key,
                                 std::string_view route = {}) const = 0;
  virtual std::vector<Partition> assigned(std::string_view sub_topology) const = 0;
  // 0 for an unknown sub-topology.
  virtual Partition partitions(std::string_view sub_topology) const = 0;
};

std::string changelog_topic(std::string_view application, std::string_view sub_topology);
std::string store_name(std::string_view sub_topology, Partition partition);  // as Stores::open gets it

}  // namespace juncture
