// How long ago each task of this process was last known to own its partition.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "juncture/engine/engine.h"

namespace juncture::apps {

// A commit proves that the log is there and that nobody else has the partition; a tick a second makes for one at least
// a second. Without any for as long as the group waits for a silent member, another process may have it by now: what is
// read here may be behind, and says so. Any thread.
class Leases {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr Millis kLength{10'000};

  explicit Leases(Time now) : last_call_(now) {}
  // `now` is from before `stats`. A task that has committed or come to run since the call before this one had its
  // partition after that call began; that it has it now is not known, since this process may have been stopped.
  void renew(const EngineStats& stats, Time now);
  bool held(std::string_view sub_topology, Partition partition, Time now) const;

 private:
  struct Lease {
    std::uint64_t commits = 0;
    bool running = false;
    std::optional<Time> owned;  // the partition was this process's after that
  };
  mutable std::mutex mutex_;
  Time last_call_;
  std::map<std::pair<std::string, Partition>, Lease> leases_;
};

}  // namespace juncture::apps
