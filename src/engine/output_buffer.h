// A pipeline's results on their way to the producer, in batches: one call into the log for many records.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "juncture/ports/log.h"
#include "juncture/ports/pipeline.h"

namespace juncture::engine {

// Sent records are still in the log's buffer; the worker's commit flushes them. Worker's thread only.
class OutputBuffer final : public Output {
 public:
  OutputBuffer(const std::unique_ptr<Producer>& producer, const std::vector<std::string>& topics)
      : producer_(producer), topics_(topics) {}

  Status emit(std::size_t topic, std::string_view key, std::string_view value, Partition partition) override;
  Status tombstone(std::size_t topic, std::string_view key) override;
  // Hands everything to the producer.
  Status send();
  void drop();
  std::uint64_t emitted() const { return emitted_; }
  // Keys and values since the last call of forget_bytes().
  std::size_t bytes() const { return total_bytes_; }
  void forget_bytes() { total_bytes_ = 0; }

 private:
  struct Held {
    std::size_t topic = 0;
    Partition partition = -1;
    std::size_t key_at = 0, key_size = 0, value_size = 0;
    bool tombstone = false;
  };
  Status add(std::size_t topic, std::string_view key, std::string_view value, Partition partition, bool tombstone);

  const std::unique_ptr<Producer>& producer_;  // made anew after a failure
  const std::vector<std::string>& topics_;
  std::string bytes_;
  std::vector<Held> held_;
  std::vector<Outgoing> batch_;
  std::uint64_t emitted_ = 0;
  std::size_t total_bytes_ = 0;
};

}  // namespace juncture::engine
