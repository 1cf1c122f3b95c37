// What a worker is at, and since when: written by its thread, read by whoever asks whether it hangs.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <string>
#include <string_view>

#include "engine/task_counters.h"
#include "juncture/engine/engine.h"
#include "juncture/ports/clock.h"

namespace juncture::engine {

enum class Doing : std::uint8_t { nothing, restoring, polling, processing, committing, storing, leaving };
inline constexpr std::array<std::string_view, 7> kDoingNames{"nothing",    "restoring", "polling", "processing",
                                                             "committing", "storing",   "leaving"};

class Pulse {
 public:
  // The worker: a step begins.
  void beat(SteadyTime now) { beat_.store(now.time_since_epoch(), std::memory_order_relaxed); }
  // The worker: what it turns to, and with which task. The counters live as long as the engine.
  void turn_to(Doing what, const TaskCounters* task = nullptr) {
    task_.store(task, std::memory_order_relaxed);
    doing_.store(what, std::memory_order_release);
  }

  // Any thread.
  WorkerStats stats(int number, SteadyTime now, Millis stuck_after) const {
    const Doing doing = doing_.load(std::memory_order_acquire);
    const TaskCounters* task = task_.load(std::memory_order_relaxed);
    const auto age = now.time_since_epoch() - beat_.load(std::memory_order_relaxed);
    WorkerStats out{.number = number,
                    .step_seconds = std::chrono::duration<double>(age).count(),
                    .doing = std::string(kDoingNames[static_cast<std::size_t>(doing)]),
                    .stuck = doing != Doing::nothing && age > stuck_after};
    if (task != nullptr) out.doing += " " + store_name(task->sub_topology, task->partition);
    return out;
  }

 private:
  std::atomic<SteadyTime::duration> beat_{SteadyTime::duration{}};
  std::atomic<Doing> doing_{Doing::nothing};
  std::atomic<const TaskCounters*> task_{nullptr};
};

}  // namespace juncture::engine
