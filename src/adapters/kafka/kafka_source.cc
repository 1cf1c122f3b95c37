#include "adapters/kafka/kafka_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>

namespace juncture {
namespace {

constexpr int kSeekMs = 10'000;
constexpr std::chrono::seconds kStartPatience{10};

std::string label(const TopicPartition& at) {
  return fmt::format("{} [{}]", at.topic, at.partition);
}

}  // namespace

Status KafkaSource::open(const KafkaLogOptions& options, const std::string& group, const std::string& member,
                         std::size_t queue_bytes, KafkaOpaque& opaque, const KafkaCallbacks& callbacks) {
  options_ = options;
  opaque_ = &opaque;
  // Beside its bytes, which alone are counted, a message takes some hundred of librdkafka's own.
  const std::size_t messages = std::max<std::size_t>(queue_bytes / 512, 4096);
  queue_bytes_ = queue_bytes;
  queue_messages_ = messages;
  const std::size_t fetch = std::clamp<std::size_t>(queue_bytes / 4, std::size_t{1} << 20U, std::size_t{16} << 20U);
  KafkaHandle::Settings settings{{"group.id", group},
                                 {"enable.auto.commit", "false"},
                                 {"enable.auto.offset.store", "false"},
                                 {"auto.offset.reset", "error"},
                                 {"partition.assignment.strategy", "range"},
                                 {"isolation.level", "read_committed"},
                                 {"check.crcs", "true"},
                                 // Where a partition ends for readers, when its last records are none of theirs.
                                 {"enable.partition.eof", "true"},
                                 {"session.timeout.ms", "10000"},
                                 {"heartbeat.interval.ms", "1000"},
                                 {"fetch.wait.max.ms", "100"},
                                 {"fetch.error.backoff.ms", "50"},
                                 {"fetch.max.bytes", std::to_string(fetch)},
                                 {"queued.min.messages", std::to_string(messages)},
                                 {"queued.max.messages.kbytes", std::to_string(queue_bytes / 1024)}};
  if (!member.empty()) settings.emplace_back("group.instance.id", member);
  Result<KafkaHandle> handle = KafkaHandle::make(RD_KAFKA_CONSUMER, options, settings, opaque, callbacks);
  if (!handle) return tl::unexpected(handle.error());
  handle_ = std::move(*handle);
  rd_kafka_poll_set_consumer(handle_.get());
  queue_.reset(rd_kafka_queue_get_consumer(handle_.get()));
  return {};
}

KafkaSource::~KafkaSource() {
  forget();
}

void KafkaSource::forget() {
  for (rd_kafka_message_t* message : messages_) rd_kafka_message_destroy(message);
  messages_.clear();
  records_.clear();
}

Status KafkaSource::assign(const std::map<TopicPartition, std::optional<Offset>>& partitions) {
  resume_all();
  ++assignments_;
  last_ = nullptr;
  parts_.clear();
  for (const auto& [at, next] : partitions) parts_[at].next = next;
  return apply();
}

// Whoever has not been sought is left out. With the range assignor librdkafka takes whole assignments only.
Status KafkaSource::apply() {
  unapplied_ = false;
  const KafkaList list = make_list(parts_.size());
  for (const auto& [at, part] : parts_) {
    if (part.next) add(*list, at, *part.next);
  }
  const rd_kafka_resp_err_t code = rd_kafka_assign(handle(), list.get());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return tl::unexpected(kafka_error(code, "assign"));
  for (auto& [at, part] : parts_) {
    if (Status told = tell_paused(at, part); !told) return told;
  }
  return {};
}

std::optional<Offset> KafkaSource::position(const TopicPartition& at) const {
  const auto found = parts_.find(at);
  if (found == parts_.end() || !found->second.next) return std::nullopt;
  return std::max(*found->second.next, found->second.ended_at);
}

void KafkaSource::unassign() {
  resume_all();
  ++assignments_;
  unapplied_ = false;
  last_ = nullptr;
  parts_.clear();
  rd_kafka_assign(handle(), nullptr);
}

// librdkafka would remember a pause beyond the assignment.
void KafkaSource::resume_all() {
  const KafkaList list = make_list(parts_.size());
  for (const auto& [at, part] : parts_) {
    if (part.told) add(*list, at, 0);
  }
  if (list->cnt > 0) rd_kafka_resume_partitions(handle(), list.get());
}

Status KafkaSource::seek(const TopicPartition& at, Offset next) {
  const auto found = parts_.find(at);
  if (found == parts_.end()) return fail(Domain::environment, "not_owner", label(at) + " is not assigned here");
  // The next poll begins with a new assignment if one was not fetched so far; it takes in all that was sought.
  unapplied_ = unapplied_ || !found->second.next;
  found->second.next = next;
  found->second.ended_at = 0;
  return unapplied_ ? Status() : seek_in_place(at, next);
}

Status KafkaSource::seek_in_place(const TopicPartition& at, Offset next) {
  // rd_kafka_seek and not rd_kafka_seek_partitions: before 2.1.0 the time-outs of the latter are 1000 times too short.
  const KafkaTopic topic(rd_kafka_topic_new(handle(), at.topic.c_str(), nullptr));
  if (!topic) return tl::unexpected(kafka_error(rd_kafka_last_error(), label(at)));
  const auto deadline = std::chrono::steady_clock::now() + kStartPatience;
  while (true) {
    const rd_kafka_resp_err_t code = rd_kafka_seek(topic.get(), at.partition, next, kSeekMs);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
    // The fetcher starts a moment after assign().
    const bool starting = code == RD_KAFKA_RESP_ERR__STATE || code == RD_KAFKA_RESP_ERR__PREV_IN_PROGRESS ||
                          code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
    if (!starting || std::chrono::steady_clock::now() > deadline) {
      return tl::unexpected(kafka_error(code, fmt::format("seek of {} to {}", label(at), next)));
    }
    std::this_thread::sleep_for(Millis{5});
  }
}

Status KafkaSource::reseek_all() {
  for (const auto& [at, part] : parts_) {
    if (!part.next) continue;
    if (Status sought = seek_in_place(at, *part.next); !sought) return sought;
  }
  return {};
}

Status KafkaSource::set_paused(const TopicPartition& at, bool paused) {
  const auto found = parts_.find(at);
  if (found == parts_.end()) return fail(Domain::environment, "not_owner", label(at) + " is not assigned here");
  Part& part = found->second;
  if (part.paused == paused) return {};
  part.paused = paused;
  if (!part.next || unapplied_) return {};
  if (Status told = tell_paused(at, part); !told) return told;
  // Where librdkafka would go on after a pause within a batch is not to be relied on before 2.1.0.
  return paused ? Status() : seek_in_place(at, *part.next);
}

Status KafkaSource::tell_paused(const TopicPartition& at, Part& part) {
  // Resuming what isn't paused would rewind it in librdkafka.
  if (!part.next || part.told == part.paused) return {};
  const KafkaList list = make_list(1);
  add(*list, at, 0);
  const auto call = part.paused ? rd_kafka_pause_partitions : rd_kafka_resume_partitions;
  rd_kafka_resp_err_t code = call(handle(), list.get());
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) code = list->elems[0].err;
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return tl::unexpected(kafka_error(code, "pause of " + label(at)));
  part.told = part.paused;
  return {};
}

