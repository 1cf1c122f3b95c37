// Prospects and accounts together, as the repartition topic joins them; and accounts alone, where the cap is.
#include "juncture/pipeline/account_pipeline.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "juncture/core/hash.h"
#include "juncture/state/account_codec.h"
#include "juncture/state/switches.h"
#include "unit/pipeline/both.h"

using namespace juncture;
using namespace juncture::test;

namespace {

AccountEvidence standing(std::string_view prospect, std::int64_t last_ms) {
  AccountEvidence out;
  out.prospect = ProspectId(prospect);
  out.recorded_ms = last_ms;
  out.at = {last_ms, hash64(prospect)};
  out.first_ms = kNow;
  out.last_ms = last_ms;
  out.signals = static_cast<std::uint16_t>(last_ms % 100);
  for (std::size_t s = 0; s < kStages; ++s) out.stages[s] = static_cast<std::uint16_t>(hash64(prospect) >> s);
  return out;
}

AccountEvidence left(std::string_view prospect) {
  AccountEvidence out;
  out.kind = AccountEvidence::Kind::left;
  out.prospect = ProspectId(prospect);
  return out;
}

}  // namespace

TEST_CASE("signals of people with an account roll up into it, behind the freshness gate too", "[accounts]") {
  Both both;
  both.send("ada", "acme", kNow);
  both.send("ada", "", kNow + 60'000);
  both.send("bob", "acme", kNow + 70'000, Consent::granted, SignalType::page, false);
  both.send("eve", "", kNow + 80'000);

  const auto evidence = both.evidence();
  REQUIRE(evidence.size() == 3);
  CHECK(evidence[1].prospect == ProspectId("ada"));
  CHECK(evidence[1].signals == 2);
  CHECK(evidence[1].first_ms == kNow);
  CHECK(evidence[1].last_ms == kNow + 60'000);
  CHECK(evidence[1].at == EventOrder{kNow + 60'000, hash64("ada-" + std::to_string(kNow + 60'000))});
  CHECK(evidence[2].type == SignalType::page);
  unsigned sum = 0;
  for (const std::uint16_t share : evidence[1].stages) sum += share;
  CHECK(sum == Approx(65535).margin(14));
  const Account acme = both.accounts.of("acme");
  CHECK(acme.members.size() == 2);
  CHECK(both.accounts.output.of(0).back().value.find("\"people\":{\"seen\":2,\"active_30d\":2,\"kept\":2}") !=
        std::string::npos);
}

TEST_CASE("nothing of people without consent reaches an account", "[accounts]") {
  Both both;
  both.send("ada", "acme", kNow, Consent::absent);
  both.send("bob", "acme", kNow, Consent::denied);
  both.send("bob", "acme", kNow + 1, Consent::absent);

  CHECK(both.evidence().empty());
}

TEST_CASE("a withdrawal reaches the account, and takes back what was said", "[accounts]") {
  Both both;
  both.send("ada", "acme", kNow);
  both.send("bob", "acme", kNow + 1);
  const Account before = both.accounts.of("acme");
  REQUIRE(before.members.size() == 2);

  const bool erased = GENERATE(true, false);
  both.send("ada", "", kNow + 2, erased ? Consent::granted : Consent::denied,
            erased ? SignalType::erase : SignalType::query);

  CHECK(both.accounts.of("acme").members.size() == 1);
  CHECK(both.accounts.output.of(0).back().value.find("\"seen\":1") != std::string::npos);
  both.send("bob", "", kNow + 3, erased ? Consent::granted : Consent::denied,
            erased ? SignalType::erase : SignalType::query);
  CHECK(both.accounts.count() == 0);
  CHECK(both.accounts.output.of(0).back().tombstone);
}

TEST_CASE("a denial between signals leaves of them what it may, and tells nothing of itself", "[accounts]") {
  Both in_order, late;
  in_order.send("ada", "acme", kNow);
  in_order.send("ada", "", kNow + 1000, Consent::denied);
  in_order.send("ada", "acme", kNow + 2000);
  late.send("ada", "acme", kNow);
  late.send("ada", "acme", kNow + 2000);
  late.send("ada", "", kNow + 1000, Consent::denied);

  CHECK(in_order.accounts.state.values == late.accounts.state.values);
  REQUIRE_FALSE(late.accounts.state.values.empty());
  const auto told = late.evidence().back();
  CHECK(told.kind == AccountEvidence::Kind::standing);
  CHECK(told.at == EventOrder{});
  const auto count = late.evidence().size();
  late.send("ada", "acme", kNow + 3000, Consent::absent);
  CHECK(late.evidence().size() == count);
}

TEST_CASE("a prospect that changes its account moves", "[accounts]") {
  Both both;
  both.send("ada", "acme", kNow);
  both.send("ada", "zeta", kNow + 1000);
  CHECK(both.accounts.of("acme").empty());
  CHECK(both.accounts.of("zeta").members.size() == 1);
  CHECK(both.accounts.of("zeta").members[0].signals == 2);

  both.send("ada", "late", kNow + 500);
  CHECK(both.accounts.of("late").empty());
  CHECK(both.accounts.of("zeta").members[0].signals == 3);
}

TEST_CASE("who is forgotten in time is forgotten by the account", "[accounts]") {
  Both both;
  both.send("ada", "acme", kNow);
  for (int day = 1; day < 410; ++day) both.tick(kNow + day * kDayMs);

  CHECK(both.counters.expired.value() == 1);
  CHECK(both.accounts.count() == 0);
}

TEST_CASE("the bytes for accounts do not depend on freshness", "[accounts]") {
  Both fresh, stale;
  for (Both* both : {&fresh, &stale}) {
    for (int i = 0; i < 100; ++i) {
      both->send("p-" + std::to_string(i % 7), "a-" + std::to_string(i % 3), kNow + i * 1000,
                 i % 31 == 30 ? Consent::denied : Consent::granted,
                 i % 41 == 40 ? SignalType::erase : SignalType::query, both == &fresh);
    }
  }
  REQUIRE(fresh.output.of(3).size() == stale.output.of(3).size());
  for (std::size_t i = 0; i < fresh.output.of(3).size(); ++i) {
    CHECK(fresh.output.of(3)[i].value == stale.output.of(3)[i].value);
    CHECK(fresh.output.of(3)[i].key == stale.output.of(3)[i].key);
  }
}

TEST_CASE("accounts hear of the clock once a minute of it, whoever goes on with it", "[accounts]") {
  Both both;
  const std::int64_t minute = kNow - kNow % 60'000;
  for (int second = 0; second < 300; ++second) {
    if (second == 150) both.pipeline = make_prospect_pipeline(*both.knowledge, both.counters);
    both.tick(minute + second * 1000);
  }
  both.tick(minute + 200'000);  // a clock that went back
  both.tick(minute + 3'600'000);
  std::vector<std::int64_t> told;
  for (const Emitted& one : both.output.of(3)) {
    AccountEvidence evidence;
    REQUIRE(decode(one.value, evidence));
    CHECK(evidence.kind == AccountEvidence::Kind::tick);
    told.push_back(evidence.recorded_ms);
  }
  CHECK(told == std::vector<std::int64_t>{minute, minute + 60'000, minute + 120'000, minute + 180'000, minute + 240'000,
                                          minute + 3'600'000});
}

TEST_CASE("a row of an old signal is not written, its state is", "[accounts]") {
  Accounts accounts;
  std::string value;
  encode(standing("ada", kNow), value);

  accounts.take("acme", value, kNow + 60'001);
  CHECK(accounts.output.all.empty());
  CHECK(accounts.counters.stale.value() == 1);
  accounts.take("acme", value, kNow + 60'000, false);
  CHECK(accounts.output.all.empty());
  accounts.take("acme", value, kNow + 60'000);
  CHECK(accounts.output.all.size() == 1);
  CHECK(accounts.of("acme").members.size() == 1);
}

TEST_CASE("records that are repeated change nothing", "[accounts]") {
  std::vector<std::string> values;
  for (int i = 0; i < 60; ++i) {
    const std::string prospect = "p-" + std::to_string(i % 9);
    encode(standing(prospect, kNow + i), values.emplace_back());
    if (i % 17 == 16) encode(left(prospect), values.emplace_back());
  }
  Accounts once;
  for (const std::string& value : values) once.take("acme", value);

  for (std::size_t from = 0; from < values.size(); from += 7) {
    Accounts again;
    for (std::size_t i = 0; i + 3 < values.size(); ++i) again.take("acme", values[i]);
    for (std::size_t i = from; i < values.size(); ++i) again.take("acme", values[i]);
    CHECK(again.state.values == once.state.values);
  }
}

TEST_CASE("an account keeps the 64 people seen last, and counts the others once", "[accounts]") {
  std::vector<std::pair<std::string, std::int64_t>> seen;
  for (int round = 0; round < 3; ++round) {
    for (int p = 0; p < 200; ++p) seen.emplace_back("p-" + std::to_string(p), kNow + round * 1'000'000 + p * 37 % 200);
  }
  const auto run = [&](std::uint64_t seed) {
    // Any interleaving of people; each one's own records in their order.
    auto order = seen;
    std::mt19937_64 random(seed);
    if (seed != 0) std::shuffle(order.begin(), order.end(), random);
    std::map<std::string, int> round;
    Accounts accounts;
    for (const auto& [prospect, at] : order) {
      const std::int64_t own = kNow + round[prospect]++ * 1'000'000 + std::stoi(prospect.substr(2)) * 37 % 200;
      accounts.take("acme", standing(prospect, own));
    }
    return accounts.state.values;
  };
  Accounts accounts;
  for (const auto& [prospect, at] : seen) accounts.take("acme", standing(prospect, at));
  const Account acme = accounts.of("acme");

  CHECK(acme.members.size() == kMembersMax);
  CHECK(acme.former.size() == 200 - kMembersMax);
  CHECK(acme.people() == 200);
  for (const Member& member : acme.members) CHECK(member.last_ms >= kNow + 2'000'000 + 200 - 64);
  for (const std::uint64_t seed : {1U, 2U, 3U}) CHECK(run(seed) == accounts.state.values);

  // Whoever was coarsened out can still leave.
  accounts.take("acme", left("p-0"));
  CHECK(accounts.of("acme").people() == 199);
}

TEST_CASE("10,000 merges and splits of accounts leave the bytes of accounts that never saw one", "[accounts]") {
  std::mt19937_64 random(20261122);
  const std::array<std::string, 4> names{"a", "b", "c", "d"};
  std::vector<AccountEvidence> people;
  std::vector<std::string> ids;
  for (int p = 0; p < 30; ++p) ids.push_back("p-" + std::to_string(p));
  for (int p = 0; p < 30; ++p) {
    AccountEvidence& one = people.emplace_back(standing(ids[static_cast<std::size_t>(p)], kNow + p * kDayMs / 3));
    one.track.count = static_cast<std::uint8_t>(1 + random() % kTrackDays);
    for (std::uint32_t d = 0; d < one.track.count; ++d) {
      one.track.days[d].day = day_number(kNow) - 40 + 2 * d + static_cast<std::uint32_t>(random() % 2);
      one.track.days[d].signals = one.track.days[d].visits = 1;
      one.track.days[d].against[random() % kStages] = static_cast<std::uint8_t>(random() % 90);
    }
  }
  Accounts moved;
  std::vector<std::size_t> home(people.size());
  for (std::size_t p = 0; p < people.size(); ++p) moved.take(names[home[p] = p % 4], people[p]);
  for (int step = 0; step < 10'000; ++step) {
    if (step % 3 != 0) {  // one goes over
      const std::size_t p = random() % people.size(), to = random() % 4;
      if (to == home[p]) continue;
      moved.take(names[home[p]], left(ids[p]));
      moved.take(names[home[p] = to], people[p]);
      continue;
    }
    // Two accounts are found to be one, and later not to be.
    const std::size_t from = random() % 4, to = (from + 1 + random() % 3) % 4;
    std::vector<std::size_t> merged;
    for (std::size_t p = 0; p < people.size(); ++p) {
      if (home[p] == from) merged.push_back(p);
    }
    for (const std::size_t p : merged) moved.take(names[from], left(ids[p]));
    for (const std::size_t p : merged) moved.take(names[to], people[p]);
    if (step % 2 == 0) std::shuffle(merged.begin(), merged.end(), random);
    for (const std::size_t p : merged) moved.take(names[to], left(ids[p]));
    for (const std::size_t p : merged) moved.take(names[from], people[p]);
  }
  Accounts never;
  for (std::size_t p = people.size(); p-- > 0;) never.take(names[home[p]], people[p]);
  CHECK(moved.state.values == never.state.values);
}

TEST_CASE("however many people an account has, its value stays within its limit", "[accounts]") {
  Accounts accounts;
  for (int p = 0; p < 2000; ++p) accounts.take("acme", standing("p-" + std::to_string(p), kNow + p));

  CHECK(accounts.of("acme").people() == 2000);
  for (const auto& [key, value] : accounts.state.values) CHECK(value.size() <= kAccountValueBytesMax);
}

TEST_CASE("the state of accounts says since when it is made with what", "[accounts]") {
  const auto knowledge = make_shipped_knowledge();
  Accounts accounts;
  for (const std::uint64_t version : {7ULL, 7ULL, 8ULL}) {
    knowledge->version = version;
    accounts.pipeline = make_account_pipeline(*knowledge, Millis{60'000}, accounts.counters);
    for (int n = 0; n < 3; ++n) accounts.take("acme", standing("ada", kNow + accounts.offset));
  }
  const auto switches = decode_switches(accounts.state.values.at(switches_key()));
  REQUIRE(switches);
  CHECK(switches->kept == std::vector<Switch>{{0, 7}, {6, 8}});
}

TEST_CASE("what is no evidence becomes a dead letter, what is newer stops the partition", "[accounts]") {
  Accounts accounts;
  accounts.take("acme", "junk that is long enough");
  std::string value;
  encode(standing("ada", kNow), value);
  accounts.take("", value);
  CHECK(accounts.output.of(0).empty());
  CHECK(accounts.output.of(1).size() == 2);
  CHECK(accounts.count() == 0);

  value[0] = static_cast<char>(kAccountEvidenceVersion + 1);
  const Status newer = accounts.pipeline->process({.topic = "accounts.evidence", .key = "acme", .value = value}, true,
                                                  accounts.state, accounts.output);
  REQUIRE_FALSE(newer);
  CHECK(newer.error().code == "evidence_newer");
}

TEST_CASE("an account's row says where it stands, and how far its people are apart", "[accounts]") {
  Accounts accounts;
  AccountEvidence ada = standing("ada", kNow), bob = standing("bob", kNow + 40 * kDayMs), eve = bob;
  ada.stages = bob.stages = eve.stages = {};
  ada.stages[0] = 65535;
  bob.stages[8] = 65535;
  eve.stages[8] = 13107;
  eve.stages[9] = 52428;
  eve.prospect = ProspectId("eve");
  for (AccountEvidence* one : {&bob, &eve}) {
    one->track.count = 1;
    one->track.days[0].day = day_number(kNow + 40 * kDayMs);
    one->track.days[0].against.fill(60);
    one->track.days[0].against[8] = 0;
    one->track.days[0].visits = one->track.days[0].signals = 1;
  }
  accounts.take("acme", ada);
  accounts.take("acme", bob);
  accounts.take("acme", eve);

  const std::string row = accounts.output.of(0).back().value;
  CHECK(row.starts_with("{\"v\":2,\"account\":\"acme\",\"as_of\":" + std::to_string(kNow + 40 * kDayMs) +
                        ",\"people\":{\"seen\":3,\"active_30d\":2,\"kept\":3}"));
  CHECK(row.find("\"mode\":9") != std::string::npos);
  CHECK(row.find("\"low\":[0.00000,0.00000,0.00000,0.00000,0.00000,0.00000,0.00000,0.00000,0.20000") !=
        std::string::npos);
  CHECK(row.find("\"high\":[0.00000,0.00000,0.00000,0.00000,0.00000,0.00000,0.00000,0.00000,1.00000,0.80000") !=
        std::string::npos);
  for (const std::string_view part : {"progress", "dwell", "forecast", "unobserved_share", "committee", "missing",
                                      "consensus", "likelihoods", "surge", "conditions"}) {
    CHECK(row.find("\"" + std::string(part) + "\":") != std::string::npos);
  }
}

TEST_CASE("an anonymous id that is linked to a person is that person in the account, until it is unlinked",
          "[accounts]") {
  Both both;
  const auto link = [&](std::string_view person, std::int64_t at, std::string_view account = "") {
    const std::string id = "link-" + std::to_string(at);
    Signal signal;
    signal.id = id;
    signal.type = SignalType::identify;
    signal.prospect = ProspectId("v-1");
    signal.anonymous = signal.links = true;
    signal.person = person;
    signal.account = AccountId(account);
    signal.consent = Consent::granted;
    signal.occurred_at = from_ms(at);
    signal.source = "test";
    std::string record;
    write_signal(signal, from_ms(at), record);
    both.process("v-1", record, at, true);
  };
  both.send("crm-1", "acme", kNow);
  both.send("v-1", "acme", kNow + 1000);
  const auto person = [&](std::string_view id) {
    for (const Member& member : both.accounts.of("acme").members) {
      if (member.prospect == hash64(id)) return member.person;
    }
    return ~std::uint64_t{0};
  };
  const Account before = both.accounts.of("acme");
  CHECK(person("v-1") == 0);
  link("crm-1", kNow + 2000);
  CHECK(person("v-1") == hash64("crm-1"));
  CHECK(both.accounts.of("acme").members.size() == 2);
  link("crm-2", kNow + 1500);  // older: the newest word counts
  CHECK(person("v-1") == hash64("crm-1"));
  link("", kNow + 3000);
  // As it was: a link is no signal of its own.
  CHECK(both.accounts.of("acme") == before);
  // A link to somebody of another account takes the id there, and back again.
  link("crm-9", kNow + 4000, "zeta");
  CHECK(both.accounts.of("zeta").members.size() == 1);
  CHECK(both.accounts.of("acme").members.size() == 1);
  link("", kNow + 5000);
  CHECK(both.accounts.of("zeta").empty());
  CHECK(both.accounts.of("acme") == before);
}

TEST_CASE("a weaker word on the account does not replace a stronger one, whichever comes first", "[accounts]") {
  for (const bool weak_first : {true, false}) {
    Both both;
    const auto send = [&](std::string_view account, AccountBasis basis, std::int64_t at) {
      const std::string id = "s-" + std::to_string(at);
      Signal signal;
      signal.id = id;
      signal.prospect = ProspectId("v-1");
      signal.account = AccountId(account);
      signal.basis = basis;
      signal.text = "erp";
      signal.consent = Consent::granted;
      signal.occurred_at = from_ms(at);
      signal.source = "test";
      std::string record;
      write_signal(signal, from_ms(at), record);
      both.process("v-1", record, at, true);
    };
    if (weak_first) send("provider", AccountBasis::network, kNow + 5000);
    send("acme", AccountBasis::domain, kNow);
    if (!weak_first) send("provider", AccountBasis::network, kNow + 5000);
    CHECK(both.accounts.of("provider").empty());
    REQUIRE(both.accounts.of("acme").members.size() == 1);
    CHECK(both.accounts.of("acme").members[0].basis == AccountBasis::domain);
    CHECK(both.accounts.of("acme").members[0].signals == 2);
  }
}
