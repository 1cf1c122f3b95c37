#include "adapters/kafka/kafka_producer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "juncture/ports/faults.h"

namespace juncture {
namespace {

// As long as a record may be under way; then its delivery has failed.
constexpr int kDeliveryMs = 120'000;
constexpr int kRoomMs = 5;
constexpr unsigned kServeEvery = 1024;

// librdkafka takes const data through pointers to non-const; with F_COPY it only reads. Null would be a tombstone.
void* bytes(std::string_view text) {
  static constexpr char kEmpty = 0;
  return const_cast<char*>(text.data() == nullptr ? &kEmpty : text.data());
}

using KafkaError = std::unique_ptr<rd_kafka_error_t, Calls<rd_kafka_error_destroy>>;

KafkaHandle::Settings settings_of(const ProducerOptions& wanted) {
  // Beside its bytes, which alone are counted, a message takes some two hundred of librdkafka's own.
  const std::size_t messages = std::clamp<std::size_t>(wanted.queue_bytes / 128, 4096, 500'000);
  KafkaHandle::Settings settings{{"enable.idempotence", "true"},
                                 {"acks", "all"},
                                 {"compression.codec", "lz4"},
                                 {"linger.ms", std::to_string(wanted.linger.count())},
                                 {"batch.num.messages", "100000"},
                                 {"batch.size", "1000000"},
                                 {"queue.buffering.max.messages", std::to_string(messages)},
                                 {"queue.buffering.max.kbytes", std::to_string(wanted.queue_bytes / 1024)},
                                 {"delivery.report.only.error", "true"}};
  if (wanted.transactional_id.empty()) {
    settings.emplace_back("message.timeout.ms", std::to_string(kDeliveryMs));
    return settings;
  }
  const std::string timeout = std::to_string(wanted.transaction_timeout.count());
  settings.insert(settings.end(), {{"transactional.id", wanted.transactional_id},
                                   {"transaction.timeout.ms", timeout},
                                   {"message.timeout.ms", timeout},
                                   // Between two transactions the coordinator says "not yet" a few times; at the
                                   // default of 100 ms that would be most of what a commit takes.
                                   {"retry.backoff.ms", "5"}});
  return settings;
}

}  // namespace

Result<std::unique_ptr<Producer>> KafkaProducer::make(const KafkaLogOptions& options, const ProducerOptions& wanted) {
  const bool transactional = !wanted.transactional_id.empty();
  std::unique_ptr<KafkaProducer> producer(new KafkaProducer(options, transactional));
  Result<KafkaHandle> handle =
      KafkaHandle::make(RD_KAFKA_PRODUCER, options, settings_of(wanted), producer->state_, {nullptr, on_delivery});
  if (!handle) return tl::unexpected(handle.error());
  producer->handle_ = std::move(*handle);
  if (!transactional) return std::unique_ptr<Producer>(std::move(producer));
  const auto step = [&](int left_ms) { return rd_kafka_init_transactions(producer->handle_.get(), left_ms); };
  const Status begun = producer->insist("taking over " + wanted.transactional_id, wanted.transaction_timeout, step);
  if (!begun) return tl::unexpected(begun.error());
  return std::unique_ptr<Producer>(std::move(producer));
}

KafkaProducer::~KafkaProducer() {
  if (handle_.get() == nullptr) return;
  if (!transactional_) {
    // A moment for what was sent without flush(); more would hang a shutdown on a dead broker.
    rd_kafka_flush(handle_.get(), 1000);
    return;
  }
  // An open transaction holds readers up until somebody ends it. A broken producer can't.
  if (in_transaction_ && !broken_) static_cast<void>(abort_transaction(Millis{1000}));
  rd_kafka_purge(handle_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
}

void KafkaProducer::on_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
  auto* state = static_cast<State*>(static_cast<KafkaOpaque*>(opaque));
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR || state->failed) return;
  const std::string what =
      fmt::format("record for {} [{}] was not written", rd_kafka_topic_name(message->rkt), message->partition);
  state->failed = kafka_error(message->err, what);
}

Result<KafkaProducer::Topic*> KafkaProducer::find(std::string_view name) {
  if (last_ != nullptr && last_->name == name) return last_;
  if (const auto found = topics_.find(name); found != topics_.end()) return last_ = &found->second;
  const Result<std::optional<Partition>> partitions = kafka_partitions(handle_.get(), options_, state_.trouble, name);
  if (!partitions) return tl::unexpected(partitions.error());
  if (!*partitions) return fail(Domain::environment, "unknown_topic", fmt::format("there is no topic {}", name));
  Topic topic{std::string(name), nullptr, **partitions};
  topic.handle.reset(rd_kafka_topic_new(handle_.get(), topic.name.c_str(), nullptr));
  if (!topic.handle) return tl::unexpected(kafka_error(rd_kafka_last_error(), "topic " + topic.name));
  return last_ = &topics_.emplace(std::string(name), std::move(topic)).first->second;
}

Result<Partition> KafkaProducer::place(const Topic& topic, const Outgoing& record) const {
  if (record.partition < 0) return partition_of(record.key, topic.partitions);
  if (record.partition < topic.partitions) return record.partition;
  return fail(Domain::environment, "unknown_partition",
              fmt::format("topic {} has no partition {}", topic.name, record.partition));
}

bool KafkaProducer::wait_for_room(int& waited_ms) {
  rd_kafka_flush(handle_.get(), kRoomMs);  // what is queued goes, whatever its linger
  waited_ms += kRoomMs;
  return waited_ms < kDeliveryMs;
}

Status KafkaProducer::send(const Outgoing& record) {
  const Result<Topic*> topic = find(record.topic);
  if (!topic) return tl::unexpected(topic.error());
  const Result<Partition> partition = place(**topic, record);
  if (!partition) return tl::unexpected(partition.error());
  if (++sent_ % kServeEvery == 0) rd_kafka_poll(handle_.get(), 0);
  if (record.timestamp != Timestamp{}) return send_stamped(**topic, *partition, record);
  int waited_ms = 0;
  while (true) {
    const int failed = rd_kafka_produce(
        (*topic)->handle.get(), *partition, RD_KAFKA_MSG_F_COPY, record.tombstone ? nullptr : bytes(record.value),
        record.tombstone ? 0 : record.value.size(), bytes(record.key), record.key.size(), nullptr);
    if (failed == 0) return {};
    const rd_kafka_resp_err_t code = rd_kafka_last_error();
    if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL && wait_for_room(waited_ms)) continue;
    return tl::unexpected(kafka_error(code, "record for " + (*topic)->name));
  }
}

