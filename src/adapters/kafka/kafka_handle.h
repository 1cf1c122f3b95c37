// librdkafka's handles owned, its settings made, its errors put into ours.
#pragma once

#include <librdkafka/rdkafka.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "juncture/adapters/kafka_log.h"

namespace juncture {

template <auto Function>
struct Calls {
  template <class T>
  void operator()(T* pointer) const {
    Function(pointer);
  }
};
using KafkaList = std::unique_ptr<rd_kafka_topic_partition_list_t, Calls<rd_kafka_topic_partition_list_destroy>>;
using KafkaTopic = std::unique_ptr<rd_kafka_topic_t, Calls<rd_kafka_topic_destroy>>;
using KafkaQueue = std::unique_ptr<rd_kafka_queue_t, Calls<rd_kafka_queue_destroy>>;
using KafkaMetadata = std::unique_ptr<const rd_kafka_metadata_t, Calls<rd_kafka_metadata_destroy>>;

using KafkaGroup = std::unique_ptr<rd_kafka_consumer_group_metadata_t, Calls<rd_kafka_consumer_group_metadata_destroy>>;

KafkaList make_list(std::size_t size);
KafkaList make_list(const std::map<TopicPartition, Position>& positions);
void add(rd_kafka_topic_partition_list_t& list, const TopicPartition& at, Offset offset);

// What librdkafka said last about its connections. Its threads write, any thread reads.
class KafkaTrouble {
 public:
  void note(rd_kafka_resp_err_t code, std::string reason);
  std::string reason() const;
  // The error that all brokers are gone, once for each time it happened.
  bool take_down();

 private:
  mutable std::mutex mutex_;
  std::string reason_;
  bool down_ = false;
};

// Callbacks that a handle may have. `opaque` is given to them beside KafkaTrouble.
struct KafkaCallbacks {
  void (*rebalance)(rd_kafka_t*, rd_kafka_resp_err_t, rd_kafka_topic_partition_list_t*, void*) = nullptr;
  void (*delivery)(rd_kafka_t*, const rd_kafka_message_t*, void*) = nullptr;
  void (*log)(const rd_kafka_t*, int, const char*, const char*) = nullptr;  // in place of the process's own logging
};

// Base of what librdkafka's callbacks get as `opaque`.
struct KafkaOpaque {
  KafkaTrouble trouble;
};

class KafkaHandle {
 public:
  using Settings = std::vector<std::pair<std::string, std::string>>;
  // `opaque` outlives the handle. `settings` are ours; the user's own properties go over those that are no promise.
  static Result<KafkaHandle> make(rd_kafka_type_t type, const KafkaLogOptions& options, const Settings& settings,
                                  KafkaOpaque& opaque, const KafkaCallbacks& callbacks);
  KafkaHandle() = default;

  rd_kafka_t* get() const { return handle_.get(); }

 private:
  std::unique_ptr<rd_kafka_t, Calls<rd_kafka_destroy>> handle_;
};

// `what` says what was tried.
Error kafka_error(rd_kafka_resp_err_t code, std::string_view what, std::string_view reason = {});
Error unreachable(const KafkaLogOptions& options, const KafkaTrouble& trouble);

// Partitions of a topic; none if there is no such topic.
Result<std::optional<Partition>> kafka_partitions(rd_kafka_t* handle, const KafkaLogOptions& options,
                                                  const KafkaTrouble& trouble, std::string_view topic);

}  // namespace juncture
