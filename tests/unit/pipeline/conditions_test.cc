// Conditions are entered and left once each, by signals and by ticks, for prospects and for accounts.
#include <catch2/catch.hpp>
#include <map>

#include "juncture/inference/account_filter.h"
#include "juncture/inference/filter.h"
#include "juncture/state/codec.h"
#include "unit/pipeline/both.h"

using namespace juncture;
using namespace juncture::test;

namespace {

constexpr std::int64_t kHourMs = 3'600'000;

// What was said on the topic, as "entered stalled", in order.
std::vector<std::string> changes(const ListOutput& output, std::size_t topic, const std::string& key) {
  std::vector<std::string> out;
  for (const Emitted& one : output.of(topic)) {
    if (one.key != key || one.tombstone) continue;
    const auto word = [&](const std::string& name) {
      const std::size_t from = one.value.find("\"" + name + "\":\"") + name.size() + 4;
      return one.value.substr(from, one.value.find('"', from) - from);
    };
    out.push_back(word("change") + " " + word("condition"));
  }
  return out;
}

std::size_t count(const std::vector<std::string>& all, const std::string& wanted) {
  return static_cast<std::size_t>(std::count(all.begin(), all.end(), wanted));
}

// Every condition alternates between entered and left.
bool once_each(const std::vector<std::string>& all) {
  std::map<std::string, bool> holding;
  for (const std::string& change : all) {
    const bool entered = change.starts_with("entered ");
    bool& now = holding[change.substr(change.find(' ') + 1)];
    if (now == entered) return false;
    now = entered;
  }
  return true;
}

void work(Both& both, int days) {
  for (int day = 0; day < days; ++day) {
    both.send("ada", "acme", kNow + day * kDayMs);
    both.send("bob", "acme", kNow + day * kDayMs + kHourMs);
  }
}

}  // namespace

TEST_CASE("who goes silent becomes stalled on schedule, and is heard of once", "[conditions]") {
  Both both;
  work(both, 10);
  const std::int64_t last = kNow + 9 * kDayMs + kHourMs;
  std::string key, value;
  keys::prospect(ProspectId("bob"), key);
  Prospect bob;
  REQUIRE(decode(both.state.values.at(key), bob));
  // What a filter that is looked at all the time would say.
  std::int64_t crossing = 0;
  for (std::int64_t at = last; crossing == 0 && at < last + 150 * kDayMs; at += kHourMs) {
    if (holds(conditions_after_silence(both.knowledge->chain, bob.head, at), Condition::stalled)) crossing = at;
  }
  REQUIRE(crossing > 0);
  std::int64_t told = 0;
  for (std::int64_t at = last; at < last + 150 * kDayMs; at += kHourMs) {
    both.tick(at);
    if (told == 0 && count(changes(both.output, 4, "prospect/bob"), "entered stalled") == 1) told = at;
  }

  CHECK(told >= crossing);
  CHECK(told <= crossing + kDayMs);
  const auto prospect = changes(both.output, 4, "prospect/bob");
  CHECK(count(prospect, "entered stalled") == 1);
  CHECK(count(prospect, "entered no_decision_risk") == 1);
  CHECK(once_each(prospect));
  const auto account = changes(both.accounts.output, 2, "account/acme");
  CHECK(count(account, "entered stalled") == 1);
  CHECK(once_each(account));

  // And comes back.
  both.send("bob", "acme", last + 150 * kDayMs);
  both.send("bob", "acme", last + 151 * kDayMs);
  both.send("bob", "acme", last + 152 * kDayMs);
  CHECK(count(changes(both.output, 4, "prospect/bob"), "left stalled") == 1);
  CHECK(count(changes(both.accounts.output, 2, "account/acme"), "left stalled") == 1);
  const auto stalled = static_cast<std::size_t>(Condition::stalled);
  CHECK(both.accounts.counters.conditions[stalled][0].value() == 1);
  CHECK(both.accounts.counters.conditions[stalled][1].value() == 1);
  // Ada stalled as well, and has not come back.
  CHECK(both.counters.conditions[stalled][0].value() == 2);
  CHECK(both.counters.conditions[stalled][1].value() == 1);
}

