#include <algorithm>
#include <deque>
#include <mutex>
#include <shared_mutex>

#include "adapters/memory/local_storage.h"

namespace juncture {
namespace {

struct OwnedRecord {
  Offset offset = 0;
  Timestamp timestamp{};
  bool tombstone = false;
  std::string key;
  std::string value;
};

struct MemoryPartition {
  std::deque<OwnedRecord> records;
  std::map<Timestamp, Offset> times;
};

class MemoryStorage final : public LocalStorage {
 public:
  std::string_view kind() const override { return "memory"; }
  std::string identity() const override { return "memory"; }
  Result<StoredLog> load() override { return StoredLog{}; }
  Status save_topic(const StoredTopic&) override { return {}; }
  Status sync() override { return {}; }

  Status write(const WriteSet& set) override {
    const std::unique_lock lock(mutex_);
    for (const Append& append : set.records) {
      const StoredRecord& r = append.record;
      partitions_[append.at].records.push_back(
          {r.offset, r.timestamp, r.tombstone, std::string(r.key), std::string(r.value)});
    }
    for (const TimeEntry& entry : set.times) partitions_[entry.at].times[entry.timestamp] = entry.offset;
    return {};
  }

  Status scan(PartitionId at, Offset from, Offset end, const std::function<bool(const StoredRecord&)>& each) override {
    const std::shared_lock lock(mutex_);
    const auto found = partitions_.find(at);
    if (found == partitions_.end()) return {};
    const auto& records = found->second.records;
    auto it = std::lower_bound(records.begin(), records.end(), from,
                               [](const OwnedRecord& record, Offset offset) { return record.offset < offset; });
    for (; it != records.end() && it->offset < end; ++it) {
      if (!each({it->offset, it->timestamp, it->tombstone, it->key, it->value})) break;
    }
    return {};
  }

  Result<Offset> lower_bound(PartitionId at, Timestamp time) override {
    const std::shared_lock lock(mutex_);
    const auto found = partitions_.find(at);
    if (found == partitions_.end()) return Offset{0};
    const auto entry = found->second.times.lower_bound(time);
    return entry == found->second.times.begin() ? Offset{0} : std::prev(entry)->second;
  }

  Status remove(PartitionId at, std::span<const Offset> offsets, const PartitionMark& mark) override {
    const std::unique_lock lock(mutex_);
    auto& [records, times] = partitions_[at];
    while (!records.empty() && !offsets.empty() && records.front().offset == offsets.front()) {
      records.pop_front();
      offsets = offsets.subspan(1);
    }
    if (!offsets.empty()) {
      std::erase_if(records, [&](const OwnedRecord& record) {
        return std::binary_search(offsets.begin(), offsets.end(), record.offset);
      });
    }
    std::erase_if(times, [&](const auto& entry) { return entry.second < mark.begin; });
    return {};
  }

 private:
  std::shared_mutex mutex_;
  std::map<PartitionId, MemoryPartition> partitions_;
};

}  // namespace

std::unique_ptr<LocalStorage> make_memory_storage() {
  return std::make_unique<MemoryStorage>();
}

}  // namespace juncture
