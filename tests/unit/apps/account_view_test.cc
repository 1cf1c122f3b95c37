// What is said of an account, against its description in config/openapi.json, and in words.
#include "apps/account_view.h"

#include <simdjson.h>

#include <catch2/catch.hpp>
#include <set>

#include "juncture/core/hash.h"
#include "juncture/inference/account_filter.h"
#include "juncture/pipeline/render.h"
#include "support/knowledge.h"

using namespace juncture;
using namespace juncture::test;

namespace {

constexpr std::int64_t kNow = 1'763'784'000'000;
constexpr std::int64_t kDayMs = 86'400'000;

Account sample() {
  Account out;
  for (std::uint64_t p = 1; p <= 3; ++p) {
    Member& member = out.members.emplace_back();
    member.prospect = p;
    member.first_ms = kNow - 30 * kDayMs;
    member.last_ms = kNow - kDayMs;
    member.signals = 4;
    member.known = p != 2;
    member.stages[8] = 65535;
    for (std::uint32_t d = 10; d > 0; d -= 2) {
      TrackDay& day = member.track.days[member.track.count++];
      day.day = day_number(kNow) - d;
      day.signals = day.visits = 1;
      day.against.fill(60);
      day.against[8] = 0;
    }
  }
  return out;
}

std::set<std::string> keys_of(const simdjson::dom::object& object) {
  std::set<std::string> out;
  for (const auto member : object) out.emplace(member.key);
  return out;
}

}  // namespace

TEST_CASE("an account's answer has the fields of its description and no other", "[accounts]") {
  const auto knowledge = shipped_knowledge();
  const Account account = sample();
  std::string text;
  JsonWriter json(text);
  json.begin_object();
  const AccountRules rules = rules_of(*knowledge, AccountId("acme"));
  const AccountBelief belief = account_belief(rules.chain, account);
  write_account_people(json, rules, "acme", account, read_account(rules.chain, belief, from_ms(kNow)),
                       conditions_of(rules.chain, account, belief));
  json.end_object();
  simdjson::dom::parser parser, description;
  const simdjson::dom::element answer = parser.parse(text);
  const std::string shape = shipped("openapi.json");
  const simdjson::dom::element schema = description.parse(shape).at_pointer("/components/schemas/Account/properties");

  std::set<std::string> described = keys_of(schema);
  for (const char* of_the_server : {"partition", "as_of_offset", "stale"}) described.erase(of_the_server);
  CHECK(keys_of(answer) == described);
  CHECK(keys_of(answer["committee"]) == keys_of(schema["committee"]["properties"]));
  CHECK(keys_of(answer["members"].at(0)) == keys_of(schema["members"]["items"]["properties"]));
  CHECK(keys_of(answer["weeks"].at(0)) == keys_of(schema["weeks"]["items"]["properties"]));
  CHECK(answer["weeks"].get_array().size() == 26);
  CHECK(std::int64_t(answer["stage"]["mode"]) == 9);
}

TEST_CASE("an account is explained with its odds, its committee and its people", "[accounts]") {
  const std::string text = apps::explain_account(*shipped_knowledge(), "acme", sample(), from_ms(kNow));
  for (const char* part : {"acme", "cost_benefit", "not seen here", "committee of", "2 told apart, 1 anonymous ids",
                           "conditions:", "people"}) {
    INFO(part);
    CHECK(text.find(part) != std::string::npos);
  }
}