Status KafkaProducer::send_stamped(const Topic& topic, Partition partition, const Outgoing& record) {
  std::array<rd_kafka_vu_t, 6> fields{};
  fields[0].vtype = RD_KAFKA_VTYPE_RKT;
  fields[0].u.rkt = topic.handle.get();
  fields[1].vtype = RD_KAFKA_VTYPE_PARTITION;
  fields[1].u.i32 = partition;
  fields[2].vtype = RD_KAFKA_VTYPE_VALUE;
  fields[2].u.mem = {record.tombstone ? nullptr : bytes(record.value), record.tombstone ? 0 : record.value.size()};
  fields[3].vtype = RD_KAFKA_VTYPE_KEY;
  fields[3].u.mem = {bytes(record.key), record.key.size()};
  fields[4].vtype = RD_KAFKA_VTYPE_TIMESTAMP;
  fields[4].u.i64 = to_ms(record.timestamp);
  fields[5].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  fields[5].u.i = RD_KAFKA_MSG_F_COPY;
  int waited_ms = 0;
  while (true) {
    const std::unique_ptr<rd_kafka_error_t, Calls<rd_kafka_error_destroy>> error(
        rd_kafka_produceva(handle_.get(), fields.data(), fields.size()));
    if (!error) return {};
    const rd_kafka_resp_err_t code = rd_kafka_error_code(error.get());
    if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL && wait_for_room(waited_ms)) continue;
    return tl::unexpected(kafka_error(code, "record for " + topic.name, rd_kafka_error_string(error.get())));
  }
}

Status KafkaProducer::send_batch(std::span<const Outgoing> records) {
  while (!records.empty()) {
    const std::string_view name = records.front().topic;
    const auto end = std::find_if(records.begin(), records.end(), [&](const Outgoing& record) {
      return record.topic != name || record.timestamp != Timestamp{};
    });
    const auto run = static_cast<std::size_t>(end - records.begin());
    if (run == 0) {
      if (Status sent = send(records.front()); !sent) return sent;
      records = records.subspan(1);
      continue;
    }
    const Result<Topic*> topic = find(name);
    if (!topic) return tl::unexpected(topic.error());
    if (Status sent = send_run(**topic, records.first(run)); !sent) return sent;
    records = records.subspan(run);
  }
  return {};
}

