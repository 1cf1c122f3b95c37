// A clock on which days that nobody works count a quarter, scaled so that an ordinary week is still seven days.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "juncture/core/calendar.h"

namespace juncture {

// Silence says less on a Sunday. Immutable; any thread; the same bits on any CPU.
class BusinessClock {
 public:
  BusinessClock() : BusinessClock(Calendar{}) {}
  explicit BusinessClock(const Calendar& calendar);

  // Between two instants; differences add up exactly, whoever looked in between.
  double days(std::int64_t from_ms, std::int64_t to_ms) const;

 private:
  std::int64_t quarters(std::int64_t ms) const;  // weighted quarter-milliseconds since the Monday before the epoch
  std::int64_t off_ms(std::int64_t ms) const;    // of holidays on days that else are worked, before that instant

  std::array<std::int64_t, 7> weights_{}, before_{};  // of a day in quarters, Monday first; of those before it
  std::int64_t week_ = 0;
  std::vector<std::int64_t> holidays_;  // where they begin
};

}  // namespace juncture
