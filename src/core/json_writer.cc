#include "juncture/core/json_writer.h"

#include <array>
#include <charconv>
#include <cmath>

namespace juncture {
namespace {

void append_escaped(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (byte < 0x20 || c == '<' || byte == 0x7f) {
      out.append("\\u00");
      out.push_back(kHex[byte >> 4U]);
      out.push_back(kHex[byte & 0xfU]);
    } else if (byte == 0xe2 && text.substr(i, 2) == "\xe2\x80" && i + 2 < text.size() &&
               (text[i + 2] == '\xa8' || text[i + 2] == '\xa9')) {
      out.append(text[i + 2] == '\xa8' ? "\\u2028" : "\\u2029");
      i += 2;
    } else {
      out.push_back(c);
    }
  }
}

}  // namespace

void JsonWriter::separate() {
  if (comma_) out_.push_back(',');
  comma_ = true;
}
void JsonWriter::open(char c) {
  separate();
  out_.push_back(c);
  comma_ = false;
}
void JsonWriter::close(char c) {
  out_.push_back(c);
  comma_ = true;
}
JsonWriter& JsonWriter::key(std::string_view name) {
  value(name);
  out_.push_back(':');
  comma_ = false;
  return *this;
}
void JsonWriter::value(std::string_view text) {
  separate();
  out_.push_back('"');
  append_escaped(out_, text);
  out_.push_back('"');
}
void JsonWriter::value(bool flag) {
  raw(flag ? "true" : "false");
}
void JsonWriter::null() {
  raw("null");
}
void JsonWriter::raw(std::string_view json) {
  separate();
  out_.append(json);
}
void JsonWriter::value(double number) {
  if (!std::isfinite(number)) return null();
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
  raw({buffer.data(), static_cast<std::size_t>(end - buffer.data())});
}
void JsonWriter::fixed(double number, int decimals) {
  if (!std::isfinite(number)) return null();
  std::array<char, 64> buffer{};
  const auto result =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, std::chars_format::fixed, decimals);
  if (result.ec != std::errc{}) return value(number);
  raw({buffer.data(), static_cast<std::size_t>(result.ptr - buffer.data())});
}
void JsonWriter::integer(std::int64_t number) {
  std::array<char, 24> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
  raw({buffer.data(), static_cast<std::size_t>(end - buffer.data())});
}
void JsonWriter::natural(std::uint64_t number) {
  std::array<char, 24> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
  raw({buffer.data(), static_cast<std::size_t>(end - buffer.data())});
}

}  // namespace juncture
