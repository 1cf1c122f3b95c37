#include "adapters/kafka/kafka_consumer.h"

#include <fmt/format.h>

#include "juncture/ports/faults.h"

namespace juncture {
namespace {

std::vector<TopicPartition> own(const rd_kafka_topic_partition_list_t& list) {
  std::vector<TopicPartition> out;
  out.reserve(static_cast<std::size_t>(list.cnt));
  for (int i = 0; i < list.cnt; ++i) out.push_back({list.elems[i].topic, list.elems[i].partition});
  return out;
}

}  // namespace

Result<std::unique_ptr<Consumer>> KafkaConsumer::make(const KafkaLogOptions& options, const ConsumerOptions& wanted) {
  if (wanted.group.empty()) return fail(Domain::setup, "group_missing", "a consumer needs the name of its group");
  std::unique_ptr<KafkaConsumer> consumer(new KafkaConsumer(options, wanted.group));
  consumer->state_.consumer = consumer.get();
  KafkaLogOptions mine = options;
  // The only text of ours that describing a group gives back: librdkafka 2.0 sends no user data with a subscription.
  if (!wanted.endpoint.empty()) mine.client_id = wanted.endpoint;
  const Status opened = consumer->source_.open(mine, wanted.group, wanted.member, wanted.queue_bytes, consumer->state_,
                                               {on_rebalance, nullptr});
  if (!opened) return tl::unexpected(opened.error());
  return std::unique_ptr<Consumer>(std::move(consumer));
}

KafkaConsumer::~KafkaConsumer() {
  // Without a word to the listener, which may be gone already.
  listener_ = nullptr;
  if (source_.handle() != nullptr) static_cast<void>(close());
}

void KafkaConsumer::on_rebalance(rd_kafka_t*, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t* list,
                                 void* opaque) {
  KafkaConsumer& self = *static_cast<State*>(static_cast<KafkaOpaque*>(opaque))->consumer;
  if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    self.assigned(own(*list));
  } else {
    self.revoked(own(*list));
    if (code != RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS) self.failed_ = tl::unexpected(kafka_error(code, "rebalance"));
  }
}

void KafkaConsumer::assigned(const std::vector<TopicPartition>& partitions) {
  assigning_.emplace();
  for (const TopicPartition& at : partitions) (*assigning_)[at] = std::nullopt;
  if (listener_ != nullptr && !partitions.empty()) listener_->on_assigned(partitions);
  const auto wanted = *std::exchange(assigning_, std::nullopt);
  held_ = partitions;
  if (Status done = source_.assign(wanted); !done) failed_ = done;
}

void KafkaConsumer::revoked(const std::vector<TopicPartition>& partitions) {
  if (listener_ != nullptr && !held_.empty()) {
    if (rd_kafka_assignment_lost(source_.handle()) != 0) {
      listener_->on_lost(partitions);
    } else {
      listener_->on_revoked(partitions);
    }
  }
  held_.clear();
  source_.unassign();
}

Status KafkaConsumer::subscribe(std::vector<std::string> topics, AssignmentListener& listener) {
  if (closed_) return fail(Domain::environment, "closed", "the consumer has been closed");
  const KafkaList list = make_list(topics.size());
  for (const std::string& topic : topics) {
    const auto partitions = kafka_partitions(source_.handle(), options_, state_.trouble, topic);
    if (!partitions) return tl::unexpected(partitions.error());
    if (!*partitions) return fail(Domain::environment, "unknown_topic", fmt::format("there is no topic {}", topic));
    add(*list, {topic, RD_KAFKA_PARTITION_UA}, 0);
  }
  listener_ = &listener;
  const rd_kafka_resp_err_t code = rd_kafka_subscribe(source_.handle(), list.get());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return tl::unexpected(kafka_error(code, "subscribe"));
  return {};
}

Result<std::span<const Record>> KafkaConsumer::poll(Millis timeout, std::size_t records_max) {
  if (closed_) return fail(Domain::environment, "closed", "the consumer has been closed");
  if (!failed_) return tl::unexpected(std::exchange(failed_, Status()).error());
  Result<std::span<const Record>> records = source_.poll(timeout, records_max);
  if (!records || !records->empty()) return records;
  // librdkafka goes on polling a consumer that is dead for good, and says no word of it here.
  std::array<char, 512> reason{};
  const rd_kafka_resp_err_t fatal = rd_kafka_fatal_error(source_.handle(), reason.data(), reason.size());
  if (fatal != RD_KAFKA_RESP_ERR_NO_ERROR) return tl::unexpected(kafka_error(fatal, "group " + group_, reason.data()));
  return records;
}

