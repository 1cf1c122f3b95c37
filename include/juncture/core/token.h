// The opaque token of an offered item: feedback cannot be forged for what was not shown.
#pragma once

#include <cstdint>
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

// base64url of the facts, a dot, and 128 bits of HMAC-SHA256 over them. Deterministic.
std::string make_token(std::string_view key, const TokenFacts& facts);
// The facts, or none when the token was not made with that key. Compares in constant time.
std::optional<TokenFacts> read_token(std::string_view key, std::string_view token);

}  // namespace juncture
