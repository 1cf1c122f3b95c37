#include <catch2/catch.hpp>

#include "juncture/ingest/canonical.h"
#include "juncture/ingest/connector.h"

namespace juncture {
namespace {

const Timestamp kReceived = from_ms(1763784000000);  // 2025-11-22T04:00:00Z

struct Parsed {
  Scratch scratch;
  std::vector<Signal> signals;
  ParseOutcome outcome;
};

void parse(Parsed& parsed, std::string_view payload, ParseContext context = {.received_at = kReceived}) {
  const Connector* native = find_connector("native");
  REQUIRE(native != nullptr);
  parsed.outcome = native->parse(parsed.scratch, payload, context, parsed.signals);
}

std::string code_of(std::string_view payload) {
  Parsed parsed;
  parse(parsed, payload);
  return parsed.outcome.rejected() ? std::string(parsed.outcome.rejection.code) : "accepted";
}

Signal accepted(Parsed& parsed, std::string_view payload, ParseContext context = {.received_at = kReceived}) {
  parse(parsed, payload, context);
  INFO(payload << " " << parsed.outcome.rejection.code << " " << parsed.outcome.rejection.detail);
  REQUIRE(parsed.outcome.accepted());
  REQUIRE(parsed.signals.size() == 1);
  return parsed.signals.front();
}

std::string event(std::string_view rest) {
  return R"({"type":"query","prospect":"p-1","text":"erp",)" + std::string(rest) + "}";
}

}  // namespace

TEST_CASE("every field of a native event reaches the signal", "[native]") {
  Parsed p;
  const Signal s = accepted(p, R"({"id":"e-1","type":"feedback","prospect":"p-1","ts":1763783999000,"account":"acme",
    "text":"h\u00e4ndler","url":"https://x.example/a","referrer":"https://y.example/","device":"mobile",
    "consent":"granted","content":"roi","action":"wrong","decision":"d-1","reason":"stage","stage":"scoping",
    "actor":"kim","until":"2025-11-23T00:00:00Z","properties":{"a":[1,{"b":null}]},"unknown":1})");

  CHECK(s.id == "e-1");
  CHECK(s.prospect.text() == "p-1");
  CHECK_FALSE(s.anonymous);
  CHECK(to_ms(s.occurred_at) == 1763783999000);
  CHECK(s.account.text() == "acme");
  CHECK(s.text == "händler");
  CHECK(s.device == Device::mobile);
  CHECK(s.consent == Consent::granted);
  CHECK(s.content.text() == "roi");
  CHECK(s.action == FeedbackAction::wrong);
  CHECK(s.stage == Stage::scoping);
  CHECK(to_ms(s.until) == 1763856000000);
  CHECK(s.properties == R"({"a":[1,{"b":null}]})");
  CHECK(s.source == "native");
}

TEST_CASE("a signal written to the canonical topic reads back the same", "[canonical]") {
  Parsed p;
  const Signal s = accepted(p, event(R"("anonymous":"v-1","ts":1763790000000,"properties":{"k":"<\u2028>"})"));
  CHECK(s.clamped);
  std::string record;
  write_signal(s, kReceived, record);

  Scratch scratch;
  Canonical back;
  const auto problem = parse_canonical(scratch, record, back);
  INFO(record);
  REQUIRE_FALSE(problem);
  CHECK(back.received_at == kReceived);
  CHECK(back.signal.occurred_at == kReceived + 5min);
  std::string again;
  write_signal(back.signal, back.received_at, again);
  CHECK(again == record);
}

TEST_CASE("a foreign source cannot make a control record", "[native]") {
  for (const char* type : {"tick", "catalog", "policy", "model"}) {
    CHECK(code_of(R"({"prospect":"p","type":")" + std::string(type) + "\"}") == "reserved_type");
  }
}

TEST_CASE("time is read in milliseconds and in ISO 8601 with any zone", "[native][traps]") {
  const std::int64_t at = 1763784000123;
  for (const char* ts : {"1763784000123", R"("2025-11-22T04:00:00.123Z")", R"("2025-11-22T07:00:00.123+03")",
                         R"("2025-11-22T07:00:00.123+0300")", R"("2025-11-22T09:30:00.123456+05:30")",
                         R"("2025-11-21T20:00:00,123-08:00")", R"("2025-11-22 04:00:00.123z")"}) {
    Parsed p;
    INFO(ts);
    CHECK(to_ms(accepted(p, event("\"ts\":" + std::string(ts))).occurred_at) == at);
  }
}

