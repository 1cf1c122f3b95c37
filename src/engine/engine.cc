#include "juncture/engine/engine.h"

#include <algorithm>
#include <atomic>
#include <set>
#include <thread>

#include "engine/worker.h"
#include "juncture/core/thread_name.h"

namespace juncture {
namespace {

class RunningEngine final : public Engine {
 public:
  RunningEngine(Log& log, Stores& stores, std::vector<SubTopology> topologies, EngineOptions options)
      : topologies_(std::move(topologies)),
        options_(std::move(options)),
        registry_(options_.serve_reads),
        lanes_(options_.delivery == Delivery::exactly_once ? options_.commit_lanes : 0) {
    if (options_.standby) standby_ = std::make_unique<engine::Standby>(engine::Standby::Parts{log, stores, options_});
    for (int i = 0; i < options_.workers; ++i) {
      workers_.push_back(std::make_unique<engine::Worker>(
          engine::Worker::Parts{log, stores, topologies_, options_, registry_, lanes_, i, standby_.get()}));
    }
  }
  RunningEngine(const RunningEngine&) = delete;
  RunningEngine& operator=(const RunningEngine&) = delete;
  ~RunningEngine() override { end(); }

  Status open(Log& log);

  Status stop() override {
    end();
    for (const auto& worker : workers_) {
      if (!worker->outcome()) return worker->outcome();
    }
    return {};
  }
  void kill() override {
    killed_.store(true);
    end();
    workers_.clear();
  }

  EngineStats stats() const override;
  std::vector<std::string> not_ready() const override;
  Result<ReadValue> read(std::string_view sub_topology, std::string_view key, std::string_view route) const override;
  std::vector<Partition> assigned(std::string_view sub_topology) const override;
  Partition partitions(std::string_view sub_topology) const override {
    const auto at = partitions_.find(sub_topology);
    return at == partitions_.end() ? 0 : at->second;
  }