Status KafkaProducer::send_run(Topic& topic, std::span<const Outgoing> records) {
  batch_.clear();
  for (const Outgoing& record : records) {
    const Result<Partition> partition = place(topic, record);
    if (!partition) return tl::unexpected(partition.error());
    rd_kafka_message_t& message = batch_.emplace_back();
    message.partition = *partition;
    message.payload = record.tombstone ? nullptr : bytes(record.value);
    message.len = record.tombstone ? 0 : record.value.size();
    message.key = bytes(record.key);
    message.key_len = record.key.size();
  }
  // What goes to one partition, as most of a task's records do, librdkafka finds that once for all of them.
  const Partition first = batch_.front().partition;
  const bool same = std::all_of(batch_.begin(), batch_.end(), [&](const auto& m) { return m.partition == first; });
  int waited_ms = 0;
  while (true) {
    rd_kafka_poll(handle_.get(), 0);
    const int queued = rd_kafka_produce_batch(topic.handle.get(), same ? first : RD_KAFKA_PARTITION_UA,
                                              RD_KAFKA_MSG_F_COPY | (same ? 0 : RD_KAFKA_MSG_F_PARTITION),
                                              batch_.data(), static_cast<int>(batch_.size()));
    if (queued == static_cast<int>(batch_.size())) return {};
    // Each message says how it went; what found no room goes again, in its order.
    std::erase_if(batch_, [](const rd_kafka_message_t& m) { return m.err == RD_KAFKA_RESP_ERR_NO_ERROR; });
    const auto refused = std::find_if(batch_.begin(), batch_.end(), [](const rd_kafka_message_t& m) {
      return m.err != RD_KAFKA_RESP_ERR__QUEUE_FULL;
    });
    if (refused != batch_.end()) return tl::unexpected(kafka_error(refused->err, "record for " + topic.name));
    if (!wait_for_room(waited_ms)) {
      return tl::unexpected(kafka_error(RD_KAFKA_RESP_ERR__QUEUE_FULL, "record for " + topic.name));
    }
  }
}

Status KafkaProducer::flush() {
  const rd_kafka_resp_err_t code = rd_kafka_flush(handle_.get(), kDeliveryMs + 1000);
  if (std::optional<Error> failed = std::exchange(state_.failed, std::nullopt))
    return tl::unexpected(*std::move(failed));
  std::array<char, 512> reason{};
  if (const auto fatal = rd_kafka_fatal_error(handle_.get(), reason.data(), reason.size()); fatal != 0) {
    return tl::unexpected(kafka_error(fatal, "producer", reason.data()));
  }
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return tl::unexpected(kafka_error(code, "flush"));
  return {};
}

template <class Step>
Status KafkaProducer::insist(std::string_view what, Millis at_most, Step step) {
  const auto deadline = std::chrono::steady_clock::now() + at_most;
  while (true) {
    const auto left = std::chrono::duration_cast<Millis>(deadline - std::chrono::steady_clock::now());
    const KafkaError error(step(static_cast<int>(std::max<Millis::rep>(left.count(), 1))));
    if (!error) return {};
    const rd_kafka_resp_err_t code = rd_kafka_error_code(error.get());
    const bool again = rd_kafka_error_is_retriable(error.get()) != 0 && rd_kafka_error_is_fatal(error.get()) == 0 &&
                       rd_kafka_error_txn_requires_abort(error.get()) == 0;
    if (again && std::chrono::steady_clock::now() < deadline) continue;
    broken_ = true;
    return tl::unexpected(kafka_error(code, what, rd_kafka_error_string(error.get())));
  }
}

Status KafkaProducer::begin_transaction() {
  const KafkaError error(rd_kafka_begin_transaction(handle_.get()));
  if (error) {
    broken_ = true;
    return tl::unexpected(
        kafka_error(rd_kafka_error_code(error.get()), "transaction", rd_kafka_error_string(error.get())));
  }
  in_transaction_ = true;
  return {};
}

Status KafkaProducer::send_offsets(const std::map<TopicPartition, Position>& positions, std::string_view membership,
                                   Millis at_most) {
  rd_kafka_consumer_group_metadata_t* raw = nullptr;
  const KafkaError unreadable(rd_kafka_consumer_group_metadata_read(&raw, membership.data(), membership.size()));
  if (unreadable) return fail(Domain::setup, "foreign_consumer", "the consumer belongs to another log");
  const KafkaGroup group(raw);
  const KafkaList list = make_list(positions);
  return insist("positions", at_most, [&](int left_ms) {
    return rd_kafka_send_offsets_to_transaction(handle_.get(), list.get(), group.get(), left_ms);
  });
}

Status KafkaProducer::commit_transaction(Millis at_most) {
  const auto begun = std::chrono::steady_clock::now();
  rd_kafka_flush(handle_.get(), static_cast<int>(at_most.count()));  // what fails in it fails the commit as well
  JUNCTURE_FAILPOINT("after_flush");
  const auto flushed_in = std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now() - begun);
  Status committed = insist("commit of a transaction", at_most - std::min(flushed_in, at_most),
                            [&](int left_ms) { return rd_kafka_commit_transaction(handle_.get(), left_ms); });
  // What was not delivered says more than that the transaction can't be committed.
  if (std::optional<Error> failed = std::exchange(state_.failed, std::nullopt); failed && !committed) {
    return tl::unexpected(*std::move(failed));
  }
  if (committed) in_transaction_ = false;
  return committed;
}

Status KafkaProducer::abort_transaction(Millis at_most) {
  Status aborted = insist("end of a transaction", at_most,
                          [&](int left_ms) { return rd_kafka_abort_transaction(handle_.get(), left_ms); });
  state_.failed.reset();
  if (aborted) in_transaction_ = false;
  return aborted;
}

}  // namespace juncture
