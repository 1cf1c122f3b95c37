#include "juncture/core/token.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

namespace juncture {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::size_t kMacBytes = 16;
constexpr std::size_t kTokenBytesMax = 1024;

std::string to_base64url(std::string_view bytes) {
  std::string out;
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : bytes) {
    bits = bits << 8U | static_cast<unsigned char>(c);
    for (held += 8; held >= 6; held -= 6) out.push_back(kAlphabet[(bits >> static_cast<unsigned>(held - 6)) & 63U]);
  }
  if (held > 0) out.push_back(kAlphabet[(bits << static_cast<unsigned>(6 - held)) & 63U]);
  return out;
}

std::optional<std::string> from_base64url(std::string_view text) {
  std::string out;
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : text) {
    const std::size_t value = kAlphabet.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    bits = bits << 6U | static_cast<std::uint32_t>(value);
    held += 6;
    if (held >= 8) {
      held -= 8;
      out.push_back(static_cast<char>(bits >> static_cast<unsigned>(held) & 0xffU));
    }
  }
  return out;
}

std::array<unsigned char, kMacBytes> mac_of(std::string_view key, std::string_view facts) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> full{};
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(facts.data()),
       facts.size(), full.data(), &size);
  std::array<unsigned char, kMacBytes> mac{};
  std::copy_n(full.begin(), kMacBytes, mac.begin());
  return mac;
}

// Fields end with a unit separator, which no id may contain.
constexpr char kEnd = '\x1f';

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> fields;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t end = text.find(kEnd, from);
    if (end == std::string_view::npos) return {};
    fields.push_back(text.substr(from, end - from));
    from = end + 1;
  }
  return fields;
}

template <class Number>
bool read_number(std::string_view text, Number& number, int base) {
  return std::from_chars(text.data(), text.data() + text.size(), number, base).ptr == text.data() + text.size();
}

}  // namespace

std::string make_token(std::string_view key, const TokenFacts& facts) {
  std::array<char, 24> digits{};
  std::string text = facts.prospect;
  text.push_back(kEnd);
  text.append(facts.content).push_back(kEnd);
  text.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), facts.decision, 16).ptr);
  text.push_back(kEnd);
  text.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), facts.as_of_ms).ptr);
  text.push_back(kEnd);
  const auto mac = mac_of(key, text);
  return to_base64url(text) + "." + to_base64url({reinterpret_cast<const char*>(mac.data()), mac.size()});
}

std::optional<TokenFacts> read_token(std::string_view key, std::string_view token) {
  const std::size_t dot = token.find('.');
  if (dot == std::string_view::npos || token.size() > kTokenBytesMax) return std::nullopt;
  const auto text = from_base64url(token.substr(0, dot));
  const auto given = from_base64url(token.substr(dot + 1));
  if (!text || !given || given->size() != kMacBytes) return std::nullopt;
  const auto mac = mac_of(key, *text);
  if (CRYPTO_memcmp(mac.data(), given->data(), kMacBytes) != 0) return std::nullopt;
  const auto fields = split(*text);
  TokenFacts facts;
  if (fields.size() != 4 || !read_number(fields[2], facts.decision, 16) ||
      !read_number(fields[3], facts.as_of_ms, 10)) {
    return std::nullopt;
  }
  facts.prospect = fields[0];
  facts.content = fields[1];
  return facts;
}

}  // namespace juncture