 private:
  void end() {
    for (std::jthread& thread : threads_) thread.request_stop();
    for (std::jthread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }

  std::vector<SubTopology> topologies_;
  EngineOptions options_;
  engine::Registry registry_;
  engine::Lanes lanes_;
  std::map<std::string, Partition, std::less<>> partitions_;
  std::unique_ptr<engine::Standby> standby_;  // none: not wanted
  std::vector<std::unique_ptr<engine::Worker>> workers_;
  std::atomic<bool> killed_{false};
  std::vector<std::jthread> threads_;
};

Status RunningEngine::open(Log& log) {
  for (const SubTopology& topology : topologies_) {
    for (const std::string& topic : topology.inputs) {
      const Result<std::optional<Partition>> count = log.partition_count(topic);
      if (!count) return tl::unexpected(count.error());
      if (!*count) return fail(Domain::setup, "topic_missing", "input topic " + topic + " does not exist");
      const auto [at, is_new] = partitions_.emplace(topology.name, **count);
      if (!is_new && at->second != **count) {
        return fail(
            Domain::setup, "partition_count",
            "inputs of " + topology.name + " differ in partitions: " + topic + " has " + std::to_string(**count));
      }
    }
    if (!topology.stateful) continue;
    const TopicSpec spec{.name = changelog_topic(options_.application, topology.name),
                         .partitions = partitions_[topology.name],
                         .compacted = true,
                         .retention = {},
                         .retention_bytes = {},
                         .properties = {}};
    if (Status made = log.ensure_topic(spec); !made) return made;
    if (standby_ != nullptr) standby_->add(topology.name, partitions_[topology.name]);
  }
  for (const auto& worker : workers_) {
    if (Status opened = worker->open(); !opened) return opened;
  }
  for (const auto& worker : workers_) {
    threads_.emplace_back([this, at = worker.get()](const std::stop_token& stop) {
      name_thread("worker");
      at->run(stop, killed_);
    });
  }
  if (standby_ == nullptr) return {};
  threads_.emplace_back([this](const std::stop_token& stop) {
    name_thread("standby");
    standby_->run(stop);
  });
  return {};
}

EngineStats RunningEngine::stats() const {
  EngineStats out;
  out.tasks = registry_.stats(options_.clock->wall());
  out.log_errors = registry_.errors();
  if (standby_ != nullptr) out.standbys = standby_->stats();
  for (const auto& worker : workers_) {
    out.workers.push_back(worker->stats());
    out.rebalances_assigned += worker->rebalances_assigned().value();
    out.rebalances_revoked += worker->rebalances_revoked().value();
    out.rebalances_lost += worker->rebalances_lost().value();
  }
  return out;
}

std::vector<std::string> RunningEngine::not_ready() const {
  std::vector<std::string> reasons;
  // One worker with an assignment is enough: there may be more workers than partitions.
  const bool assigned = std::any_of(workers_.begin(), workers_.end(), [](const auto& w) { return w->assigned(); });
  if (!assigned) reasons.emplace_back("no partitions assigned yet");
  for (const auto& worker : workers_) {
    if (worker->fenced()) reasons.emplace_back("another process uses this one's member id");
  }
  const EngineStats now = stats();
  for (const WorkerStats& worker : now.workers) {
    if (!worker.stuck) continue;
    reasons.push_back("worker " + std::to_string(worker.number) + " has made no step for " +
                      std::to_string(static_cast<std::int64_t>(worker.step_seconds)) + " s: " + worker.doing);
  }
  for (const TaskStats& task : now.tasks) {
    if (task.state == TaskState::running || task.state == TaskState::closed) continue;
    std::string reason = task.sub_topology + "-" + std::to_string(task.partition) + " is " +
                         std::string(kTaskStateNames[static_cast<std::size_t>(task.state)]);
    if (task.state == TaskState::suspended) reason += ": " + task.error_code;
    reasons.push_back(std::move(reason));
  }
  return reasons;
}

Result<ReadValue> RunningEngine::read(std::string_view sub_topology, std::string_view key,
                                      std::string_view route) const {
  const Partition partition = partition_of(route.empty() ? key : route, partitions(sub_topology));
  const engine::TaskCounters* counters = registry_.find(sub_topology, partition);
  if (counters == nullptr) return fail(Domain::environment, "not_here", "no running task has that key");
  return counters->view.read(key);
}

std::vector<Partition> RunningEngine::assigned(std::string_view sub_topology) const {
  std::vector<Partition> out;
  for (const TaskStats& task : stats().tasks) {
    if (task.sub_topology == sub_topology && task.state != TaskState::closed) out.push_back(task.partition);
  }
  return out;
}

Status validate(const std::vector<SubTopology>& topologies, const EngineOptions& options) {
  const auto refuse = [](std::string why) { return fail(Domain::setup, "engine_options", std::move(why)); };
  if (options.workers < 1 || options.workers > 64) return refuse("workers must be 1 to 64");
  if (options.application.empty()) return refuse("the application needs a name");
  if (options.poll_records_max == 0) return refuse("poll_records_max must be at least 1");
  if (topologies.empty()) return refuse("nothing to run");
  std::set<std::string> names, inputs;
  for (const SubTopology& topology : topologies) {
    if (topology.inputs.empty() || !topology.make_pipeline) return refuse(topology.name + " has no input or pipeline");
    if (!names.insert(topology.name).second) return refuse("two sub-topologies are called " + topology.name);
    for (const std::string& topic : topology.inputs) {
      // A worker has one position per partition.
      if (!inputs.insert(topic).second) return refuse("two inputs are the same topic: " + topic);
    }
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Engine>> Engine::start(Log& log, Stores& stores, std::vector<SubTopology> sub_topologies,
                                              EngineOptions options) {
  if (Status valid = validate(sub_topologies, options); !valid) return tl::unexpected(valid.error());
  auto engine = std::make_unique<RunningEngine>(log, stores, std::move(sub_topologies), std::move(options));
  if (Status opened = engine->open(log); !opened) return tl::unexpected(opened.error());
  return engine;
}

std::string changelog_topic(std::string_view application, std::string_view sub_topology) {
  return std::string(application) + "." + std::string(sub_topology) + ".changelog";
}

std::string store_name(std::string_view sub_topology, Partition partition) {
  return std::string(sub_topology) + "-" + std::to_string(partition);
}

}  // namespace juncture
