// Retention, compaction, and the log's own thread.
#include <algorithm>
#include <unordered_map>

#include "adapters/memory/local_clients.h"
#include "adapters/memory/local_log.h"
#include "juncture/core/hash.h"

namespace juncture {
namespace {

constexpr std::int64_t kRecordOverhead = 32;
// Taken out at once, with appends held up for as long.
constexpr std::size_t kRemoveMax = 2000;
// Compaction begins when as many records are new as were left last time, and this many at least.
constexpr Offset kCompactRecordsMin = 10'000;
// Keys that one pass of compaction remembers, 16 bytes and a node each; the rest waits for the next.
constexpr std::size_t kCompactKeysMax = 2'000'000;
// So long may a reader that is behind still see that a key was removed.
constexpr Millis kTombstoneKept = std::chrono::hours{24};

std::int64_t size_of(const StoredRecord& record) {
  return static_cast<std::int64_t>(record.key.size() + record.value.size()) + kRecordOverhead;
}

// 128 bits of the key: a collision would drop a living value.
struct KeyHash {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend bool operator==(const KeyHash&, const KeyHash&) = default;
};
struct KeyHashHash {
  std::size_t operator()(const KeyHash& hash) const { return hash.low; }
};
KeyHash hash_key(std::string_view key) {
  return {hash64(key, 1), hash64(key, 2)};
}

}  // namespace

void LocalLog::enlist(LocalProducer& producer) {
  const std::lock_guard lock(producers_mutex_);
  producers_.push_back(&producer);
}

void LocalLog::discharge(LocalProducer& producer) {
  const std::lock_guard lock(producers_mutex_);
  std::erase(producers_, &producer);
}

void LocalLog::wake_at(Deadline due) {
  const std::lock_guard lock(linger_mutex_);
  if (linger_due_ && *linger_due_ <= due) return;
  linger_due_ = due;
  linger_changed_.notify_one();
}

void LocalLog::write_lingering() {
  std::unique_lock lock(linger_mutex_);
  while (!stopping_linger_) {
    if (!linger_due_) {
      linger_changed_.wait(lock);
      continue;
    }
    const Deadline due = *linger_due_;
    if (std::chrono::steady_clock::now() < due) {
      linger_changed_.wait_until(lock, due);
      continue;
    }
    linger_due_.reset();
    lock.unlock();
    {
      const std::lock_guard producers(producers_mutex_);
      for (LocalProducer* producer : producers_) {
        if (const std::optional<Deadline> next = producer->write_due(std::chrono::steady_clock::now())) wake_at(*next);
      }
    }
    lock.lock();
  }
}

void LocalLog::keep_clean() {
  std::unique_lock lock(mutex_);
  while (!stop_.wait_for(lock, options_.retention_check, [&] { return stopping_; })) {
    lock.unlock();
    // What failed fails again at the next append, where somebody hears of it.
    static_cast<void>(clean());
    lock.lock();
  }
}

Status LocalLog::clean() {
  std::vector<LocalTopic*> topics;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, topic] : topics_) topics.push_back(topic.get());
  }
  for (LocalTopic* topic : topics) {
    for (std::size_t i = 0; i < topic->marks.size(); ++i) {
      const auto partition = static_cast<Partition>(i);
      if (Status cleaned = clean_by_age_and_size(*topic, partition); !cleaned) return cleaned;
      if (Status compacted = compact(*topic, partition); !compacted) return compacted;
    }
  }
  return {};
}

Status LocalLog::clean_by_age_and_size(LocalTopic& topic, Partition partition) {
  while (true) {
    PartitionMark mark;
    TopicSpec spec;
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return {};
      mark = topic.marks[static_cast<std::size_t>(partition)];
      spec = topic.stored.spec;
    }
    if (!spec.retention && !spec.retention_bytes) return {};
    const Timestamp oldest = spec.retention ? now() - *spec.retention : Timestamp::min();
    std::int64_t excess = spec.retention_bytes ? mark.bytes - *spec.retention_bytes : 0;
    std::vector<Offset> old;
    std::int64_t bytes = 0;
    Offset begin = mark.end;
    const auto each = [&](const StoredRecord& record) {
      if ((record.timestamp >= oldest && excess <= 0) || old.size() == kRemoveMax) {
        begin = record.offset;
        return false;
      }
      old.push_back(record.offset);
      bytes += size_of(record);
      excess -= size_of(record);
      return true;
    };
    if (Status scanned = scan({topic.stored.id, partition}, mark.begin, mark.end, each); !scanned) return scanned;
    if (old.empty()) return {};
    if (Status removed = take_out(topic, partition, old, bytes, begin); !removed) return removed;
  }
}

