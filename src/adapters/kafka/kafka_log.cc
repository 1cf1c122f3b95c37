#include "juncture/adapters/kafka_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>

#include "adapters/kafka/kafka_admin.h"
#include "adapters/kafka/kafka_check.h"
#include "adapters/kafka/kafka_consumer.h"
#include "adapters/kafka/kafka_handle.h"
#include "adapters/kafka/kafka_producer.h"
#include "juncture/ports/faults.h"

namespace juncture {
namespace {

using Event = std::unique_ptr<rd_kafka_event_t, Calls<rd_kafka_event_destroy>>;
using NewTopic = std::unique_ptr<rd_kafka_NewTopic_t, Calls<rd_kafka_NewTopic_destroy>>;
using AdminOptions = std::unique_ptr<rd_kafka_AdminOptions_t, Calls<rd_kafka_AdminOptions_destroy>>;
using GroupOffsets =
    std::unique_ptr<rd_kafka_ListConsumerGroupOffsets_t, Calls<rd_kafka_ListConsumerGroupOffsets_destroy>>;

// A topic that was just made is not on every broker yet.
constexpr std::chrono::seconds kSpreadPatience{15};

class KafkaLog final : public Log {
 public:
  explicit KafkaLog(KafkaLogOptions options) : options_(std::move(options)) {}
  Status open();

  std::string_view kind() const override { return "kafka"; }
  Result<std::unique_ptr<Consumer>> make_consumer(const ConsumerOptions& options) override {
    return KafkaConsumer::make(options_, options);
  }
  Result<std::unique_ptr<Producer>> make_producer(const ProducerOptions& options) override {
    return KafkaProducer::make(options_, options);
  }
  Result<std::unique_ptr<Reader>> open_reader(std::size_t queue_bytes) override {
    return KafkaReader::make(options_, queue_bytes);
  }
  Status ensure_topic(const TopicSpec& spec) override;
  Result<std::optional<Partition>> partition_count(std::string_view topic) override {
    return kafka_partitions(admin_.get(), options_, state_.trouble, topic);
  }
  Offset transaction_end_offsets() const override { return 1; }
  Result<Watermarks> watermarks(const TopicPartition& at) override;
  Result<Offset> offset_at(const TopicPartition& at, Timestamp time) override;
  Result<std::optional<Position>> committed(std::string_view group, const TopicPartition& at) override;
  Result<std::vector<std::string>> topics() override;
  Result<std::vector<GroupMember>> members(std::string_view group) override {
    return kafka_members(admin_.get(), options_, state_.trouble, group);
  }
  Result<std::string> identity() override;
  Result<std::vector<LogFinding>> check(std::span<const UsedTopic> topics) override {
    return kafka_check(admin_.get(), options_, state_.trouble, topics);
  }
  std::uint64_t dropped_unread() const override { return 0; }  // the broker's retention tells nobody

 private:
  int timeout_ms() const { return static_cast<int>(options_.timeout.count()); }
  Status check_partition(const TopicPartition& at);
  Status create(const TopicSpec& spec);
  Event next_event(rd_kafka_queue_t& queue) const;

