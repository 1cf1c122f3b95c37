#include "adapters/kafka/kafka_handle.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <syslog.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <optional>

namespace juncture {
namespace {

// What a property may not change, since the port promises it.
constexpr std::array<std::string_view, 9> kPromises{"enable.auto.commit",
                                                    "auto.commit.enable",
                                                    "enable.auto.offset.store",
                                                    "auto.offset.reset",
                                                    "acks",
                                                    "enable.idempotence",
                                                    "request.required.acks",
                                                    "transactional.id",
                                                    "partition.assignment.strategy"};

void on_log(const rd_kafka_t*, int level, const char* facility, const char* text) {
  if (std::string_view(facility) == "CONFWARN") return;  // one set of properties for consumers and producers
  spdlog::log(level <= LOG_WARNING ? spdlog::level::warn : spdlog::level::debug, "kafka {} {}", facility, text);
}

void on_error(rd_kafka_t*, int code, const char* reason, void* opaque) {
  static_cast<KafkaOpaque*>(opaque)->trouble.note(static_cast<rd_kafka_resp_err_t>(code), reason);
}

bool starts_any(const std::map<std::string, std::string>& properties, std::string_view prefix) {
  return std::any_of(properties.begin(), properties.end(),
                     [&](const auto& property) { return property.first.starts_with(prefix); });
}

Status set(rd_kafka_conf_t& conf, const std::string& name, const std::string& value) {
  std::array<char, 512> reason{};
  if (rd_kafka_conf_set(&conf, name.c_str(), value.c_str(), reason.data(), reason.size()) == RD_KAFKA_CONF_OK)
    return {};
  return fail(Domain::setup, "kafka_property", fmt::format("Kafka property {}: {}", name, reason.data()));
}

Status set_all(rd_kafka_conf_t& conf, const KafkaLogOptions& options, const KafkaHandle::Settings& settings) {
  KafkaHandle::Settings all{{"bootstrap.servers", options.brokers}, {"client.id", options.client_id},
                            {"allow.auto.create.topics", "false"},  {"socket.nagle.disable", "true"},
                            {"socket.keepalive.enable", "true"},    {"reconnect.backoff.ms", "50"},
                            {"reconnect.backoff.max.ms", "2000"}};
  all.insert(all.end(), settings.begin(), settings.end());
  if (!options.properties.contains("security.protocol")) {
    if (starts_any(options.properties, "sasl.")) {
      all.emplace_back("security.protocol", "sasl_ssl");
    } else if (starts_any(options.properties, "ssl.")) {
      all.emplace_back("security.protocol", "ssl");
    }
  }
  for (const auto& [name, value] : options.properties) {
    if (std::find(kPromises.begin(), kPromises.end(), name) != kPromises.end()) {
      return fail(Domain::setup, "kafka_property",
                  fmt::format("Kafka property {} can't be set: juncture's promises rest on its value", name));
    }
    all.emplace_back(name, value);
  }
  for (const auto& [name, value] : all) {
    if (Status done = set(conf, name, value); !done) return done;
  }
  return {};
}

}  // namespace

KafkaList make_list(std::size_t size) {
  return KafkaList(rd_kafka_topic_partition_list_new(static_cast<int>(size)));
}

KafkaList make_list(const std::map<TopicPartition, Position>& positions) {
  KafkaList list = make_list(positions.size());
  for (const auto& [at, position] : positions) {
    add(*list, at, position.next);
    if (position.metadata.empty()) continue;
    rd_kafka_topic_partition_t& element = list->elems[list->cnt - 1];
    element.metadata = std::malloc(position.metadata.size());  // librdkafka frees it with free()
    JUNCTURE_ASSERT(element.metadata != nullptr);
    std::memcpy(element.metadata, position.metadata.data(), position.metadata.size());
    element.metadata_size = position.metadata.size();
  }
  return list;
}

void add(rd_kafka_topic_partition_list_t& list, const TopicPartition& at, Offset offset) {
  rd_kafka_topic_partition_list_add(&list, at.topic.c_str(), at.partition)->offset = offset;
}

void KafkaTrouble::note(rd_kafka_resp_err_t code, std::string reason) {
  const std::lock_guard lock(mutex_);
  if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
    down_ = true;
    return;  // says less than the reason that came before it
  }
  reason_ = std::move(reason);
}

std::string KafkaTrouble::reason() const {
  const std::lock_guard lock(mutex_);
  return reason_;
}

bool KafkaTrouble::take_down() {
  const std::lock_guard lock(mutex_);
  return std::exchange(down_, false);
}

