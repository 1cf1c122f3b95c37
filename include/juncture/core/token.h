// The opaque token of an offered item: feedback cannot be forged for what was not shown.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "juncture/core/types.h"

namespace juncture {

struct TokenFacts {
  std::string prospect;
  std::string content;
  std::uint64_t decision = 0;
  std::int64_t as_of_ms = 0;
  friend bool operator==(const TokenFacts&, const TokenFacts&) = default;
};

// HMAC-SHA256 (RFC 2104) with the key's own part worked out once: that is most of what a short text costs. One thread.
class TokenSigner {
 public:
  explicit TokenSigner(std::string_view key);
  ~TokenSigner();
  TokenSigner(const TokenSigner&) = delete;
  TokenSigner& operator=(const TokenSigner&) = delete;

  // The first 128 bits.
  using Mac = std::array<unsigned char, 16>;
  Mac mac(std::string_view text);

 private:
  struct Contexts;
  std::unique_ptr<Contexts> contexts_;
};

// base64url of the facts, a dot, and 128 bits of HMAC-SHA256 over them. Deterministic.
std::string make_token(TokenSigner& signer, const TokenFacts& facts);
// The facts, or none when the token was not made with that key. Compares in constant time.
std::optional<TokenFacts> read_token(std::string_view key, std::string_view token);

}  // namespace juncture
