#include "adapters/kafka/kafka_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <thread>

#include "adapters/kafka/kafka_admin.h"

namespace juncture {
namespace {

constexpr std::int64_t kHourMs = 3'600'000, kDayMs = 24 * kHourMs;
constexpr std::chrono::seconds kApisPatience{3};
// From here on librdkafka asks with a JoinGroup that Kafka 4.0.0 knows.
constexpr int kJoinsAnyBroker = 0x020b0000;

struct Judge {
  std::string_view brokers;
  std::vector<LogFinding> out;

  std::string command(const std::string& topic, std::string_view setting) const {
    return fmt::format(
        "kafka-configs.sh --bootstrap-server {} --alter --entity-type topics --entity-name {} --add-config {}", brokers,
        topic, setting);
  }
  void text(const KafkaTopicFacts& facts, std::string_view name, std::string_view wanted, bool broken,
            std::string_view why) {
    const auto found = facts.settings.find(std::string(name));
    if (found == facts.settings.end() || found->second == wanted) return;
    out.push_back(
        {broken, fmt::format("topic {} has {}={}: {}; mend it with: {}", facts.topic.name, name, found->second, why,
                             command(facts.topic.name, fmt::format("{}={}", name, wanted)))});
  }
  void at_least(const KafkaTopicFacts& facts, std::string_view name, std::int64_t wanted, std::string_view why) {
    const auto found = facts.settings.find(std::string(name));
    if (found == facts.settings.end()) return;
    std::int64_t value = 0;
    std::from_chars(found->second.data(), found->second.data() + found->second.size(), value);
    if (value >= wanted) return;
    out.push_back({false, fmt::format("topic {} has {}={}: {}; mend it with: {}", facts.topic.name, name, found->second,
                                      why, command(facts.topic.name, fmt::format("{}={}", name, wanted)))});
  }
};

void judge_topic(const KafkaTopicFacts& facts, Judge& judge) {
  judge.text(facts, "unclean.leader.election.enable", "false", true,
             "after a failure a replica that lacks records may lead, and they are gone");
  if (facts.replicas >= 3) {
    judge.at_least(facts, "min.insync.replicas", 2, "a record counts when one broker has it, and is lost with it");
  }
  switch (facts.topic.use) {
    case TopicUse::input:
    case TopicUse::output:
      return;
    case TopicUse::signals:
      judge.text(facts, "cleanup.policy", "delete", true,
                 "signals that were not read yet can be removed by newer ones");
      judge.text(facts, "message.timestamp.type", "LogAppendTime", false,
                 "a sender's clock can move the time of its partition");
      return;
    case TopicUse::changelog:
      judge.text(facts, "cleanup.policy", "compact", true, "state that does not change is removed after a while");
      judge.at_least(facts, "min.compaction.lag.ms", kHourMs,
                     "what an unfinished commit has replaced may be gone before it is repaired");
      judge.at_least(facts, "delete.retention.ms", kDayMs,
                     "an instance that was away may bring back prospects that were forgotten");
      return;
  }
}

void judge_replicas(const std::vector<KafkaTopicFacts>& topics, Judge& judge) {
  std::string few;
  for (const KafkaTopicFacts& facts : topics) {
    if (facts.replicas >= 3) continue;
    few += fmt::format("{}{} ({})", few.empty() ? "" : ", ", facts.topic.name, facts.replicas);
  }
  if (few.empty()) return;
  judge.out.push_back(
      {false,
       fmt::format("3 replicas are needed to lose nothing with a broker; these topics have fewer: {}; mend it with: "
                   "kafka-reassign-partitions.sh --bootstrap-server {} --execute --reassignment-json-file PLAN, "
                   "where PLAN names three brokers for each partition, and then min.insync.replicas=2",
                   few, judge.brokers)});
}

void judge_version(const KafkaApis& apis, int client_version, Judge& judge) {
  const auto join = apis.find("JoinGroup");
  if (join != apis.end() && join->second.first > 0 && client_version < kJoinsAnyBroker) {
    judge.out.push_back(
        {true, fmt::format("the broker does not know JoinGroup version 0, as Kafka 4.0.0 does not: this "
                           "librdkafka takes it for one without groups; upgrade the brokers at {} to "
                           "4.0.1 or later",
                           judge.brokers)});
  }
  const auto offsets = apis.find("TxnOffsetCommit");
  if (!apis.empty() && (offsets == apis.end() || offsets->second.second < 3)) {
    judge.out.push_back(
        {true, fmt::format("the broker is older than Kafka 2.5: positions in a transaction are not fenced "
                           "by the group; upgrade the brokers at {}",
                           judge.brokers)});
  }
}

// Settings of all topics in one request. A topic that may not be described is left without any.
Status describe(rd_kafka_t* handle, const KafkaLogOptions& options, const KafkaTrouble& trouble,
                std::vector<KafkaTopicFacts>& topics) {
  std::vector<rd_kafka_ConfigResource_t*> wanted;
  wanted.reserve(topics.size());
  for (const KafkaTopicFacts& facts : topics) {
    wanted.push_back(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, facts.topic.name.c_str()));
  }
  const KafkaAdminOptions admin = admin_options(handle, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, options);
  const KafkaQueue queue(rd_kafka_queue_new(handle));
  rd_kafka_DescribeConfigs(handle, wanted.data(), wanted.size(), admin.get(), queue.get());
  rd_kafka_ConfigResource_destroy_array(wanted.data(), wanted.size());
  const Result<KafkaEvent> event = admin_answer(*queue, options, trouble, "settings of topics");
  if (!event) return tl::unexpected(event.error());
  std::size_t count = 0;
  const auto* resources =
      rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event->get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view name = rd_kafka_ConfigResource_name(resources[i]);
    const auto facts = std::find_if(topics.begin(), topics.end(), [&](const auto& f) { return f.topic.name == name; });
    if (facts == topics.end()) continue;
    std::size_t entries = 0;
    const auto* settings = rd_kafka_ConfigResource_configs(resources[i], &entries);
    for (std::size_t k = 0; k < entries; ++k) {
      const char* value = rd_kafka_ConfigEntry_value(settings[k]);
      facts->settings[rd_kafka_ConfigEntry_name(settings[k])] = value == nullptr ? "" : value;
    }
  }
  return {};
}

