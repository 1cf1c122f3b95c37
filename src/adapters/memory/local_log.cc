#include "adapters/memory/local_log.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "adapters/memory/local_clients.h"

namespace juncture {
namespace {

// The time index has one entry for at least this much time: it costs nothing and a scan from it is short.
constexpr std::uint64_t kTimeEntryMs = 1000;
constexpr std::int64_t kRecordOverhead = 32;
constexpr Partition kPartitionsMax = 1024;
constexpr std::size_t kNameBytesMax = 249;

bool is_topic_name(std::string_view name) {
  const auto legal = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  };
  return !name.empty() && name.size() <= kNameBytesMax && std::all_of(name.begin(), name.end(), legal);
}

// Differences are taken unsigned: a client's clock may say anything.
bool is_time_entry(std::int64_t last_ms, std::int64_t ms) {
  if (last_ms == PartitionMark{}.indexed_ms) return true;
  return ms > last_ms && static_cast<std::uint64_t>(ms) - static_cast<std::uint64_t>(last_ms) >= kTimeEntryMs;
}

Timestamp system_now() {
  return std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now());
}

}  // namespace

std::unique_ptr<Log> make_memory_log(LocalLogOptions options) {
  // Memory has nothing to load, so opening can't fail.
  return std::move(LocalLog::open(make_memory_storage(), std::move(options)).value());
}

LocalLog::LocalLog(std::unique_ptr<LocalStorage> storage, LocalLogOptions options)
    : storage_(std::move(storage)), options_(std::move(options)), groups_([this](const std::string& topic) {
        const LocalTopic* found = find_locked(topic);
        return found == nullptr ? Partition{0} : found->stored.spec.partitions;
      }) {
  if (!options_.now) options_.now = system_now;
  if (!options_.on_dropped_unread) {
    options_.on_dropped_unread = [](const DroppedUnread& dropped) {
      spdlog::warn("retention removed records that nobody had read topic={} partition={} records={} begin={}",
                   dropped.at.topic, dropped.at.partition, dropped.records, dropped.begin);
    };
  }
}

Result<std::unique_ptr<LocalLog>> LocalLog::open(std::unique_ptr<LocalStorage> storage, LocalLogOptions options) {
  std::unique_ptr<LocalLog> log(new LocalLog(std::move(storage), std::move(options)));
  if (Status loaded = log->load(); !loaded) return tl::unexpected(loaded.error());
  if (log->options_.retention_check > Millis::zero())
    log->cleaner_ = std::thread([raw = log.get()] { raw->keep_clean(); });
  log->lingerer_ = std::thread([raw = log.get()] { raw->write_lingering(); });
  return log;
}

LocalLog::~LocalLog() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_all();
  {
    const std::lock_guard lock(linger_mutex_);
    stopping_linger_ = true;
  }
  linger_changed_.notify_all();
  if (lingerer_.joinable()) lingerer_.join();
  if (cleaner_.joinable()) cleaner_.join();
}

Status LocalLog::load() {
  Result<StoredLog> stored = storage_->load();
  if (!stored) return tl::unexpected(stored.error());
  for (StoredTopic& topic : stored->topics) {
    auto local = std::make_unique<LocalTopic>();
    local->marks.resize(static_cast<std::size_t>(topic.spec.partitions));
    local->compacted_to.resize(local->marks.size());
    by_id_[topic.id] = local.get();
    std::string name = topic.spec.name;
    local->stored = std::move(topic);
    topics_[std::move(name)] = std::move(local);
  }
  for (const auto& [at, mark] : stored->marks) {
    by_id_.at(at.topic)->marks.at(static_cast<std::size_t>(at.partition)) = mark;
  }
  for (PositionChange& change : stored->positions) {
    positions_[{std::move(change.group), change.at}] = std::move(change.position);
  }
  return {};
}

Result<std::unique_ptr<Consumer>> LocalLog::make_consumer(const ConsumerOptions& options) {
  if (options.group.empty()) return fail(Domain::setup, "group_missing", "a consumer needs the name of its group");
  const auto member = with_groups(
      true, [&](GroupCoordinator& groups) { return groups.join(options.group, options.member, options.endpoint); });
  return std::unique_ptr<Consumer>(new LocalConsumer(*this, member));
}

Result<std::vector<GroupMember>> LocalLog::members(std::string_view group) {
  return with_groups(false, [&](const GroupCoordinator& groups) { return groups.members(group); });
}

