// The account's own filter: a function of its people, whoever came and left meanwhile.
#include "juncture/inference/account_filter.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <map>

#include "juncture/inference/filter.h"
#include "unit/inference/journey.h"

using namespace juncture;
using namespace juncture::test;

namespace {

Member member_of(std::uint64_t id, const Prospect& prospect, AccountBasis basis = AccountBasis::declared) {
  Member out;
  out.prospect = id;
  out.first_ms = prospect.head.first_ms;
  out.last_ms = prospect.head.last_ms;
  out.signals = prospect.head.signals;
  out.offline = prospect.head.offline;
  out.known = prospect.head.known;
  out.basis = basis;
  const StageOdds odds = stages_of(chain(), prospect);
  for (std::size_t s = 0; s < kStages; ++s) out.stages[s] = static_cast<std::uint16_t>(odds[s] * 65535.0F);
  out.track = prospect.head.track;
  return out;
}

// Somebody who asks the questions of one stage, on `days` days from `from_ms` on.
Prospect person(std::size_t stage, std::int64_t from_ms, int days, std::uint64_t seed) {
  Prospect out;
  for (int d = 0; d < days; ++d) {
    for (std::uint64_t n = 0; n < 2; ++n) {
      absorb(chain(), out,
             query_for(stage, from_ms + d * kDay + static_cast<std::int64_t>(n) * kHour,
                       seed * 1000 + static_cast<std::uint64_t>(d) * 2 + n));
    }
  }
  return out;
}

void add(Account& account, const Member& member) {
  const auto at = std::lower_bound(account.members.begin(), account.members.end(), member.prospect,
                                   [](const Member& m, std::uint64_t wanted) { return m.prospect < wanted; });
  account.members.insert(at, member);
}

// Another signal of late stages on that day, or on an older one.
void grow(Member& member, std::uint32_t day, Dice& dice) {
  Track& track = member.track;
  if (track.count == 0 || (track.days[track.count - 1U].day < day && track.count < kTrackDays)) {
    track.days[track.count++] = TrackDay{.day = day};
  }
  TrackDay& last = track.days[dice.below(9) == 0 ? dice.below(track.count) : track.count - 1U];
  last.signals = static_cast<std::uint8_t>(last.signals + 1);
  last.visits = static_cast<std::uint8_t>(dice.below(2));
  last.against.fill(90);
  last.against[7 + dice.below(5)] = 0;
  last.stage = static_cast<std::uint8_t>(1 + 20 * (7 + dice.below(5)));
  last.active = static_cast<std::uint8_t>(60 + dice.below(196));
  member.stages = {};
  member.stages[7 + dice.below(5)] = 65535;
  member.has_roles = true;
  member.roles[dice.below(kRoles)] = static_cast<std::uint8_t>(dice.below(60));
  member.last_ms = static_cast<std::int64_t>(day) * kDay + kHour;
  member.first_ms = member.first_ms == 0 ? member.last_ms : member.first_ms;
}

bool same_bits(const BeliefState& a, const BeliefState& b) {
  return std::memcmp(a.phases.data(), b.phases.data(), sizeof(a.phases)) == 0 &&
         std::memcmp(a.activity.data(), b.activity.data(), sizeof(a.activity)) == 0 && a == b;
}

std::size_t mode_of(const Account& account, std::int64_t now_ms) {
  return index_of(most_likely(read_account(chain(), account_belief(chain(), account), from_ms(now_ms)).stages));
}

}  // namespace

TEST_CASE("several people who ask of one stage move the account further than one, and less than as many in a row",
          "[account]") {
  Account one, three;
  for (std::uint64_t id = 1; id <= 3; ++id) {
    const Member member = member_of(id, person(8, kStart, 3, id));
    if (id == 1) add(one, member);
    add(three, member);
  }
  const auto odds = [&](const Account& account) {
    return read_account(chain(), account_belief(chain(), account), from_ms(kStart + 3 * kDay)).stages[8];
  };
  CHECK(odds(three) > odds(one));
  CHECK(odds(one) > 0.2F);
  CHECK(odds(three) < 0.999F);
}

