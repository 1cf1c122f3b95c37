// Copies of the state that other processes own, kept up to date, so that taking a partition over is quick.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/restorer.h"
#include "juncture/engine/engine.h"

namespace juncture::engine {

// A copy lies in the folder where the task of its partition keeps its store, so that the task finds it all but up to
// date. One of the two has the folder: the task asks for it before it opens, and gives it back when it closes.
class Standby {
 public:
  struct Parts {
    Log& log;
    Stores& stores;
    const EngineOptions& options;
  };
  explicit Standby(Parts parts) : parts_(parts) {}
  Standby(const Standby&) = delete;
  Standby& operator=(const Standby&) = delete;
  ~Standby() = default;

  // Before run(): one copy for each partition of a stateful sub-topology.
  void add(const std::string& sub_topology, Partition partitions);
  // Keeps the copies up to date until stopped.
  void run(const std::stop_token& stop);
  // One round over all copies; true when some had something to do.
  bool step();

  // Any thread. True when the folder is the task's; false while the copy is in the middle of something: ask again.
  bool let_go(std::string_view sub_topology, Partition partition);
  void take_up(std::string_view sub_topology, Partition partition);
  std::vector<StandbyStats> stats() const;

 private:
  struct Copy {
    std::string sub_topology;
    Partition partition = 0;
    std::atomic<bool> owned{false};  // by a task of this process
    std::atomic<Offset> next{0}, end{0};
    std::mutex mutex;  // guards what follows; held while the copy is worked on
    std::unique_ptr<Restorer> restorer;
    SteadyTime not_before{};
    SteadyTime next_look{};
    int failures = 0;
    std::string error_code, error;
    mutable std::mutex told;  // guards error_code and error, never held for long
  };
  Copy& copy_of(std::string_view sub_topology, Partition partition);
  Result<std::size_t> follow(Copy& copy, SteadyTime now);
  void failed(Copy& copy, const Error& error, SteadyTime now);
  SteadyTime now() const { return parts_.options.clock->now(); }

  Parts parts_;
  std::map<std::pair<std::string, Partition>, Copy> copies_;
};

}  // namespace juncture::engine
