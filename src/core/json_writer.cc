#include "juncture/core/json_writer.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
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

constexpr std::size_t kChunk = 16;
using Bytes [[gnu::vector_size(kChunk)]] = unsigned char;

// Where a byte needs an escape, or might.
Bytes special_in(const Bytes& bytes) {
  return static_cast<Bytes>((bytes < 0x20) | (bytes == 0x22) | (bytes == 0x5c) | (bytes == 0x3c) | (bytes == 0x7f) |
                            (bytes == 0xe2));
}

// Copies `text` to `at`, a chunk at a time, so that whole chunks must fit; false if a byte of it may need an escape.
bool copy_plain(char* at, std::string_view text) {
  Bytes chunk, special{};
  for (; text.size() >= kChunk; text.remove_prefix(kChunk), at += kChunk) {
    std::memcpy(&chunk, text.data(), kChunk);
    std::memcpy(at, &chunk, kChunk);
    special |= special_in(chunk);
  }
  if (!text.empty()) {  // the text of an empty view may be nowhere
    std::memset(&chunk, ' ', kChunk);
    std::memcpy(&chunk, text.data(), text.size());
    std::memcpy(at, &chunk, kChunk);
    special |= special_in(chunk);
  }
  std::array<std::uint64_t, 2> any{};
  std::memcpy(any.data(), &special, sizeof(any));
  return (any[0] | any[1]) == 0;
}