TEST_CASE("who is surely of the account counts more than who only comes from its network", "[account]") {
  Account sure, guessed;
  add(sure, member_of(1, person(10, kStart, 4, 1)));
  add(guessed, member_of(1, person(10, kStart, 4, 1), AccountBasis::network));
  const auto odds = [&](const Account& account) {
    return read_account(chain(), account_belief(chain(), account), from_ms(kStart + 4 * kDay)).stages[10];
  };
  CHECK(odds(sure) > odds(guessed));
}

TEST_CASE("an analyst's correction and a reported outcome reach the account", "[account]") {
  Prospect prospect = person(2, kStart, 3, 1);
  Account account;
  add(account, member_of(1, prospect));
  CHECK(mode_of(account, kStart + 4 * kDay) <= 3);
  Evidence wrong;
  wrong.at = {kStart + 3 * kDay, 7};
  wrong.type = SignalType::feedback;
  wrong.action = FeedbackAction::wrong;
  wrong.consent = Consent::granted;
  wrong.by_analyst = true;
  wrong.stage = 9;
  const auto before = read_account(chain(), account_belief(chain(), account), from_ms(kStart + 4 * kDay)).stages[9];
  absorb(chain(), prospect, wrong);
  account.members[0] = member_of(1, prospect);
  CHECK(read_account(chain(), account_belief(chain(), account), from_ms(kStart + 4 * kDay)).stages[9] > before * 5);
  Evidence lost;
  lost.at = {kStart + 5 * kDay, 8};
  lost.type = SignalType::outcome;
  lost.outcome = DealOutcome::lost;
  lost.consent = Consent::granted;
  const auto rejected = [&] {
    return read_account(chain(), account_belief(chain(), account), from_ms(kStart + 5 * kDay)).stages[13];
  };
  const float unknown = rejected();
  absorb(chain(), prospect, lost);
  account.members[0] = member_of(1, prospect);
  CHECK(rejected() > std::min(20 * unknown, .5F));
}

