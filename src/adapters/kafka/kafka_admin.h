// What the cluster says of its groups and settings when it is asked.
#pragma once

#include <string_view>
#include <vector>

#include "adapters/kafka/kafka_handle.h"

namespace juncture {

// Log::members(). Blocks for up to the options' timeout.
Result<std::vector<GroupMember>> kafka_members(rd_kafka_t* handle, const KafkaLogOptions& options,
                                               const KafkaTrouble& trouble, std::string_view group);

}  // namespace juncture
