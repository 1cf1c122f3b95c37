#include "engine/worker.h"

namespace juncture::engine {

TaskCounters& Registry::counters(const SubTopology& topology, Partition partition) {
  const std::scoped_lock lock(mutex_);
  std::unique_ptr<TaskCounters>& counters = tasks_[{topology.name, partition}];
  if (counters == nullptr) counters = std::make_unique<TaskCounters>(topology, partition, keep_values_);
  return *counters;
}

std::vector<TaskStats> Registry::stats(Timestamp now) const {
  const std::scoped_lock lock(mutex_);
  std::vector<TaskStats> out;
  out.reserve(tasks_.size());
  for (const auto& [name, counters] : tasks_) out.push_back(counters->stats(now));
  return out;
}

const TaskCounters* Registry::find(std::string_view sub_topology, Partition partition) const {
  const std::scoped_lock lock(mutex_);
  const auto at = tasks_.find({std::string(sub_topology), partition});
  return at == tasks_.end() ? nullptr : at->second.get();
}

void Registry::count_error(std::string_view code) {
  const std::scoped_lock lock(mutex_);
  ++errors_[std::string(code)];
}

std::map<std::string, std::uint64_t> Registry::errors() const {
  const std::scoped_lock lock(mutex_);
  return errors_;
}

}  // namespace juncture::engine
