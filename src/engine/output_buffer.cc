#include "engine/output_buffer.h"

#include <utility>

namespace juncture::engine {
namespace {

constexpr std::size_t kBatchRecords = 512;
constexpr std::size_t kBatchBytes = 128 * 1024;

}  // namespace

OutputBuffer::OutputBuffer(const std::unique_ptr<Producer>& producer, const std::vector<std::string>& topics)
    : producer_(producer) {
  for (const std::string& name : topics) topics_.push_back({.name = name, .bytes = {}, .held = {}});
}

Status OutputBuffer::emit(std::size_t topic, std::string_view key, std::string_view value, Partition partition) {
  return add(topic, key, value, partition, false);
}

Status OutputBuffer::tombstone(std::size_t topic, std::string_view key) {
  return add(topic, key, {}, -1, true);
}

Status OutputBuffer::add(std::size_t topic, std::string_view key, std::string_view value, Partition partition,
                         bool tombstone) {
  JUNCTURE_ASSERT(topic < topics_.size());
  Topic& to = topics_[topic];
  to.held.push_back({partition, to.bytes.size(), key.size(), value.size(), tombstone});
  to.bytes += key;
  to.bytes += value;
  ++emitted_;
  total_bytes_ += key.size() + value.size();
  if (to.held.size() < kBatchRecords && to.bytes.size() < kBatchBytes) return {};
  return std::exchange(begun_, true) ? send(to) : send();
}

Status OutputBuffer::send() {
  for (Topic& topic : topics_) {
    if (Status sent = send(topic); !sent) return sent;
  }
  return {};
}

Status OutputBuffer::send(Topic& topic) {
  if (topic.held.empty()) return {};
  batch_.clear();
  const std::string_view bytes = topic.bytes;
  for (const Held& held : topic.held) {
    batch_.push_back({.topic = topic.name,
                      .partition = held.partition,
                      .key = bytes.substr(held.key_at, held.key_size),
                      .value = bytes.substr(held.key_at + held.key_size, held.value_size),
                      .tombstone = held.tombstone,
                      .timestamp = {}});
  }
  Status sent = producer_->send_batch(batch_);
  topic.held.clear();
  topic.bytes.clear();
  return sent;
}

void OutputBuffer::drop() {
  for (Topic& topic : topics_) {
    topic.held.clear();
    topic.bytes.clear();
  }
  committed();
}

}  // namespace juncture::engine