Result<KafkaHandle> KafkaHandle::make(rd_kafka_type_t type, const KafkaLogOptions& options, const Settings& settings,
                                      KafkaOpaque& opaque, const KafkaCallbacks& callbacks) {
  std::unique_ptr<rd_kafka_conf_t, Calls<rd_kafka_conf_destroy>> conf(rd_kafka_conf_new());
  if (Status done = set_all(*conf, options, settings); !done) return tl::unexpected(done.error());
  rd_kafka_conf_set_opaque(conf.get(), &opaque);
  rd_kafka_conf_set_log_cb(conf.get(), callbacks.log != nullptr ? callbacks.log : on_log);
  rd_kafka_conf_set_error_cb(conf.get(), on_error);
  if (callbacks.rebalance != nullptr) rd_kafka_conf_set_rebalance_cb(conf.get(), callbacks.rebalance);
  if (callbacks.delivery != nullptr) rd_kafka_conf_set_dr_msg_cb(conf.get(), callbacks.delivery);
  std::array<char, 512> reason{};
  KafkaHandle out;
  out.handle_.reset(rd_kafka_new(type, conf.get(), reason.data(), reason.size()));
  if (!out.handle_) return fail(Domain::setup, "kafka_property", fmt::format("Kafka client: {}", reason.data()));
  static_cast<void>(conf.release());  // the handle's now
  return out;
}

Error kafka_error(rd_kafka_resp_err_t code, std::string_view what, std::string_view reason) {
  const std::string detail =
      fmt::format("{}: {}", what, reason.empty() ? std::string_view(rd_kafka_err2str(code)) : reason);
  switch (code) {
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
    case RD_KAFKA_RESP_ERR__NO_OFFSET:
      return {Domain::environment, "offset_missing", detail};
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
      return {Domain::environment, "unknown_topic", detail};
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
      return {Domain::environment, "unknown_partition", detail};
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
      return {Domain::record, "record_too_large", detail};
    case RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID:
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
    case RD_KAFKA_RESP_ERR__FENCED:
    case RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST:
      return {Domain::environment, "fenced", detail};
    case RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS:
      return {Domain::environment, "rebalancing", detail};
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
      return {Domain::environment, "timed_out", detail};
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
      return {Domain::setup, "not_allowed", detail};
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
      return {Domain::setup, "topic_name", detail};
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
      return {Domain::environment, "unreachable", detail};
    default:
      return {Domain::environment, "kafka", detail};
  }
}

Error unreachable(const KafkaLogOptions& options, const KafkaTrouble& trouble) {
  std::string reason = trouble.reason();
  // librdkafka repeats the address: "localhost:9092/bootstrap: Connect to ipv4#... failed: Connection refused (...)".
  if (const std::size_t failed = reason.find("failed: "); failed != std::string::npos) reason.erase(0, failed + 8);
  if (const std::size_t after = reason.find(" (after "); after != std::string::npos) reason.erase(after);
  if (reason.empty()) reason = fmt::format("no answer within {} ms", options.timeout.count());
  return {Domain::environment, "unreachable", fmt::format("cannot reach Kafka at {} ({})", options.brokers, reason)};
}

Result<std::optional<Partition>> kafka_partitions(rd_kafka_t* handle, const KafkaLogOptions& options,
                                                  const KafkaTrouble& trouble, std::string_view topic) {
  const std::string name(topic);
  const KafkaTopic wanted(rd_kafka_topic_new(handle, name.c_str(), nullptr));
  if (!wanted) return tl::unexpected(kafka_error(rd_kafka_last_error(), "topic " + name));
  const rd_kafka_metadata_t* raw = nullptr;
  const auto code = rd_kafka_metadata(handle, 0, wanted.get(), &raw, static_cast<int>(options.timeout.count()));
  if (code == RD_KAFKA_RESP_ERR__TRANSPORT || code == RD_KAFKA_RESP_ERR__TIMED_OUT) {
    rd_kafka_poll(handle, 0);
    return tl::unexpected(unreachable(options, trouble));
  }
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return tl::unexpected(kafka_error(code, "metadata of topic " + name));
  const KafkaMetadata metadata(raw);
  if (metadata->topic_cnt != 1) return std::optional<Partition>();
  const rd_kafka_metadata_topic_t& found = metadata->topics[0];
  if (found.err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) return std::optional<Partition>();
  if (found.err != RD_KAFKA_RESP_ERR_NO_ERROR && found.err != RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE) {
    return tl::unexpected(kafka_error(found.err, "metadata of topic " + name));
  }
  return std::optional<Partition>(found.partition_cnt);
}

}  // namespace juncture
