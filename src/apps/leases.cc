#include "apps/leases.h"

namespace juncture::apps {

void Leases::renew(const EngineStats& stats, Time now) {
  const std::scoped_lock lock(mutex_);
  for (const TaskStats& task : stats.tasks) {
    Lease& lease = leases_[{task.sub_topology, task.partition}];
    const bool running = task.state == TaskState::running;
    if (task.commits > lease.commits || (running && !lease.running)) lease.owned = last_call_;
    lease.commits = task.commits;
    lease.running = running;
  }
  last_call_ = now;
}

bool Leases::held(std::string_view sub_topology, Partition partition, Time now) const {
  const std::scoped_lock lock(mutex_);
  const auto found = leases_.find({std::string(sub_topology), partition});
  return found != leases_.end() && found->second.owned && now - *found->second.owned < kLength;
}

}  // namespace juncture::apps
