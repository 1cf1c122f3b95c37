#include <fmt/format.h>

#include <algorithm>

#include "adapters/memory/local_clients.h"

namespace juncture {
namespace {

// A poll copies no more than this, unless one record alone is larger.
constexpr std::size_t kPollBytesMax = 16U << 20U;

Error not_assigned(const TopicPartition& at) {
  return {Domain::environment, "not_owner", fmt::format("{} [{}] is not assigned here", at.topic, at.partition)};
}

}  // namespace

Status LocalCursor::add(const TopicPartition& at, std::optional<Offset> next) {
  const LocalTopic* topic = log_.find(at.topic);
  if (topic == nullptr)
    return fail(Domain::environment, "unknown_topic", fmt::format("there is no topic {}", at.topic));
  if (at.partition < 0 || static_cast<std::size_t>(at.partition) >= topic->marks.size()) {
    return fail(Domain::environment, "unknown_partition",
                fmt::format("topic {} has no partition {}", at.topic, at.partition));
  }
  parts_[at] = {topic, next, false};
  return {};
}

Status LocalCursor::seek(const TopicPartition& at, Offset next) {
  const auto found = parts_.find(at);
  if (found == parts_.end()) return tl::unexpected(not_assigned(at));
  found->second.next = next;
  return {};
}

Status LocalCursor::set_paused(const TopicPartition& at, bool paused) {
  const auto found = parts_.find(at);
  if (found == parts_.end()) return tl::unexpected(not_assigned(at));
  found->second.paused = paused;
  return {};
}

std::optional<Offset> LocalCursor::position(const TopicPartition& at) const {
  const auto found = parts_.find(at);
  return found == parts_.end() ? std::nullopt : found->second.next;
}

std::vector<TopicPartition> LocalCursor::partitions() const {
  std::vector<TopicPartition> out;
  for (const auto& [at, part] : parts_) out.push_back(at);
  return out;
}

Result<std::span<const Record>> LocalCursor::fetch(std::size_t records_max) {
  bytes_.clear();
  records_.clear();
  auto it = parts_.upper_bound(last_);
  for (std::size_t n = 0; n < parts_.size() && records_.size() < records_max && bytes_.size() < kPollBytesMax;
       ++n, ++it) {
    if (it == parts_.end()) it = parts_.begin();
    if (!it->second.next || it->second.paused) continue;
    if (Status read = fetch_part(it->first, it->second, records_max); !read) return tl::unexpected(read.error());
    if (!records_.empty()) last_ = it->first;
  }
  // bytes_ may have moved while it grew: the views are made when it is complete.
  const char* bytes = bytes_.data();
  for (Record& record : records_) {
    record.key = {bytes, record.key.size()};
    record.value = {bytes + record.key.size(), record.value.size()};
    bytes += record.key.size() + record.value.size();
  }
  return std::span<const Record>(records_);
}

Status LocalCursor::fetch_part(const TopicPartition& at, Part& part, std::size_t records_max) {
  const Watermarks extent = log_.extent(*part.topic, at.partition);
  if (*part.next < extent.begin || *part.next > extent.end) {
    return fail(Domain::environment, "offset_missing",
                fmt::format("{} [{}] has offsets {} to {}, and {} was asked for", at.topic, at.partition, extent.begin,
                            extent.end, *part.next));
  }
  if (*part.next == extent.end) return {};
  Offset next = extent.end;  // compaction may have taken all that is left
  const auto each = [&](const StoredRecord& r) {
    if (records_.size() == records_max || (!records_.empty() && bytes_.size() >= kPollBytesMax)) {
      next = r.offset;
      return false;
    }
    bytes_.append(r.key).append(r.value);
    records_.push_back({part.topic->stored.spec.name, at.partition, r.offset, r.timestamp, std::string_view(r.key),
                        std::string_view(r.value), r.tombstone});
    return true;
  };
  Status scanned = log_.scan({part.topic->stored.id, at.partition}, *part.next, extent.end, each);
  if (!scanned) return scanned;
  // Retention may have overtaken the scan, and then records are missing that nobody was told about.
  if (const Offset begin = log_.extent(*part.topic, at.partition).begin; begin > *part.next) {
    return fail(Domain::environment, "offset_missing",
                fmt::format("{} [{}] now begins at {}, behind {}", at.topic, at.partition, begin, *part.next));
  }
  part.next = next;
  return {};
}

Status LocalReader::assign(const std::map<TopicPartition, Offset>& from) {
  cursor_.clear();
  for (const auto& [at, next] : from) {
    if (Status added = cursor_.add(at, next); !added) return added;
  }
  return {};
}

Result<std::span<const Record>> LocalReader::poll(Millis timeout, std::size_t records_max) {
  const Deadline deadline = std::chrono::steady_clock::now() + timeout;
  while (true) {
    const std::uint64_t version = log_.version();
    Result<std::span<const Record>> records = cursor_.fetch(records_max);
    if (!records || !records->empty() || std::chrono::steady_clock::now() >= deadline) return records;
    log_.wait(version, deadline);
  }
}

LocalConsumer::LocalConsumer(LocalLog& log, GroupCoordinator::MemberId member)
    : log_(log),
      member_(member),
      group_name_(log.with_groups(false, [&](GroupCoordinator& groups) { return groups.group_of(member); })),
      token_(std::to_string(member)),
      cursor_(log) {}

// Without a word to the listener, which may be gone already.
LocalConsumer::~LocalConsumer() {
  if (!closed_) log_.with_groups(true, [&](GroupCoordinator& groups) { groups.leave(member_); });
}

Status LocalConsumer::subscribe(std::vector<std::string> topics, AssignmentListener& listener) {
  if (closed_) return fail(Domain::environment, "closed", "the consumer has been closed");
  for (const std::string& topic : topics) {
    if (log_.find(topic) == nullptr) {
      return fail(Domain::environment, "unknown_topic", fmt::format("there is no topic {}", topic));
    }
  }
  listener_ = &listener;
  log_.with_groups(true, [&](GroupCoordinator& groups) { groups.subscribe(member_, std::move(topics)); });
  return {};
}

Status LocalConsumer::follow_group() {
  struct Change {
    bool fenced = false;
    std::vector<TopicPartition> revoke;
  };
  const Change change = log_.with_groups(false, [&](const GroupCoordinator& groups) {
    if (groups.fenced(member_)) return Change{true, {}};
    return Change{false, groups.unsettled(member_) ? groups.to_revoke(member_) : std::vector<TopicPartition>()};
  });
  if (change.fenced) {
    const std::vector<TopicPartition> lost = cursor_.partitions();
    cursor_.clear();
    if (listener_ != nullptr && !lost.empty()) listener_->on_lost(lost);
    return fail(Domain::environment, "fenced", "another member joined the group under this one's id");
  }
  if (!change.revoke.empty()) {
    listener_->on_revoked(change.revoke);
    for (const TopicPartition& at : change.revoke) cursor_.remove(at);
    log_.with_groups(true, [&](GroupCoordinator& groups) { groups.release(member_, change.revoke); });
  }
  const std::vector<TopicPartition> taken = log_.with_groups(false, [&](GroupCoordinator& groups) {
    return groups.unsettled(member_) ? groups.acquire(member_) : std::vector<TopicPartition>();
  });
  for (const TopicPartition& at : taken) {
    if (Status added = cursor_.add(at, std::nullopt); !added) return added;
  }
  if (!taken.empty()) listener_->on_assigned(taken);
  return {};
}

Result<std::span<const Record>> LocalConsumer::poll(Millis timeout, std::size_t records_max) {
  if (closed_) return fail(Domain::environment, "closed", "the consumer has been closed");
  const Deadline deadline = std::chrono::steady_clock::now() + timeout;
  while (true) {
    const std::uint64_t version = log_.version();
    if (Status followed = follow_group(); !followed) return tl::unexpected(followed.error());
    Result<std::span<const Record>> records = cursor_.fetch(records_max);
    if (!records || !records->empty() || std::chrono::steady_clock::now() >= deadline) return records;
    log_.wait(version, deadline);
  }
}

Status LocalConsumer::seek(const TopicPartition& at, Offset next) {
  return cursor_.seek(at, next);
}

Status LocalConsumer::commit(const std::map<TopicPartition, Position>& positions) {
  if (closed_) return fail(Domain::environment, "closed", "the consumer has been closed");
  const MemberPositions member{member_, positions};
  return log_.append({}, &member);
}

Result<std::optional<Position>> LocalConsumer::committed(const TopicPartition& at) {
  return log_.committed(group_name_, at);
}

Status LocalConsumer::close() {
  if (closed_) return {};
  const std::vector<TopicPartition> owned = log_.with_groups(false, [&](const GroupCoordinator& groups) {
    return groups.fenced(member_) ? std::vector<TopicPartition>() : groups.owned(member_);
  });
  if (!owned.empty()) listener_->on_revoked(owned);
  cursor_.clear();
  log_.with_groups(true, [&](GroupCoordinator& groups) { groups.leave(member_); });
  closed_ = true;
  return {};
}

}  // namespace juncture
