#include "engine/standby.h"

#include <algorithm>

namespace juncture::engine {
namespace {

constexpr Millis kIdle{20};
constexpr auto kLookEvery = std::chrono::seconds(1);
constexpr int kBackoffMax = 30;  // seconds

}  // namespace

void Standby::add(const std::string& sub_topology, Partition partitions) {
  for (Partition p = 0; p < partitions; ++p) {
    Copy& copy = copies_[{sub_topology, p}];
    copy.sub_topology = sub_topology;
    copy.partition = p;
    copy.not_before = now() + parts_.options.standby_after;
  }
}

Standby::Copy& Standby::copy_of(std::string_view sub_topology, Partition partition) {
  const auto at = copies_.find({std::string(sub_topology), partition});
  JUNCTURE_ASSERT(at != copies_.end());
  return at->second;
}

void Standby::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    if (!step()) parts_.options.clock->sleep(kIdle);
  }
  for (auto& [name, copy] : copies_) {
    const std::scoped_lock lock(copy.mutex);
    if (copy.restorer != nullptr) static_cast<void>(copy.restorer->settle());
    copy.restorer.reset();
  }
}

bool Standby::step() {
  bool busy = false;
  for (auto& [name, copy] : copies_) {
    if (copy.owned.load(std::memory_order_acquire)) continue;
    const std::unique_lock lock(copy.mutex, std::try_to_lock);
    // Asked for meanwhile: the task must not wait for another round.
    if (!lock || copy.owned.load(std::memory_order_acquire) || now() < copy.not_before) continue;
    const Result<std::size_t> taken = follow(copy, now());
    if (!taken) {
      failed(copy, taken.error(), now());
    } else {
      busy = busy || *taken > 0;
    }
  }
  return busy;
}

Result<std::size_t> Standby::follow(Copy& copy, SteadyTime now) {
  const TopicPartition changelog{changelog_topic(parts_.options.application, copy.sub_topology), copy.partition};
  if (now >= copy.next_look) {
    copy.next_look = now + kLookEvery;
    const Result<Watermarks> marks = parts_.log.watermarks(changelog);
    if (!marks) return tl::unexpected(marks.error());
    copy.end.store(marks->end, std::memory_order_relaxed);
    // Nothing was ever committed: there is nothing to copy, and no mark to keep it under.
    if (marks->begin == marks->end) return std::size_t{0};
    if (copy.restorer == nullptr) {
      copy.restorer =
          std::make_unique<Restorer>(parts_.log, parts_.stores,
                                     Restorer::Options{.store_name = store_name(copy.sub_topology, copy.partition),
                                                       .changelog = changelog,
                                                       .stale_after = parts_.options.store_stale_after,
                                                       .clock = parts_.options.clock});
    }
  }
  if (copy.restorer == nullptr) return std::size_t{0};
  Result<std::size_t> taken = copy.restorer->follow();
  if (!taken) return taken;
  copy.next.store(copy.restorer->next(), std::memory_order_relaxed);
  if (copy.failures > 0) {
    copy.failures = 0;
    const std::scoped_lock told(copy.told);
    copy.error_code.clear();
    copy.error.clear();
  }
  return taken;
}

// What is wrong is said, and tried again: a copy is a help, never a reason to stop.
void Standby::failed(Copy& copy, const Error& error, SteadyTime now) {
  copy.restorer.reset();
  set_aside_damaged(parts_.stores, store_name(copy.sub_topology, copy.partition), error);
  copy.not_before = now + std::chrono::seconds(std::min(kBackoffMax, 1 << std::min(copy.failures++, 5)));
  copy.next_look = {};
  const std::scoped_lock told(copy.told);
  copy.error_code = error.code;
  copy.error = error.detail;
}

bool Standby::let_go(std::string_view sub_topology, Partition partition) {
  Copy& copy = copy_of(sub_topology, partition);
  copy.owned.store(true, std::memory_order_release);
  const std::unique_lock lock(copy.mutex, std::try_to_lock);
  if (!lock) return false;
  if (copy.restorer == nullptr) return true;
  // What it could not write the task reads again.
  static_cast<void>(copy.restorer->settle());
  copy.restorer.reset();
  return true;
}

void Standby::take_up(std::string_view sub_topology, Partition partition) {
  Copy& copy = copy_of(sub_topology, partition);
  const std::scoped_lock lock(copy.mutex);
  // The group may give the partition back in a moment.
  copy.not_before = now() + parts_.options.standby_after;
  copy.next_look = {};
  copy.owned.store(false, std::memory_order_release);
}

std::vector<StandbyStats> Standby::stats() const {
  std::vector<StandbyStats> out;
  for (const auto& [name, copy] : copies_) {
    if (copy.owned.load(std::memory_order_acquire)) continue;
    StandbyStats& stats = out.emplace_back();
    stats.sub_topology = copy.sub_topology;
    stats.partition = copy.partition;
    stats.position = copy.next.load(std::memory_order_relaxed);
    stats.end = std::max(stats.position, copy.end.load(std::memory_order_relaxed));
    stats.lag = static_cast<std::uint64_t>(stats.end - stats.position);
    const std::scoped_lock told(copy.told);
    stats.error_code = copy.error_code;
    stats.error = copy.error;
  }
  return out;
}

}  // namespace juncture::engine
