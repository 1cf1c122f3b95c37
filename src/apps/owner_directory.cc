#include "apps/owner_directory.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "juncture/adapters/http_client.h"

namespace juncture::apps {

OwnerDirectory::OwnerDirectory(Log& log, std::string group, std::string topic)
    : log_(log), group_(std::move(group)), topic_(std::move(topic)) {}

OwnerDirectory::~OwnerDirectory() {
  stop();
}

void OwnerDirectory::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      refresh();
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, stop, kAfterMiss, [] { return false; });
      wake_.wait_for(lock, stop, kEvery - kAfterMiss, [this] { return missed_; });
    }
  });
}

void OwnerDirectory::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void OwnerDirectory::refresh() {
  {
    const std::scoped_lock lock(mutex_);
    missed_ = false;
  }
  const auto asked = std::chrono::steady_clock::now();
  const auto members = log_.members(group_);
  if (!members) {
    spdlog::debug("owners of partitions unknown group={} code={} detail={}", group_, members.error().code,
                  members.error().detail);
    return;
  }
  std::map<Partition, std::string> endpoints;
  for (const GroupMember& member : *members) {
    // Anybody with the group's rights can write there: only what is an address is believed.
    if (!parse_endpoint(member.endpoint)) continue;
    for (const TopicPartition& at : member.partitions) {
      if (at.topic == topic_) endpoints[at.partition] = member.endpoint;
    }
  }
  const std::scoped_lock lock(mutex_);
  endpoints_ = std::move(endpoints);
  answered_ = asked;
}

std::string OwnerDirectory::endpoint_of(Partition partition) const {
  const std::scoped_lock lock(mutex_);
  if (std::chrono::steady_clock::now() - answered_ > kKnownFor) return {};
  const auto found = endpoints_.find(partition);
  return found == endpoints_.end() ? std::string() : found->second;
}

void OwnerDirectory::missed() {
  {
    const std::scoped_lock lock(mutex_);
    missed_ = true;
  }
  wake_.notify_all();
}

}  // namespace juncture::apps
