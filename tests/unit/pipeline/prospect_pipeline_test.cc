#include "juncture/pipeline/prospect_pipeline.h"

#include <catch2/catch.hpp>
#include <sstream>

#include "juncture/core/token.h"
#include "juncture/ingest/canonical.h"
#include "juncture/ingest/dead_letter.h"
#include "support/knowledge.h"
#include "unit/pipeline/support.h"

using namespace juncture;
using namespace juncture::test;

namespace {

constexpr std::int64_t kNow = 1'763'784'000'000;

struct Line {
  Line() : pipeline(make_prospect_pipeline(*knowledge, counters)) {}

  void send(Signal signal, std::int64_t at, bool fresh = true) {
    signal.occurred_at = from_ms(at);
    signal.source = "test";
    std::string record;
    write_signal(signal, from_ms(at), record);
    process(signal.prospect.text(), record, at, fresh);
  }
  void process(std::string_view key, std::string_view value, std::int64_t at, bool fresh = true) {
    REQUIRE(pipeline->process(
        {.topic = "signals", .partition = 0, .offset = offset++, .timestamp = from_ms(at), .key = key, .value = value},
        fresh, state, output));
  }
  void query(std::string_view text, std::int64_t at, Consent consent = Consent::granted) {
    const std::string id = "q-" + std::to_string(at);
    Signal signal;
    signal.id = id;
    signal.prospect = ProspectId("ada");
    signal.text = text;
    signal.consent = consent;
    send(signal, at);
  }

  std::shared_ptr<const Knowledge> knowledge = test::shipped_knowledge();
  PipelineCounters counters;
  MapState state;
  ListOutput output;
  std::unique_ptr<Pipeline> pipeline;
  Offset offset = 0;
};

}  // namespace