KafkaSource::Parts::value_type* KafkaSource::find(const rd_kafka_message_t& message) {
  if (last_ != nullptr && message.rkt == last_topic_ && message.partition == last_partition_) return last_;
  const auto found = parts_.find({rd_kafka_topic_name(message.rkt), message.partition});
  if (found == parts_.end()) return nullptr;
  last_topic_ = message.rkt;
  last_partition_ = message.partition;
  return last_ = &*found;
}

// Keeps a message that is due; the bytes stay in messages_ until the next poll.
void KafkaSource::take(rd_kafka_message_t* message) {
  messages_.push_back(message);
  if (failed_) return;
  Parts::value_type* part = message->rkt == nullptr ? nullptr : find(*message);
  if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    if (part != nullptr) part->second.ended_at = message->offset;
    return;
  }
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    const bool stale = message->rkt != nullptr && (part == nullptr || !part->second.next);
    // After it has missed its turn a consumer joins again; the listener hears of it as a loss.
    if (stale || message->err == RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED) return;
    failed_ = kafka_error(message->err, part == nullptr ? options_.brokers : label(part->first),
                          rd_kafka_message_errstr(message));
    return;
  }
  if (part == nullptr || part->second.paused || !part->second.next || message->offset < *part->second.next) return;
  part->second.next = message->offset + 1;
  ++taken_messages_;
  taken_bytes_ += message->key_len + message->len;
  rd_kafka_timestamp_type_t type{};
  records_.push_back({part->first.topic,
                      message->partition,
                      message->offset,
                      from_ms(rd_kafka_message_timestamp(message, &type)),
                      {static_cast<const char*>(message->key), message->key_len},
                      {static_cast<const char*>(message->payload), message->len},
                      message->payload == nullptr});
}

