#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "adapters/memory/local_clients.h"

namespace juncture {
namespace {

// More than this is written at once instead of waiting for `linger`.
constexpr std::size_t kBufferBytesMax = 1U << 20U;
constexpr std::size_t kBufferRecordsMax = 4096;
// A transaction is kept in memory until it commits.
constexpr std::size_t kTransactionBytesMax = 512U << 20U;

Error no_transaction() {
  return {Domain::setup, "no_transaction", "begin_transaction() comes first"};
}

}  // namespace

LocalProducer::LocalProducer(LocalLog& log, const ProducerOptions& options) : log_(log), options_(options) {
  if (options_.transactional_id.empty()) {
    log_.enlist(*this);
  } else {
    epoch_ = log_.begin_epoch(options_.transactional_id);
  }
}

LocalProducer::~LocalProducer() {
  if (!options_.transactional_id.empty()) return;
  log_.discharge(*this);
  const std::lock_guard lock(mutex_);
  static_cast<void>(write());  // who wants to know flushes
}

Status LocalProducer::check_open() const {
  if (options_.transactional_id.empty() || in_transaction_) return {};
  return tl::unexpected(no_transaction());
}

Status LocalProducer::send(const Outgoing& record) {
  return send_batch({&record, 1});
}

Status LocalProducer::send_batch(std::span<const Outgoing> records) {
  std::optional<Deadline> due;
  {
    const std::lock_guard lock(mutex_);
    if (Status open = check_open(); !open) return open;
    for (const Outgoing& record : records) {
      if (Status buffered = buffer(record); !buffered) return buffered;
      const bool full = bytes_.size() >= kBufferBytesMax || buffered_.size() >= kBufferRecordsMax;
      if (in_transaction_ || !full) continue;
      if (Status written = write(); !written) return written;
    }
    if (in_transaction_ || buffered_.empty()) return {};
    if (options_.linger <= Millis::zero()) return write();
    if (due_) return {};
    due_ = due = std::chrono::steady_clock::now() + options_.linger;
  }
  log_.wake_at(*due);
  return {};
}

Status LocalProducer::buffer(const Outgoing& record) {
  if (last_topic_ == nullptr || last_topic_->stored.spec.name != record.topic) {
    last_topic_ = log_.find(record.topic);
    if (last_topic_ == nullptr) {
      return fail(Domain::environment, "unknown_topic", fmt::format("there is no topic {}", record.topic));
    }
  }
  const Partition partitions = last_topic_->stored.spec.partitions;
  const Partition partition = record.partition < 0 ? partition_of(record.key, partitions) : record.partition;
  if (partition >= partitions) {
    return fail(Domain::environment, "unknown_partition",
                fmt::format("topic {} has no partition {}", record.topic, partition));
  }
  const std::size_t value_size = record.tombstone ? 0 : record.value.size();
  if (record.key.size() + value_size > kRecordBytesMax) {
    return fail(Domain::record, "record_too_large",
                fmt::format("{} bytes for topic {}; {} at most", record.key.size() + value_size, record.topic,
                            kRecordBytesMax));
  }
  if (in_transaction_ && bytes_.size() + record.key.size() + value_size > kTransactionBytesMax) {
    return fail(Domain::environment, "transaction_too_large",
                fmt::format("{} bytes in one transaction at most", kTransactionBytesMax));
  }
  bytes_.append(record.key);
  if (!record.tombstone) bytes_.append(record.value);
  const Timestamp time = record.timestamp == Timestamp{} ? log_.now() : record.timestamp;
  buffered_.push_back({{last_topic_->stored.id, partition}, time, record.tombstone, record.key.size(), value_size});
  return {};
}

Status LocalProducer::write() {
  due_.reset();
  const bool with_offsets = in_transaction_ && !offsets_.positions.empty();
  if (buffered_.empty() && !with_offsets) return {};
  appends_.clear();
  std::string_view rest = bytes_;
  for (const Buffered& b : buffered_) {
    appends_.push_back(
        {b.at, {0, b.timestamp, b.tombstone, rest.substr(0, b.key_size), rest.substr(b.key_size, b.value_size)}});
    rest.remove_prefix(b.key_size + b.value_size);
  }
  Status written = log_.append(appends_, with_offsets ? &offsets_ : nullptr);
  forget();
  // Their send() has said yes already: flush() must not.
  if (!written && failed_ && !in_transaction_) failed_ = written;
  return written;
}

void LocalProducer::forget() {
  bytes_.clear();
  buffered_.clear();
  due_.reset();
}

Status LocalProducer::flush() {
  {
    const std::lock_guard lock(mutex_);
    // What a transaction holds becomes durable with its commit.
    if (in_transaction_) return {};
    static_cast<void>(write());
    if (!failed_) return std::exchange(failed_, Status());
  }
  return log_.sync();
}

std::optional<Deadline> LocalProducer::write_due(Deadline now) {
  const std::lock_guard lock(mutex_);
  if (!due_ || *due_ > now) return due_;
  static_cast<void>(write());  // flush() tells
  return {};
}

Status LocalProducer::begin_transaction() {
  const std::lock_guard lock(mutex_);
  if (options_.transactional_id.empty()) {
    return fail(Domain::setup, "not_transactional", "the producer was made without a transactional id");
  }
  if (in_transaction_) return fail(Domain::setup, "in_transaction", "the last transaction is still open");
  if (!log_.current_epoch(options_.transactional_id, epoch_)) {
    return fail(Domain::environment, "fenced", "a newer producer has this transactional id");
  }
  in_transaction_ = true;
  return {};
}

Status LocalProducer::send_offsets(const std::map<TopicPartition, Position>& positions, std::string_view membership,
                                   Millis /*at_most*/) {
  const std::lock_guard lock(mutex_);
  if (!in_transaction_) return tl::unexpected(no_transaction());
  GroupCoordinator::MemberId id = 0;
  const auto [end, error] = std::from_chars(membership.data(), membership.data() + membership.size(), id);
  if (error != std::errc() || end != membership.data() + membership.size()) {
    return fail(Domain::setup, "foreign_consumer", "the consumer belongs to another log");
  }
  offsets_.member = id;
  for (const auto& [at, position] : positions) offsets_.positions[at] = position;
  return {};
}

Status LocalProducer::commit_transaction(Millis /*at_most*/) {
  {
    const std::lock_guard lock(mutex_);
    if (!in_transaction_) return tl::unexpected(no_transaction());
    Status written = log_.current_epoch(options_.transactional_id, epoch_)
                         ? write()
                         : Status(fail(Domain::environment, "fenced", "a newer producer has this transactional id"));
    // A refused transaction wrote nothing; as with Kafka it stays open until it is aborted.
    if (!written) return written;
    in_transaction_ = false;
    offsets_ = {};
  }
  return log_.sync();
}

Status LocalProducer::abort_transaction(Millis /*at_most*/) {
  const std::lock_guard lock(mutex_);
  if (!in_transaction_) return tl::unexpected(no_transaction());
  forget();
  in_transaction_ = false;
  offsets_ = {};
  return {};
}

}  // namespace juncture
