#include "engine/state_cache.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "engine/marker.h"
#include "juncture/core/hash.h"

namespace juncture::engine {
namespace {

constexpr std::size_t kSlotsAtFirst = 1024;
// Beside its block, with what malloc adds to it: an entry and, half of them empty, its slots.
constexpr std::size_t kEntryBytes = 40 + 16 + 4 * 8;

std::uint32_t tag_of(std::uint64_t hash) {
  return static_cast<std::uint32_t>(hash >> 32U);
}

}  // namespace

StateCache::StateCache(std::size_t entries_max, std::size_t bytes_max)
    : entries_max_(std::max<std::size_t>(entries_max, 16)), bytes_max_(bytes_max) {
  clear();
}

void StateCache::clear() {
  slots_.assign(kSlotsAtFirst, {});
  mask_ = kSlotsAtFirst - 1;
  entries_.clear();
  free_.clear();
  dirty_.clear();
  pending_.clear();
  pending_count_ = live_ = hand_ = 0;
  bytes_ = dirty_bytes_ = pending_bytes_ = 0;
}

StateCache::Index StateCache::find(std::uint64_t hash, std::string_view key) const {
  for (std::size_t at = hash & mask_;; at = (at + 1) & mask_) {
    const Slot& slot = slots_[at];
    if (slot.entry == kNone) return kNone;
    if (slot.tag == tag_of(hash) && key_of(entries_[slot.entry]) == key) return slot.entry;
  }
}

void StateCache::grow() {
  std::vector<Slot> larger(slots_.size() * 2);
  mask_ = larger.size() - 1;
  for (const Slot& slot : slots_) {
    if (slot.entry == kNone) continue;
    std::size_t at = entries_[slot.entry].hash & mask_;
    while (larger[at].entry != kNone) at = (at + 1) & mask_;
    larger[at] = slot;
  }
  slots_ = std::move(larger);
}

StateCache::Index StateCache::insert(std::uint64_t hash, std::string_view key) {
  if ((live_ + 1) * 2 > slots_.size()) grow();
  Index index = kNone;
  if (free_.empty()) {
    index = static_cast<Index>(entries_.size());
    entries_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
  }
  Entry& entry = entries_[index];
  entry.hash = hash;
  entry.key_size = entry.value_size = 0;
  entry.live = true;
  entry.present = entry.dirty = entry.pending = entry.used = false;
  assign(entry, key, {});
  std::size_t at = hash & mask_;
  while (slots_[at].entry != kNone) at = (at + 1) & mask_;
  slots_[at] = {tag_of(hash), index};
  ++live_;
  bytes_ += kEntryBytes;
  return index;
}

void StateCache::assign(Entry& entry, std::string_view key, std::string_view value) {
  const std::size_t size = key.size() + value.size();
  if (size > entry.capacity || entry.block == nullptr) {
    const std::size_t capacity = (size + 63) / 64 * 64;
    // Left uninitialised: the bytes are copied in below.
    auto block = std::unique_ptr<char[]>(new char[capacity]);
    std::memcpy(block.get(), key.data(), key.size());
    if (!value.empty()) std::memcpy(block.get() + key.size(), value.data(), value.size());
    bytes_ += capacity - entry.capacity;
    entry.block = std::move(block);
    entry.capacity = static_cast<std::uint32_t>(capacity);
  } else {
    // `value` may be a view of this very entry, as get() gave it.
    if (entry.key_size != key.size() || entry.value_size == 0) std::memmove(entry.block.get(), key.data(), key.size());
    if (!value.empty()) std::memmove(entry.block.get() + key.size(), value.data(), value.size());
  }
  entry.key_size = static_cast<std::uint32_t>(key.size());
  entry.value_size = static_cast<std::uint32_t>(value.size());
}

Result<std::optional<std::string_view>> StateCache::get(std::string_view key) {
  const std::uint64_t hash = hash64(key);
  if (const Index index = find(hash, key); index != kNone) {
    Entry& entry = entries_[index];
    entry.used = true;
    if (!entry.present) return std::nullopt;
    return value_of(entry);
  }
  if (is_control_key(key)) return fail(Domain::record, "state_key_reserved", "a state key starts with a zero byte");
  std::optional<std::string> stored;
  if (store_ != nullptr) {
    Result<std::optional<std::string>> read = store_->get(key);
    if (!read) return tl::unexpected(read.error());
    stored = std::move(*read);
  }
  // An absent key is remembered too: the next question about it is free.
  const Index index = insert(hash, key);
  Entry& entry = entries_[index];
  entry.used = true;
  entry.present = stored.has_value();
  if (!stored) return std::nullopt;
  assign(entry, key, *stored);
  return value_of(entry);
}

void StateCache::touch(Index index, Entry& entry, std::size_t dirty_before) {
  entry.used = true;
  dirty_bytes_ += size_of(entry) - dirty_before;
  if (entry.dirty) return;
  entry.dirty = true;
  dirty_.push_back(index);
}

Status StateCache::put(std::string_view key, std::string_view value) {
  if (key.empty() || is_control_key(key)) {
    return fail(Domain::record, "state_key_reserved", "a state key is empty or starts with a zero byte");
  }
  const std::uint64_t hash = hash64(key);
  Index index = find(hash, key);
  if (index == kNone) index = insert(hash, key);
  Entry& entry = entries_[index];
  const std::size_t dirty_before = entry.dirty ? size_of(entry) : 0;
  entry.present = true;
  assign(entry, key, value);
  touch(index, entry, dirty_before);
  return {};
}

Status StateCache::remove(std::string_view key) {
  if (key.empty() || is_control_key(key)) {
    return fail(Domain::record, "state_key_reserved", "a state key is empty or starts with a zero byte");
  }
  const std::uint64_t hash = hash64(key);
  Index index = find(hash, key);
  if (index == kNone) index = insert(hash, key);
  Entry& entry = entries_[index];
  const std::size_t dirty_before = entry.dirty ? size_of(entry) : 0;
  entry.present = false;
  entry.value_size = 0;
  touch(index, entry, dirty_before);
  return {};
}

void StateCache::prefetch_slot(std::uint64_t hash) const {
  __builtin_prefetch(&slots_[hash & mask_]);
}

void StateCache::prefetch_value(std::uint64_t hash) const {
  const Slot& slot = slots_[hash & mask_];
  if (slot.entry == kNone || slot.tag != tag_of(hash)) return;
  const char* block = entries_[slot.entry].block.get();
  for (std::size_t line = 0; line < 640; line += 64) __builtin_prefetch(block + line);
}

Change StateCache::change(Index index) const {
  const Entry& entry = entries_[index];
  return {key_of(entry), entry.present ? std::optional(value_of(entry)) : std::nullopt};
}

void StateCache::commit() {
  for (const Index index : dirty_) {
    Entry& entry = entries_[index];
    entry.dirty = false;
    pending_bytes_ += size_of(entry) - entry.pending_size;
    entry.pending_size = static_cast<std::uint32_t>(size_of(entry));
    if (entry.pending) continue;
    entry.pending = true;
    pending_.push_back(index);
    ++pending_count_;
  }
  dirty_.clear();
  dirty_bytes_ = 0;
}

std::vector<StateCache::Index> StateCache::take_pending() {
  return std::exchange(pending_, {});
}

void StateCache::written(Index index) {
  Entry& entry = entries_[index];
  if (!entry.pending) return;
  entry.pending = false;
  --pending_count_;
  pending_bytes_ -= std::exchange(entry.pending_size, 0);
}

void StateCache::erase(Index index) {
  Entry& entry = entries_[index];
  std::size_t hole = entry.hash & mask_;
  while (slots_[hole].entry != index) hole = (hole + 1) & mask_;
  // Close the gap: move back what would otherwise no longer be found.
  for (std::size_t at = (hole + 1) & mask_; slots_[at].entry != kNone; at = (at + 1) & mask_) {
    const std::size_t home = entries_[slots_[at].entry].hash & mask_;
    if (((at - home) & mask_) < ((at - hole) & mask_)) continue;
    slots_[hole] = slots_[at];
    hole = at;
  }
  slots_[hole] = {};
  entry.live = false;
  bytes_ -= kEntryBytes + std::exchange(entry.capacity, 0);
  entry.block.reset();
  free_.push_back(index);
  --live_;
}

void StateCache::evict() {
  // Twice round at most: the first round takes the marks of use away.
  for (std::size_t steps = entries_.size() * 2; too_much(7) && steps > 0; --steps) {
    hand_ = hand_ + 1 < entries_.size() ? hand_ + 1 : 0;
    Entry& entry = entries_[hand_];
    if (!entry.live || entry.dirty || entry.pending) continue;
    if (entry.used) {
      entry.used = false;
      continue;
    }
    erase(static_cast<Index>(hand_));
  }
}

}  // namespace juncture::engine