// Once a partition's queue was full, librdkafka before 2.2.0 looks at it again when something happens on the broker's
// connection, or after a second: much longer than a fast reader takes for all that is in it. A seek to where the reader
// stands loses nothing of an empty queue and has it look at once.
Status KafkaSource::wake_fetcher() {
  taken_messages_ = taken_bytes_ = 0;
  for (const auto& [at, part] : parts_) {
    if (!part.next || part.paused || part.ended_at == *part.next) continue;
    if (Status sought = seek_in_place(at, *part.next); !sought) return sought;
  }
  return {};
}

Result<std::span<const Record>> KafkaSource::poll(Millis timeout, std::size_t records_max) {
  forget();
  if (failed_) return tl::unexpected(*std::exchange(failed_, std::nullopt));
  if (unapplied_) {
    if (Status applied = apply(); !applied) return tl::unexpected(applied.error());
  }
  if (records_max == 0) return std::span<const Record>();
  // One with patience, then what is there: with a time-out a batch would wait until it is full.
  if (rd_kafka_message_t* first = rd_kafka_consumer_poll(handle(), static_cast<int>(timeout.count()))) take(first);
  if (!messages_.empty() && records_max > 1) {
    const unsigned before = assignments_;
    raw_.resize(records_max - 1);
    const auto count = rd_kafka_consume_batch_queue(queue_.get(), 0, raw_.data(), raw_.size());
    if (assignments_ != before) {
      // Partitions came or went in mid-batch. What was read may be from before: it is fetched again.
      for (std::size_t i = 0; i < static_cast<std::size_t>(std::max<ssize_t>(count, 0)); ++i) {
        rd_kafka_message_destroy(raw_[i]);
      }
      forget();
      if (Status sought = reseek_all(); !sought) return tl::unexpected(sought.error());
      return std::span<const Record>();
    }
    for (std::size_t i = 0; i < static_cast<std::size_t>(std::max<ssize_t>(count, 0)); ++i) take(raw_[i]);
  }
  if (!records_.empty()) return std::span<const Record>(records_);
  if (failed_) return tl::unexpected(*std::exchange(failed_, std::nullopt));
  if (opaque_->trouble.take_down()) return tl::unexpected(unreachable(options_, opaque_->trouble));
  if (messages_.empty() && (taken_messages_ >= queue_messages_ || taken_bytes_ >= queue_bytes_)) {
    if (Status woken = wake_fetcher(); !woken) return tl::unexpected(woken.error());
  }
  return std::span<const Record>();
}

}  // namespace juncture
