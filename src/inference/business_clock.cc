#include "juncture/inference/business_clock.h"

#include <algorithm>

namespace juncture {
namespace {

constexpr std::int64_t kDayMs = 86'400'000, kWeekMs = 7 * kDayMs;
constexpr std::int64_t kWorked = 4, kFree = 1;

// 1970-01-01 was a Thursday.
constexpr std::int64_t since_monday(std::int64_t ms) {
  return ms + 3 * kDayMs;
}

constexpr std::int64_t week_of(std::int64_t shifted) {
  return shifted >= 0 ? shifted / kWeekMs : -((-shifted + kWeekMs - 1) / kWeekMs);
}

constexpr std::size_t weekday_of(std::int64_t shifted) {
  return static_cast<std::size_t>((shifted - week_of(shifted) * kWeekMs) / kDayMs);
}

}  // namespace

BusinessClock::BusinessClock(const Calendar& calendar) {
  for (std::size_t day = 0; day < weights_.size(); ++day) {
    before_[day] = week_ * kDayMs;
    weights_[day] = calendar.working_days[day] ? kWorked : kFree;
    week_ += weights_[day];
  }
  for (const std::chrono::sys_days holiday : calendar.holidays) {
    const std::int64_t begin = holiday.time_since_epoch().count() * kDayMs;
    if (calendar.working_days[weekday_of(since_monday(begin))]) holidays_.push_back(begin);
  }
  std::sort(holidays_.begin(), holidays_.end());
  holidays_.erase(std::unique(holidays_.begin(), holidays_.end()), holidays_.end());
}

std::int64_t BusinessClock::off_ms(std::int64_t ms) const {
  const auto after = std::lower_bound(holidays_.begin(), holidays_.end(), ms);
  if (after == holidays_.begin()) return 0;
  return (after - holidays_.begin() - 1) * kDayMs + std::min(ms - *std::prev(after), kDayMs);
}

std::int64_t BusinessClock::quarters(std::int64_t ms) const {
  const std::int64_t shifted = since_monday(ms), week = week_of(shifted);
  const std::size_t weekday = weekday_of(shifted);
  const std::int64_t today = shifted - week * kWeekMs - static_cast<std::int64_t>(weekday) * kDayMs;
  return week * week_ * kDayMs + before_[weekday] + today * weights_[weekday] - (kWorked - kFree) * off_ms(ms);
}

double BusinessClock::days(std::int64_t from_ms, std::int64_t to_ms) const {
  return static_cast<double>(quarters(to_ms) - quarters(from_ms)) * (7.0 / static_cast<double>(week_) / 86'400'000.0);
}

}  // namespace juncture
