#include "text/normalise.h"

#include <catch2/catch.hpp>
#include <string>

namespace juncture::text {
namespace {

std::string normal(std::string_view raw) {
  Normalised words;
  words.read(raw);
  return std::string(words.text());
}

TEST_CASE("words come out in lower case with a space on both sides", "[text]") {
  CHECK(normal("Best ERP, for  Hotels?") == " best erp for hotels ");
  CHECK(normal("don't") == " dont ");
  CHECK(normal("ISO 27001 at $5") == " iso 00000 at $ 0 ");
  CHECK(normal("") == " ");
  CHECK(normal(" \t\n,.;") == " ");
}

TEST_CASE("letters of other scripts are folded and kept", "[text]") {
  CHECK(normal("Stra\xC3\x9F"
               "e") == " strasse ");
  CHECK(normal("caf\xC3\xA9 \xEF\xBC\xA1\xEF\xBC\xA2") == " cafe ab ");
  CHECK(normal("\xE2\x82\xAC"
               "5") == " $ 0 ");
  CHECK(normal("\xE4\xBB\xB7\xE6\xA0\xBC") == " \xE4\xBB\xB7\xE6\xA0\xBC ");
}

TEST_CASE("bytes that are not UTF-8, NUL and control characters end a word and do no harm", "[text]") {
  CHECK(normal(std::string("a\0b", 3)) == " a b ");
  CHECK(normal("a\xFF\xC3") == " a ");
  CHECK(normal("\xED\xA0\x80x") == " x ");
  CHECK(normal("a\x01z") == " a z ");
}

TEST_CASE("a text of a megabyte is cut at 512 bytes, 64 words and 64 bytes a word", "[text]") {
  Normalised words;
  words.read(std::string(1'000'000, 'x'));
  REQUIRE(words.words() == 1);
  CHECK(words.word(0).size() == kTokenBytesMax);

  std::string many;
  for (int i = 0; i < 100'000; ++i) many += "ab ";
  words.read(many);
  CHECK(words.words() == kTokensMax);
  CHECK(words.text().size() <= kTextBytesMax + kTokensMax);

  std::string ligatures;
  for (int i = 0; i < 1'000; ++i) ligatures += "\xEF\xB7\xBA";  // one code point of 18
  words.read(ligatures);
  CHECK(words.text().size() <= kTextBytesMax + kTokensMax);
}

TEST_CASE("what no buyer types is garbage", "[text]") {
  CHECK(is_garbage("<script>alert(1)</script>"));
  CHECK(is_garbage("SELECT * FROM users"));
  CHECK(is_garbage("1' OR '1'='1"));
  CHECK(is_garbage("https://example.com/a?b=c"));
  CHECK(is_garbage("deadbeef01234567"));
  CHECK(is_garbage("12345 678"));
  CHECK_FALSE(is_garbage("select an erp from three vendors"));
  CHECK_FALSE(is_garbage("price < 100 per user"));
  CHECK_FALSE(is_garbage("decade"));
  CHECK_FALSE(is_garbage(""));
  CHECK_FALSE(is_garbage("!!!"));
}

}  // namespace
}  // namespace juncture::text
