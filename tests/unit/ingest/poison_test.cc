#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include "juncture/ingest/canonical.h"
#include "juncture/ingest/connector.h"

namespace juncture {
namespace {

struct Poison {
  std::string payload;
  std::string_view code;
};

std::string query(std::string_view rest) {
  return R"({"type":"query","prospect":"p","text":"erp")" + std::string(rest);
}

// Fifty ways in which a record can be bad; each has its reason.
std::vector<Poison> poisons() {
  using namespace std::string_literals;
  return {
      {"", "empty"},
      {" \n\t ", "empty"},
      {"null", "not_an_object"},
      {"42", "not_an_object"},
      {"\"text\"", "not_an_object"},
      {"[]", "not_an_object"},
      {"[" + query("}") + "]", "not_an_object"},
      {"<xml/>", "not_an_object"},
      {"{", "invalid_json"},
      {"}", "not_an_object"},
      {"\xef\xbb\xbf" + query("}"), "invalid_json"},
      {"\0"s + query("}"), "not_an_object"},
      {query("}") + "\0"s, "invalid_json"},
      {query(""), "invalid_json"},
      {query("]"), "invalid_json"},
      {query(",}"), "invalid_json"},
      {query("} {}"), "trailing_content"},
      {query("}}"), "trailing_content"},
      {query("} x"), "invalid_json"},
      {query(R"(,"x":tru})"), "invalid_json"},
      {query(R"(,"x":nul})"), "invalid_json"},
      {query(R"(,"x":falsey})"), "invalid_json"},
      {query(R"(,"x":NaN})"), "invalid_json"},
      {query(R"(,"x":Infinity})"), "invalid_json"},
      {query(R"(,"x":'a'})"), "invalid_json"},
      {query(R"(,"x":1e999})"), "number_range"},
      {query(R"(,"x":123456789012345678901234567890})"), "number_range"},
      {query(R"(,"x":01})"), "invalid_json"},
      {query(R"(,"x":1.})"), "invalid_json"},
      {query(R"(,"x":+1})"), "invalid_json"},
      {query(R"(,"x":0x10})"), "invalid_json"},
      {query(R"(,"x":-})"), "invalid_json"},
      {query(R"(,"x"})"), "invalid_json"},
      {query(R"(,"x":})"), "invalid_json"},
      {query(R"(,x:1})"), "invalid_json"},
      {query(R"( "x":1})"), "invalid_json"},
      {query(R"(,"x":[1,]})"), "invalid_json"},
      {query(R"(,"x":[1 2]})"), "invalid_json"},
      {query(R"(,"x":[}})"), "invalid_json"},
      {query(R"(,"x":{"a":1,"a":2}})"), "duplicate_key"},
      {query(R"(,"text":"other"})"), "duplicate_key"},
      {query(R"(,"\u0074ext":"other"})"), "duplicate_key"},
      {R"({"\u0074ype":"query","prospect":"p","text":"x"})", "escaped_key"},
      {query(R"(,"x":"\ud800"})"), "lone_surrogate"},
      {query(R"(,"x":"\udc00"})"), "lone_surrogate"},
      {query(R"(,"x":"\ud800\u0041"})"), "lone_surrogate"},
      {query(R"(,"x":"\q"})"), "invalid_json"},
      {query(R"(,"x":"\u12g4"})"), "invalid_json"},
      {query(",\"x\":\"a\nb\"}"), "invalid_json"},
      {query(",\"x\":\"open}"), "invalid_json"},
      {query(",\"x\":\"\xff\"}"), "invalid_utf8"},
      {query(",\"x\":\"\xc0\xaf\"}"), "invalid_utf8"},
      {query(",\"x\":\"\xed\xa0\x80\"}"), "invalid_utf8"},
      {query(",\"x\":\"\xf4\x90\x80\x80\"}"), "invalid_utf8"},
      {query(",\"x\":" + std::string(100'000, '[') + "}"), "too_large"},
      {query(",\"x\":" + std::string(20'000, '[') + std::string(20'000, ']') + "}"), "too_deep"},
      {std::string(1'000'000, '{'), "too_large"},
      {query(",\"x\":\"" + std::string(5000, 'a') + "\"}"), "too_long"},
      {R"({"type":7,"prospect":"p"})", "wrong_type"},
      {R"({"type":"query","prospect":42,"text":"x"})", "wrong_type"},
      {R"({"type":"query","prospect":"p\u0000","text":"x"})", "invalid_id"},
      {query(R"(,"properties":[1]})"), "wrong_type"},
  };
}

}  // namespace

TEST_CASE("each kind of poison has its reason, and the good event behind it is unaffected", "[native][poison]") {
  Scratch scratch;
  std::vector<Signal> signals;
  const Connector* native = find_connector("native");
  const ParseContext context{.received_at = from_ms(1763784000000)};
  REQUIRE(poisons().size() >= 50);
  for (const Poison& poison : poisons()) {
    INFO(poison.payload.substr(0, 120));
    // On the heap and exactly as long, so that asan sees a read behind it.
    const std::vector<char> exact(poison.payload.begin(), poison.payload.end());
    const ParseOutcome outcome = native->parse(scratch, {exact.data(), exact.size()}, context, signals);
    REQUIRE(outcome.rejected());
    CHECK(outcome.rejection.code == poison.code);
    CHECK(outcome.rejection.position <= exact.size());
    CHECK(std::count(kRejectionCodes.begin(), kRejectionCodes.end(), outcome.rejection.code) == 1);
    CHECK(signals.empty());

    REQUIRE(native->parse(scratch, query("}"), context, signals).accepted());
    CHECK(signals.front().text == "erp");
  }
}

TEST_CASE("the same poison in the canonical topic is refused there too", "[canonical][poison]") {
  Scratch scratch;
  Canonical record;
  for (const Poison& poison : poisons()) {
    INFO(poison.payload.substr(0, 120));
    CHECK(parse_canonical(scratch, poison.payload, record));
  }
}

TEST_CASE("many members cost no more than linear work", "[native][poison]") {
  std::string wide = query(",\"x\":{");
  for (int i = 0; i < 257; ++i) wide += (i == 0 ? "\"k" : ",\"k") + std::to_string(i) + "\":1";
  Scratch scratch;
  std::vector<Signal> signals;
  const ParseOutcome outcome = find_connector("native")->parse(scratch, wide + "}}", {}, signals);
  CHECK(outcome.rejection.code == "too_many_fields");
}

}  // namespace juncture