constexpr std::size_t kDecimalsMax = 7;
constexpr std::array<std::uint64_t, kDecimalsMax + 2> kPowers{1,       10,        100,        1'000,      10'000,
                                                              100'000, 1'000'000, 10'000'000, 100'000'000};

// |number| * 10^decimals to the nearest integer, ties to even, as to_chars() rounds; none where 128 bits may not do.
std::optional<std::uint64_t> scaled_exactly(double number, std::size_t decimals) {
  __extension__ using Wide = unsigned __int128;
  constexpr int kFraction = 52, kBias = 1023;
  const auto bits = std::bit_cast<std::uint64_t>(number);
  const int exponent = static_cast<int>(bits >> kFraction & 0x7ffU);
  if (exponent >= kBias + 32 || decimals > kDecimalsMax) return std::nullopt;
  if (exponent < kBias - 64) return 0;  // less than half of any last place
  const std::uint64_t mantissa = (bits & ((std::uint64_t{1} << kFraction) - 1)) | std::uint64_t{1} << kFraction;
  const int shift = kBias + kFraction - exponent;  // 21 to 116
  const Wide value = static_cast<Wide>(mantissa) * kPowers[decimals];
  const Wide whole = value >> shift, rest = value - (whole << shift), half = static_cast<Wide>(1) << (shift - 1);
  const auto out = static_cast<std::uint64_t>(whole);
  return rest > half || (rest == half && (out & 1U) != 0) ? out + 1 : out;
}

// The eight decimal digits of a number below 10^8, the first in the lowest byte: all of them at once, by pairs of
// halves (Khuong, "How to print integers really fast", 2017).
std::uint64_t eight_digits(std::uint32_t number) {
  const std::uint64_t halves = std::uint64_t{number % 10'000} << 32U | number / 10'000;
  std::uint64_t pairs = (halves * 10'486 >> 20U) & 0x7f'0000'007fU;
  pairs += (halves - 100 * pairs) << 16U;
  std::uint64_t digits = (pairs * 103 >> 10U) & 0x000f'000f'000f'000fU;
  digits += (pairs - 10 * digits) << 8U;
  return digits + 0x3030'3030'3030'3030U;
}
static_assert(std::endian::native == std::endian::little);

// `number` / 10^decimals, of at most eight digits; writes up to 16 bytes and returns the end of the text.
char* write_short(std::uint32_t number, std::size_t decimals, char* at) {
  const std::uint64_t digits = eight_digits(number);
  // Nearly all are odds and have one digit before the point: where the next bytes go is then known at once.
  if (decimals > 0 && number < kPowers[decimals + 1]) {
    const std::uint64_t text = digits >> (8 * (7 - decimals)), fraction = text >> 8U;
    at[0] = static_cast<char>(text);
    at[1] = '.';
    std::memcpy(at + 2, &fraction, sizeof(fraction));
    return at + 2 + decimals;
  }
  const auto zeros = static_cast<std::size_t>(std::countr_zero(digits & 0x0f0f'0f0f'0f0f'0f0fU)) / 8;
  const std::size_t first = std::min(zeros, 7 - decimals), whole = 8 - decimals - first;
  const std::uint64_t text = digits >> (8 * first), fraction = decimals > 0 ? digits >> (8 * (8 - decimals)) : 0;
  std::memcpy(at, &text, sizeof(text));
  if (decimals == 0) return at + whole;
  at[whole] = '.';
  std::memcpy(at + whole + 1, &fraction, sizeof(fraction));
  return at + whole + 1 + decimals;
}

// The same of any number, from its last digit on.
char* write_long(std::uint64_t number, std::size_t decimals, char* at) {
  std::array<char, 24> digits{};
  char* const end = digits.data() + digits.size();
  char* first = end;
  for (std::size_t i = 0; i < decimals; ++i, number /= 10) *--first = static_cast<char>('0' + number % 10);
  if (decimals > 0) *--first = '.';
  do *--first = static_cast<char>('0' + number % 10);
  while ((number /= 10) > 0);
  return std::copy(first, end, at);
}

}  // namespace

void JsonWriter::grow(std::size_t bytes) {
  constexpr std::size_t kStep = 1'000;
  const std::size_t used = at_ == nullptr ? out_.size() : static_cast<std::size_t>(at_ - out_.data());
  out_.resize(used + std::max(bytes, kStep));
  at_ = out_.data() + used;
  end_ = out_.data() + out_.size();
}
void JsonWriter::settle() {
  out_.resize(static_cast<std::size_t>(at_ - out_.data()));
  at_ = end_ = nullptr;
}
void JsonWriter::write_name(std::string_view name) {
  value(name);
  *room(1) = ':';
  ++at_;
  comma_ = false;
}
void JsonWriter::value(std::string_view text) {
  char* at = value_room(text.size() + kChunk + 2);
  *at++ = '"';
  if (copy_plain(at, text)) {
    at += text.size();
  } else {
    std::string escaped;
    append_escaped(escaped, text);
    const auto before = static_cast<std::size_t>(at - at_);
    at = room(before + escaped.size() + 1) + before;
    at = std::copy(escaped.begin(), escaped.end(), at);
  }
  *at++ = '"';
  at_ = at;
}
void JsonWriter::raw(std::string_view json) {
  at_ = std::copy(json.begin(), json.end(), value_room(json.size()));
}
void JsonWriter::value(double number) {
  if (!std::isfinite(number)) return null();
  constexpr std::size_t kMost = 32;
  char* at = value_room(kMost);
  at_ = std::to_chars(at, at + kMost, number).ptr;
}
void JsonWriter::fixed(double number, int decimals) {
  const auto places = static_cast<std::size_t>(decimals);
  if (places <= kDecimalsMax) {
    // One multiplication, off by 1e-8 at most, tells which way to round but next to a tie.
    constexpr double kMost = 99'999'999, kNear = 1e-6;
    const double product = std::fabs(number) * static_cast<double>(kPowers[places]);
    if (product < kMost) {
      const auto below = static_cast<std::uint32_t>(product);
      const double rest = product - below;
      if (std::fabs(rest - .5) > kNear) {
        char* at = value_room(24);
        if (std::signbit(number)) *at++ = '-';
        at_ = write_short(below + (rest > .5 ? 1U : 0U), places, at);
        return;
      }
    }
  }
  fixed_slowly(number, decimals);
}
void JsonWriter::fixed_slowly(double number, int decimals) {
  if (!std::isfinite(number)) return null();
  const auto places = static_cast<std::size_t>(decimals);
  if (const auto scaled = scaled_exactly(number, places)) {
    constexpr std::size_t kMost = 48;
    char* at = value_room(kMost);
    if (std::signbit(number)) *at++ = '-';
    at_ = write_long(*scaled, places, at);
    return;
  }
  std::array<char, 400> buffer{};
  const auto result =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, std::chars_format::fixed, decimals);
  if (result.ec != std::errc{}) return value(number);
  raw({buffer.data(), static_cast<std::size_t>(result.ptr - buffer.data())});
}
void JsonWriter::integer(std::int64_t number) {
  constexpr std::size_t kMost = 24;
  char* at = value_room(kMost);
  at_ = std::to_chars(at, at + kMost, number).ptr;
}
void JsonWriter::natural(std::uint64_t number) {
  constexpr std::size_t kMost = 24;
  char* at = value_room(kMost);
  at_ = std::to_chars(at, at + kMost, number).ptr;
}

}  // namespace juncture