TEST_CASE("a time that would have to be guessed is refused with the reason", "[native][traps]") {
  const std::pair<const char*, const char*> cases[] = {
      {"1763784000", "time_unit"},        // seconds
      {"1763784000123456", "time_unit"},  // microseconds, as GA4 gives
      {"-1", "time_range"},
      {"0", "time_range"},
      {"99999999999999", "time_range"},
      {"1763784000.5", "wrong_type"},
      {R"("2025-11-22T04:00:00")", "time_zone"},
      {R"("2025-02-30T04:00:00Z")", "invalid_time"},
      {R"("2025-11-22T24:00:00Z")", "invalid_time"},
      {R"("2025-11-22T04:00:00+15")", "invalid_time"},
      {R"("2025-11-22T04:00:00Zx")", "invalid_time"},
      {R"("2025-11-22")", "invalid_time"},
      {R"("1763784000123")", "invalid_time"},
      {R"("1969-12-31T23:59:59Z")", "time_range"},
  };
  for (const auto& [ts, code] : cases) {
    INFO(ts);
    CHECK(code_of(event("\"ts\":" + std::string(ts))) == code);
  }
}

TEST_CASE("a wrong clock is corrected by sent_at only when both stamps are there and the skew is sane",
          "[native][traps]") {
  const auto at = [](std::string_view rest) {
    Parsed p;
    return to_ms(accepted(p, event(rest)).occurred_at) - to_ms(kReceived);
  };
  // Created 2 s before it was sent, by a clock that is 10 min behind.
  CHECK(at(R"("ts":1763783398000,"sent_at":1763783400000)") == -2000);
  CHECK(at(R"("sent_at":1763783400000)") == 0);
  CHECK(at(R"("ts":1763783398000)") == -602000);
  // A clock off by more than a day: sent_at is not believed.
  CHECK(at(R"("ts":1763600000000,"sent_at":1763600002000)") == -184000000);
}

TEST_CASE("a time in the future is clamped to five minutes and marked", "[native][traps]") {
  Parsed p;
  const Signal late = accepted(p, event(R"("ts":1763784300001)"));
  CHECK(late.occurred_at == kReceived + 5min);
  CHECK(late.clamped);
  CHECK_FALSE(accepted(p, event(R"("ts":1763784300000)")).clamped);
}

TEST_CASE("consent has three states and is never granted by silence", "[native][traps]") {
  const auto consent = [](std::string_view json) {
    Parsed p;
    return accepted(p, event("\"consent\":" + std::string(json))).consent;
  };
  Parsed p;
  CHECK(accepted(p, event(R"("x":1)")).consent == Consent::absent);
  CHECK(consent("null") == Consent::absent);
  CHECK(consent("\"granted\"") == Consent::granted);
  CHECK(consent("\"denied\"") == Consent::denied);
  CHECK(consent("{}") == Consent::denied);
  CHECK(consent(R"({"analytics":true,"ads":false})") == Consent::denied);
  CHECK(consent(R"({"analytics":true,"ads":true})") == Consent::granted);
  CHECK(consent(R"({"personalization":"granted","ads":"denied"})") == Consent::granted);
  CHECK(consent(R"({"personalization":"unknown","ads":"granted"})") == Consent::absent);
  CHECK(code_of(event(R"("consent":"yes")")) == "invalid_consent");
  CHECK(code_of(event(R"("consent":{"ads":1})")) == "invalid_consent");
}

TEST_CASE("an event without id gets one that its repeat gets too", "[native][traps]") {
  Parsed p;
  const std::string first(accepted(p, event(R"("ts":1763783999000)")).id);
  const std::string again(accepted(p, event(R"( "ts" : 1763783999000, "sent_at":1763783999500)")).id);
  const std::string other(accepted(p, event(R"("ts":1763783999001)")).id);
  CHECK(first.size() == 18);
  CHECK(first == again);
  CHECK(first != other);
}