  const KafkaLogOptions options_;
  KafkaOpaque state_;
  KafkaHandle admin_;
};

Status KafkaLog::open() {
  // Where a changelog ends must not be told as the end of its decided part: the last commit would be missing.
  const char* isolation = JUNCTURE_MUTANT("M3") ? "read_committed" : "read_uncommitted";
  const KafkaHandle::Settings settings{{"isolation.level", isolation}};
  Result<KafkaHandle> handle = KafkaHandle::make(RD_KAFKA_PRODUCER, options_, settings, state_, {});
  if (!handle) return tl::unexpected(handle.error());
  admin_ = std::move(*handle);
  const Result<std::vector<std::string>> reached = topics();
  if (!reached) return tl::unexpected(reached.error());
  return {};
}

Result<std::vector<std::string>> KafkaLog::topics() {
  const rd_kafka_metadata_t* raw = nullptr;
  const rd_kafka_resp_err_t code = rd_kafka_metadata(admin_.get(), 1, nullptr, &raw, timeout_ms());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    rd_kafka_poll(admin_.get(), 0);  // brings the reason
    return tl::unexpected(unreachable(options_, state_.trouble));
  }
  const KafkaMetadata metadata(raw);
  std::vector<std::string> names;
  names.reserve(static_cast<std::size_t>(metadata->topic_cnt));
  for (int i = 0; i < metadata->topic_cnt; ++i) names.emplace_back(metadata->topics[i].topic);
  return names;
}

Result<std::string> KafkaLog::identity() {
  char* const id = rd_kafka_clusterid(admin_.get(), timeout_ms());
  if (id == nullptr) return tl::unexpected(unreachable(options_, state_.trouble));
  std::string out(id);
  rd_kafka_mem_free(admin_.get(), id);
  return out;
}

Event KafkaLog::next_event(rd_kafka_queue_t& queue) const {
  return Event(rd_kafka_queue_poll(&queue, timeout_ms() + 1000));
}

Status KafkaLog::ensure_topic(const TopicSpec& spec) {
  const auto deadline = std::chrono::steady_clock::now() + kSpreadPatience;
  bool created = false;
  while (true) {
    const Result<std::optional<Partition>> there = partition_count(spec.name);
    if (!there) return tl::unexpected(there.error());
    if (*there && **there != spec.partitions && **there > 0) {
      return fail(Domain::setup, "partition_count",
                  fmt::format("topic {} has {} partitions, not {}", spec.name, **there, spec.partitions));
    }
    if (*there && **there > 0) return {};
    if (!created) {
      if (Status done = create(spec); !done) return done;
      created = true;
    } else if (std::chrono::steady_clock::now() > deadline) {
      return fail(Domain::environment, "timed_out", fmt::format("topic {} was made and doesn't show up", spec.name));
    } else {
      std::this_thread::sleep_for(Millis{20});
    }
  }
}

Status KafkaLog::create(const TopicSpec& spec) {
  std::array<char, 512> reason{};
  const int replication = options_.replication > 0 ? options_.replication : -1;
  const NewTopic topic(
      rd_kafka_NewTopic_new(spec.name.c_str(), spec.partitions, replication, reason.data(), reason.size()));
  if (!topic) return fail(Domain::setup, "topic_name", fmt::format("topic {}: {}", spec.name, reason.data()));
  std::map<std::string, std::string> settings{{"cleanup.policy", spec.compacted ? "compact" : "delete"},
                                              {"retention.ms", "-1"},
                                              {"retention.bytes", "-1"},
                                              {"unclean.leader.election.enable", "false"}};
  if (options_.replication >= 3) settings["min.insync.replicas"] = "2";
  // A task that was away for less than half of that finds the removals that its store has not seen.
  if (spec.compacted) settings.insert({{"min.compaction.lag.ms", "3600000"}, {"delete.retention.ms", "86400000"}});
  if (spec.retention) settings["retention.ms"] = std::to_string(spec.retention->count());
  if (spec.retention_bytes) settings["retention.bytes"] = std::to_string(*spec.retention_bytes);
  for (const auto& [name, value] : spec.properties) settings[name] = value;
  for (const auto& [name, value] : settings) rd_kafka_NewTopic_set_config(topic.get(), name.c_str(), value.c_str());

  const AdminOptions admin(rd_kafka_AdminOptions_new(admin_.get(), RD_KAFKA_ADMIN_OP_CREATETOPICS));
  rd_kafka_AdminOptions_set_request_timeout(admin.get(), timeout_ms(), reason.data(), reason.size());
  rd_kafka_AdminOptions_set_operation_timeout(admin.get(), timeout_ms(), reason.data(), reason.size());
  const KafkaQueue queue(rd_kafka_queue_new(admin_.get()));
  rd_kafka_NewTopic_t* topics[] = {topic.get()};
  rd_kafka_CreateTopics(admin_.get(), topics, 1, admin.get(), queue.get());
  const Event event = next_event(*queue);
  if (!event) return tl::unexpected(unreachable(options_, state_.trouble));
  if (const auto code = rd_kafka_event_error(event.get()); code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return tl::unexpected(kafka_error(code, "making topic " + spec.name, rd_kafka_event_error_string(event.get())));
  }
  std::size_t count = 0;
  const auto* results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    const rd_kafka_resp_err_t code = rd_kafka_topic_result_error(results[i]);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) continue;
    const char* text = rd_kafka_topic_result_error_string(results[i]);
    Error error = kafka_error(code, "making topic " + spec.name, text == nullptr ? "" : text);
    if (error.code == "kafka") error.domain = Domain::setup;  // a setting that the broker refuses
    return tl::unexpected(error);
  }
  return {};
}

