#include "adapters/http/head_scanner.h"

#include <algorithm>

namespace juncture {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_target_char(char c) {
  return c > 0x20 && c < 0x7f && c != '#' && c != '\\' && c != '"' && c != '<' && c != '>';
}

bool is_value_char(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

bool is_token_char(char c) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') || kMarks.find(c) != std::string_view::npos;
}

bool same_word(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

HeadScanner::State HeadScanner::refuse(int status, std::string_view code, std::string_view detail) {
  refusal_ = {status, code, detail};
  return State::refused;
}

HeadScanner::State HeadScanner::scan(std::string_view buffer) {
  if (refusal_.status != 0) return State::refused;
  while (at_ < buffer.size()) {
    const char c = buffer[at_];
    if (c == '\0') return refuse(400, "bad_request", "a zero byte in the head");
    if (c == '\n') return refuse(400, "bad_request", "a line ends in LF without CR");
    if (c == '\r') {
      if (at_ + 1 == buffer.size()) break;
      if (buffer[at_ + 1] != '\n') return refuse(400, "bad_request", "CR without LF");
      const std::string_view line = buffer.substr(line_, at_ - line_);
      at_ += 2;
      line_ = at_;
      if (const State state = end_line(line); state != State::more) return state;
      continue;
    }
    ++at_;
    if (head_ == 0 && at_ > limits_->request_line_bytes_max) {
      return refuse(414, "uri_too_long", "the request line is too long");
    }
    if (head_ != 0 && at_ - head_ > limits_->header_bytes_max) {
      return refuse(431, "header_too_large", "the header is too large");
    }
  }
  return State::more;
}

HeadScanner::State HeadScanner::end_line(std::string_view line) {
  if (head_ == 0) {
    head_ = at_;
    return request_line(line);
  }
  if (line.empty()) return finish();
  return field(line);
}

HeadScanner::State HeadScanner::request_line(std::string_view line) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) {
    return refuse(400, "bad_request", "the request line is not: method, target, version");
  }
  const std::string_view method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  if (method.empty() || method.size() > 16 || !std::all_of(method.begin(), method.end(), is_token_char)) {
    return refuse(400, "bad_request", "the method is not a token");
  }
  const bool any_target = target == "*" && method == "OPTIONS";
  if (!any_target && (target.empty() || target.front() != '/')) {
    return refuse(400, "bad_request", "the target is not a path");
  }
  if (!std::all_of(target.begin(), target.end(), is_target_char)) {
    return refuse(400, "bad_request", "the target holds a character that has to be percent-encoded");
  }
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    const bool other = version.size() == 8 && version.starts_with("HTTP/") && is_digit(version[5]) &&
                       version[6] == '.' && is_digit(version[7]);
    return other ? refuse(505, "http_version", "HTTP/1.1 and HTTP/1.0 are spoken here")
                 : refuse(400, "bad_request", "the version is not HTTP/1.1");
  }
  old_version_ = version == "HTTP/1.0";
  bodiless_ = method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "DELETE";
  return State::more;
}

HeadScanner::State HeadScanner::field(std::string_view line) {
  if (++fields_ > limits_->header_fields_max) return refuse(431, "header_too_large", "too many header fields");
  if (line.front() == ' ' || line.front() == '\t') return refuse(400, "bad_request", "a folded header line");
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return refuse(400, "bad_request", "a header line without a colon");
  const std::string_view name = line.substr(0, colon);
  if (name.empty() || !std::all_of(name.begin(), name.end(), is_token_char)) {
    return refuse(400, "bad_request", "a header name is not a token, or there is space before its colon");
  }
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (!std::all_of(value.begin(), value.end(), is_value_char)) {
    return refuse(400, "bad_request", "a control character in a header value");
  }
  return framing_field(name, value);
}

HeadScanner::State HeadScanner::framing_field(std::string_view name, std::string_view value) {
  if (same_word(name, "host")) {
    if (++hosts_ > 1) return refuse(400, "bad_request", "two Host headers");
  } else if (same_word(name, "content-length")) {
    if (length_) return refuse(400, "bad_request", "two Content-Length headers");
    if (value.empty() || value.size() > 15 || !std::all_of(value.begin(), value.end(), is_digit)) {
      return refuse(400, "bad_request", "Content-Length is not a whole number");
    }
    length_ = true;
    empty_length_ = value.find_first_not_of('0') == std::string_view::npos;
  } else if (same_word(name, "transfer-encoding")) {
    if (chunked_) return refuse(400, "bad_request", "two Transfer-Encoding headers");
    if (!same_word(value, "chunked")) return refuse(400, "bad_request", "Transfer-Encoding other than chunked");
    chunked_ = true;
  } else if (same_word(name, "content-encoding")) {
    if (!same_word(value, "identity")) {
      return refuse(415, "content_encoding", "send the body as it is: no Content-Encoding is taken");
    }
  } else if (same_word(name, "expect")) {
    if (!same_word(value, "100-continue")) return refuse(417, "expectation", "only 100-continue can be expected");
  }
  return State::more;
}

HeadScanner::State HeadScanner::finish() {
  if (length_ && chunked_) return refuse(400, "bad_request", "both Content-Length and Transfer-Encoding");
  if (chunked_ && old_version_) return refuse(400, "bad_request", "Transfer-Encoding in HTTP/1.0");
  if (hosts_ == 0 && !old_version_) return refuse(400, "bad_request", "no Host header");
  if (bodiless_ && (chunked_ || (length_ && !empty_length_))) {
    return refuse(400, "bad_request", "a body on a method that has none");
  }
  if (!bodiless_ && !chunked_ && !length_) return refuse(411, "length_required", "say Content-Length");
  return State::complete;
}

}  // namespace juncture