TEST_CASE("an e-mail address is no prospect id", "[native]") {
  CHECK(code_of(R"({"type":"page","prospect":"kim@example.org"})") == "email_id");
  CHECK(code_of(R"({"type":"page","anonymous":"kim%40example.org"})") == "email_id");
  CHECK(code_of(R"({"type":"page","prospect":"p","account":"a@b"})") == "email_id");
}

TEST_CASE("what a type needs is asked for", "[native]") {
  const std::string p = R"("prospect":"p")";
  CHECK(code_of("{" + p + "}") == "missing_type");
  CHECK(code_of(R"({"type":"page"})") == "missing_prospect");
  CHECK(code_of(R"({"type":"page","prospect":""})") == "missing_prospect");
  CHECK(code_of("{" + p + R"(,"type":"query"})") == "missing_field");
  CHECK(code_of("{" + p + R"(,"type":"content"})") == "missing_field");
  CHECK(code_of("{" + p + R"(,"type":"feedback"})") == "missing_field");
  CHECK(code_of("{" + p + R"(,"type":"feedback","action":"snooze"})") == "missing_field");
  CHECK(code_of("{" + p + R"(,"type":"feedback","action":"like"})") == "unknown_value");
  CHECK(code_of("{" + p + R"(,"type":"outcome","reason":"maybe"})") == "missing_field");
  CHECK(code_of("{" + p + R"(,"type":"outcome","reason":"no_decision"})") == "accepted");
  CHECK(code_of(R"({"anonymous":"v","type":"identify"})") == "missing_field");
  CHECK(code_of("{" + p + R"(,"type":"erase"})") == "accepted");
  CHECK(code_of("{" + p + R"(,"type":"purchase"})") == "unknown_type");
}

TEST_CASE("identify keeps the anonymous id that the known prospect had", "[native]") {
  Parsed p;
  parse(p, R"({"type":"identify","prospect":"p-1","anonymous":"v-1"})");
  REQUIRE(p.signals.size() == 2);  // and the anonymous id hears whose it is: accounts_test.cc
  const Signal s = p.signals.front();
  CHECK(s.prospect.text() == "p-1");
  CHECK(s.alias == "v-1");

  std::string record;
  write_signal(s, kReceived, record);
  Scratch scratch;
  Canonical back;
  REQUIRE_FALSE(parse_canonical(scratch, record, back));
  CHECK(back.signal.alias == "v-1");
}

TEST_CASE("sizes are accepted at the limit and refused one beyond", "[native][traps]") {
  const auto with = [](std::string_view name, std::size_t bytes) {
    return code_of(R"({"type":"page","prospect":"p",")" + std::string(name) + "\":\"" + std::string(bytes, 'a') +
                   "\"}");
  };
  CHECK(with("text", 1024) == "accepted");
  CHECK(with("text", 1025) == "too_long");
  CHECK(with("url", 4096) == "accepted");
  CHECK(with("url", 4097) == "too_long");
  CHECK(with("whatever", 4097) == "too_long");
  CHECK(with("account", 256) == "accepted");
  CHECK(with("account", 257) == "too_long");
  const std::string body = event(R"("x":1)");
  CHECK(code_of(body + std::string(kPayloadBytesMax - body.size(), ' ')) == "accepted");
  CHECK(code_of(body + std::string(kPayloadBytesMax - body.size() + 1, ' ')) == "too_large");
  const auto nested = [](std::size_t depth) {
    return code_of(event("\"x\":" + std::string(depth, '[') + std::string(depth, ']')));
  };
  CHECK(nested(15) == "accepted");
  CHECK(nested(16) == "too_deep");
}

TEST_CASE("control records are written and read back", "[canonical]") {
  Scratch scratch;
  Canonical back;
  std::string record;
  write_tick(kReceived, 41, record);
  REQUIRE_FALSE(parse_canonical(scratch, record, back));
  CHECK(back.signal.type == SignalType::tick);
  CHECK(back.signal.occurred_at == kReceived);
  CHECK(back.after_offset == 41);

  record.clear();
  write_switch(SignalType::catalog, "12+9f3a11bc", kReceived, std::nullopt, record);
  REQUIRE_FALSE(parse_canonical(scratch, record, back));
  CHECK(back.signal.type == SignalType::catalog);
  CHECK(back.version == "12+9f3a11bc");
  CHECK_FALSE(back.after_offset);
}

}  // namespace juncture
