// A task's working set: the overlay of uncommitted changes and the cache of committed values in one hash table.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "juncture/ports/state.h"

namespace juncture::engine {

// Every value is in one of four conditions: clean (as in the store), dirty (changed since the last commit), pending
// (committed, not in the store yet), or dirty and pending. Right after a commit nothing is dirty, so what is pending
// can be written to the store as it stands. Worker's thread only.
class StateCache final : public State {
 public:
  using Index = std::uint32_t;

  explicit StateCache(std::size_t entries_max, std::size_t bytes_max = std::numeric_limits<std::size_t>::max());
  void attach(const Store* store) { store_ = store; }

  Result<std::optional<std::string_view>> get(std::string_view key) override;
  Status put(std::string_view key, std::string_view value) override;
  Status remove(std::string_view key) override;

  // Brings the slot, and a bit later the value, of a key towards the CPU. Both may be called for any key.
  void prefetch_slot(std::uint64_t hash) const;
  void prefetch_value(std::uint64_t hash) const;

  std::size_t size() const { return live_; }
  std::size_t bytes() const { return bytes_; }  // values, keys and what it takes to find them
  bool full() const { return live_ >= entries_max_ || bytes_ >= bytes_max_; }
  // Of keys and values: changed since the last commit; committed and not in the store yet.
  std::size_t dirty_bytes() const { return dirty_bytes_; }
  std::size_t pending_bytes() const { return pending_bytes_; }
  const std::vector<Index>& dirty() const { return dirty_; }
  // Keys and values by index; the value is none where the key was removed.
  Change change(Index index) const;

  // What is dirty becomes committed: pending, unless it already was.
  void commit();
  // Takes the pending values, oldest first, for a round of writing; calls to written() make each clean.
  std::vector<Index> take_pending();
  void written(Index index);
  std::size_t pending() const { return pending_count_; }

  // Drops clean values that were not used of late until 7/8 of both maxima are left.
  void evict();
  // Forgets everything.
  void clear();

 private:
  struct Entry {
    std::uint64_t hash = 0;
    std::unique_ptr<char[]> block;  // key, then value
    std::uint32_t capacity = 0;
    std::uint32_t key_size = 0;
    std::uint32_t value_size = 0;
    std::uint32_t pending_size = 0;  // as counted in pending_bytes_
    bool live = false, present = false, dirty = false, pending = false, used = false;
  };
  struct Slot {
    std::uint32_t tag = 0;
    Index entry = kNone;
  };
  static constexpr Index kNone = 0xffffffff;

  std::string_view key_of(const Entry& entry) const { return {entry.block.get(), entry.key_size}; }
  std::string_view value_of(const Entry& entry) const { return {entry.block.get() + entry.key_size, entry.value_size}; }
  Index find(std::uint64_t hash, std::string_view key) const;
  Index insert(std::uint64_t hash, std::string_view key);
  void assign(Entry& entry, std::string_view key, std::string_view value);
  void touch(Index index, Entry& entry, std::size_t dirty_before);
  static std::size_t size_of(const Entry& entry) { return std::size_t{entry.key_size} + entry.value_size; }
  bool too_much(std::size_t eighths) const {
    return live_ > entries_max_ / 8 * eighths || bytes_ > bytes_max_ / 8 * eighths;
  }
  void erase(Index index);
  void grow();

  const Store* store_ = nullptr;
  std::size_t entries_max_, bytes_max_;
  std::size_t mask_ = 0;
  std::vector<Slot> slots_;
  std::vector<Entry> entries_;
  std::vector<Index> free_;
  std::vector<Index> dirty_;
  std::vector<Index> pending_;
  std::size_t pending_count_ = 0;
  std::size_t live_ = 0;
  std::size_t bytes_ = 0, dirty_bytes_ = 0, pending_bytes_ = 0;
  std::size_t hand_ = 0;  // of the eviction clock
};

}  // namespace juncture::engine
