// The log of one process over a LocalStorage: offsets, groups, positions, transactions, retention.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "adapters/memory/group_coordinator.h"
#include "adapters/memory/local_storage.h"
#include "juncture/adapters/memory_log.h"
#include "juncture/ports/log.h"

namespace juncture {

using Deadline = std::chrono::steady_clock::time_point;

// As Kafka's default for a producer: key and value together.
inline constexpr std::size_t kRecordBytesMax = 1'000'000;

// Never moves and never goes; id and partition count never change.
struct LocalTopic {
  StoredTopic stored;
  std::vector<PartitionMark> marks;
  std::vector<Offset> compacted_to;  // up to here no key has a newer record before the same point
};

// What a transaction commits beside its records.
struct MemberPositions {
  GroupCoordinator::MemberId member = 0;
  std::map<TopicPartition, Position> positions;
};

class LocalProducer;

class LocalLog final : public Log {
 public:
  static Result<std::unique_ptr<LocalLog>> open(std::unique_ptr<LocalStorage> storage, LocalLogOptions options);
  ~LocalLog() override;

  std::string_view kind() const override { return storage_->kind(); }
  Result<std::unique_ptr<Consumer>> make_consumer(const ConsumerOptions& options) override;
  Result<std::unique_ptr<Producer>> make_producer(const ProducerOptions& options) override;
  Result<std::unique_ptr<Reader>> open_reader(std::size_t queue_bytes) override;
  Status ensure_topic(const TopicSpec& spec) override;
  Result<std::optional<Partition>> partition_count(std::string_view topic) override;
  Offset transaction_end_offsets() const override { return 0; }
  Result<Watermarks> watermarks(const TopicPartition& at) override;
  Result<Offset> offset_at(const TopicPartition& at, Timestamp time) override;
  Result<std::optional<Position>> committed(std::string_view group, const TopicPartition& at) override;
  Result<std::vector<std::string>> topics() override;
  Result<std::vector<GroupMember>> members(std::string_view group) override;
  Result<std::string> identity() override { return storage_->identity(); }
  std::uint64_t dropped_unread() const override;

  // For its consumers, producers and readers.
  const LocalTopic* find(std::string_view topic);
  Watermarks extent(const LocalTopic& topic, Partition partition);
  Timestamp now() const { return options_.now(); }
  // Changes with each append and each change of a group. wait() returns when it isn't `seen` any more.
  std::uint64_t version();
  void wait(std::uint64_t seen, Deadline deadline);
  Status scan(PartitionId at, Offset from, Offset end, const std::function<bool(const StoredRecord&)>& each) {
    return storage_->scan(at, from, end, each);
  }
  // Gives the records their offsets and writes them, all or none. `member` none: no positions.
  Status append(std::span<Append> records, const MemberPositions* member);
  Status sync();
  std::uint64_t begin_epoch(const std::string& transactional_id);
  bool current_epoch(const std::string& transactional_id, std::uint64_t epoch);

  // The coordinator under the lock; `change` says whether others have to look again.
  template <class Action>
  auto with_groups(bool change, Action action) {
    const std::lock_guard lock(mutex_);
    if (change) bump();
    return action(groups_);
  }

  // Producers whose records become visible after `linger` without anybody's flush.
  void enlist(LocalProducer& producer);
  void discharge(LocalProducer& producer);
  void wake_at(Deadline due);

  // One pass of retention and compaction over everything.
  Status clean();

 private:
  LocalLog(std::unique_ptr<LocalStorage> storage, LocalLogOptions options);

  Status load();
  void bump();  // REQUIRES: mutex_
  LocalTopic* find_locked(std::string_view topic);
  Result<LocalTopic*> at_locked(const TopicPartition& at);
  Status check_member(const MemberPositions& member);
  void publish(const WriteSet& set);
  Status clean_by_age_and_size(LocalTopic& topic, Partition partition);
  Status compact(LocalTopic& topic, Partition partition);
  Status take_out(LocalTopic& topic, Partition partition, std::span<const Offset> offsets, std::int64_t bytes,
                  Offset begin);
  void count_unread(const LocalTopic& topic, Partition partition, std::span<const Offset> removed);
  void keep_clean();
  void write_lingering();

  std::unique_ptr<LocalStorage> storage_;
  LocalLogOptions options_;

  // Held over a write to storage, so that records come to be in the order of their offsets. Taken before mutex_.
  std::mutex append_mutex_;
  // Guards all below; never held over storage.
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t version_ = 0;
  std::uint64_t dropped_unread_ = 0;
  std::map<std::string, std::unique_ptr<LocalTopic>, std::less<>> topics_;
  std::map<TopicId, LocalTopic*> by_id_;
  std::map<std::pair<std::string, PartitionId>, Position> positions_;
  std::map<std::string, std::uint64_t> epochs_;
  GroupCoordinator groups_;

  std::uint64_t writes_ = 0;  // guarded by append_mutex_
  std::mutex sync_mutex_;
  std::uint64_t synced_ = 0;  // guarded by sync_mutex_

  // Taken before a producer's own lock, and that before append_mutex_.
  std::mutex producers_mutex_;
  std::vector<LocalProducer*> producers_;
  // Never held over anything else.
  std::mutex linger_mutex_;
  std::condition_variable linger_changed_;
  std::optional<Deadline> linger_due_;
  bool stopping_linger_ = false;
  std::thread lingerer_;

  bool stopping_ = false;
  std::condition_variable stop_;
  std::thread cleaner_;
};

}  // namespace juncture
