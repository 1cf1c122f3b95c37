// Holds the settings of a cluster and of our topics against what the promise rests on.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/kafka/kafka_handle.h"

namespace juncture {

// What is known of a topic.
struct KafkaTopicFacts {
  UsedTopic topic;
  int replicas = 0;                             // of the partition that has fewest
  std::map<std::string, std::string> settings;  // in force, defaults included
};
// Lowest and highest version of each request that the broker takes, by librdkafka's names.
using KafkaApis = std::map<std::string, std::pair<int, int>>;

// Pure: what of that is wrong. `client_version` is rd_kafka_version().
std::vector<LogFinding> judge(const std::vector<KafkaTopicFacts>& topics, const KafkaApis& apis, int client_version,
                              std::string_view brokers);

// "  ApiKey JoinGroup (11) Versions 0..9", as librdkafka says it when it debugs features.
void read_api_line(std::string_view line, KafkaApis& out);

// Log::check(). Blocks for up to three times the options' timeout.
Result<std::vector<LogFinding>> kafka_check(rd_kafka_t* handle, const KafkaLogOptions& options,
                                            const KafkaTrouble& trouble, std::span<const UsedTopic> topics);

}  // namespace juncture
