#include "config/units.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

namespace juncture::config {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};
constexpr std::array<Unit, 5> kDurations{{{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};
constexpr std::array<Unit, 4> kSizes{{{"GiB", kGiB}, {"MiB", kMiB}, {"KiB", kKiB}, {"B", 1}}};

std::optional<std::int64_t> parse_with_unit(std::string_view text, std::span<const Unit> units) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || number < 0) return std::nullopt;
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  for (const Unit& known : units) {
    if (known.name != unit) continue;
    if (number > std::numeric_limits<std::int64_t>::max() / known.factor) return std::nullopt;
    return number * known.factor;
  }
  return std::nullopt;
}

std::string format_with_unit(std::int64_t value, std::span<const Unit> units) {
  for (const Unit& unit : units) {
    if (value != 0 && value % unit.factor == 0) return std::to_string(value / unit.factor) + std::string(unit.name);
  }
  return "0" + std::string(units.back().name);
}

// Two digits or more at `at`, as a number.
std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) {
  int value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (i >= text.size() || text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

std::size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

std::optional<Millis> parse_duration(std::string_view text) {
  const auto value = parse_with_unit(text, kDurations);
  return value ? std::optional(Millis{*value}) : std::nullopt;
}

std::string format_duration(Millis duration) {
  return format_with_unit(duration.count(), kDurations);
}

std::optional<Bytes> parse_size(std::string_view text) {
  const auto value = parse_with_unit(text, kSizes);
  return value ? std::optional(Bytes{*value}) : std::nullopt;
}

std::string format_size(Bytes size) {
  return format_with_unit(size.count, kSizes);
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool all = error == std::errc{} && end == text.data() + text.size();
  return all ? std::optional(number) : std::nullopt;
}

std::optional<double> parse_number(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool all = error == std::errc{} && end == text.data() + text.size();
  return all && std::isfinite(number) ? std::optional(number) : std::nullopt;
}

std::optional<Timestamp> parse_time(std::string_view text) {
  using namespace std::chrono;
  const auto y = digits(text, 0, 4);
  const auto m = digits(text, 5, 2);
  const auto d = digits(text, 8, 2);
  if (!y || !m || !d || text[4] != '-' || text[7] != '-') return std::nullopt;
  const year_month_day date{year{*y}, month{static_cast<unsigned>(*m)}, day{static_cast<unsigned>(*d)}};
  if (!date.ok()) return std::nullopt;
  Timestamp time = sys_days{date};
  if (text.size() == 10) return time;
  const auto hour = digits(text, 11, 2);
  const auto minute = digits(text, 14, 2);
  const auto second = digits(text, 17, 2);
  const bool form = text.size() == 20 && text[10] == 'T' && text[13] == ':' && text[16] == ':' && text[19] == 'Z';
  if (!form || !hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  return time + hours{*hour} + minutes{*minute} + seconds{*second};
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> known) {
  std::string_view nearest;
  std::size_t least = 0;
  for (const std::string_view candidate : known) {
    // `window_secs` for `window`: a known word with something behind it is near, too.
    const bool inside = candidate.size() >= 4 && word.substr(0, candidate.size()) == candidate;
    const std::size_t distance = inside ? 1 : edits(word, candidate);
    const bool longer = distance == least && inside && candidate.size() > nearest.size();
    if (nearest.empty() || distance < least || longer) {
      nearest = candidate;
      least = distance;
    }
  }
  const std::size_t near = std::max<std::size_t>(2, word.size() / 3);
  return nearest.empty() || least > near ? std::string() : " (did you mean `" + std::string(nearest) + "`?)";
}

}  // namespace juncture::config