TEST_CASE("10,000 merges and splits later an account is what it would be had nobody ever come or left", "[account]") {
  Dice dice{4711};
  std::vector<Member> people;
  for (std::uint64_t id = 1; id <= 24; ++id) {
    Prospect prospect;
    std::int64_t at = kStart + static_cast<std::int64_t>(dice.below(90)) * kDay;
    const std::uint64_t count = 1 + dice.below(60);
    for (std::uint64_t n = 0; n < count; ++n) {
      at += static_cast<std::int64_t>(dice.below(static_cast<std::uint64_t>(3 * kDay)));
      absorb(chain(), prospect, random_evidence(dice, at, id * 1000 + n, true));
    }
    people.push_back(member_of(id * 0x9e3779b97f4a7c15ULL, prospect, static_cast<AccountBasis>(dice.below(3))));
  }
  std::array<Account, 3> accounts;
  std::vector<std::size_t> home(people.size());
  for (std::size_t i = 0; i < people.size(); ++i) add(accounts[home[i] = dice.below(3)], people[i]);
  std::size_t different = 0, moves = 0;
  AccountFolds folds;
  for (int step = 0; step < 10'000; ++step) {
    // One person goes over, or a whole account is merged into another and split again.
    const std::size_t i = dice.below(people.size()), to = dice.below(3);
    Account& from = accounts[home[i]];
    from.members.erase(std::find_if(from.members.begin(), from.members.end(),
                                    [&](const Member& m) { return m.prospect == people[i].prospect; }));
    add(accounts[to], people[i]);
    moves += home[i] != to;
    home[i] = to;
    const AccountBelief kept = folds.belief(chain(), to, accounts[to]);
    if (step % 7 == 0) different += !same_bits(kept.state, account_belief(chain(), accounts[to]).state);
    if (step % 20 != 0 && step < 9'900) continue;
    for (std::size_t a = 0; a < accounts.size(); ++a) {
      Account never;
      for (std::size_t p = people.size(); p-- > 0;) {
        if (home[p] == a) add(never, people[p]);
      }
      different += never != accounts[a];
      different += !same_bits(account_belief(chain(), never).state, account_belief(chain(), accounts[a]).state);
    }
  }
  CHECK(moves > 5000);
  CHECK(different == 0);
}

TEST_CASE("what is kept of earlier days gives the same bits as folding them again, as an account grows", "[account]") {
  Dice dice{99};
  AccountFolds folds;
  std::array<Prospect, 4> people;
  for (int n = 0; n < 400; ++n) {
    const std::uint64_t who = dice.below(4);
    // Some come late, by up to a day and a half.
    const std::int64_t at = kStart + n * 6 * kHour - static_cast<std::int64_t>(dice.below(36)) * kHour;
    absorb(chain(), people[who], random_evidence(dice, at, static_cast<std::uint64_t>(n), true));
    Account account;
    for (std::uint64_t p = 0; p < 4; ++p) {
      if (!people[p].empty()) add(account, member_of(p + 1, people[p]));
    }
    const AccountBelief quick = folds.belief(chain(), 7, account), slow = account_belief(chain(), account);
    REQUIRE(same_bits(quick.state, slow.state));
    REQUIRE(quick.newest_ms == slow.newest_ms);
    REQUIRE(quick.before == slow.before);
    REQUIRE(quick.pace.expected == slow.pace.expected);
  }
}

TEST_CASE("more accounts than one set of the folds holds, whose people come and go: the same bits", "[account]") {
  Dice dice{7};
  AccountFolds folds;
  std::array<Account, 9> accounts;
  std::size_t by_role = 0, known = 0;
  for (int n = 0; n < 3000; ++n) {
    const std::size_t which = dice.below(dice.below(2) == 0 ? 3 : accounts.size());
    const std::uint64_t key = 5 + 4096 * which;  // all in one set
    Account& account = accounts[which];
    const std::uint64_t id = 1 + dice.below(4);
    const auto at = std::find_if(account.members.begin(), account.members.end(),
                                 [&](const Member& member) { return member.prospect == id; });
    if (at != account.members.end() && dice.below(12) == 0) {
      account.members.erase(at);
    } else {
      Member member;
      if (at != account.members.end()) member = *at;
      member.prospect = id;
      grow(member, day_number(kStart) + static_cast<std::uint32_t>(n / 15), dice);
      if (at != account.members.end()) account.members.erase(at);
      add(account, member);
    }
    const AccountBelief quick = folds.belief(chain(), key, account), slow = account_belief(chain(), account);
    REQUIRE(same_bits(quick.state, slow.state));
    REQUIRE(quick.before == slow.before);
    REQUIRE(quick.by_role == slow.by_role);
    const Conditions holding = conditions_of(chain(), account, slow);
    REQUIRE(conditions_of(chain(), account, quick) == holding);
    by_role += slow.by_role ? 1U : 0U;
    folds.note(key, static_cast<std::uint64_t>(n) + 1, holding);
    REQUIRE(folds.holding(key, static_cast<std::uint64_t>(n) + 1) == holding);
    REQUIRE_FALSE(folds.holding(key, static_cast<std::uint64_t>(n)));
    known += folds.holding(5 + 4096 * dice.below(accounts.size()), static_cast<std::uint64_t>(n) + 1) ? 1U : 0U;
  }
  CHECK(by_role > 100);
  CHECK(known < 1000);  // of the one just noted alone
}

TEST_CASE("days that do not fit the track are put together, and nothing that counts is lost with them", "[account]") {
  const Prospect many = person(4, kStart, 45, 1);
  const Track& track = many.head.track;
  REQUIRE(track.count == kTrackDays);
  unsigned signals = 0;
  for (std::size_t i = 0; i < track.count; ++i) {
    signals += track.days[i].signals;
    CHECK(*std::min_element(track.days[i].against.begin(), track.days[i].against.end()) == 0);
    if (i > 0) CHECK(track.days[i - 1].day < track.days[i].day);
  }
  CHECK(signals == 90);
  Account account;
  add(account, member_of(1, many));
  CHECK(mode_of(account, kStart + 45 * kDay) == 4);
}

TEST_CASE("what was split the day before stays so until it is clearly over, and only then can begin again",
          "[account]") {
  // Two people, told about on four days: where each stood at the end of a day is what the account goes by.
  const auto account_of = [&](const std::vector<int>& stages_apart) {
    Account out;
    for (std::uint64_t id = 1; id <= 2; ++id) {
      Member member;
      member.prospect = id;
      for (std::size_t d = 0; d < stages_apart.size(); ++d) {
        const std::size_t stage = id == 1 ? 2 : 2 + static_cast<std::size_t>(stages_apart[d]);
        TrackDay& day = member.track.days[member.track.count++];
        day.day = day_number(kStart) + static_cast<std::uint32_t>(d);
        day.signals = day.visits = 1;
        day.stage = static_cast<std::uint8_t>(1 + 20 * stage);
        day.active = 255;
        member.stages = {};
        member.stages[stage] = 65535;
      }
      member.last_ms = kStart + static_cast<std::int64_t>(stages_apart.size() - 1) * kDay;
      member.first_ms = kStart;
      out.members.push_back(member);
    }
    return out;
  };
  const auto split = [&](const std::vector<int>& stages_apart) {
    const Account account = account_of(stages_apart);
    return holds(conditions_of(chain(), account, account_belief(chain(), account)), Condition::split);
  };
  CHECK_FALSE(split({5}));
  CHECK(split({6}));
  CHECK(split({6, 5}));
  CHECK(split({6, 5, 5}));
  CHECK_FALSE(split({6, 3}));
  CHECK_FALSE(split({6, 5, 3, 5}));
  CHECK(split({6, 3, 6, 5}));
  CHECK_FALSE(split({5, 5, 5}));
  // Silence is no reason to forget it at once.
  const Account held = account_of({6, 5});
  const AccountBelief belief = account_belief(chain(), held);
  CHECK(holds(conditions_after_silence(chain(), held, belief, kStart + 20 * kDay), Condition::split));
  CHECK_FALSE(holds(conditions_after_silence(chain(), held, belief, kStart + 150 * kDay), Condition::split));
}

TEST_CASE("the track says where each day ended", "[account]") {
  const Prospect buyer = person(8, kStart, 6, 1);
  const Track& track = buyer.head.track;
  REQUIRE(track.count == 6);
  const TrackDay& last = track.days[track.count - 1U];
  const StageOdds odds = stages_of(chain(), buyer);
  float mass = 0, mean = 0;
  for (std::size_t s = 0; s < kBuyingStages; ++s) {
    mass += odds[s];
    mean += odds[s] * static_cast<float>(s);
  }
  CHECK((last.stage - 1) / 20.0 == Approx(static_cast<double>(mean / mass)).margin(.026));
  CHECK(last.active / 255.0 == Approx(static_cast<double>(mass)).margin(.003));
  CHECK(last.stage > track.days[0].stage);
}

TEST_CASE("an account of which nothing is heard becomes stalled, and its silence costs no evidence", "[account]") {
  Account account;
  for (std::uint64_t id = 1; id <= 3; ++id) add(account, member_of(id, person(8, kStart, 20, id)));
  const AccountBelief belief = account_belief(chain(), account);
  REQUIRE_FALSE(holds(conditions_of(chain(), account, belief), Condition::stalled));
  std::int64_t entered = 0;
  for (std::int64_t day = 1; day <= 120 && entered == 0; ++day) {
    const std::int64_t now = belief.newest_ms + day * kDay;
    if (holds(conditions_after_silence(chain(), account, belief, now), Condition::stalled)) entered = day;
  }
  CHECK(entered > 7);
  CHECK(entered < 90);
  // Who looked when changes nothing.
  CHECK(same_bits(account_belief(chain(), account).state, belief.state));
}
