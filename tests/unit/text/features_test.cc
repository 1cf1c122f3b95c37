#include "text/features.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "juncture/core/chance.h"

namespace juncture::text {
namespace {

struct Given {
  std::vector<Phrase> phrases{
      {"aquaflow", 0, 0, 0, Slot::vendor},        {"payrol", 0, 0, 0, Slot::product},
      {"payrol softwar", 0, 0, 0, Slot::product}, {"price", 0, 1, 8, Slot::none},
      {"softmast", 0, 0, 0, Slot::vendor},        {"which is better", 1U << 6U, 0, 0, Slot::none}};
  PhraseMatcher matcher = *PhraseMatcher::compile(phrases);
  WebIndex web{{{"not", WebPlace::query, 1U << index_of(WebCue::negation)},
                {"what", WebPlace::query, 1U << index_of(WebCue::question)}}};
  FeatureReader reader{phrases, matcher, web};
};

TEST_CASE("features of a text hash to these buckets on every machine", "[text]") {
  Given given;
  const Features& features = given.reader.read("Payroll price");

  REQUIRE(features.kind == TextKind::words);
  const std::vector<std::uint16_t> words(features.word.begin(),
                                         features.word.begin() + static_cast<std::ptrdiff_t>(features.word_count));
  const std::vector<std::uint16_t> chars(features.chars.begin(), features.chars.begin() + 4);
  CHECK(words == std::vector<std::uint16_t>{46587, 30058, 7401, 37023, 26956, 1645});
  CHECK(chars == std::vector<std::uint16_t>{18855, 57541, 64504, 27217});
  CHECK(features.char_count == 30);
  CHECK(features.text_hash == 0x6a67a6a74331923aULL);
}

TEST_CASE("stems find every form of a phrase", "[text]") {
  CHECK(stems_of("Prices") == "price");
  CHECK(stems_of("payroll software") == "payrol softwar");
  CHECK(stems_of(" ?! ").empty());
}

TEST_CASE("a stem that is remembered is the stem that was found, whatever came between", "[text]") {
  StemCache used;
  Chance chance(4);
  for (int i = 0; i < 5000; ++i) {
    std::string word;
    const std::size_t size = 1 + chance.below(26);
    for (std::size_t c = 0; c < size; ++c) word += static_cast<char>('a' + chance.below(i % 2 == 0 ? 3 : 26));
    if (i % 3 == 0) word += "ings";
    const std::string first(used.stem(word));
    CHECK(first == stems_of(word));
    CHECK(used.stem(word) == first);
  }
}

TEST_CASE("a name counts as its slot, the longest first, and two vendors are told from one", "[text]") {
  Given given;

  const Features one = given.reader.read("payroll software by softmaster");
  REQUIRE(one.slots.size() == 2);
  CHECK(one.slots[0].tokens == 2);
  CHECK(one.dense[kProducts] == 1);
  CHECK(one.dense[kVendors] == 1);
  CHECK(one.dense[kTwoVendors] == 0);

  const Features two = given.reader.read("softmaster or aquaflow");
  CHECK(two.dense[kTwoVendors] == 1);
}

TEST_CASE("a phrase behind a negation counts for nothing, and its name still names", "[text]") {
  Given given;
  CHECK(given.reader.read("price of payroll").dense[kMomentCues + 3] == 1);
  CHECK(given.reader.read("not the price").dense[kMomentCues + 3] == 0);
  CHECK(given.reader.read("not payroll but price").dense[kMomentCues + 3] == 0);
  CHECK(given.reader.read("not payroll but any other price").dense[kMomentCues + 3] == 1);
  CHECK(given.reader.read("not payroll").dense[kProducts] == 1);
}

TEST_CASE("words are counted as a person types them", "[text]") {
  Given given;
  CHECK(given.reader.read("  follow-up   price ").typed_words == 2);
  CHECK(given.reader.read("follow-up price").words == 3);
  CHECK(given.reader.read("what price").dense[kWebCueFeatures + index_of(WebCue::question)] == 1);
  CHECK(given.reader.read("price what").dense[kWebCueFeatures + index_of(WebCue::question)] == 0);
}

TEST_CASE("texts that differ only in the vendor share the features of the slot", "[text]") {
  Given given;
  const auto buckets = [&](std::string_view text) {
    const Features& f = given.reader.read(text);
    std::vector<std::uint16_t> out(f.word.begin(), f.word.begin() + static_cast<std::ptrdiff_t>(f.word_count));
    std::sort(out.begin(), out.end());
    return out;
  };
  const auto a = buckets("softmaster problems"), b = buckets("aquaflow problems");

  std::vector<std::uint16_t> both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
  CHECK(both.size() == 3);  // <vend>, "<vend> problem", "problem"
}

TEST_CASE("a cue is counted once however often it stands in the text", "[text]") {
  Given given;
  const Features& features = given.reader.read("price price prices");
  CHECK(features.dense[kMomentCues + 3] == 1);
  CHECK(features.role_hits[0] == 1);
}

TEST_CASE("a phrase is found as whole words only", "[text]") {
  Given given;
  CHECK(given.reader.read("priceless").dense[kMomentCues + 3] == 0);
  CHECK(given.reader.read("which is better today").dense[6] == 1);
}

TEST_CASE("form follows the number of words", "[text]") {
  CHECK(form_of(5) == Form::brief);
  CHECK(form_of(6) == Form::medium);
  CHECK(form_of(8) == Form::medium);
  CHECK(form_of(9) == Form::long_);
}

}  // namespace
}  // namespace juncture::text
