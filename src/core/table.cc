#include "juncture/core/table.h"

#include <algorithm>
#include <charconv>
#include <chrono>

namespace juncture {
namespace {

// Takes one record off the front of `text`; `lines` grows by the line ends it has.
std::vector<std::string> take_record(std::string_view& text, char separator, std::size_t& lines) {
  std::vector<std::string> fields(1);
  const bool quotes = separator == ',';
  bool quoted = false;
  std::size_t i = 0;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (quotes && c == '"') {
      if (quoted && i + 1 < text.size() && text[i + 1] == '"') {
        fields.back() += text[++i];
      } else {
        quoted = !quoted;
      }
    } else if (!quoted && c == separator) {
      fields.emplace_back();
    } else if (!quoted && c == '\n') {
      break;
    } else {
      lines += c == '\n' ? 1 : 0;
      fields.back() += c;
    }
  }
  text.remove_prefix(std::min(i + 1, text.size()));
  ++lines;
  if (!fields.back().empty() && fields.back().back() == '\r') fields.back().pop_back();
  return fields;
}

// Takes digits off the front as a number of exactly so many digits, or of up to nine if `digits` is 0.
bool take_digits(std::string_view& text, std::size_t digits, int& out) {
  const std::size_t most = digits == 0 ? 9 : digits;
  std::size_t n = 0;
  out = 0;
  while (n < most && n < text.size() && text[n] >= '0' && text[n] <= '9') out = out * 10 + (text[n++] - '0');
  text.remove_prefix(n);
  return n > 0 && (digits == 0 || n == digits);
}

bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

bool take_time_of_day(std::string_view& text, std::int64_t& ms) {
  int hour = 0, minute = 0, second = 0;
  if (!take_digits(text, 2, hour) || !take(text, ":") || !take_digits(text, 2, minute)) return false;
  if (take(text, ":") && !take_digits(text, 2, second)) return false;
  ms += ((hour * 60LL + minute) * 60 + second) * 1000;
  if (take(text, ".")) {
    int unit = 100;
    for (int digit = 0; take_digits(text, 1, digit); unit /= 10) ms += digit * unit;
  }
  return hour < 24 && minute < 60 && second < 61;
}

}  // namespace

Result<Table> Table::parse(std::string_view text, std::string_view file) {
  Table table;
  table.file_ = std::string(file);
  std::size_t line = 1;
  for (; text.starts_with('#'); ++line) text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  const std::string_view first = text.substr(0, text.find('\n'));
  const char separator = first.find('\t') != std::string_view::npos ? '\t' : ',';
  while (!text.empty()) {
    const std::size_t began = line;
    std::vector<std::string> fields = take_record(text, separator, line);
    if (fields.size() == 1 && fields[0].empty()) continue;
    if (table.header_.empty()) {
      table.header_ = std::move(fields);
      continue;
    }
    table.lines_.push_back(began);
    if (fields.size() != table.header_.size()) {
      return table.bad(table.rows() - 1, "expected " + std::to_string(table.header_.size()) + " columns, found " +
                                             std::to_string(fields.size()));
    }
    std::move(fields.begin(), fields.end(), std::back_inserter(table.cells_));
  }
  if (table.header_.empty()) return fail(Domain::setup, "table", table.file_ + ":1:1: the file is empty");
  return table;
}

Result<std::size_t> Table::column(std::string_view name) const {
  const auto found = std::find(header_.begin(), header_.end(), name);
  if (found != header_.end()) return static_cast<std::size_t>(found - header_.begin());
  return fail(Domain::setup, "table", file_ + ":1:1: the header has no column `" + std::string(name) + "`");
}

Result<double> Table::number(std::size_t row, std::size_t column) const {
  const std::string& field = at(row, column);
  double value = 0;
  const auto read = std::from_chars(field.data(), field.data() + field.size(), value);
  if (read.ec == std::errc() && read.ptr == field.data() + field.size() && value - value == 0) return value;
  return bad(row, "`" + field + "` is not a number");
}

Result<std::int64_t> Table::time_ms(std::size_t row, std::size_t column) const {
  std::string_view text = at(row, column);
  int year = 0, month = 0, day = 0;
  bool fine = take_digits(text, 4, year) && take(text, "-") && take_digits(text, 2, month) && take(text, "-") &&
              take_digits(text, 2, day);
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  std::int64_t ms = 0;
  if (fine && take(text, " T")) {
    fine = take_time_of_day(text, ms);
    take(text, "Z");
  }
  if (!fine || !text.empty() || !date.ok()) return bad(row, "`" + at(row, column) + "` is not a time in UTC");
  return ms + std::chrono::sys_days(date).time_since_epoch().count() * std::int64_t{86'400'000};
}

tl::unexpected<Error> Table::bad(std::size_t row, std::string_view why) const {
  return fail(Domain::setup, "table", file_ + ":" + std::to_string(lines_[row]) + ":1: " + std::string(why));
}

}  // namespace juncture
