#include "ingest/event_time.h"

#include <charconv>

namespace juncture {
namespace {

// 2001-09-09 and 2286-11-20: the span in which milliseconds have 13 digits.
constexpr std::int64_t kMsMin = 1'000'000'000'000;
constexpr std::int64_t kMsMax = 9'999'999'999'999;

// Takes digits from the front of a text.
class Digits {
 public:
  explicit Digits(std::string_view text) : text_(text) {}

  bool number(std::size_t width, int& out) {
    if (text_.size() < width) return false;
    const auto parsed = std::from_chars(text_.data(), text_.data() + width, out);
    if (text_.front() == '-' || parsed.ec != std::errc{} || parsed.ptr != text_.data() + width) return false;
    text_.remove_prefix(width);
    return true;
  }
  bool skip(std::string_view any_of) {
    if (text_.empty() || any_of.find(text_.front()) == std::string_view::npos) return false;
    text_.remove_prefix(1);
    return true;
  }
  // Up to nine digits of a fraction, as milliseconds, rounded down.
  bool fraction(int& ms) {
    std::size_t digits = 0;
    int scale = 100;
    for (; digits < text_.size() && text_[digits] >= '0' && text_[digits] <= '9'; ++digits) {
      ms += (text_[digits] - '0') * scale;
      scale /= 10;
    }
    text_.remove_prefix(digits);
    return digits >= 1 && digits <= 9;
  }
  char next() const { return text_.empty() ? '\0' : text_.front(); }
  bool empty() const { return text_.empty(); }

 private:
  std::string_view text_;
};

// Minutes east of Greenwich from what is left of the text.
std::optional<int> read_zone(Digits& text) {
  if (text.skip("Zz")) return text.empty() ? std::optional(0) : std::nullopt;
  const int sign = text.next() == '-' ? -1 : 1;
  if (!text.skip("+-")) return std::nullopt;
  int hours = 0;
  int minutes = 0;
  if (!text.number(2, hours) || hours > 14) return std::nullopt;
  if (!text.empty()) {
    text.skip(":");
    if (!text.number(2, minutes) || minutes > 59) return std::nullopt;
  }
  if (!text.empty()) return std::nullopt;
  return sign * (hours * 60 + minutes);
}

}  // namespace

std::optional<Rejection> read_epoch_ms(std::int64_t number, Timestamp& out) {
  if (number >= kMsMin && number <= kMsMax) {
    out = from_ms(number);
    return std::nullopt;
  }
  if (number >= kMsMin / 1000 && number <= kMsMax / 1000) {
    return Rejection{"time_unit", 0, "10 digits are seconds; give milliseconds"};
  }
  if (number >= kMsMin * 1000 && number <= kMsMax * 1000) {
    return Rejection{"time_unit", 0, "16 digits are microseconds; give milliseconds"};
  }
  return Rejection{"time_range", 0, "milliseconds since 1970, from 2001 to 2286"};
}

std::optional<Rejection> read_iso_time(std::string_view text, Timestamp& out) {
  Digits digits(text);
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, ms = 0;
  const bool date = digits.number(4, year) && digits.skip("-") && digits.number(2, month) && digits.skip("-") &&
                    digits.number(2, day);
  if (!date || !digits.skip("Tt ") || !digits.number(2, hour) || !digits.skip(":") || !digits.number(2, minute)) {
    return Rejection{"invalid_time", 0, "like 2026-11-22T04:42:59.123Z"};
  }
  if (digits.skip(":") && (!digits.number(2, second) || (digits.skip(".,") && !digits.fraction(ms)))) {
    return Rejection{"invalid_time", 0, "like 2026-11-22T04:42:59.123Z"};
  }
  const std::chrono::year_month_day on{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                       std::chrono::day(static_cast<unsigned>(day))};
  if (!on.ok() || hour > 23 || minute > 59 || second > 60) return Rejection{"invalid_time", 0, "no such day or hour"};
  if (digits.empty()) return Rejection{"time_zone", 0, "say the zone: Z, +03 or +03:00"};
  const std::optional<int> east = read_zone(digits);
  if (!east) return Rejection{"invalid_time", 0, "the zone is Z, +03, +0300 or +03:00"};
  const Timestamp at = Timestamp(std::chrono::sys_days(on)) + std::chrono::hours(hour) +
                       std::chrono::minutes(minute - *east) + std::chrono::seconds(second) + Millis(ms);
  if (to_ms(at) < kMsMin || to_ms(at) > kMsMax) return Rejection{"time_range", 0, "from 2001 to 2286"};
  out = at;
  return std::nullopt;
}

EventTime correct_time(const ClientTimes& times, Timestamp received) {
  if (!times.created) return {received, false};
  Timestamp at = *times.created;
  if (times.sent) {
    const Millis skew = received - *times.sent;
    if (skew < kSkewMax && skew > -kSkewMax) at += skew;
  }
  if (at > received + kFutureMax) return {received + kFutureMax, true};
  return {at, false};
}

}  // namespace juncture
