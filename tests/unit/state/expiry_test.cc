#include "juncture/state/expiry.h"

#include <catch2/catch.hpp>

#include "juncture/inference/filter.h"
#include "juncture/state/keys.h"
#include "juncture/state/prospect_store.h"
#include "juncture/state/state_hash.h"
#include "unit/inference/journey.h"
#include "unit/state/memory_state.h"

using namespace juncture;
using namespace juncture::test;

namespace {

struct Desk {
  MemoryState state;
  ProspectStore store;
  Prospect prospect;
  std::vector<std::string> checked;

  Admission signal(const std::string& id, std::int64_t at, Consent consent, std::uint64_t event) {
    const auto found = store.load(state, ProspectId(id), prospect);
    REQUIRE(found);
    Evidence e = query_for(3, at, event);
    e.consent = consent;
    const Admission a = absorb(chain(), prospect, e);
    if (a == Admission::fresh) REQUIRE(store.save(state, ProspectId(id), prospect, *found));
    return a;
  }
  std::vector<std::string> run(std::int64_t now, std::size_t limit = 1000) {
    std::vector<std::string> gone;
    const auto count = store.expiry().run_due(
        state, from_ms(now), limit,
        [&](ProspectId id, AccountId) {
          gone.emplace_back(id.text());
          return Status();
        },
        [&](ProspectId id) {
          checked.emplace_back(id.text());
          const auto found = store.load(state, id, prospect);
          REQUIRE(found);
          prospect.check_due = 0;
          return store.save(state, id, prospect, *found);
        });
    REQUIRE(count);
    CHECK(*count == gone.size());
    return gone;
  }
  bool holds(const std::string& id) {
    std::string key;
    keys::prospect(ProspectId(id), key);
    return state.values.contains(key);
  }
  // Keys that are neither prospects nor the cursor.
  std::size_t index_keys() {
    std::size_t n = 0;
    for (const auto& [key, value] : state.values) n += key[1] != 'P' && key[1] != 'M' ? 1U : 0U;
    return n;
  }
};

}  // namespace

TEST_CASE("without consent a prospect is gone between 30 and 60 minutes after its last signal", "[expiry]") {
  Desk desk;
  desk.signal("anon", kStart + 5 * kMinute, Consent::absent, 1);
  desk.signal("anon", kStart + 40 * kMinute, Consent::absent, 2);
  desk.signal("other", kStart + 50 * kMinute, Consent::granted, 3);
  CHECK(desk.run(kStart + 60 * kMinute).empty());
  CHECK(desk.holds("anon"));
  CHECK(desk.run(kStart + 69 * kMinute).empty());
  CHECK(desk.run(kStart + 95 * kMinute) == std::vector<std::string>{"anon"});
  CHECK_FALSE(desk.holds("anon"));
  CHECK(desk.holds("other"));
  CHECK(desk.run(kStart + 95 * kMinute).empty());
}

TEST_CASE("with consent it stays 400 days after the last signal, and a new one moves that on", "[expiry]") {
  Desk desk;
  desk.signal("anna", kStart, Consent::granted, 1);
  CHECK(desk.index_keys() == 3);
  desk.signal("anna", kStart + kHour, Consent::granted, 2);
  CHECK(desk.index_keys() == 3);
  desk.signal("anna", kStart + 100 * kDay, Consent::granted, 3);
  CHECK(desk.index_keys() == 3);
  CHECK(desk.run(kStart + 402 * kDay).empty());
  CHECK(desk.run(kStart + 500 * kDay - 12 * kHour).empty());
  CHECK(desk.run(kStart + 502 * kDay) == std::vector<std::string>{"anna"});
  CHECK(desk.index_keys() == 0);
}

