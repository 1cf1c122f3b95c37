// What a prospect did, day by day: sums that an account adds up over its people and takes away again exactly.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "juncture/core/evidence.h"
#include "juncture/core/vocabulary.h"

namespace juncture {

inline constexpr std::size_t kTrackDays = 20;
inline constexpr float kAgainstScale = 32.0F;  // TrackDay::against holds 1/32 nat

struct TrackDay {
  std::uint32_t day = 0;                        // since 1970, UTC
  std::array<std::uint8_t, kStages> against{};  // what the day's texts say against each condition; 0 for the likeliest
  std::uint8_t signals = 0;                     // counts saturate
  std::uint8_t visits = 0;                      // sessions begun
  std::uint8_t offline = 0;
  DealOutcome outcome = DealOutcome::none;  // the last one of the day
  // Where the day ended, as it was known then; 0 where a version before 3 did not say.
  std::uint8_t stage = 0;   // mean of the twelve while active, in twentieths: 1 is the first stage, 221 the last
  std::uint8_t active = 0;  // likelihood of being active, of 255
  friend bool operator==(const TrackDay&, const TrackDay&) = default;
};

// In order of the days. When there are more, the oldest two become one, under the later's date.
struct Track {
  std::uint8_t count = 0;
  std::array<TrackDay, kTrackDays> days{};  // what is behind `count` means nothing

  const TrackDay* begin() const { return days.data(); }
  const TrackDay* end() const { return days.data() + count; }
  friend bool operator==(const Track& a, const Track& b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }
};

inline constexpr std::uint8_t kStageStepsMax = 221;

constexpr std::uint32_t day_number(std::int64_t ms) {
  return ms > 0 ? static_cast<std::uint32_t>(ms / 86'400'000) : 0;
}

}  // namespace juncture
