#include "juncture/core/token.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "juncture/core/result.h"

namespace juncture {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::size_t kBlockBytes = 64, kDigestBytes = 32;  // of SHA-256
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

struct TokenSigner::Contexts {
  using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;
  static Context made() { return {EVP_MD_CTX_new(), EVP_MD_CTX_free}; }
  Context inner = made(), outer = made(), work = made();

  using Digest = std::array<unsigned char, kDigestBytes>;
  Digest end(const Context& begun, const void* bytes, std::size_t size) {
    Digest out;
    JUNCTURE_ASSERT(EVP_MD_CTX_copy_ex(work.get(), begun.get()) == 1 &&
                    EVP_DigestUpdate(work.get(), bytes, size) == 1 &&
                    EVP_DigestFinal_ex(work.get(), out.data(), nullptr) == 1);
    return out;
  }
};

TokenSigner::TokenSigner(std::string_view key) : contexts_(std::make_unique<Contexts>()) {
  std::array<unsigned char, kBlockBytes> block{};
  if (key.size() > kBlockBytes) {
    JUNCTURE_ASSERT(EVP_Digest(key.data(), key.size(), block.data(), nullptr, EVP_sha256(), nullptr) == 1);
  } else {
    std::copy(key.begin(), key.end(), block.begin());
  }
  const auto begin = [&](EVP_MD_CTX* context, unsigned char pad) {
    std::array<unsigned char, kBlockBytes> padded = block;
    for (unsigned char& byte : padded) byte ^= pad;
    JUNCTURE_ASSERT(EVP_DigestInit_ex(context, EVP_sha256(), nullptr) == 1 &&
                    EVP_DigestUpdate(context, padded.data(), padded.size()) == 1);
  };
  begin(contexts_->inner.get(), 0x36);
  begin(contexts_->outer.get(), 0x5c);
}

TokenSigner::~TokenSigner() = default;

TokenSigner::Mac TokenSigner::mac(std::string_view text) {
  const auto inner = contexts_->end(contexts_->inner, text.data(), text.size());
  const auto full = contexts_->end(contexts_->outer, inner.data(), inner.size());
  Mac out;
  std::copy_n(full.begin(), out.size(), out.begin());
  return out;
}

std::string make_token(TokenSigner& signer, const TokenFacts& facts) {
  std::array<char, 24> digits{};
  std::string text = facts.prospect;
  text.push_back(kEnd);
  text.append(facts.content).push_back(kEnd);
  text.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), facts.decision, 16).ptr);
  text.push_back(kEnd);
  text.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), facts.as_of_ms).ptr);
  text.push_back(kEnd);
  const auto mac = signer.mac(text);
  return to_base64url(text) + "." + to_base64url({reinterpret_cast<const char*>(mac.data()), mac.size()});
}

std::optional<TokenFacts> read_token(std::string_view key, std::string_view token) {
  const std::size_t dot = token.find('.');
  if (dot == std::string_view::npos || token.size() > kTokenBytesMax) return std::nullopt;
  const auto text = from_base64url(token.substr(0, dot));
  const auto given = from_base64url(token.substr(dot + 1));
  if (!text || !given || given->size() != TokenSigner::Mac{}.size()) return std::nullopt;
  const auto mac = TokenSigner(key).mac(*text);
  if (CRYPTO_memcmp(mac.data(), given->data(), mac.size()) != 0) return std::nullopt;
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