TEST_CASE("each fresh signal gives one row for analysts and one slate for websites", "[pipeline]") {
  Line line;

  line.query("payback period for erp", kNow);
  line.query("business case template", kNow + 60'000);

  CHECK(line.output.of(0).size() == 2);
  CHECK(line.output.of(1).size() == 2);
  CHECK(line.counters.outcomes[0].value() + line.counters.outcomes[1].value() + line.counters.outcomes[2].value() == 2);
  CHECK(line.output.of(0)[1].value.find("\"query\":\"business case template\"") != std::string::npos);
  CHECK(line.output.of(0)[1].value.find(line.knowledge->catalog.version) != std::string::npos);
}

TEST_CASE("the page that a signal is of moves its moment, with a title or without", "[pipeline]") {
  const auto odds_of = [](Moment moment, std::string_view text, std::string_view url) {
    Line line;
    Signal signal;
    signal.id = "page-1";
    signal.type = SignalType::page;
    signal.prospect = ProspectId("ada");
    signal.consent = Consent::granted;
    signal.text = text;
    signal.url = url;
    line.send(signal, kNow);
    REQUIRE(line.output.of(0).size() == 1);
    const std::string row = line.output.of(0)[0].value, key = "\"moment_p\":[";
    REQUIRE(row.find(key) != std::string::npos);
    std::istringstream in(row.substr(row.find(key) + key.size()));
    double odds = 0;
    for (std::size_t m = 0; m <= index_of(moment); ++m) {
      in >> odds;
      in.ignore(1);
    }
    return odds;
  };
  for (const std::string_view text : {"", "water softeners for hotels"}) {
    for (const auto& [moment, url] : {std::pair(Moment::buy, "https://shop.example/pricing"),
                                      std::pair(Moment::go, "https://shop.example/contact-us"),
                                      std::pair(Moment::do_, "https://shop.example/docs/setup")}) {
      CHECK(odds_of(moment, text, url) > odds_of(moment, text, "https://shop.example/x") + 0.02);
    }
  }
}

TEST_CASE("a repeated signal changes nothing and is counted", "[pipeline]") {
  Line line;
  line.query("payback period for erp", kNow);
  const auto before = line.state.values;
  const auto rows = line.output.all.size();

  line.query("payback period for erp", kNow);

  CHECK(line.state.values == before);
  CHECK(line.output.all.size() == rows);
  CHECK(line.counters.duplicate.value() == 1);
}

TEST_CASE("what the models make of the signals is summed without labels", "[pipeline]") {
  Line line;
  line.query("payback period for erp", kNow);
  line.query("zarquon vexilbrane qwyx frobni glorpen snarf", kNow + 60'000);
  line.query("zarquon vexilbrane qwyx frobni glorpen snarf", kNow + 60'000);  // a duplicate

  CHECK(line.counters.texts.value() == 2);
  CHECK(line.counters.text_words.value() == 10);
  CHECK(line.counters.text_unknown_words.value() >= 3);  // some share a slot of the table with known words
  CHECK(line.counters.text_unknown_words.value() <= 6);
  CHECK(line.counters.text_none.value() > 0);
  CHECK(line.counters.text_none.value() < 2'000);
  std::uint64_t odds = 0;
  for (const Counter& stage : line.counters.stage_odds) odds += stage.value();
  CHECK(odds >= 1'985);
  CHECK(odds <= 2'015);
}

TEST_CASE("behind the freshness gate state is built and nothing is said", "[pipeline]") {
  Line line;
  Signal signal;
  signal.id = "old";
  signal.prospect = ProspectId("ada");
  signal.consent = Consent::granted;
  signal.text = "payback period";

  line.send(signal, kNow, false);

  CHECK(line.output.all.empty());
  CHECK_FALSE(line.state.values.empty());
  CHECK(line.counters.stale.value() == 1);
}

TEST_CASE("state does not depend on whether a record was fresh", "[pipeline]") {
  Line fresh, stale;
  for (Line* line : {&fresh, &stale}) {
    for (int i = 0; i < 200; ++i) {
      const std::string id = "e-" + std::to_string(i), prospect = "p-" + std::to_string(i % 7);
      Signal signal;
      signal.id = id;
      signal.prospect = ProspectId(prospect);
      signal.text = i % 3 == 0 ? "payback period for erp" : "pilot plan";
      signal.consent = i % 23 == 22 ? Consent::denied : Consent::granted;
      if (i % 41 == 40) signal.type = SignalType::erase;
      line->send(signal, kNow + i * 60'000, line == &fresh);
      std::string tick;
      write_tick(from_ms(kNow + i * 60'000), std::nullopt, tick);
      line->process({}, tick, kNow + i * 60'000, line == &fresh);
    }
  }

  CHECK(fresh.state.values == stale.state.values);
  CHECK(fresh.output.all.size() > stale.output.all.size());
}

TEST_CASE("denied consent is counted, never profiled, and takes back what was said", "[pipeline]") {
  Line line;
  line.query("payback period", kNow, Consent::granted);
  const auto rows = line.output.of(0).size();

  line.query("best and final price", kNow + 60'000, Consent::denied);
  line.query("contract terms", kNow + 120'000, Consent::denied);

  const auto sales = line.output.of(0);
  REQUIRE(sales.size() == rows + 1);
  CHECK(sales.back().tombstone);
  CHECK(line.counters.denied.value() == 2);
  for (const auto& [key, value] : line.state.values) CHECK(value.find("best and final") == std::string::npos);
}

TEST_CASE("an erasure leaves tombstones in the outputs and keeps late signals out", "[pipeline]") {
  Line line;
  line.query("payback period for a secret project", kNow);
  Signal erase;
  erase.id = "erase-1";
  erase.prospect = ProspectId("ada");
  erase.type = SignalType::erase;

  line.send(erase, kNow + 1000);
  line.query("late words", kNow + 500);

  CHECK(line.output.of(0).back().tombstone);
  CHECK(line.output.of(1).back().tombstone);
  CHECK(line.counters.late.value() == 1);
  for (const auto& [key, value] : line.state.values) CHECK(value.find("secret project") == std::string::npos);
}

TEST_CASE("a bad canonical record becomes a dead letter with its place and the next one is processed", "[pipeline]") {
  Line line;

  line.process("ada", "{\"type\":", kNow);
  line.query("payback period", kNow + 1);

  REQUIRE(line.output.of(2).size() == 1);
  Scratch scratch;
  DeadLetter letter;
  REQUIRE_FALSE(parse_dead_letter(scratch, line.output.of(2)[0].value, letter));
  CHECK(letter.offset == 0);
  CHECK(letter.topic == "signals");
  CHECK(line.output.of(0).size() == 1);
}

TEST_CASE("text kept by hash shows no word of the query anywhere", "[pipeline]") {
  Line line;
  auto knowledge = std::make_shared<Knowledge>(load_model(serialize(line.knowledge->text)).value());
  knowledge->catalog = line.knowledge->catalog;
  knowledge->policy = line.knowledge->policy;
  knowledge->retention.text = TextPrivacy::hashed;
  index_catalog(*knowledge);
  line.knowledge = knowledge;
  line.pipeline = make_prospect_pipeline(*knowledge, line.counters);

  line.query("zebra striped payroll", kNow);

  for (const Emitted& one : line.output.all) CHECK(one.value.find("zebra") == std::string::npos);
  for (const auto& [key, value] : line.state.values) CHECK(value.find("zebra") == std::string::npos);
}

TEST_CASE("no public record ever names an item that is not public", "[pipeline]") {
  Line line;
  for (int i = 0; i < 60; ++i)
    line.query("best and final price contract pack " + std::to_string(i), kNow + i * 600'000);

  for (const Emitted& one : line.output.of(1)) {
    for (const ContentItem& item : line.knowledge->catalog.items) {
      if (item.tier == Tier::public_) continue;
      CHECK(one.value.find("\"" + item.id + "\"") == std::string::npos);
      CHECK(one.value.find(item.url) == std::string::npos);
    }
  }
}

TEST_CASE("a prospect nobody came back to is forgotten by ticks alone", "[pipeline]") {
  Line line;
  line.query("payback period", kNow, Consent::absent);
  REQUIRE_FALSE(line.state.values.empty());

  for (int i = 0; i < 4; ++i) {
    std::string tick;
    write_tick(from_ms(kNow + (i + 1) * 1'800'000), std::nullopt, tick);
    line.process("", tick, kNow + (i + 1) * 1'800'000);
  }

  CHECK(line.counters.expired.value() == 1);
  CHECK(line.output.of(0).back().tombstone);
}