Result<std::unique_ptr<Producer>> LocalLog::make_producer(const ProducerOptions& options) {
  return std::unique_ptr<Producer>(new LocalProducer(*this, options));
}

Result<std::unique_ptr<Reader>> LocalLog::open_reader(std::size_t /*queue_bytes*/) {
  return std::unique_ptr<Reader>(new LocalReader(*this));
}

Status LocalLog::ensure_topic(const TopicSpec& spec) {
  if (!is_topic_name(spec.name)) {
    return fail(Domain::setup, "topic_name",
                fmt::format("'{}' is no topic name: 1 to {} of a-z A-Z 0-9 . _ -", spec.name, kNameBytesMax));
  }
  if (spec.partitions < 1 || spec.partitions > kPartitionsMax) {
    return fail(
        Domain::setup, "partition_count",
        fmt::format("topic {}: {} partitions; 1 to {} are possible", spec.name, spec.partitions, kPartitionsMax));
  }
  const std::lock_guard appends(append_mutex_);
  StoredTopic stored;
  {
    const std::lock_guard lock(mutex_);
    stored.id = by_id_.empty() ? 1 : by_id_.rbegin()->first + 1;
    if (LocalTopic* found = find_locked(spec.name)) {
      const Partition there = found->stored.spec.partitions;
      if (there != spec.partitions) {
        return fail(Domain::setup, "partition_count",
                    fmt::format("topic {} has {} partitions, not {}", spec.name, there, spec.partitions));
      }
      stored.id = found->stored.id;
    }
  }
  stored.spec = spec;
  stored.spec.properties.clear();
  if (Status saved = storage_->save_topic(stored); !saved) return saved;
  const std::lock_guard lock(mutex_);
  auto& topic = topics_[spec.name];
  if (!topic) {
    topic = std::make_unique<LocalTopic>();
    topic->marks.resize(static_cast<std::size_t>(spec.partitions));
    topic->compacted_to.resize(topic->marks.size());
    by_id_[stored.id] = topic.get();
    topic->stored = std::move(stored);
  } else {
    // Only juncture can change its own log, so the configuration has the last word on how long it keeps.
    topic->stored.spec.retention = spec.retention;
    topic->stored.spec.retention_bytes = spec.retention_bytes;
    topic->stored.spec.compacted = spec.compacted;
  }
  bump();
  return {};
}

LocalTopic* LocalLog::find_locked(std::string_view topic) {
  const auto found = topics_.find(topic);
  return found == topics_.end() ? nullptr : found->second.get();
}

const LocalTopic* LocalLog::find(std::string_view topic) {
  const std::lock_guard lock(mutex_);
  return find_locked(topic);
}

Result<LocalTopic*> LocalLog::at_locked(const TopicPartition& at) {
  LocalTopic* topic = find_locked(at.topic);
  if (topic == nullptr)
    return fail(Domain::environment, "unknown_topic", fmt::format("there is no topic {}", at.topic));
  if (at.partition < 0 || at.partition >= topic->stored.spec.partitions) {
    return fail(Domain::environment, "unknown_partition",
                fmt::format("topic {} has no partition {}", at.topic, at.partition));
  }
  return topic;
}

Result<std::optional<Partition>> LocalLog::partition_count(std::string_view topic) {
  const LocalTopic* found = find(topic);
  return found == nullptr ? std::optional<Partition>() : std::optional<Partition>(found->marks.size());
}

Result<Watermarks> LocalLog::watermarks(const TopicPartition& at) {
  const std::lock_guard lock(mutex_);
  const Result<LocalTopic*> topic = at_locked(at);
  if (!topic) return tl::unexpected(topic.error());
  const PartitionMark& mark = (*topic)->marks[static_cast<std::size_t>(at.partition)];
  return Watermarks{mark.begin, mark.end};
}

Watermarks LocalLog::extent(const LocalTopic& topic, Partition partition) {
  const std::lock_guard lock(mutex_);
  const PartitionMark& mark = topic.marks[static_cast<std::size_t>(partition)];
  return {mark.begin, mark.end};
}

Result<Offset> LocalLog::offset_at(const TopicPartition& at, Timestamp time) {
  Result<Watermarks> extent = watermarks(at);
  if (!extent) return tl::unexpected(extent.error());
  const PartitionId id{find(at.topic)->stored.id, at.partition};
  Result<Offset> from = storage_->lower_bound(id, time);
  if (!from) return from;
  Offset found = extent->end;
  const Status scanned =
      storage_->scan(id, std::max(*from, extent->begin), extent->end, [&](const StoredRecord& record) {
        if (record.timestamp < time) return true;
        found = record.offset;
        return false;
      });
  if (!scanned) return tl::unexpected(scanned.error());
  return found;
}

