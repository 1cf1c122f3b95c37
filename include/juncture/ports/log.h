// The one port to an ordered, partitioned, durable log: Apache Kafka, the embedded log, or plain memory.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "juncture/core/result.h"
#include "juncture/core/types.h"

namespace juncture {

using Partition = std::int32_t;
using Offset = std::int64_t;

struct TopicPartition {
  std::string topic;
  Partition partition = 0;
  friend bool operator==(const TopicPartition&, const TopicPartition&) = default;
  friend auto operator<=>(const TopicPartition&, const TopicPartition&) = default;
};

// A record as read. The views hold until the next poll() of the consumer or reader that gave it.
struct Record {
  std::string_view topic;
  Partition partition = 0;
  Offset offset = 0;
  Timestamp timestamp{};  // append time where the log stamps it, else the producer's
  std::string_view key;
  std::string_view value;
  bool tombstone = false;  // null value
};

// A record to write. Views are copied by send(). partition < 0: murmur2 of the key, as Kafka's Java client does.
struct Outgoing {
  std::string_view topic;
  Partition partition = -1;
  std::string_view key;
  std::string_view value;
  bool tombstone = false;
  Timestamp timestamp{};  // zero: now
};

struct TopicSpec {
  std::string name;
  Partition partitions = 4;
  bool compacted = false;
  std::optional<Millis> retention;                // by time; none: for ever
  std::optional<std::int64_t> retention_bytes;    // per partition; none: no bound
  std::map<std::string, std::string> properties;  // passed through where the log is Kafka
};

// End offsets are one past the last record, of open transactions too. `begin` moves up with retention.
struct Watermarks {
  Offset begin = 0;
  Offset end = 0;
};

// A committed position: the next offset to read, and up to 200 ASCII bytes of our own beside it.
struct Position {
  Offset next = 0;
  std::string metadata;
};

// Hears of partitions coming and going, inside Consumer::poll() or close() and on its thread.
class AssignmentListener {
 public:
  virtual ~AssignmentListener() = default;
  // Newly assigned. They deliver nothing until seek() has been called for each: the task knows where it stands.
  virtual void on_assigned(std::span<const TopicPartition> partitions) = 0;
  // About to go to somebody else; last chance to commit.
  virtual void on_revoked(std::span<const TopicPartition> partitions) = 0;
  // Already gone: write nothing.
  virtual void on_lost(std::span<const TopicPartition> partitions) = 0;
};

// Member of a group. One thread. Auto-commit is off everywhere.
class Consumer {
 public:
  virtual ~Consumer() = default;
  virtual Status subscribe(std::vector<std::string> topics, AssignmentListener& listener) = 0;
  // Up to `records_max` records in partition order, or none after `timeout`. A missing offset is an error, never a
  // reset.
  virtual Result<std::span<const Record>> poll(Millis timeout, std::size_t records_max = 4096) = 0;
  virtual Status seek(const TopicPartition& at, Offset next) = 0;
  virtual Status pause(const TopicPartition& at) = 0;
  virtual Status resume(const TopicPartition& at) = 0;
  // Synchronous. last + 1, as everywhere.
  virtual Status commit(const std::map<TopicPartition, Position>& positions) = 0;
  virtual Result<std::optional<Position>> committed(const TopicPartition& at) = 0;
  // Where reading goes on: behind the last record given, and behind what readers never get (the ends of transactions,
  // aborted and compacted records) as far as the log has said so. None before seek().
  virtual std::optional<Offset> position(const TopicPartition& at) const = 0;
  // Leaves the group; on_revoked is heard first.
  virtual Status close() = 0;
  // Opaque proof of membership for Producer::send_offsets, good until the group's next rebalance.
  virtual Result<std::string> membership() const = 0;
};

// One thread, except where an adapter says more.
class Producer {
 public:
  virtual ~Producer() = default;
  // Copies the record into the log's buffer; blocks while that is full, up to the adapter's delivery time-out.
  virtual Status send(const Outgoing& record) = 0;
  virtual Status send_batch(std::span<const Outgoing> records) = 0;
  // Returns when every record sent so far is durable in the log, or says which failed first.
  virtual Status flush() = 0;