Status KafkaConsumer::seek(const TopicPartition& at, Offset next) {
  if (!assigning_) return source_.seek(at, next);
  const auto found = assigning_->find(at);
  if (found == assigning_->end()) {
    return fail(Domain::environment, "not_owner", fmt::format("{} [{}] is not assigned here", at.topic, at.partition));
  }
  found->second = next;
  return {};
}

Status KafkaConsumer::commit(const std::map<TopicPartition, Position>& positions) {
  if (closed_) return fail(Domain::environment, "closed", "the consumer has been closed");
  if (positions.empty()) return {};
  const KafkaList list = make_list(positions);
  const rd_kafka_resp_err_t code = rd_kafka_commit(source_.handle(), list.get(), 0);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return tl::unexpected(kafka_error(code, "commit of group " + group_));
  for (int i = 0; i < list->cnt; ++i) {
    if (list->elems[i].err == RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    return tl::unexpected(kafka_error(list->elems[i].err, "commit of group " + group_));
  }
  return {};
}

Result<std::optional<Position>> KafkaConsumer::committed(const TopicPartition& at) {
  const KafkaList list = make_list(1);
  add(*list, at, RD_KAFKA_OFFSET_INVALID);
  rd_kafka_resp_err_t code =
      rd_kafka_committed(source_.handle(), list.get(), static_cast<int>(options_.timeout.count()));
  const rd_kafka_topic_partition_t& found = list->elems[0];
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) code = found.err;
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return tl::unexpected(kafka_error(code, "positions of group " + group_));
  if (found.offset < 0) return std::optional<Position>();
  Position position{found.offset, {}};
  if (found.metadata_size > 0) position.metadata.assign(static_cast<const char*>(found.metadata), found.metadata_size);
  return std::optional<Position>(std::move(position));
}

Result<std::string> KafkaConsumer::membership() const {
  const KafkaGroup group(JUNCTURE_MUTANT("M11") ? rd_kafka_consumer_group_metadata_new(group_.c_str())
                                                : rd_kafka_consumer_group_metadata(source_.handle()));
  if (!group) return fail(Domain::environment, "fenced", "this consumer is not a member of group " + group_);
  void* bytes = nullptr;
  std::size_t size = 0;
  const std::unique_ptr<rd_kafka_error_t, Calls<rd_kafka_error_destroy>> error(
      rd_kafka_consumer_group_metadata_write(group.get(), &bytes, &size));
  if (error) return tl::unexpected(kafka_error(rd_kafka_error_code(error.get()), "membership of group " + group_));
  std::string out(static_cast<const char*>(bytes), size);
  rd_kafka_mem_free(source_.handle(), bytes);
  return out;
}

Status KafkaConsumer::close() {
  if (closed_) return {};
  source_.forget();
  const rd_kafka_resp_err_t code = rd_kafka_consumer_close(source_.handle());
  closed_ = true;
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return tl::unexpected(kafka_error(code, "leaving group " + group_));
  return {};
}

Result<std::unique_ptr<Reader>> KafkaReader::make(const KafkaLogOptions& options, std::size_t queue_bytes) {
  std::unique_ptr<KafkaReader> reader(new KafkaReader());
  // The name is asked for and never used: without subscribe() there is no group, without commit() no position.
  if (Status opened = reader->source_.open(options, "juncture-reader", {}, queue_bytes, reader->state_, {}); !opened) {
    return tl::unexpected(opened.error());
  }
  return std::unique_ptr<Reader>(std::move(reader));
}

KafkaReader::~KafkaReader() {
  if (source_.handle() == nullptr) return;
  source_.forget();
  rd_kafka_consumer_close(source_.handle());
}

Status KafkaReader::assign(const std::map<TopicPartition, Offset>& from) {
  return source_.assign({from.begin(), from.end()});
}

}  // namespace juncture
