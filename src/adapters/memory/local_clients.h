// Consumer, reader and producer of the log inside the process.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "adapters/memory/local_log.h"

namespace juncture {

// Reads some partitions in turn; owns the bytes behind the records that it gave last.
class LocalCursor {
 public:
  explicit LocalCursor(LocalLog& log) : log_(log) {}

  // Without `next` it delivers nothing until seek().
  Status add(const TopicPartition& at, std::optional<Offset> next);
  void remove(const TopicPartition& at) { parts_.erase(at); }
  void clear() { parts_.clear(); }
  Status seek(const TopicPartition& at, Offset next);
  Status set_paused(const TopicPartition& at, bool paused);
  std::vector<TopicPartition> partitions() const;
  std::optional<Offset> position(const TopicPartition& at) const;
  Result<std::span<const Record>> fetch(std::size_t records_max);

 private:
  struct Part {
    const LocalTopic* topic = nullptr;
    std::optional<Offset> next;
    bool paused = false;
  };

  Status fetch_part(const TopicPartition& at, Part& part, std::size_t records_max);

  LocalLog& log_;
  std::map<TopicPartition, Part> parts_;
  TopicPartition last_;  // where the last fetch ended; the next begins behind it
  std::string bytes_;
  std::vector<Record> records_;
};

class LocalReader final : public Reader {
 public:
  explicit LocalReader(LocalLog& log) : log_(log), cursor_(log) {}
  Status assign(const std::map<TopicPartition, Offset>& from) override;
  Result<std::span<const Record>> poll(Millis timeout, std::size_t records_max) override;
  std::optional<Offset> position(const TopicPartition& at) const override { return cursor_.position(at); }

 private:
  LocalLog& log_;
  LocalCursor cursor_;
};

class LocalConsumer final : public Consumer {
 public:
  LocalConsumer(LocalLog& log, GroupCoordinator::MemberId member);
  ~LocalConsumer() override;
  LocalConsumer(const LocalConsumer&) = delete;
  LocalConsumer& operator=(const LocalConsumer&) = delete;

  Status subscribe(std::vector<std::string> topics, AssignmentListener& listener) override;
  Result<std::span<const Record>> poll(Millis timeout, std::size_t records_max) override;
  Status seek(const TopicPartition& at, Offset next) override;
  Status pause(const TopicPartition& at) override { return cursor_.set_paused(at, true); }
  Status resume(const TopicPartition& at) override { return cursor_.set_paused(at, false); }
  Status commit(const std::map<TopicPartition, Position>& positions) override;
  Result<std::optional<Position>> committed(const TopicPartition& at) override;
  Status close() override;
  std::optional<Offset> position(const TopicPartition& at) const override { return cursor_.position(at); }
  Result<std::string> membership() const override { return token_; }

 private:
  Status follow_group();

  LocalLog& log_;
  GroupCoordinator::MemberId member_;
  std::string group_name_;
  std::string token_;  // the member's number, in text
  AssignmentListener* listener_ = nullptr;
  LocalCursor cursor_;
  bool closed_ = false;
};

// Any thread. Without a transactional id a record is visible after `linger` at the latest; flush() is sooner.
class LocalProducer final : public Producer {
 public:
  LocalProducer(LocalLog& log, const ProducerOptions& options);
  ~LocalProducer() override;
  LocalProducer(const LocalProducer&) = delete;
  LocalProducer& operator=(const LocalProducer&) = delete;

  Status send(const Outgoing& record) override;
  Status send_batch(std::span<const Outgoing> records) override;
  Status flush() override;
  Status begin_transaction() override;
  Status send_offsets(const std::map<TopicPartition, Position>& positions, std::string_view membership,
                      Millis at_most) override;
  Status commit_transaction(Millis at_most) override;
  Status abort_transaction(Millis at_most) override;

  // Called by the log's thread: writes what has waited long enough; answers when to come again.
  std::optional<Deadline> write_due(Deadline now);

 private:
  struct Buffered {
    PartitionId at;
    Timestamp timestamp{};
    bool tombstone = false;
    std::size_t key_size = 0;
    std::size_t value_size = 0;
  };

  Status buffer(const Outgoing& record);  // REQUIRES: mutex_
  Status write();                         // REQUIRES: mutex_
  void forget();                          // REQUIRES: mutex_
  Status check_open() const;              // REQUIRES: mutex_

  LocalLog& log_;
  const ProducerOptions options_;
  std::uint64_t epoch_ = 0;

  std::mutex mutex_;
  std::string bytes_;  // keys and values of buffered_, one after the other
  std::vector<Buffered> buffered_;
  std::vector<Append> appends_;
  const LocalTopic* last_topic_ = nullptr;
  std::optional<Deadline> due_;
  Status failed_;  // of a write that nobody waited for; flush() tells
  bool in_transaction_ = false;
  MemberPositions offsets_;
};

}  // namespace juncture
