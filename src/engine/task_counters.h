// What a task shows of itself to other threads. It outlives the task, so that counters never go back.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <vector>

#include "engine/committed_view.h"
#include "juncture/core/counters.h"
#include "juncture/engine/engine.h"

namespace juncture::engine {

struct InputCounters {
  std::string topic;
  std::atomic<Offset> position{0};
  std::atomic<Offset> end{0};
  std::atomic<std::int64_t> stream_time_ms{0};
  std::atomic<std::int64_t> head_time_ms{0};
  std::atomic<std::int64_t> last_time_ms{0};
};

struct TaskCounters {
  TaskCounters(const SubTopology& topology, Partition at, bool keep_values)
      : sub_topology(topology.name), partition(at), inputs(topology.inputs.size()), view(keep_values) {
    for (std::size_t i = 0; i < inputs.size(); ++i) inputs[i].topic = topology.inputs[i];
  }
  void set_error(const Error& error) {
    const std::scoped_lock lock(mutex);
    error_code = error.code;
    error_detail = error.detail;
  }
  TaskStats stats(Timestamp now) const;

  const std::string sub_topology;
  const Partition partition;
  std::vector<InputCounters> inputs;
  std::atomic<TaskState> state{TaskState::created};
  Counter consumed, emitted, stale, commits, commits_failed, restored, pending, cached;
  std::atomic<double> restore_seconds{0}, restore_write_seconds{0};
  Histogram process_seconds, end_to_end_seconds;
  CommittedView view;

 private:
  mutable std::mutex mutex;
  std::string error_code, error_detail;
};

}  // namespace juncture::engine
