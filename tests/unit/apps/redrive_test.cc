// What is read once more comes out as intake would have written it, had it been good the first time.
#include "apps/redrive.h"

#include <catch2/catch.hpp>

#include "juncture/core/hash.h"
#include "juncture/ingest/canonical.h"
#include "juncture/pipeline/intake_pipeline.h"
#include "support/knowledge.h"
#include "support/map_state.h"

using namespace juncture;
using apps::redriven;

namespace {

constexpr std::string_view kLine =
    R"(192.0.2.7 - - [22/Nov/2025:03:59:58 +0000] "GET /guides/erp HTTP/1.1" 200 5310 )"
    R"("https://www.google.de/search?q=erp" "Mozilla/5.0 (X11; Linux x86_64; rv:27.0) Firefox/27.0")";
constexpr std::string_view kEvent =
    R"({"id":"e-1","type":"query","anonymous":"v-1","text":"erp","email":"ada@halvorsen.co.uk","ts":1763783998000})";

const Knowledge& knowledge() {
  static const std::shared_ptr<Knowledge> value = [] {
    auto made = test::make_shipped_knowledge();
    AccountEntry halvorsen;
    halvorsen.id = "halvorsen";
    halvorsen.domains = {"halvorsen.co.uk"};
    halvorsen.networks = {*parse_network("192.0.2.0/24")};
    made->accounts = AccountTable({halvorsen}, {});
    return made;
  }();
  return *value;
}

Config config() {
  Config out;
  out.input = {{.topic = "web", .format = "access-log", .consent = Consent::granted},
               {.topic = "events", .format = "native", .consent = Consent::absent}};
  return out;
}

DeadLetter letter(std::string_view topic, std::string_view connector, std::string_view payload) {
  DeadLetter out;
  out.topic = topic;
  out.connector = connector;
  out.received_at = from_ms(1'763'784'000'000);
  out.payload = payload;
  out.payload_bytes = payload.size();
  return out;
}

struct FirstSignal final : Output {
  Status emit(std::size_t topic, std::string_view key, std::string_view value, Partition) override {
    CHECK(topic == 0);
    signals.push_back({std::string(key), std::string(value)});
    return {};
  }
  Status tombstone(std::size_t, std::string_view) override { return {}; }
  std::vector<apps::KeyedSignal> signals;
};

// What intake writes of it.
std::vector<apps::KeyedSignal> taken_in(const InputConfig& input, std::string_view payload) {
  PipelineCounters counters;
  const auto intake = make_intake_pipeline({.format = input.format,
                                            .consent = input.consent,
                                            .visitor_seed = hash64(knowledge().token_key),
                                            .accounts = &knowledge().accounts},
                                           counters);
  test::MapState state;
  FirstSignal output;
  REQUIRE(intake->process({.topic = input.topic, .timestamp = from_ms(1'763'784'000'000), .key = {}, .value = payload},
                          true, state, output));
  return output.signals;
}

}  // namespace

TEST_CASE("a redriven letter has the account, the consent and the id that intake gives", "[redrive]") {
  for (const auto& [input, payload] : {std::pair{config().input[0], kLine}, std::pair{config().input[1], kEvent}}) {
    Scratch scratch;
    const auto again = redriven(scratch, letter(input.topic, input.format, payload), config(), knowledge());
    REQUIRE(again);
    const auto first = taken_in(input, payload);
    REQUIRE_FALSE(first.empty());
    REQUIRE(again->size() == first.size());
    for (std::size_t i = 0; i < first.size(); ++i) {
      CHECK((*again)[i].prospect == first[i].prospect);
      CHECK((*again)[i].record == first[i].record);
      CHECK(first[i].record.find(R"("account":"halvorsen")") != std::string::npos);
    }
  }
  Scratch scratch;
  const auto granted = redriven(scratch, letter("web", "access-log", kLine), config(), knowledge());
  CHECK(granted->front().record.find(R"("consent":"granted")") != std::string::npos);
  // Of a source that is not configured any more nobody promises anything.
  const auto unknown = redriven(scratch, letter("old", "access-log", kLine), config(), knowledge());
  CHECK(unknown->front().record.find("consent") == std::string::npos);
}

TEST_CASE("what is still bad, cut short or of no connector stays a dead letter", "[redrive]") {
  Scratch scratch;
  CHECK_FALSE(redriven(scratch, letter("events", "native", "not json"), config(), knowledge()));
  CHECK_FALSE(redriven(scratch, letter("signals", "canonical", kEvent), config(), knowledge()));
  DeadLetter cut = letter("events", "native", kEvent);
  ++cut.payload_bytes;
  CHECK_FALSE(redriven(scratch, cut, config(), knowledge()));
}
