// One seed: some processes run the engine over the simulated cluster, things go wrong, then everything must be as if
// nothing had.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/worker.h"
#include "simulation/fold.h"
#include "simulation/sim_log.h"
#include "simulation/sim_stores.h"

namespace juncture::simulation {

struct Verdict {
  std::uint64_t hash = 0;  // of the whole trace
  std::string oracle;      // empty: all of them are content
  std::string detail;
};

class Simulation {
 public:
  // A mutant of what the engine relies on is made here; those within the engine are in its test build.
  Simulation(std::uint64_t seed, bool print, std::string_view mutant);
  Verdict run();

 private:
  struct Life {
    Life(Cluster& cluster, Disks& disks, int number);
    Host host;
    SimLog log;
    SimStores stores;
    SimClock clock;
    EngineOptions options;
    engine::Registry registry{true};
    engine::Lanes lanes{0};
    std::vector<std::unique_ptr<engine::Worker>> workers;
    std::vector<bool> busy;
  };
  struct Process {
    int number = 0;
    int lives = 0;
    Disks disks;
    std::unique_ptr<Life> life;
  };
  struct OpenInput {
    TopicPartition at;
    std::int64_t producer = kNobody;
  };

  void die(Host& host);
  void act();
  void fault();
  void feed(Partition partition, std::int64_t records);
  void burst();
  void decide_input(bool all);
  void start(Process& process, const std::string& member);
  void stop(Process& process);
  void restart_dead();
  void damage(Process& process);
  bool step_any();
  void step(Life& life, std::size_t worker);
  void run_until(Ms until);
  std::string member_name(const Process& process);
  void draw_options(EngineOptions& options);

  void drain();
  bool relayed() const { return topologies_.size() > 1; }
  bool drained();
  bool behind(const TopicPartition& at);
  std::string open_ends() const;
  void finish();
  // The oracles.
  void check_reads(const Life& life);
  void check_relay(Partition partition);
  void check_outputs(Partition partition);
  void check_changelog(Partition partition);
  void check_stores(Partition partition, const std::vector<std::pair<Offset, engine::Marker>>& chain);
  void check(bool holds, std::string_view oracle, std::string detail) {
    if (!holds) world_.violated(oracle, std::move(detail));
  }

  World world_;
  Cluster cluster_;
  std::vector<SubTopology> topologies_;
  Partition partitions_;
  std::int64_t keys_;
  std::size_t workers_;
  std::vector<Model> models_;
  std::vector<Process> processes_;
  std::vector<OpenInput> open_inputs_;
  std::int64_t records_ = 0;
  std::int64_t input_producers_ = 0;
  std::vector<std::pair<Life*, std::size_t>> runnable_;
  std::stop_source never_;
};

}  // namespace juncture::simulation
