// Finds keys with more records a minute than a limit, in stream time and in fixed space. It keeps hashes, no keys.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "juncture/core/hash.h"
#include "juncture/core/types.h"

namespace juncture {

// A majority vote in each of its slots: a key that is most of what falls into its slot holds it, and is counted from
// the moment it took it. A key is told once a minute. One thread; touches no state.
class HotKeys {
 public:
  // 0: nothing is hot.
  explicit HotKeys(std::uint32_t per_minute_max) : per_minute_max_(per_minute_max) {}

  // The key's hash when this record is the first over the limit in its minute.
  std::optional<std::uint64_t> count(std::string_view key, Timestamp at) {
    if (per_minute_max_ == 0) return std::nullopt;
    const std::uint64_t hash = hash64(key);
    const std::int64_t minute = to_ms(at) / 60'000;
    Slot& slot = slots_[hash % kSlots];
    if (slot.minute != minute) slot = {.hash = hash, .minute = minute};
    if (slot.hash != hash) {
      if (slot.votes > 0) {
        --slot.votes;
        return std::nullopt;
      }
      slot = {.hash = hash, .minute = minute};
    }
    ++slot.votes;
    if (++slot.count != per_minute_max_ + 1) return std::nullopt;
    return hash;
  }

 private:
  static constexpr std::size_t kSlots = 256;
  struct Slot {
    std::uint64_t hash = 0;
    std::int64_t minute = -1;
    std::uint32_t votes = 0, count = 0;
  };
  const std::uint32_t per_minute_max_;
  std::array<Slot, kSlots> slots_{};
};

}  // namespace juncture
