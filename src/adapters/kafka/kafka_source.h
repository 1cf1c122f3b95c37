// Reads assigned partitions in batches: what the Kafka consumer and the Kafka reader have in common.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "adapters/kafka/kafka_handle.h"

namespace juncture {

// One thread. Knows for every partition which offset comes next, and lets no other record through: neither one that
// was fetched before a seek or a rebalance, nor one of a partition that nobody has sought yet.
class KafkaSource {
 public:
  // `opaque` outlives the source and is what its callbacks get.
  Status open(const KafkaLogOptions& options, const std::string& group, const std::string& member,
              std::size_t queue_bytes, KafkaOpaque& opaque, const KafkaCallbacks& callbacks);
  ~KafkaSource();
  KafkaSource() = default;
  KafkaSource(const KafkaSource&) = delete;
  KafkaSource& operator=(const KafkaSource&) = delete;

  rd_kafka_t* handle() const { return handle_.get(); }

  // Takes the place of what was assigned. Partitions without an offset wait for seek().
  Status assign(const std::map<TopicPartition, std::optional<Offset>>& partitions);
  void unassign();
  Status seek(const TopicPartition& at, Offset next);
  Status set_paused(const TopicPartition& at, bool paused);
  Result<std::span<const Record>> poll(Millis timeout, std::size_t records_max);
  std::optional<Offset> position(const TopicPartition& at) const;
  // Gives the last poll's messages back; librdkafka wants all of them before it closes.
  void forget();

 private:
  struct Part {
    std::optional<Offset> next;
    Offset ended_at = 0;  // where the log last said that there is nothing more for readers
    bool paused = false;
    bool told = false;  // librdkafka's own idea of `paused`
  };
  using Parts = std::map<TopicPartition, Part>;

  void take(rd_kafka_message_t* message);
  Parts::value_type* find(const rd_kafka_message_t& message);
  Status seek_in_place(const TopicPartition& at, Offset next);
  Status reseek_all();
  Status wake_fetcher();
  Status apply();
  void resume_all();
  Status tell_paused(const TopicPartition& at, Part& part);

  KafkaLogOptions options_;
  KafkaOpaque* opaque_ = nullptr;
  KafkaHandle handle_;
  KafkaQueue queue_;
  Parts parts_;
  // Of the last message looked up: a batch comes in long runs of one partition.
  const rd_kafka_topic_t* last_topic_ = nullptr;
  Partition last_partition_ = -1;
  Parts::value_type* last_ = nullptr;
  unsigned assignments_ = 0;
  // What librdkafka reads ahead of a partition at most, and what was taken since its fetcher was last woken.
  std::size_t queue_bytes_ = 0, queue_messages_ = 0;
  std::size_t taken_bytes_ = 0, taken_messages_ = 0;
  bool unapplied_ = false;                     // parts_ says more than librdkafka has been told
  std::vector<rd_kafka_message_t*> raw_;       // what librdkafka fills
  std::vector<rd_kafka_message_t*> messages_;  // owned until the next poll
  std::vector<Record> records_;
  std::optional<Error> failed_;  // met behind good records; told by the next poll
};

}  // namespace juncture