Status KafkaLog::check_partition(const TopicPartition& at) {
  const Result<std::optional<Partition>> count = partition_count(at.topic);
  if (!count) return tl::unexpected(count.error());
  if (!*count) return fail(Domain::environment, "unknown_topic", fmt::format("there is no topic {}", at.topic));
  if (at.partition >= 0 && at.partition < **count) return {};
  return fail(Domain::environment, "unknown_partition",
              fmt::format("topic {} has no partition {}", at.topic, at.partition));
}

Result<Watermarks> KafkaLog::watermarks(const TopicPartition& at) {
  // Asked first: for what isn't there librdkafka would wait, and longer than it was told.
  if (Status there = check_partition(at); !there) return tl::unexpected(there.error());
  Watermarks out;
  const rd_kafka_resp_err_t code = rd_kafka_query_watermark_offsets(admin_.get(), at.topic.c_str(), at.partition,
                                                                    &out.begin, &out.end, timeout_ms());
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return out;
  return tl::unexpected(kafka_error(code, fmt::format("watermarks of {} [{}]", at.topic, at.partition)));
}

Result<Offset> KafkaLog::offset_at(const TopicPartition& at, Timestamp time) {
  const Result<Watermarks> extent = watermarks(at);
  if (!extent) return tl::unexpected(extent.error());
  const KafkaList list = make_list(1);
  add(*list, at, std::max<std::int64_t>(to_ms(time), 0));  // negative times are commands to Kafka
  rd_kafka_resp_err_t code = rd_kafka_offsets_for_times(admin_.get(), list.get(), timeout_ms());
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) code = list->elems[0].err;
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return tl::unexpected(kafka_error(code, fmt::format("time in {} [{}]", at.topic, at.partition)));
  }
  return list->elems[0].offset < 0 ? extent->end : list->elems[0].offset;
}

Result<std::optional<Position>> KafkaLog::committed(std::string_view group, const TopicPartition& at) {
  const std::string name(group);
  const KafkaList list = make_list(1);
  add(*list, at, RD_KAFKA_OFFSET_INVALID);
  const GroupOffsets request(rd_kafka_ListConsumerGroupOffsets_new(name.c_str(), list.get()));
  const AdminOptions admin(rd_kafka_AdminOptions_new(admin_.get(), RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS));
  std::array<char, 512> reason{};
  rd_kafka_AdminOptions_set_request_timeout(admin.get(), timeout_ms(), reason.data(), reason.size());
  const std::unique_ptr<rd_kafka_error_t, Calls<rd_kafka_error_destroy>> unstable(
      rd_kafka_AdminOptions_set_require_stable_offsets(admin.get(), 1));
  if (unstable) return tl::unexpected(kafka_error(rd_kafka_error_code(unstable.get()), "positions of group " + name));
  const KafkaQueue queue(rd_kafka_queue_new(admin_.get()));
  rd_kafka_ListConsumerGroupOffsets_t* requests[] = {request.get()};
  rd_kafka_ListConsumerGroupOffsets(admin_.get(), requests, 1, admin.get(), queue.get());
  const Event event = next_event(*queue);
  if (!event) return tl::unexpected(unreachable(options_, state_.trouble));
  if (const auto code = rd_kafka_event_error(event.get()); code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return tl::unexpected(kafka_error(code, "positions of group " + name, rd_kafka_event_error_string(event.get())));
  }
  std::size_t count = 0;
  const auto* groups = rd_kafka_ListConsumerGroupOffsets_result_groups(
      rd_kafka_event_ListConsumerGroupOffsets_result(event.get()), &count);
  if (count != 1) return std::optional<Position>();
  if (const rd_kafka_error_t* error = rd_kafka_group_result_error(groups[0])) {
    return tl::unexpected(
        kafka_error(rd_kafka_error_code(error), "positions of group " + name, rd_kafka_error_string(error)));
  }
  const rd_kafka_topic_partition_list_t* found = rd_kafka_group_result_partitions(groups[0]);
  if (found == nullptr || found->cnt != 1 || found->elems[0].offset < 0) return std::optional<Position>();
  const rd_kafka_topic_partition_t& element = found->elems[0];
  Position position{element.offset, {}};
  if (element.metadata_size > 0)
    position.metadata.assign(static_cast<const char*>(element.metadata), element.metadata_size);
  return std::optional<Position>(std::move(position));
}

}  // namespace

Result<std::unique_ptr<Log>> make_kafka_log(const KafkaLogOptions& options) {
  auto log = std::make_unique<KafkaLog>(options);
  if (Status opened = log->open(); !opened) return tl::unexpected(opened.error());
  return std::unique_ptr<Log>(std::move(log));
}

}  // namespace juncture