Result<std::optional<Position>> LocalLog::committed(std::string_view group, const TopicPartition& at) {
  const std::lock_guard lock(mutex_);
  const Result<LocalTopic*> topic = at_locked(at);
  if (!topic) return tl::unexpected(topic.error());
  const auto found = positions_.find({std::string(group), {(*topic)->stored.id, at.partition}});
  return found == positions_.end() ? std::optional<Position>() : found->second;
}

Result<std::vector<std::string>> LocalLog::topics() {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, topic] : topics_) names.push_back(name);
  return names;
}

std::uint64_t LocalLog::dropped_unread() const {
  const std::lock_guard lock(mutex_);
  return dropped_unread_;
}

void LocalLog::bump() {
  ++version_;
  changed_.notify_all();
}

std::uint64_t LocalLog::version() {
  const std::lock_guard lock(mutex_);
  return version_;
}

void LocalLog::wait(std::uint64_t seen, Deadline deadline) {
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, deadline, [&] { return version_ != seen; });
}

Status LocalLog::check_member(const MemberPositions& member) {
  if (groups_.fenced(member.member)) {
    return fail(Domain::environment, "fenced", "another member took this one's id, or it has left its group");
  }
  for (const auto& [at, position] : member.positions) {
    if (const auto topic = at_locked(at); !topic) return tl::unexpected(topic.error());
    if (!groups_.owns(member.member, at)) {
      return fail(Domain::environment, "not_owner",
                  fmt::format("{} [{}] belongs to another member of the group", at.topic, at.partition));
    }
  }
  return {};
}

Status LocalLog::append(std::span<Append> records, const MemberPositions* member) {
  const std::lock_guard appends(append_mutex_);
  WriteSet set;
  {
    const std::lock_guard lock(mutex_);
    if (member != nullptr) {
      if (Status checked = check_member(*member); !checked) return checked;
      const std::string& group = groups_.group_of(member->member);
      for (const auto& [at, position] : member->positions) {
        set.positions.push_back({group, {find_locked(at.topic)->stored.id, at.partition}, position});
      }
    }
    std::map<PartitionId, PartitionMark> marks;
    for (Append& append : records) {
      const auto [found, fresh] = marks.try_emplace(append.at);
      PartitionMark& mark = found->second;
      if (fresh) mark = by_id_.at(append.at.topic)->marks[static_cast<std::size_t>(append.at.partition)];
      StoredRecord& record = append.record;
      record.offset = mark.end++;
      mark.bytes += static_cast<std::int64_t>(record.key.size() + record.value.size()) + kRecordOverhead;
      const std::int64_t ms = to_ms(record.timestamp);
      if (is_time_entry(mark.indexed_ms, ms)) {
        mark.indexed_ms = ms;
        set.times.push_back({append.at, record.timestamp, record.offset});
      }
    }
    set.marks.assign(marks.begin(), marks.end());
  }
  set.records = records;
  if (Status written = storage_->write(set); !written) return written;
  ++writes_;
  publish(set);
  return {};
}

void LocalLog::publish(const WriteSet& set) {
  const std::lock_guard lock(mutex_);
  for (const auto& [at, mark] : set.marks) {
    by_id_.at(at.topic)->marks[static_cast<std::size_t>(at.partition)] = mark;
  }
  for (const PositionChange& change : set.positions) positions_[{change.group, change.at}] = change.position;
  if (!set.records.empty()) bump();
}

Status LocalLog::sync() {
  std::uint64_t wanted = 0;
  {
    const std::lock_guard lock(append_mutex_);
    wanted = writes_;
  }
  const std::lock_guard lock(sync_mutex_);
  if (synced_ >= wanted) return {};
  {
    // Whoever waited behind us is covered by the same sync.
    const std::lock_guard appends(append_mutex_);
    wanted = writes_;
  }
  if (Status synced = storage_->sync(); !synced) return synced;
  synced_ = wanted;
  return {};
}

std::uint64_t LocalLog::begin_epoch(const std::string& transactional_id) {
  const std::lock_guard lock(mutex_);
  return ++epochs_[transactional_id];
}

bool LocalLog::current_epoch(const std::string& transactional_id, std::uint64_t epoch) {
  const std::lock_guard lock(mutex_);
  return epochs_[transactional_id] == epoch;
}

}  // namespace juncture
