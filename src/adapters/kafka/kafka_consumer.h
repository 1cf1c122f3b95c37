// Member of a Kafka group, and the reader that is in none.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapters/kafka/kafka_source.h"

namespace juncture {

class KafkaConsumer final : public Consumer {
 public:
  static Result<std::unique_ptr<Consumer>> make(const KafkaLogOptions& options, const ConsumerOptions& wanted);
  ~KafkaConsumer() override;
  KafkaConsumer(const KafkaConsumer&) = delete;
  KafkaConsumer& operator=(const KafkaConsumer&) = delete;

  Status subscribe(std::vector<std::string> topics, AssignmentListener& listener) override;
  Result<std::span<const Record>> poll(Millis timeout, std::size_t records_max) override;
  Status seek(const TopicPartition& at, Offset next) override;
  Status pause(const TopicPartition& at) override { return source_.set_paused(at, true); }
  Status resume(const TopicPartition& at) override { return source_.set_paused(at, false); }
  Status commit(const std::map<TopicPartition, Position>& positions) override;
  Result<std::optional<Position>> committed(const TopicPartition& at) override;
  Status close() override;
  std::optional<Offset> position(const TopicPartition& at) const override { return source_.position(at); }
  Result<std::string> membership() const override;

 private:
  struct State : KafkaOpaque {
    KafkaConsumer* consumer = nullptr;
  };

  KafkaConsumer(KafkaLogOptions options, std::string group) : options_(std::move(options)), group_(std::move(group)) {}
  static void on_rebalance(rd_kafka_t* handle, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t* list,
                           void* opaque);
  void assigned(const std::vector<TopicPartition>& partitions);
  void revoked(const std::vector<TopicPartition>& partitions);

  const KafkaLogOptions options_;
  const std::string group_;
  State state_;
  KafkaSource source_;
  AssignmentListener* listener_ = nullptr;
  // Within on_assigned: the seeks so far, with which the assignment then begins.
  std::optional<std::map<TopicPartition, std::optional<Offset>>> assigning_;
  std::vector<TopicPartition> held_;
  Status failed_;  // of a rebalance; told by the next poll
  bool closed_ = false;
};

class KafkaReader final : public Reader {
 public:
  static Result<std::unique_ptr<Reader>> make(const KafkaLogOptions& options, std::size_t queue_bytes);
  ~KafkaReader() override;
  KafkaReader(const KafkaReader&) = delete;
  KafkaReader& operator=(const KafkaReader&) = delete;

  Status assign(const std::map<TopicPartition, Offset>& from) override;
  Result<std::span<const Record>> poll(Millis timeout, std::size_t records_max) override {
    return source_.poll(timeout, records_max);
  }
  std::optional<Offset> position(const TopicPartition& at) const override { return source_.position(at); }

 private:
  KafkaReader() = default;

  KafkaOpaque state_;
  KafkaSource source_;
};

}  // namespace juncture