Status LocalLog::take_out(LocalTopic& topic, Partition partition, std::span<const Offset> offsets, std::int64_t bytes,
                          Offset begin) {
  const std::lock_guard appends(append_mutex_);
  PartitionMark mark;
  PartitionMark& current = topic.marks[static_cast<std::size_t>(partition)];
  const bool retention = begin > current.begin;
  {
    // Readers are told first: nobody may find a gap where the watermark says that records are.
    const std::lock_guard lock(mutex_);
    current.begin = std::max(current.begin, begin);
    current.bytes -= bytes;
    mark = current;
  }
  if (Status removed = storage_->remove({topic.stored.id, partition}, offsets, mark); !removed) return removed;
  if (retention) count_unread(topic, partition, offsets);
  return {};
}

void LocalLog::count_unread(const LocalTopic& topic, Partition partition, std::span<const Offset> removed) {
  DroppedUnread dropped{{topic.stored.spec.name, partition}, 0, 0};
  {
    const std::lock_guard lock(mutex_);
    bool read = groups_.is_read(topic.stored.spec.name);
    Offset next = 0;
    for (const auto& [where, position] : positions_) {
      if (where.second.topic != topic.stored.id) continue;
      read = true;
      if (where.second.partition == partition) next = std::max(next, position.next);
    }
    // Topics that only readers follow (a page, a website) have no group that could be behind.
    if (!read) return;
    dropped.records =
        static_cast<std::uint64_t>(removed.end() - std::lower_bound(removed.begin(), removed.end(), next));
    dropped.begin = topic.marks[static_cast<std::size_t>(partition)].begin;
    dropped_unread_ += dropped.records;
  }
  if (dropped.records > 0) options_.on_dropped_unread(dropped);
}

Status LocalLog::compact(LocalTopic& topic, Partition partition) {
  PartitionMark mark;
  Offset done = 0;
  {
    const std::lock_guard lock(mutex_);
    if (!topic.stored.spec.compacted) return {};
    mark = topic.marks[static_cast<std::size_t>(partition)];
    done = std::max(topic.compacted_to[static_cast<std::size_t>(partition)], mark.begin);
  }
  if (mark.end - done < std::max(kCompactRecordsMin, done - mark.begin)) return {};
  const PartitionId id{topic.stored.id, partition};
  std::unordered_map<KeyHash, Offset, KeyHashHash> newest;
  Offset until = mark.end;
  const auto remember = [&](const StoredRecord& record) {
    if (newest.size() == kCompactKeysMax) {
      until = record.offset;
      return false;
    }
    newest[hash_key(record.key)] = record.offset;
    return true;
  };
  if (Status scanned = scan(id, mark.begin, mark.end, remember); !scanned) return scanned;

  const Timestamp tombstones_from = now() - kTombstoneKept;
  Offset next = mark.begin;
  while (next < until) {
    std::vector<Offset> old;
    std::int64_t bytes = 0;
    const Offset from = next;
    next = until;
    const auto each = [&](const StoredRecord& record) {
      if (old.size() == kRemoveMax) {
        next = record.offset;
        return false;
      }
      const bool replaced = newest.at(hash_key(record.key)) != record.offset;
      const bool forgotten = record.tombstone && record.timestamp < tombstones_from && record.offset + 1 != mark.end;
      if (!replaced && !forgotten) return true;
      old.push_back(record.offset);
      bytes += size_of(record);
      return true;
    };
    if (Status scanned = scan(id, from, until, each); !scanned) return scanned;
    if (old.empty()) continue;
    if (Status removed = take_out(topic, partition, old, bytes, 0); !removed) return removed;
  }
  const std::lock_guard lock(mutex_);
  topic.compacted_to[static_cast<std::size_t>(partition)] = until;
  return {};
}

}  // namespace juncture
