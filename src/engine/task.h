// One sub-topology on one partition: its state, its position, and the way from created to closed.
#pragma once

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "engine/marker.h"
#include "engine/output_buffer.h"
#include "engine/restorer.h"
#include "engine/standby.h"
#include "engine/state_cache.h"
#include "engine/task_counters.h"
#include "juncture/engine/engine.h"

namespace juncture::engine {

// All calls on the worker's thread, but for those that say otherwise.
class Task {
 public:
  struct Parts {
    Log& log;
    Stores& stores;
    const std::unique_ptr<Consumer>& consumer;
    const std::unique_ptr<Producer>& shared_producer;  // of the worker, where delivery is at least once
    const SubTopology& topology;
    const EngineOptions& options;
    TaskCounters& counters;
    Standby* standby = nullptr;  // none: nobody else opens stores here
  };
  Task(Parts parts, Partition partition);

  TaskState state() const { return state_; }
  const SubTopology& topology() const { return parts_.topology; }
  Partition partition() const { return partition_; }
  const TaskCounters& counters() const { return parts_.counters; }
  // Runs only when all of its inputs are here.
  void add_input(std::string_view topic);
  bool remove_input(std::string_view topic);  // true when that was the last
  // Exactly once, a task has a producer of its own, and its first step is to make it: that fences whoever had the
  // partition before, and waits for it. take_over() may run on any thread while the worker waits.
  bool wants_producer(SteadyTime now) const;
  void take_over();
  // Goes on with opening, restoring or reopening; does nothing while running or waiting.
  void advance(Millis budget, SteadyTime now);

  // Records of one input in order. On an error the task must be suspended: it has stopped inside a record.
  Status process(std::span<const Record> records);
  bool dirty() const { return processed_; }
  // Time to commit: no more should be held in memory, or in one transaction.
  bool full() const {
    return cache_.full() || cache_.dirty_bytes() + output_.bytes() >= parts_.options.transaction_bytes_max;
  }

  // The steps of a commit. send() puts outputs, changes and the marker into the producer. Then either the worker
  // flushes and commits the positions of all its tasks, or each task commits its own transaction, on any thread while
  // the worker waits. confirm() comes last.
  Status send();
  void add_positions(std::map<TopicPartition, Position>& positions) const;
  Status commit_transaction(std::string_view membership, Millis at_most);
  Status confirm();
  // Committed values to the store: a slice of them when it is time, or all. REQUIRES: not dirty, else does nothing.
  Status write_behind(SteadyTime now, bool all);

  // After a failure: forgets what is not committed. Reopens by itself after a while unless the reason is one that
  // only a person can put right.
  void suspend(const Error& reason, SteadyTime now);
  // REQUIRES: not dirty. Writes what is committed as far as time allows: the changelog has it all.
  Status close_clean(SteadyTime until);
  void close_dirty();

  // The end of an input as the log says now, and the time of its newest record when that is far ahead.
  Status look_ahead(std::size_t input);
  std::size_t inputs() const { return inputs_.size(); }
  // An error when the log no longer has the records that come next.
  Status check_positions() const;

 private:
  struct Input {
    TopicPartition at;
    bool here = false;
    bool paused = false;
    Offset next = 0;
    Offset end = 0;
    Timestamp stream_time{};
    Timestamp head_time{};
    SteadyTime head_asked{};
  };
  bool exactly_once() const { return parts_.options.delivery == Delivery::exactly_once; }
  Clock& clock() const { return *parts_.options.clock; }
  // One producer with a clock in 2038 must not make everything else look old.
  Timestamp believable(Timestamp time) const { return std::min(time, clock().wall() + std::chrono::minutes(5)); }
  bool may_reopen(SteadyTime now) const;
  bool store_is_free();
  void become(TaskState next);
  void forget();
  Status begin_transaction();
  Status open();
  std::unique_ptr<Restorer> make_restorer();
  Status restored();
  Status first_start();
  Status repair(const std::set<std::string>& keys);
  Status find_head(Input& input);
  Result<std::vector<Offset>> resume_points();
  Result<std::vector<Offset>> certified_points(const std::vector<std::optional<Position>>& committed) const;
  Result<Offset> start_point(const TopicPartition& at) const;
  Status begin(const std::vector<Offset>& from);
  Status send_changes(const std::vector<Change>& changes);
  Status catch_up(const std::vector<Offset>& from);
  Status flush_and_commit();
  Status commit_positions(const std::map<TopicPartition, Position>& positions);
  void marker_committed();
  void begin_round(SteadyTime now);
  Status write_slice(std::size_t count);
  Input* input_of(std::string_view topic);
  TopicPartition changelog() const;

  Parts parts_;
  Partition partition_;
  TaskState state_ = TaskState::created;
  std::vector<Input> inputs_;
  std::unique_ptr<Pipeline> pipeline_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Restorer> restorer_;
  std::set<std::string> torn_;  // as RestoreResult has it, until repaired
  StateCache cache_;
  std::unique_ptr<Producer> own_producer_;
  const std::unique_ptr<Producer>& producer_;  // own_producer_ or the worker's
  Status taken_over_;
  bool in_transaction_ = false;
  OutputBuffer output_;

  bool processed_ = false;  // since the last commit
  Marker marker_;           // of the last confirmed commit
  Marker next_marker_;      // sent, not confirmed
  Offset marker_offset_ = 0, next_marker_offset_ = 0;
  Offset changelog_next_ = 0;
  std::uint64_t genesis_ = 0;
  std::string store_mark_;
  StateCache::Index round_done_ = 0;
  std::vector<StateCache::Index> round_;  // being written behind
  std::string round_mark_;
  std::size_t slice_ = 0;
  SteadyTime round_started_{};
  SteadyTime restore_started_{};

  SteadyTime retry_at_{};
  int retries_ = 0;
  bool for_good_ = false;  // suspended until a person acts

  std::uint64_t stale_ = 0;         // as Marker::stale
  std::vector<Timestamp> samples_;  // times of uncommitted records
  std::uint64_t sampled_ = 0;
  std::uint64_t emitted_shown_ = 0;
};

}  // namespace juncture::engine
