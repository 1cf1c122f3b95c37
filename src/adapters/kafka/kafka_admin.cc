#include "adapters/kafka/kafka_admin.h"

#include <array>

namespace juncture {

KafkaAdminOptions admin_options(rd_kafka_t* handle, rd_kafka_admin_op_t operation, const KafkaLogOptions& options) {
  KafkaAdminOptions out(rd_kafka_AdminOptions_new(handle, operation));
  std::array<char, 256> reason{};
  rd_kafka_AdminOptions_set_request_timeout(out.get(), static_cast<int>(options.timeout.count()), reason.data(),
                                            reason.size());
  return out;
}

Result<KafkaEvent> admin_answer(rd_kafka_queue_t& queue, const KafkaLogOptions& options, const KafkaTrouble& trouble,
                                std::string_view what) {
  KafkaEvent event(rd_kafka_queue_poll(&queue, static_cast<int>(options.timeout.count()) + 1000));
  if (!event) return tl::unexpected(unreachable(options, trouble));
  if (const auto code = rd_kafka_event_error(event.get()); code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return tl::unexpected(kafka_error(code, what, rd_kafka_event_error_string(event.get())));
  }
  return event;
}

namespace {

GroupMember member_of(const rd_kafka_MemberDescription_t& described) {
  GroupMember out;
  out.id = rd_kafka_MemberDescription_consumer_id(&described);
  // Members without an endpoint have the application's name here.
  const std::string_view client = rd_kafka_MemberDescription_client_id(&described);
  if (client.starts_with("http://") || client.starts_with("https://")) out.endpoint = client;
  const rd_kafka_MemberAssignment_t* assignment = rd_kafka_MemberDescription_assignment(&described);
  const auto* list = assignment == nullptr ? nullptr : rd_kafka_MemberAssignment_partitions(assignment);
  for (int i = 0; list != nullptr && i < list->cnt; ++i) {
    out.partitions.push_back({list->elems[i].topic, list->elems[i].partition});
  }
  return out;
}

}  // namespace

Result<std::vector<GroupMember>> kafka_members(rd_kafka_t* handle, const KafkaLogOptions& options,
                                               const KafkaTrouble& trouble, std::string_view group) {
  const std::string name(group);
  const KafkaAdminOptions admin = admin_options(handle, RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS, options);
  const KafkaQueue queue(rd_kafka_queue_new(handle));
  const char* names[] = {name.c_str()};
  rd_kafka_DescribeConsumerGroups(handle, names, 1, admin.get(), queue.get());
  const Result<KafkaEvent> event = admin_answer(*queue, options, trouble, "members of group " + name);
  if (!event) return tl::unexpected(event.error());
  std::size_t count = 0;
  const auto* groups =
      rd_kafka_DescribeConsumerGroups_result_groups(rd_kafka_event_DescribeConsumerGroups_result(event->get()), &count);
  std::vector<GroupMember> out;
  if (count != 1) return out;
  if (const rd_kafka_error_t* error = rd_kafka_ConsumerGroupDescription_error(groups[0])) {
    return tl::unexpected(
        kafka_error(rd_kafka_error_code(error), "members of group " + name, rd_kafka_error_string(error)));
  }
  const std::size_t members = rd_kafka_ConsumerGroupDescription_member_count(groups[0]);
  for (std::size_t i = 0; i < members; ++i) {
    out.push_back(member_of(*rd_kafka_ConsumerGroupDescription_member(groups[0], i)));
  }
  return out;
}

}  // namespace juncture