TEST_CASE("an account is stalled within a day of the crossing of the filter that nobody disturbs", "[conditions]") {
  Both both;
  work(both, 10);
  const std::int64_t last = kNow + 9 * kDayMs + kHourMs;
  const Account acme = both.accounts.of("acme");
  const AccountBelief belief = account_belief(chain(), acme);
  std::int64_t crossing = 0;
  for (std::int64_t at = last; crossing == 0 && at < last + 150 * kDayMs; at += kHourMs) {
    if (holds(conditions_after_silence(chain(), acme, belief, at), Condition::stalled)) crossing = at;
  }
  REQUIRE(crossing > 0);
  std::int64_t told = 0;
  for (std::int64_t at = last; told == 0 && at < last + 150 * kDayMs; at += kHourMs) {
    both.tick(at);
    if (count(changes(both.accounts.output, 2, "account/acme"), "entered stalled") == 1) told = at;
  }
  CHECK(told >= crossing);
  CHECK(told <= crossing + kDayMs);
}

TEST_CASE("far more signals than usual within a day are a surge, of the prospect and of the account", "[conditions]") {
  Both both;
  for (int week = 0; week < 8; ++week) both.send("ada", "acme", kNow + week * 7 * kDayMs);
  const std::int64_t busy = kNow + 53 * kDayMs;
  CHECK(count(changes(both.output, 4, "prospect/ada"), "entered surge") == 0);
  for (int n = 0; n < 8; ++n) both.send("ada", "acme", busy + n * kHourMs);
  CHECK(count(changes(both.output, 4, "prospect/ada"), "entered surge") == 1);
  CHECK(count(changes(both.accounts.output, 2, "account/acme"), "entered surge") == 1);
  for (std::int64_t at = busy + 8 * kHourMs; at < busy + 5 * kDayMs; at += kHourMs) both.tick(at);
  CHECK(count(changes(both.output, 4, "prospect/ada"), "left surge") == 1);
  CHECK(count(changes(both.accounts.output, 2, "account/acme"), "left surge") == 1);
}

TEST_CASE("the first visit of somebody new is no surge, however long", "[conditions]") {
  Both both;
  for (int n = 0; n < 20; ++n) both.send("ada", "acme", kNow + n * 60'000);
  CHECK(count(changes(both.output, 4, "prospect/ada"), "entered surge") == 0);
  CHECK(count(changes(both.accounts.output, 2, "account/acme"), "entered surge") == 0);
}

TEST_CASE("nothing is said of those who did not consent, and what was said is taken back", "[conditions]") {
  Both both;
  for (int week = 0; week < 8; ++week) both.send("eve", "", kNow + week * 7 * kDayMs, Consent::absent);
  for (int n = 0; n < 8; ++n) both.send("eve", "", kNow + 53 * kDayMs + n * kHourMs, Consent::absent);
  CHECK(both.output.of(4).empty());

  work(both, 3);
  both.send("ada", "", kNow + 3 * kDayMs, Consent::denied);
  const auto last = both.output.of(4);
  REQUIRE_FALSE(last.empty());
  CHECK(last.back().key == "prospect/ada");
  CHECK(last.back().tombstone);
}

TEST_CASE("behind the freshness gate conditions are kept and nothing is said", "[conditions]") {
  Both fresh, stale;
  for (Both* both : {&fresh, &stale}) {
    for (int week = 0; week < 8; ++week) both->send("ada", "acme", kNow + week * 7 * kDayMs);
    for (int n = 0; n < 8; ++n) {
      both->send("ada", "acme", kNow + 53 * kDayMs + n * kHourMs, Consent::granted, SignalType::query, both == &fresh);
    }
  }
  CHECK(fresh.state.values == stale.state.values);
  CHECK(fresh.accounts.state.values == stale.accounts.state.values);
  CHECK(count(changes(fresh.output, 4, "prospect/ada"), "entered surge") == 1);
  CHECK(changes(stale.output, 4, "prospect/ada").empty());
}

TEST_CASE("a late signal does not undo what a tick has noticed", "[conditions]") {
  Both both;
  work(both, 10);
  const std::int64_t last = kNow + 9 * kDayMs + kHourMs;
  for (std::int64_t at = last; at < last + 100 * kDayMs; at += 6 * kHourMs) both.tick(at);
  REQUIRE(count(changes(both.output, 4, "prospect/bob"), "entered stalled") == 1);
  both.send("bob", "acme", last - kHourMs);
  CHECK(count(changes(both.output, 4, "prospect/bob"), "left stalled") == 0);
  CHECK(count(changes(both.accounts.output, 2, "account/acme"), "left stalled") == 0);
}
