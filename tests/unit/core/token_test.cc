#include "juncture/core/token.h"

#include <catch2/catch.hpp>

using namespace juncture;

TEST_CASE("a token's signature is HMAC-SHA256", "[core]") {
  const TokenFacts facts{.prospect = "v-3a10", .content = "five-signs", .decision = 0xdeadbeefULL, .as_of_ms = 42};
  // By Python's hmac; the second key is longer than a block.
  TokenSigner brief("secret"), lengthy(std::string(100, 'k'));
  for (int n = 0; n < 3; ++n) {
    CHECK(make_token(brief, facts) == "di0zYTEwH2ZpdmUtc2lnbnMfZGVhZGJlZWYfNDIf.x9eVnUSd5K5jfDsBT5f2ng");
    CHECK(make_token(lengthy, facts) == "di0zYTEwH2ZpdmUtc2lnbnMfZGVhZGJlZWYfNDIf.GlghIoGxFEgbFIa4eEPnIQ");
  }
}

TEST_CASE("a token gives back its facts and nothing else passes", "[core]") {
  const TokenFacts facts{.prospect = "v-3a10", .content = "five-signs", .decision = 0xdeadbeefULL, .as_of_ms = 42};
  TokenSigner signer("secret");
  const std::string token = make_token(signer, facts);

  CHECK(read_token("secret", token) == facts);
  CHECK_FALSE(read_token("other", token));
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string forged = token;
    forged[i] = forged[i] == 'A' ? 'B' : 'A';
    const auto read = read_token("secret", forged);
    CHECK((!read || *read == facts));  // the last character of base64 has spare bits
  }
  CHECK_FALSE(read_token("secret", ""));
  CHECK_FALSE(read_token("secret", "."));
  CHECK_FALSE(read_token("secret", std::string(5000, 'A') + ".A"));
}
