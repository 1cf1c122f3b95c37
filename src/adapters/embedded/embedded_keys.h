// Bytes of the embedded log's keys and values, as docs/formats/embedded-log.md has them. Integers are big-endian.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "adapters/memory/local_storage.h"

namespace juncture::embedded_keys {

inline constexpr char kVersion = 'v';
inline constexpr char kTopic = 't';
inline constexpr char kMark = 'p';
inline constexpr char kRecord = 'r';
inline constexpr char kTime = 'x';
inline constexpr char kPosition = 'g';

inline constexpr std::string_view kFormat = "1";

template <class Integer>
void put(std::string& out, Integer value) {
  const auto bits = static_cast<std::make_unsigned_t<Integer>>(value);
  for (int shift = static_cast<int>(sizeof(Integer)) * 8 - 8; shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>(static_cast<unsigned char>(bits >> static_cast<unsigned>(shift))));
  }
}

// Takes an integer off the front; `good` becomes false when the bytes run out.
template <class Integer>
Integer take(std::string_view& in, bool& good) {
  if (in.size() < sizeof(Integer)) {
    good = false;
    return {};
  }
  std::make_unsigned_t<Integer> bits = 0;
  for (std::size_t i = 0; i < sizeof(Integer); ++i) {
    bits = static_cast<std::make_unsigned_t<Integer>>(bits << 8U | static_cast<unsigned char>(in[i]));
  }
  in.remove_prefix(sizeof(Integer));
  return static_cast<Integer>(bits);
}

inline std::string prefix(char kind, PartitionId at) {
  std::string key(1, kind);
  put(key, at.topic);
  put(key, at.partition);
  return key;
}

inline std::string record_key(PartitionId at, Offset offset) {
  std::string key = prefix(kRecord, at);
  put(key, offset);
  return key;
}

// The sign is turned, so that times before 1970 sort first.
inline std::string time_key(PartitionId at, Timestamp time) {
  std::string key = prefix(kTime, at);
  put(key, static_cast<std::uint64_t>(to_ms(time)) ^ (1ULL << 63U));
  return key;
}

inline void put_record(std::string& out, const StoredRecord& record) {
  put(out, to_ms(record.timestamp));
  out.push_back(record.tombstone ? '\1' : '\0');
  put(out, static_cast<std::uint32_t>(record.key.size()));
  out.append(record.key).append(record.value);
}

inline bool read_record(std::string_view in, StoredRecord& record) {
  bool good = true;
  record.timestamp = from_ms(take<std::int64_t>(in, good));
  record.tombstone = (take<std::uint8_t>(in, good) & 1U) != 0;
  const auto key_size = take<std::uint32_t>(in, good);
  if (!good || in.size() < key_size) return false;
  record.key = in.substr(0, key_size);
  record.value = in.substr(key_size);
  return true;
}

inline std::string mark_value(const PartitionMark& mark) {
  std::string out;
  put(out, mark.begin);
  put(out, mark.end);
  put(out, mark.bytes);
  put(out, mark.indexed_ms);
  return out;
}

inline bool read_mark(std::string_view in, PartitionMark& mark) {
  bool good = true;
  mark.begin = take<Offset>(in, good);
  mark.end = take<Offset>(in, good);
  mark.bytes = take<std::int64_t>(in, good);
  mark.indexed_ms = take<std::int64_t>(in, good);
  return good;
}

// -1 stands for no bound.
inline std::string topic_value(const TopicSpec& spec) {
  std::string out;
  put(out, spec.partitions);
  out.push_back(spec.compacted ? '\1' : '\0');
  put(out, spec.retention ? std::int64_t{spec.retention->count()} : std::int64_t{-1});
  put(out, spec.retention_bytes.value_or(-1));
  return out + spec.name;
}

inline bool read_topic(std::string_view in, TopicSpec& spec) {
  bool good = true;
  spec.partitions = take<Partition>(in, good);
  spec.compacted = (take<std::uint8_t>(in, good) & 1U) != 0;
  const auto retention = take<std::int64_t>(in, good);
  const auto bytes = take<std::int64_t>(in, good);
  if (retention >= 0) spec.retention = Millis{retention};
  if (bytes >= 0) spec.retention_bytes = bytes;
  spec.name = in;
  return good && spec.partitions > 0 && !in.empty();
}

}  // namespace juncture::embedded_keys
