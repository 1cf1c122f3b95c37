#include "juncture/core/json_writer.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>

namespace juncture {
namespace {

// Bytes that stand for themselves, whatever comes after them.
constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> out{};
  for (std::size_t byte = 0x20; byte < out.size(); ++byte) out[byte] = true;
  for (const std::size_t byte : {0x22U, 0x5cU, 0x3cU, 0x7fU, 0xe2U}) out[byte] = false;
  return out;
}();

// Runs of what needs no escape are copied whole: nearly all of every text is.
void append_escaped(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::size_t done = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (kPlain[byte]) continue;
    const bool separator = byte == 0xe2 && i + 2 < text.size() && text[i + 1] == '\x80' &&
                           (text[i + 2] == '\xa8' || text[i + 2] == '\xa9');
    if (byte == 0xe2 && !separator) continue;
    out.append(text, done, i - done);
    if (separator) {
      out.append(text[i + 2] == '\xa8' ? "\\u2028" : "\\u2029");
      i += 2;
    } else if (byte == '"' || byte == '\\') {
      out.push_back('\\');
      out.push_back(text[i]);
    } else {
      out.append("\\u00");
      out.push_back(kHex[byte >> 4U]);
      out.push_back(kHex[byte & 0xfU]);
    }
    done = i + 1;
  }
  out.append(text, done);
}

// Most of a row is names and short words that need no escape: one step for each.
void append_quoted(std::string& out, bool comma, std::string_view text, std::string_view behind) {
  if (!std::all_of(text.begin(), text.end(), [](char c) { return kPlain[static_cast<unsigned char>(c)]; })) {
    out.append(comma ? ",\"" : "\"");
    append_escaped(out, text);
    out.push_back('"');
    out.append(behind);
    return;
  }
  const std::size_t size = out.size();
  out.resize(size + (comma ? 1U : 0U) + text.size() + behind.size() + 2);
  char* at = out.data() + size;
  if (comma) *at++ = ',';
  *at++ = '"';
  at = std::copy(text.begin(), text.end(), at);
  *at++ = '"';
  std::copy(behind.begin(), behind.end(), at);
}

constexpr std::array<std::uint64_t, 8> kPowers{1, 10, 100, 1'000, 10'000, 100'000, 1'000'000, 10'000'000};

// |number| * 10^decimals to the nearest integer, ties to even, as to_chars() rounds; none where 128 bits may not do.
std::optional<std::uint64_t> scaled_exactly(double number, std::size_t decimals) {
  __extension__ using Wide = unsigned __int128;
  constexpr int kFraction = 52, kBias = 1023;
  const auto bits = std::bit_cast<std::uint64_t>(number);
  const int exponent = static_cast<int>(bits >> kFraction & 0x7ffU);
  if (exponent >= kBias + 32 || decimals >= kPowers.size()) return std::nullopt;
  if (exponent < kBias - 64) return 0;  // less than half of any last place
  const std::uint64_t mantissa = (bits & ((std::uint64_t{1} << kFraction) - 1)) | std::uint64_t{1} << kFraction;
  const int shift = kBias + kFraction - exponent;  // 21 to 116
  const Wide value = static_cast<Wide>(mantissa) * kPowers[decimals];
  const Wide whole = value >> shift, rest = value - (whole << shift), half = static_cast<Wide>(1) << (shift - 1);
  const auto out = static_cast<std::uint64_t>(whole);
  return rest > half || (rest == half && (out & 1U) != 0) ? out + 1 : out;
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
  append_quoted(out_, comma_, name, ":");
  comma_ = false;
  return *this;
}
void JsonWriter::value(std::string_view text) {
  append_quoted(out_, comma_, text, {});
  comma_ = true;
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
  const auto places = static_cast<std::size_t>(decimals);
  if (const auto scaled = scaled_exactly(number, places)) {
    char* at = buffer.data();
    if (std::signbit(number)) *at++ = '-';
    at = std::to_chars(at, buffer.data() + buffer.size(), *scaled / kPowers[places]).ptr;
    if (places > 0) *at++ = '.';
    std::uint64_t fraction = *scaled % kPowers[places];
    for (std::size_t i = places; i-- > 0; fraction /= 10) at[i] = static_cast<char>('0' + fraction % 10);
    return raw({buffer.data(), static_cast<std::size_t>(at - buffer.data()) + places});
  }
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