  // Transactions: records sent and offsets given between begin and commit become visible together or not at all.
  // Only for a producer made with a transactional id. After any error but `timed_out` of an abort the producer is of no
  // more use: whether the transaction was committed is the log's to say, and a new producer of the same id settles it.
  // Calls wait for `at_most`, in steps that may make it a little longer.
  virtual Status begin_transaction() = 0;
  virtual Status send_offsets(const std::map<TopicPartition, Position>& positions, std::string_view membership,
                              Millis at_most) = 0;
  virtual Status commit_transaction(Millis at_most) = 0;
  virtual Status abort_transaction(Millis at_most) = 0;
};

// Reads given partitions from given offsets, in no group: changelog restore, live stream, replay, dead letters.
class Reader {
 public:
  virtual ~Reader() = default;
  virtual Status assign(const std::map<TopicPartition, Offset>& from) = 0;
  virtual Result<std::span<const Record>> poll(Millis timeout, std::size_t records_max = 4096) = 0;
  // As Consumer::position().
  virtual std::optional<Offset> position(const TopicPartition& at) const = 0;
};

struct ConsumerOptions {
  std::string group;
  std::string member;  // static member id; empty: dynamic
  // Where this process answers for what it owns, as http://host:port: told to all by Log::members(). Empty: nowhere.
  std::string endpoint{};
  std::size_t queue_bytes = std::size_t{64} << 20U;  // fetched and not polled yet, where the log is elsewhere
};
struct ProducerOptions {
  // Empty: at least once, idempotent where the log can. Else making the producer fences every older one of this id,
  // aborts what it left open, and waits for that: up to a second or two.
  std::string transactional_id;
  Millis linger{5};
  Millis transaction_timeout{10'000};                // then the log aborts an open transaction by itself
  std::size_t queue_bytes = std::size_t{32} << 20U;  // sent and not delivered yet; then send() waits
};

// A member of a group, as the group's coordinator sees it.
struct GroupMember {
  std::string id;
  std::string endpoint;  // empty: it gave none
  std::vector<TopicPartition> partitions;
};

// What a topic is for, which settles what it must be set to.
enum class TopicUse : std::uint8_t { input, signals, changelog, output };
struct UsedTopic {
  std::string name;
  TopicUse use = TopicUse::input;
};

// A setting of the log that the promise cannot be kept with (`broken`), or only as long as nothing fails.
struct LogFinding {
  bool broken = false;
  std::string text;  // what is set, where, and the command that puts it right
};

// Factory and administration. Thread safe.
class Log {
 public:
  virtual ~Log() = default;
  virtual std::string_view kind() const = 0;  // kafka, embedded or memory: said on the page and in source_info
  virtual Result<std::unique_ptr<Consumer>> make_consumer(const ConsumerOptions& options) = 0;
  virtual Result<std::unique_ptr<Producer>> make_producer(const ProducerOptions& options) = 0;
  // `queue_bytes`: fetched and not polled yet, where the log is elsewhere.
  virtual Result<std::unique_ptr<Reader>> open_reader(std::size_t queue_bytes) = 0;
  Result<std::unique_ptr<Reader>> make_reader() { return open_reader(std::size_t{16} << 20U); }
  // Makes the topic if it is missing. An existing one must have as many partitions, else `partition_count`.
  virtual Status ensure_topic(const TopicSpec& spec) = 0;
  virtual Result<std::optional<Partition>> partition_count(std::string_view topic) = 0;
  // How many offsets the end of a transaction takes in each partition that it wrote to: 1 on Kafka, else 0.
  virtual Offset transaction_end_offsets() const = 0;
  virtual Result<Watermarks> watermarks(const TopicPartition& at) = 0;
  // First offset with a timestamp at or after `time`; the end if there is none.
  virtual Result<Offset> offset_at(const TopicPartition& at, Timestamp time) = 0;
  virtual Result<std::optional<Position>> committed(std::string_view group, const TopicPartition& at) = 0;
  virtual Result<std::vector<std::string>> topics() = 0;
  // Who owns what just now. While a group rebalances nobody owns anything; an unknown group has no members.
  virtual Result<std::vector<GroupMember>> members(std::string_view group) {
    static_cast<void>(group);
    return std::vector<GroupMember>{};
  }
  // Which log this is: another one of the same kind answers differently. Printable, no spaces.
  virtual Result<std::string> identity() { return std::string(kind()); }
  // What is set wrong; topics that are not there yet are left out. A log within the process has nothing to set.
  virtual Result<std::vector<LogFinding>> check(std::span<const UsedTopic> topics) {
    static_cast<void>(topics);
    return std::vector<LogFinding>{};
  }
  // Records that retention removed before any group had read them, since start.
  virtual std::uint64_t dropped_unread() const = 0;
};

// Kafka's default partitioner: murmur2 of the key, positive, modulo. An empty key goes to partition 0.
Partition partition_of(std::string_view key, Partition partitions);

}  // namespace juncture
