// What accounts are said to be, byte by byte: the same as worked out anew from the state alone, and as it has been.
#include <catch2/catch.hpp>
#include <random>

#include "juncture/core/hash.h"
#include "juncture/core/json_writer.h"
#include "juncture/inference/account_filter.h"
#include "juncture/pipeline/render.h"
#include "unit/pipeline/both.h"

using namespace juncture;
using namespace juncture::test;

namespace {

constexpr std::size_t kPeople = 420, kAccounts = 30, kDays = 150;

// Raw draws alone: a distribution of the library is another one elsewhere.
class Draws {
 public:
  std::size_t below(std::size_t n) { return random_() % n; }
  bool one_in(std::size_t n) { return below(n) == 0; }

 private:
  std::mt19937_64 random_{20261122};
};

struct Person {
  std::string id, account;
  AccountEvidence told;
  std::size_t stage = 0;
};

Person new_person(std::size_t number, Draws& draws) {
  Person out;
  out.id = "p-" + std::to_string(number);
  // Every other one is of the first two: more than an account keeps.
  out.account = "a-" + std::to_string(number % 2 == 0 ? number % 4 / 2 : draws.below(kAccounts));
  out.told.kind = AccountEvidence::Kind::signal;
  out.told.basis = static_cast<AccountBasis>(draws.below(3));
  out.told.known = draws.one_in(3);
  if (draws.one_in(5)) out.told.person = 1 + draws.below(40);
  out.stage = draws.below(kBuyingStages);
  return out;
}

// Where the day is the last one of the track it grows, as that of a prospect does; an older one may grow too.
TrackDay& day_of(Track& track, std::uint32_t day, Draws& draws) {
  if (track.count > 0 && (track.days[track.count - 1U].day >= day)) {
    return track.days[draws.one_in(10) ? draws.below(track.count) : track.count - 1U];
  }
  if (track.count == kTrackDays) {
    std::move(track.days.begin() + 1, track.days.end(), track.days.begin());
    track.days[--track.count] = TrackDay{};
  }
  TrackDay& out = track.days[track.count++];
  out = TrackDay{};
  out.day = day;
  return out;
}

void ask(Person& person, std::int64_t at_ms, Draws& draws) {
  AccountEvidence& told = person.told;
  told.prospect = ProspectId(person.id);
  told.recorded_ms = at_ms;
  told.at = {at_ms, draws.below(1'000'000)};
  if (told.signals++ == 0) told.first_ms = at_ms;
  told.last_ms = at_ms;
  if (draws.one_in(20)) person.stage = std::min(person.stage + 1, kBuyingStages - 1);
  std::size_t rest = 60'000;
  told.stages.fill(0);
  for (std::size_t n = 0; n < 4; ++n) {
    const std::size_t share = draws.below(rest);
    told.stages[std::min(person.stage + n, kBuyingStages - 1)] = static_cast<std::uint16_t>(share);
    rest -= share;
  }
  told.stages[draws.below(kStages)] = static_cast<std::uint16_t>(rest / 2);
  if (draws.one_in(6)) {
    told.has_roles = true;
    told.roles[draws.below(kRoles)] = static_cast<std::uint8_t>(draws.below(64));
  }
  TrackDay& day = day_of(told.track, day_number(at_ms), draws);
  day.signals = static_cast<std::uint8_t>(day.signals + 1);
  day.visits = static_cast<std::uint8_t>(day.visits + draws.below(2));
  day.against[draws.below(kStages)] = static_cast<std::uint8_t>(draws.below(120));
  day.against[person.stage] = 0;
  if (draws.one_in(400)) day.outcome = static_cast<DealOutcome>(draws.below(4));
  day.stage = static_cast<std::uint8_t>(draws.below(kStageStepsMax + 1));
  day.active = static_cast<std::uint8_t>(draws.below(256));
}

void leave(Person& person, Accounts& accounts) {
  AccountEvidence out;
  out.kind = AccountEvidence::Kind::left;
  out.prospect = ProspectId(person.id);
  accounts.take(person.account, out);
}

std::string row_of(const Knowledge& knowledge, const Accounts& accounts, std::string_view id, Timestamp as_of) {
  const AccountRules rules = rules_of(knowledge, AccountId(id));
  const Account account = accounts.of(id);
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  const AccountBelief belief = account_belief(rules.chain, account);
  write_account(json, rules, id, account, read_account(rules.chain, belief, as_of),
                conditions_of(rules.chain, account, belief));
  json.end_object();
  return out;
}

// Of what was said since `from`: rows that their own state does not lead to.
std::size_t strays(const Accounts& accounts, std::size_t from, Timestamp as_of) {
  std::size_t out = 0;
  for (; from < accounts.output.all.size(); ++from) {
    const Emitted& one = accounts.output.all[from];
    if (one.topic != 0 || one.tombstone) continue;
    out += one.value != row_of(*shipped_knowledge(), accounts, one.key, as_of) ? 1U : 0U;
  }
  return out;
}

std::uint64_t hash_of(const Accounts& accounts) {
  std::uint64_t out = 0;
  for (const Emitted& one : accounts.output.all) {
    out = hash64(one.key, out + one.topic);
    out = hash64(one.value, out + (one.tombstone ? 1U : 0U));
  }
  for (const auto& [key, value] : accounts.state.values) out = hash64(value, hash64(key, out));
  return out;
}

}  // namespace

TEST_CASE("an account's row follows from its state alone, and is what it was", "[accounts]") {
  Draws draws;
  Accounts accounts;
  std::vector<Person> people;
  for (std::size_t p = 0; p < kPeople; ++p) people.push_back(new_person(p, draws));
  std::size_t wrong = 0, looked_at = 0;
  const auto look = [&](std::size_t from, Timestamp as_of) {
    wrong += strays(accounts, from, as_of);
    looked_at += accounts.output.all.size() - from;
  };
  for (std::size_t day = 0; day < kDays; ++day) {
    // Of the last third of the days only ticks, for what silence does.
    const std::int64_t midnight = kNow - kNow % kDayMs + static_cast<std::int64_t>(day) * kDayMs;
    for (std::size_t n = day < kDays * 2 / 3 ? 40 : 0; n > 0; --n) {
      Person& person = people[draws.below(draws.one_in(2) ? 60 : kPeople)];
      const std::int64_t at = midnight + static_cast<std::int64_t>((40 - n) * 2'000'000 + draws.below(2'000'000));
      const std::size_t said = accounts.output.all.size();
      if (draws.one_in(60) && person.told.signals > 0) {
        leave(person, accounts);
        if (draws.one_in(2)) person.account = "a-" + std::to_string(draws.below(kAccounts));
        continue;
      }
      ask(person, at, draws);
      std::string value;
      encode(person.told, value);
      accounts.take(person.account, value, at, !draws.one_in(30));
      if (draws.one_in(8)) look(said, Timestamp::min());
    }
    const std::size_t said = accounts.output.all.size();
    AccountEvidence tick;
    tick.kind = AccountEvidence::Kind::tick;
    tick.recorded_ms = midnight + kDayMs;
    accounts.take({}, tick);
    look(said, from_ms(tick.recorded_ms));
  }
  CHECK(looked_at > 500);
  CHECK(accounts.output.of(2).size() > 200);
  CHECK(wrong == 0);
  // Another number: rows or state are other bytes, and kPipelineRevision is to be raised.
  CHECK(hash_of(accounts) == 0x451cd7c78e510ba5);
}
