// A clock on which weekends count a quarter, scaled so that a week is still seven days. UTC; holidays come later.
#pragma once

#include <cstdint>

namespace juncture {

// Weighted quarter-milliseconds since the Monday before the epoch; differences add up exactly.
constexpr std::int64_t business_quarters(std::int64_t ms) {
  constexpr std::int64_t kDay = 86'400'000, kWeek = 7 * kDay;
  const std::int64_t shifted = ms + 3 * kDay;  // 1970-01-01 was a Thursday
  const std::int64_t week = shifted >= 0 ? shifted / kWeek : -((-shifted + kWeek - 1) / kWeek);
  const std::int64_t within = shifted - week * kWeek, weekday = within < 5 * kDay ? within : 5 * kDay;
  return week * (22 * kDay) + weekday * 4 + (within - weekday);
}

// Days between two instants on that clock.
constexpr double business_days(std::int64_t from_ms, std::int64_t to_ms) {
  return static_cast<double>(business_quarters(to_ms) - business_quarters(from_ms)) * (7.0 / 22.0 / 86'400'000.0);
}

}  // namespace juncture
