#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "juncture/ingest/connector.h"

namespace juncture {
namespace {

const ParseContext kContext{.received_at = from_ms(1763784000000)};

struct Seen {
  BatchResult result;
  std::vector<std::string> elements;  // "0 accepted", "1 unknown_type"
  std::vector<std::int64_t> times;
};

Seen parse(std::string_view body) {
  Scratch scratch;
  Seen seen;
  seen.result = parse_batch(scratch, *find_connector("native"), body, kContext,
                            [&](std::size_t index, std::string_view, const ParseOutcome& outcome, auto signals) {
                              const std::string_view code = outcome.rejected() ? outcome.rejection.code : "accepted";
                              seen.elements.push_back(std::to_string(index) + " " + std::string(code));
                              for (const Signal& signal : signals) seen.times.push_back(to_ms(signal.occurred_at));
                            });
  return seen;
}

constexpr std::string_view kPage = R"({"type":"page","prospect":"p"})";

}  // namespace

TEST_CASE("a body is one event, an array, or a batch", "[batch]") {
  CHECK(parse(kPage).elements == std::vector<std::string>{"0 accepted"});
  CHECK(parse("[" + std::string(kPage) + " , " + std::string(kPage) + "]").result.accepted == 2);
  CHECK(parse(R"({"batch":[)" + std::string(kPage) + "]}").result.accepted == 1);
  CHECK(parse("[]").elements.empty());
}

TEST_CASE("one bad element does not spoil its neighbours", "[batch]") {
  const Seen seen = parse("[" + std::string(kPage) + R"(,{"type":"no"},7,{"type":"page","prospect":tru},)" +
                          std::string(kPage) + "]");
  CHECK(seen.elements ==
        std::vector<std::string>{"0 accepted", "1 unknown_type", "2 not_an_object", "3 invalid_json", "4 accepted"});
  CHECK(seen.result.accepted == 2);
  CHECK(seen.result.rejected == 3);
}

TEST_CASE("a batch's sent_at corrects each of its events", "[batch]") {
  const Seen seen = parse(R"({"sent_at":1763783400000,"batch":[{"type":"page","prospect":"p","ts":1763783398000}]})");
  REQUIRE(seen.times.size() == 1);
  CHECK(seen.times[0] == 1763784000000 - 2000);
}

TEST_CASE("a body that is broken as a whole calls nobody", "[batch]") {
  for (const char* body : {R"([{"type":"page","prospect":"p"} {"a":1}])", R"({"batch":[{"type":"page"}])", "7", "",
                           R"({"batch":{}})", R"({"batch":[],"batch":[]})", R"([] [])"}) {
    const Seen seen = parse(body);
    INFO(body);
    CHECK(seen.result.refused.has_value());
    CHECK(seen.elements.empty());
  }
}

TEST_CASE("two hundred events pass and one more is refused", "[batch]") {
  std::string body = "[" + std::string(kPage);
  for (int i = 1; i < 200; ++i) body += "," + std::string(kPage);
  CHECK(parse(body + "]").result.accepted == 200);
  const Seen seen = parse(body + "," + std::string(kPage) + "]");
  REQUIRE(seen.result.refused);
  CHECK(seen.result.refused->code == "too_many_events");
  CHECK(parse(std::string(kBatchBytesMax + 1, ' ')).result.refused->code == "too_large");
}

}  // namespace juncture
