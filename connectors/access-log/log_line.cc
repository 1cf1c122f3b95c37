#include "log_line.h"

#include <array>
#include <charconv>

namespace juncture {
namespace {

constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// Walks a line from left to right; every step says whether it found what it wanted.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  std::size_t position() const { return position_; }
  bool at_end() const { return position_ == text_.size(); }
  bool skip(char c) {
    if (at_end() || text_[position_] != c) return false;
    ++position_;
    return true;
  }
  bool until(char c, std::string_view& out) {
    const std::size_t end = text_.find(c, position_);
    if (end == std::string_view::npos) return false;
    out = text_.substr(position_, end - position_);
    position_ = end;
    return true;
  }
  // "..." in which a backslash keeps the quote behind it from closing.
  bool quoted(std::string_view& out) {
    if (!skip('"')) return false;
    const std::size_t begin = position_;
    for (std::size_t i = begin; i < text_.size(); ++i) {
      if (text_[i] == '\\') {
        ++i;
      } else if (text_[i] == '"') {
        out = text_.substr(begin, i - begin);
        position_ = i + 1;
        return true;
      }
    }
    position_ = text_.size();
    return false;
  }
  bool number(std::size_t digits, int& out) {
    const std::string_view text = text_.substr(position_, digits);
    if (text.size() < digits || text.front() < '0' || text.front() > '9') return false;
    const auto parsed = std::from_chars(text.data(), text.data() + digits, out);
    if (parsed.ec != std::errc{} || parsed.ptr != text.data() + digits) return false;
    position_ += digits;
    return true;
  }
  bool month(unsigned& out) {
    for (unsigned m = 0; m < kMonths.size(); ++m) {
      if (text_.substr(position_, 3) == kMonths[m]) {
        out = m + 1;
        position_ += 3;
        return true;
      }
    }
    return false;
  }

 private:
  std::string_view text_;
  std::size_t position_ = 0;
};

// 17/May/2015:10:05:03 +0000
bool read_time(Cursor& line, Timestamp& out) {
  int day = 0, year = 0, hour = 0, minute = 0, second = 0, east_hours = 0, east_minutes = 0;
  unsigned month = 0;
  const bool shaped = line.number(2, day) && line.skip('/') && line.month(month) && line.skip('/') &&
                      line.number(4, year) && line.skip(':') && line.number(2, hour) && line.skip(':') &&
                      line.number(2, minute) && line.skip(':') && line.number(2, second) && line.skip(' ');
  if (!shaped) return false;
  const bool west = line.skip('-');
  if (!west && !line.skip('+')) return false;
  if (!line.number(2, east_hours) || !line.number(2, east_minutes)) return false;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || hour > 23 || minute > 59 || second > 60 || east_hours > 14 || east_minutes > 59) return false;
  const int east = (west ? -1 : 1) * (east_hours * 60 + east_minutes);
  out = Timestamp(std::chrono::sys_days(date)) + std::chrono::hours(hour) + std::chrono::minutes(minute - east) +
        std::chrono::seconds(second);
  return to_ms(out) > 0;
}

std::string_view or_empty(std::string_view field) {
  return field == "-" ? std::string_view() : field;
}

// Empty method and target if it is none: servers log what a stranger's TLS handshake looked like.
void read_request(std::string_view request, std::size_t position, LogLine& out) {
  out.target_position = position;
  const std::size_t method = request.find(' ');
  const std::size_t protocol = request.rfind(' ');
  if (method == std::string_view::npos || protocol == method || request.substr(protocol + 1, 5) != "HTTP/") return;
  for (const char c : request.substr(0, method)) {
    if (c < 'A' || c > 'Z') return;
  }
  out.method = request.substr(0, method);
  out.target = request.substr(method + 1, protocol - method - 1);
  out.target_position = position + method + 1;
}

}  // namespace

std::optional<Rejection> read_log_line(std::string_view text, LogLine& out) {
  Cursor line(text);
  const auto broken = [&](std::string_view wanted) {
    return Rejection{"invalid_line", line.position(), "expected " + std::string(wanted)};
  };
  std::string_view skipped, request, bytes;
  if (!line.until(' ', out.address) || out.address.empty() || !line.skip(' ')) return broken("an address");
  if (!line.until('[', skipped) || skipped.size() < 4 || !line.skip('[')) return broken("ident, user and [time]");
  if (!read_time(line, out.at) || !line.skip(']') || !line.skip(' '))
    return broken("a time like 17/May/2015:10:05:03 +0000]");
  const std::size_t request_position = line.position() + 1;
  if (!line.quoted(request) || !line.skip(' ')) return broken("the closing quote of the request");
  if (!line.number(3, out.status) || !line.skip(' ')) return broken("a status of three digits");
  if (!line.until(' ', bytes) || (bytes != "-" && bytes.find_first_not_of("0123456789") != std::string_view::npos) ||
      !line.skip(' ')) {
    return broken("a size");
  }
  if (!line.quoted(out.referrer) || !line.skip(' ')) return broken("the closing quote of the referrer");
  if (!line.quoted(out.agent)) return broken("the closing quote of the user agent");
  if (!line.at_end() && !line.skip(' ')) return broken("the end of the line");
  read_request(request, request_position, out);
  out.referrer = or_empty(out.referrer);
  out.agent = or_empty(out.agent);
  return std::nullopt;
}

}  // namespace juncture