TEST_CASE("a tick takes at most its limit and the next goes on from there", "[expiry]") {
  Desk desk;
  for (int i = 0; i < 100; ++i) {
    desk.signal("p" + std::to_string(i), kStart + i % 3 * kHour, Consent::absent, static_cast<std::uint64_t>(i + 1));
  }
  std::size_t total = 0;
  for (int tick = 0; tick < 10; ++tick) {
    const auto gone = desk.run(kStart + 10 * kDay + tick * kMinute, 10);
    CHECK(gone.size() == 10);
    total += gone.size();
  }
  CHECK(total == 100);
  CHECK(desk.run(kStart + 11 * kDay, 10).empty());
  CHECK(desk.index_keys() == 0);
}

TEST_CASE("signals of long ago that come after the clock went on are forgotten at the next tick", "[expiry]") {
  Desk desk;
  desk.run(kStart + 100 * kDay);
  desk.signal("old", kStart, Consent::absent, 1);
  CHECK(desk.run(kStart + 100 * kDay).empty());
  CHECK(desk.run(kStart + 100 * kDay + 31 * kMinute) == std::vector<std::string>{"old"});
  // One that came back meanwhile is not forgotten for its old entry.
  desk.signal("back", kStart, Consent::absent, 2);
  desk.signal("back", kStart + 101 * kDay, Consent::absent, 3);
  CHECK(desk.run(kStart + 101 * kDay + 10 * kMinute).empty());
  CHECK(desk.holds("back"));
  CHECK(desk.run(kStart + 101 * kDay + 2 * kHour) == std::vector<std::string>{"back"});
  CHECK(desk.index_keys() == 0);
}

TEST_CASE("many years between the first signal and the first tick are crossed in bounded calls", "[expiry]") {
  Desk desk;
  desk.signal("ancient", 5, Consent::absent, 1);
  std::size_t gone = 0;
  for (int tick = 0; tick < 8; ++tick) gone += desk.run(kStart + tick * kMinute).size();
  CHECK(gone == 1);
}

TEST_CASE("an erasure leaves a tombstone that refuses what was before and goes itself", "[expiry]") {
  Desk desk;
  desk.signal("anna", kStart, Consent::granted, 1);
  REQUIRE(desk.store.erase(desk.state, ProspectId("anna"), from_ms(kStart + kHour)));
  CHECK(desk.signal("anna", kStart + 30 * kMinute, Consent::granted, 2) == Admission::late);
  const auto found = desk.store.load(desk.state, ProspectId("anna"), desk.prospect);
  REQUIRE(found);
  CHECK(found->erased);
  CHECK(read(chain(), desk.prospect, from_ms(kStart + kHour)).signals == 0);
  REQUIRE(desk.store.erase(desk.state, ProspectId("stranger"), from_ms(kStart)));
  CHECK(desk.holds("stranger"));
  CHECK(desk.signal("anna", kStart + 2 * kHour, Consent::granted, 3) == Admission::fresh);
  CHECK(desk.signal("anna", kStart + 45 * kMinute, Consent::granted, 4) == Admission::late);
  CHECK(desk.run(kStart + 32 * kDay) == std::vector<std::string>{"stranger"});
  CHECK(desk.holds("anna"));
}

TEST_CASE("an erasure by a wrong clock still refuses everything that was held", "[expiry]") {
  Desk desk;
  desk.signal("anna", kStart + kHour, Consent::granted, 1);
  REQUIRE(desk.store.erase(desk.state, ProspectId("anna"), from_ms(kStart)));
  CHECK(desk.signal("anna", kStart + kHour, Consent::granted, 1) == Admission::late);
}

TEST_CASE("a denial is remembered as long as a profile", "[expiry]") {
  Desk desk;
  desk.signal("anna", kStart, Consent::granted, 1);
  desk.signal("anna", kStart + kHour, Consent::denied, 2);
  CHECK(desk.run(kStart + 30 * kDay).empty());
  CHECK(desk.holds("anna"));
  CHECK(desk.run(kStart + 402 * kDay) == std::vector<std::string>{"anna"});
}

