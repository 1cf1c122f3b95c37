// Producer over librdkafka: idempotent or transactional, acks of all replicas, delivery failures told by flush().
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapters/kafka/kafka_handle.h"

namespace juncture {

class KafkaProducer final : public Producer {
 public:
  static Result<std::unique_ptr<Producer>> make(const KafkaLogOptions& options, const ProducerOptions& wanted);
  ~KafkaProducer() override;
  KafkaProducer(const KafkaProducer&) = delete;
  KafkaProducer& operator=(const KafkaProducer&) = delete;

  Status send(const Outgoing& record) override;
  Status send_batch(std::span<const Outgoing> records) override;
  Status flush() override;
  Status begin_transaction() override;
  Status send_offsets(const std::map<TopicPartition, Position>& positions, std::string_view membership,
                      Millis at_most) override;
  Status commit_transaction(Millis at_most) override;
  Status abort_transaction(Millis at_most) override;

 private:
  struct Topic {
    std::string name;
    KafkaTopic handle;
    Partition partitions = 0;
  };
  struct State : KafkaOpaque {
    std::optional<Error> failed;  // the first delivery that failed since the last flush()
  };

  KafkaProducer(KafkaLogOptions options, bool transactional)
      : options_(std::move(options)), transactional_(transactional) {}
  static void on_delivery(rd_kafka_t* handle, const rd_kafka_message_t* message, void* opaque);

  Result<Topic*> find(std::string_view name);
  Result<Partition> place(const Topic& topic, const Outgoing& record) const;
  Status send_stamped(const Topic& topic, Partition partition, const Outgoing& record);
  Status send_run(Topic& topic, std::span<const Outgoing> records);
  // After a full queue: waits for room. False when it has waited for as long as a delivery may take.
  bool wait_for_room(int& waited_ms);

  // Calls `step` with what is left of `at_most` until it answers with anything but a time-out.
  template <class Step>
  Status insist(std::string_view what, Millis at_most, Step step);

  const KafkaLogOptions options_;
  const bool transactional_;
  State state_;
  KafkaHandle handle_;
  bool in_transaction_ = false;
  bool broken_ = false;  // after a failed step of a transaction
  std::map<std::string, Topic, std::less<>> topics_;
  Topic* last_ = nullptr;
  std::vector<rd_kafka_message_t> batch_;
  unsigned sent_ = 0;
};

}  // namespace juncture
