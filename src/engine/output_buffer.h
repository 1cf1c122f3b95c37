// A pipeline's results on their way to the producer, in batches: one call into the log for many records of a topic.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "juncture/ports/log.h"
#include "juncture/ports/pipeline.h"

namespace juncture::engine {

// Records of a topic keep their order; a topic is handed on by itself when it has much, at first all of them with it,
// and the rest at send(). So a transaction meets its partitions in two lots instead of one by one: librdkafka asks the
// coordinator for each lot, and waits some two milliseconds with the CPU busy. Sent records are still in the log's
// buffer; the worker's commit flushes them. Worker's thread only.
class OutputBuffer final : public Output {
 public:
  // Both outlive it.
  OutputBuffer(const std::unique_ptr<Producer>& producer, const std::vector<std::string>& topics);

  Status emit(std::size_t topic, std::string_view key, std::string_view value, Partition partition) override;
  Status tombstone(std::size_t topic, std::string_view key) override;
  // Hands everything to the producer.
  Status send();
  // Forgets what is not committed.
  void drop();
  std::uint64_t emitted() const { return emitted_; }
  // Keys and values since the last commit.
  std::size_t bytes() const { return total_bytes_; }
  void committed() {
    total_bytes_ = 0;
    begun_ = false;
  }

 private:
  struct Held {
    Partition partition = -1;
    std::size_t key_at = 0, key_size = 0, value_size = 0;
    bool tombstone = false;
  };
  struct Topic {
    std::string_view name;
    std::string bytes;
    std::vector<Held> held;
  };
  Status add(std::size_t topic, std::string_view key, std::string_view value, Partition partition, bool tombstone);
  Status send(Topic& topic);

  const std::unique_ptr<Producer>& producer_;  // made anew after a failure
  std::vector<Topic> topics_;
  std::vector<Outgoing> batch_;
  std::uint64_t emitted_ = 0;
  std::size_t total_bytes_ = 0;
  bool begun_ = false;  // something was handed on since the last commit
};

}  // namespace juncture::engine
