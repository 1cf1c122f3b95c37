// What the cluster says of its groups and settings when it is asked.
#pragma once

#include <string_view>
#include <vector>

#include "adapters/kafka/kafka_handle.h"

namespace juncture {

using KafkaEvent = std::unique_ptr<rd_kafka_event_t, Calls<rd_kafka_event_destroy>>;
using KafkaAdminOptions = std::unique_ptr<rd_kafka_AdminOptions_t, Calls<rd_kafka_AdminOptions_destroy>>;

KafkaAdminOptions admin_options(rd_kafka_t* handle, rd_kafka_admin_op_t operation, const KafkaLogOptions& options);
// Waits for the answer to what was asked with `queue`; `what` says what that was.
Result<KafkaEvent> admin_answer(rd_kafka_queue_t& queue, const KafkaLogOptions& options, const KafkaTrouble& trouble,
                                std::string_view what);

// Log::members(). Blocks for up to the options' timeout.
Result<std::vector<GroupMember>> kafka_members(rd_kafka_t* handle, const KafkaLogOptions& options,
                                               const KafkaTrouble& trouble, std::string_view group);

}  // namespace juncture