Result<std::vector<KafkaTopicFacts>> facts_of(rd_kafka_t* handle, const KafkaLogOptions& options,
                                              const KafkaTrouble& trouble, std::span<const UsedTopic> wanted) {
  const rd_kafka_metadata_t* raw = nullptr;
  const auto code = rd_kafka_metadata(handle, 1, nullptr, &raw, static_cast<int>(options.timeout.count()));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return tl::unexpected(unreachable(options, trouble));
  const KafkaMetadata metadata(raw);
  std::vector<KafkaTopicFacts> out;
  for (int i = 0; i < metadata->topic_cnt; ++i) {
    const rd_kafka_metadata_topic_t& topic = metadata->topics[i];
    const auto used =
        std::find_if(wanted.begin(), wanted.end(), [&](const UsedTopic& t) { return t.name == topic.topic; });
    if (used == wanted.end() || topic.partition_cnt == 0) continue;
    KafkaTopicFacts& facts = out.emplace_back();
    facts.topic = *used;
    facts.replicas = topic.partitions[0].replica_cnt;
    for (int p = 1; p < topic.partition_cnt; ++p) {
      facts.replicas = std::min(facts.replicas, topic.partitions[p].replica_cnt);
    }
  }
  if (out.empty()) return out;
  if (Status described = describe(handle, options, trouble, out); !described) return tl::unexpected(described.error());
  return out;
}

struct Listening : KafkaOpaque {
  std::mutex mutex;
  KafkaApis apis;
};

void on_feature_log(const rd_kafka_t* handle, int, const char* facility, const char* text) {
  if (std::string_view(facility) != "APIVERSION") return;
  Listening& to = *static_cast<Listening*>(static_cast<KafkaOpaque*>(rd_kafka_opaque(handle)));
  const std::scoped_lock lock(to.mutex);
  read_api_line(text, to.apis);
}

// librdkafka tells nobody which versions a broker takes but those who listen to it thinking aloud. None: not known.
KafkaApis listen_for_apis(const KafkaLogOptions& options) {
  Listening listening;
  const Result<KafkaHandle> handle =
      KafkaHandle::make(RD_KAFKA_PRODUCER, options, {{"debug", "feature"}}, listening, {.log = on_feature_log});
  const auto deadline = std::chrono::steady_clock::now() + kApisPatience;
  while (handle && std::chrono::steady_clock::now() < deadline) {
    {
      const std::scoped_lock lock(listening.mutex);
      // They come in the order of their numbers: with this one the two that matter are there.
      if (listening.apis.contains("DescribeConfigs")) return listening.apis;
    }
    std::this_thread::sleep_for(Millis{10});
  }
  return {};
}

}  // namespace

void read_api_line(std::string_view line, KafkaApis& out) {
  constexpr std::string_view kMark = "ApiKey ";
  const std::size_t at = line.find(kMark);
  if (at == std::string_view::npos) return;
  char name[64] = {};
  int number = 0, least = 0, most = 0;
  const std::string rest(line.substr(at + kMark.size()));
  if (std::sscanf(rest.c_str(), "%63s (%d) Versions %d..%d", name, &number, &least, &most) == 4) {
    out[name] = {least, most};
  }
}

std::vector<LogFinding> judge(const std::vector<KafkaTopicFacts>& topics, const KafkaApis& apis, int client_version,
                              std::string_view brokers) {
  Judge judge{brokers, {}};
  judge_version(apis, client_version, judge);
  for (const KafkaTopicFacts& facts : topics) judge_topic(facts, judge);
  judge_replicas(topics, judge);
  return std::move(judge.out);
}

Result<std::vector<LogFinding>> kafka_check(rd_kafka_t* handle, const KafkaLogOptions& options,
                                            const KafkaTrouble& trouble, std::span<const UsedTopic> topics) {
  const auto facts = facts_of(handle, options, trouble, topics);
  if (!facts) return tl::unexpected(facts.error());
  return judge(*facts, listen_for_apis(options), rd_kafka_version(), options.brokers);
}

}  // namespace juncture
