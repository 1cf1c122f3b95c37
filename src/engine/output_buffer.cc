#include "engine/output_buffer.h"

namespace juncture::engine {
namespace {

constexpr std::size_t kBatchRecords = 512;
constexpr std::size_t kBatchBytes = 256 * 1024;

}  // namespace

Status OutputBuffer::emit(std::size_t topic, std::string_view key, std::string_view value, Partition partition) {
  return add(topic, key, value, partition, false);
}

Status OutputBuffer::tombstone(std::size_t topic, std::string_view key) {
  return add(topic, key, {}, -1, true);
}

Status OutputBuffer::add(std::size_t topic, std::string_view key, std::string_view value, Partition partition,
                         bool tombstone) {
  JUNCTURE_ASSERT(topic < topics_.size());
  held_.push_back({topic, partition, bytes_.size(), key.size(), value.size(), tombstone});
  bytes_ += key;
  bytes_ += value;
  ++emitted_;
  total_bytes_ += key.size() + value.size();
  if (held_.size() >= kBatchRecords || bytes_.size() >= kBatchBytes) return send();
  return {};
}

Status OutputBuffer::send() {
  if (held_.empty()) return {};
  batch_.clear();
  const std::string_view bytes = bytes_;
  for (const Held& held : held_) {
    batch_.push_back({.topic = topics_[held.topic],
                      .partition = held.partition,
                      .key = bytes.substr(held.key_at, held.key_size),
                      .value = bytes.substr(held.key_at + held.key_size, held.value_size),
                      .tombstone = held.tombstone,
                      .timestamp = {}});
  }
  Status sent = producer_->send_batch(batch_);
  drop();
  return sent;
}

void OutputBuffer::drop() {
  held_.clear();
  bytes_.clear();
}

}  // namespace juncture::engine