TEST_CASE("a damaged value is an error of the environment, not a crash", "[expiry]") {
  Desk desk;
  desk.signal("anna", kStart, Consent::granted, 1);
  std::string key;
  keys::prospect(ProspectId("anna"), key);
  desk.state.values[key][40] ^= 1;
  const auto found = desk.store.load(desk.state, ProspectId("anna"), desk.prospect);
  REQUIRE_FALSE(found);
  CHECK(found.error().code == "state_corrupt");
  CHECK(found.error().domain == Domain::environment);
  CHECK(desk.store.erase(desk.state, ProspectId("anna"), from_ms(kStart)));
}

TEST_CASE("the hash of a state depends on keys and values alone", "[hash]") {
  Desk desk;
  for (std::uint64_t i = 0; i < 20; ++i) {
    desk.signal("p" + std::to_string(i), kStart + static_cast<std::int64_t>(i), Consent::granted, i + 1);
  }
  const auto hash = state_hash(MapStore(desk.state.values));
  REQUIRE(hash);
  CHECK(hash->hex.size() == 64);
  CHECK(hash->prospects == 20);
  CHECK(state_hash(MapStore(desk.state.values, true))->hex == hash->hex);
  auto other = desk.state.values;
  other.begin()->second += 'x';
  CHECK(state_hash(MapStore(other))->hex != hash->hex);
  const std::map<std::string, std::string, std::less<>> split{{"a", "bc"}}, joined{{"ab", "c"}};
  CHECK(state_hash(MapStore(split))->hex != state_hash(MapStore(joined))->hex);
  // The clock goes on where nothing happens.
  auto later = desk.state.values;
  std::string mark;
  for (const auto name : {keys::kDueCursor, keys::kAccountMinute}) {
    keys::meta(name, mark);
    later[mark] += "later";
  }
  CHECK(state_hash(MapStore(later))->hex == hash->hex);
  CHECK(state_hash(MapStore(later, true))->hex == hash->hex);
  const std::vector<StateHash> parts{*hash, *hash};
  CHECK(combine(parts).prospects == 40);
  CHECK(combine(parts).hex != hash->hex);

  std::string lines;
  for (const auto& [key, value] : desk.state.values) dump_state(key, value, lines);
  CHECK(std::count(lines.begin(), lines.end(), '\n') == static_cast<std::ptrdiff_t>(desk.state.values.size()));
  CHECK(lines.find(R"("prospect":"p7","head":{"started":true)") != std::string::npos);
}

TEST_CASE("who goes silent is looked at from the second midnight on, and forgotten in time all the same", "[expiry]") {
  Desk desk;
  desk.signal("anna", kStart, Consent::granted, 1);
  desk.signal("anon", kStart, Consent::absent, 2);
  const std::int64_t second = (kStart / kDay + 2) * kDay;
  CHECK(desk.prospect.check_due == 0);  // of the one without consent
  desk.run(second - kMinute);
  CHECK(desk.checked.empty());
  CHECK(desk.run(second + kMinute).empty());
  CHECK(desk.checked == std::vector<std::string>{"anna"});
  // The check said that there is nothing more to see: only the end is still due.
  desk.run(second + 30 * kDay);
  CHECK(desk.checked.size() == 1);
  CHECK(desk.run(kStart + 402 * kDay) == std::vector<std::string>{"anna"});
  CHECK(desk.index_keys() == 0);
}

TEST_CASE("another signal moves the look at a silence on", "[expiry]") {
  Desk desk;
  desk.signal("anna", kStart, Consent::granted, 1);
  desk.signal("anna", kStart + 5 * kDay, Consent::granted, 2);
  CHECK(desk.index_keys() == 3);
  desk.run(kStart + 6 * kDay);
  CHECK(desk.checked.empty());
  desk.run(kStart + 8 * kDay);
  CHECK(desk.checked.size() == 1);
}
