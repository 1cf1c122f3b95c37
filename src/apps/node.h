// One process's moving parts without HTTP: log, stores, topics, engine, ticks.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "apps/leases.h"
#include "apps/signal_sink.h"
#include "juncture/adapters/rocksdb_stores.h"
#include "juncture/config/config.h"
#include "juncture/engine/engine.h"
#include "juncture/pipeline/counters.h"
#include "juncture/pipeline/knowledge.h"
#include "juncture/ports/log.h"
#include "juncture/ports/state.h"

namespace juncture::apps {

struct Topics {
  std::string signals, sales, public_, dead_letters, evidence, accounts, conditions;
  explicit Topics(const std::string& prefix)
      : signals(prefix + "signals"),
        sales(prefix + "recommendations.sales"),
        public_(prefix + "recommendations.public"),
        dead_letters(prefix + "signals.dead-letters"),
        evidence(prefix + "accounts.evidence"),
        accounts(prefix + "accounts"),
        conditions(prefix + "conditions") {}
};

inline constexpr std::string_view kProspects = "prospects";
inline constexpr std::string_view kIntake = "intake";
inline constexpr std::string_view kAccounts = "accounts";

// Opens the log that the configuration names. `retention_lost` hears of unread data that went.
Result<std::unique_ptr<Log>> open_log(const Config& config);
std::string state_folder(const Config& config);
std::string checkpoint_folder(const Config& config);
// The consumer group of the application's instances.
std::string group_of(const Config& config);
// Makes what juncture owns: signals, the outputs, dead letters, and what leads from prospects to accounts.
Status ensure_topics(Log& log, const Config& config, const Topics& topics);

class Node {
 public:
  struct Options {
    bool ticks = true;       // real time into each assigned partition, once a second
    Millis fresh_within{0};  // zero: as configured
    bool unsafe = false;     // settings of the log that break the promise are taken, loudly
  };
  static Result<std::unique_ptr<Node>> start(const Config& config, std::shared_ptr<const Knowledge> knowledge,
                                             const Options& options);
  ~Node();
  Status stop();

  Log& log() { return *log_; }
  const Log& log() const { return *log_; }
  const Topics& topics() const { return topics_; }
  const Config& config() const { return config_; }
  const Knowledge& knowledge() const { return *knowledge_; }
  const Engine& engine() const { return *engine_; }
  SignalSink& sink() { return *sink_; }
  const Leases& leases() const { return leases_; }
  // What RocksDB holds for the state; none where the state is in memory.
  std::optional<RocksdbUsage> storage() const;
  // A copy of the state as it is, for the folder of a new process: checkpoint_folder() of the configuration, in place
  // of the copy before it. Returns how many stores. One at a time, any thread.
  Result<std::size_t> checkpoint();
  // Sets of counters, one per task that ever ran here. They live as long as the node.
  std::vector<const PipelineCounters*> counters(std::string_view sub_topology) const;

 private:
  Node(Config config, std::shared_ptr<const Knowledge> knowledge);
  PipelineCounters& counters_of(std::string_view sub_topology, Partition partition);
  Status claim(const Options& options);
  Status open_stores();
  std::vector<SubTopology> sub_topologies(Millis fresh_within);
  void tick(const std::stop_token& stop);
  void log_changes(const EngineStats& stats);
  void log_hot_keys();

  Config config_;
  std::shared_ptr<const Knowledge> knowledge_;
  Topics topics_;
  std::unique_ptr<Log> log_;
  std::unique_ptr<Stores> stores_;
  RocksdbStores* rocksdb_ = nullptr;  // stores_ again, where it is RocksDB
  std::unique_ptr<SignalSink> sink_;
  mutable std::mutex mutex_;
  std::mutex checkpoint_;  // held while one is made
  std::map<std::pair<std::string, Partition>, std::unique_ptr<PipelineCounters>> counters_;
  std::unique_ptr<Engine> engine_;
  Leases leases_{std::chrono::steady_clock::now()};
  std::map<std::pair<std::string, Partition>, std::pair<TaskState, std::string>> logged_;  // the ticker's own
  std::map<std::pair<std::string, Partition>, std::string> copies_logged_;                 // all of these as well
  std::set<int> stuck_;  // workers that were said to be
  std::map<Partition, std::uint64_t> hot_logged_;
  std::jthread ticker_;
};

}  // namespace juncture::apps
