// Where the records of an in-process log rest: memory or RocksDB. Offsets and groups are LocalLog's business.
#pragma once

#include <compare>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "juncture/ports/log.h"

namespace juncture {

using TopicId = std::uint32_t;

struct PartitionId {
  TopicId topic = 0;
  Partition partition = 0;
  friend auto operator<=>(const PartitionId&, const PartitionId&) = default;
};

struct StoredTopic {
  TopicId id = 0;
  TopicSpec spec;
};

struct StoredRecord {
  Offset offset = 0;
  Timestamp timestamp{};
  bool tombstone = false;
  std::string_view key;
  std::string_view value;
};

// What has to be known of a partition without reading its records.
struct PartitionMark {
  Offset begin = 0;
  Offset end = 0;
  std::int64_t bytes = 0;
  // Time of the newest entry of the sparse time index; see TimeEntry.
  std::int64_t indexed_ms = std::numeric_limits<std::int64_t>::min();
};

// Says that no record before `offset` has a timestamp at or above `timestamp`. At most one a second and partition.
struct TimeEntry {
  PartitionId at;
  Timestamp timestamp{};
  Offset offset = 0;
};

struct Append {
  PartitionId at;
  StoredRecord record;
};

struct PositionChange {
  std::string group;
  PartitionId at;
  Position position;
};

// Written together or not at all.
struct WriteSet {
  std::span<const Append> records;
  std::vector<std::pair<PartitionId, PartitionMark>> marks;
  std::vector<TimeEntry> times;
  std::vector<PositionChange> positions;
};

struct StoredLog {
  std::vector<StoredTopic> topics;
  std::map<PartitionId, PartitionMark> marks;
  std::vector<PositionChange> positions;
};

// Thread safe, but for writes: LocalLog has one writer at a time.
class LocalStorage {
 public:
  virtual ~LocalStorage() = default;
  virtual std::string_view kind() const = 0;
  virtual std::string identity() const = 0;
  virtual Result<StoredLog> load() = 0;
  virtual Status save_topic(const StoredTopic& topic) = 0;
  virtual Status write(const WriteSet& set) = 0;
  // Everything written so far survives a power cut.
  virtual Status sync() = 0;
  // Records from `from` up to but without `end`, until `each` answers false. The views hold for the call only.
  virtual Status scan(PartitionId at, Offset from, Offset end,
                      const std::function<bool(const StoredRecord&)>& each) = 0;
  // An offset such that no earlier record is at or after `time`; 0 if the time index doesn't know.
  virtual Result<Offset> lower_bound(PartitionId at, Timestamp time) = 0;
  // Takes out these records (ascending) and sets the mark.
  virtual Status remove(PartitionId at, std::span<const Offset> offsets, const PartitionMark& mark) = 0;
};

std::unique_ptr<LocalStorage> make_memory_storage();

}  // namespace juncture
