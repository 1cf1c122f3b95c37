// One thread's loop: poll, process, commit. It owns its consumer, its producer and its tasks.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "engine/lanes.h"
#include "engine/pulse.h"
#include "engine/task.h"
#include "juncture/engine/engine.h"

namespace juncture::engine {

// Shared by the workers of an engine: what other threads see of the tasks, kept for the engine's life.
class Registry {
 public:
  explicit Registry(bool keep_values) : keep_values_(keep_values) {}
  TaskCounters& counters(const SubTopology& topology, Partition partition);
  std::vector<TaskStats> stats(Timestamp now) const;
  const TaskCounters* find(std::string_view sub_topology, Partition partition) const;
  void count_error(std::string_view code);
  std::map<std::string, std::uint64_t> errors() const;

 private:
  using Name = std::pair<std::string, Partition>;
  const bool keep_values_;
  mutable std::mutex mutex_;
  std::map<Name, std::unique_ptr<TaskCounters>> tasks_;
  std::map<std::string, std::uint64_t> errors_;
};

class Worker final : private AssignmentListener {
 public:
  struct Parts {
    Log& log;
    Stores& stores;
    const std::vector<SubTopology>& topologies;
    const EngineOptions& options;
    Registry& registry;
    Lanes& lanes;
    int number = 0;
    Standby* standby = nullptr;
  };
  explicit Worker(Parts parts) : parts_(parts) {}
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker() override = default;

  // Makes consumer and producer and joins the group.
  Status open();
  // Until stopped; then finishes, unless `killed` is set.
  void run(const std::stop_token& stop, const std::atomic<bool>& killed);
  // One round: restore a bit, poll, process, commit when due.
  void step(const std::stop_token& stop);
  // Commits, closes the tasks, leaves the group.
  Status finish();

  // Any thread. True once partitions were given out.
  bool assigned() const { return assigned_.load(std::memory_order_acquire); }
  // Another process has this worker's member id: it gets no partitions any more.
  bool fenced() const { return fenced_.load(std::memory_order_acquire); }
  WorkerStats stats() const { return pulse_.stats(parts_.number, now(), parts_.options.stuck_after); }
  // After run() has returned.
  const Status& outcome() const { return outcome_; }
  const Counter& rebalances_assigned() const { return rebalances_assigned_; }
  const Counter& rebalances_revoked() const { return rebalances_revoked_; }
  const Counter& rebalances_lost() const { return rebalances_lost_; }

 private:
  using TaskKey = std::pair<std::size_t, Partition>;  // index of the sub-topology

  void on_assigned(std::span<const TopicPartition> partitions) override;
  void on_revoked(std::span<const TopicPartition> partitions) override;
  void on_lost(std::span<const TopicPartition> partitions) override;

  Task* task_of(std::string_view topic, Partition partition);
  std::size_t topology_of(std::string_view topic) const;
  void restore_tasks();
  void process(std::span<const Record> records, const std::stop_token& stop);
  void poll_failed(const Error& error, const std::stop_token& stop);
  void rejoin_later();
  void commit_if_due(bool idle);
  bool any_dirty() const;
  Status commit(Millis at_most);
  void commit_each(const std::vector<Task*>& dirty, std::vector<Status>& outcomes, Millis at_most);
  Status commit_all(const std::vector<Task*>& dirty);
  Status commit_positions(const std::map<TopicPartition, Position>& positions);
  Status renew_producer();
  void after_commit();
  void look_ahead();
  void note(const Error& error) { parts_.registry.count_error(error.code); }
  SteadyTime now() const { return parts_.options.clock->now(); }

  Parts parts_;
  // The consumer goes first when the worker is destroyed, while its listener's members still stand.
  std::unique_ptr<Producer> producer_;
  std::map<TaskKey, std::unique_ptr<Task>> tasks_;
  std::unique_ptr<Consumer> consumer_;
  SteadyTime last_commit_{};
  SteadyTime next_look_{};
  std::size_t look_at_ = 0;
  SteadyTime rejoin_at_{};
  Millis rejoin_after_{};
  bool backlog_ = false;
  std::optional<SteadyTime> close_until_;  // once finish() has begun
  Status outcome_;
  Pulse pulse_;
  std::atomic<bool> assigned_{false}, fenced_{false};
  Counter rebalances_assigned_, rebalances_revoked_, rebalances_lost_;
};

}  // namespace juncture::engine
