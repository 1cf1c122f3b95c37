// The committee: its size against groups made up in a way the estimate knows nothing of, its roles, its agreement.
#include "juncture/inference/committee.h"

#include <catch2/catch.hpp>

#include "juncture/inference/account_chains.h"
#include "unit/inference/journey.h"

using namespace juncture;
using namespace juncture::test;

namespace {

Member at_stage(std::uint64_t id, std::size_t stage, std::int64_t last_ms = kStart) {
  Member out;
  out.prospect = id;
  out.first_ms = kStart - 30 * kDay;
  out.last_ms = last_ms;
  out.signals = 10;
  out.known = true;
  out.stages[stage] = 65535;
  return out;
}

StageOdds sure_of(std::size_t stage) {
  StageOdds out{};
  out[stage] = 1;
  return out;
}

// A group as it leaves ids behind: each person one device or more (geometric), some of them signed in on all they use,
// some on one only; now and then two share a screen; some never come by.
IdCounts traces_of(Dice& dice, std::size_t people, double signs_in) {
  IdCounts out;
  std::size_t shared = 0;
  for (std::size_t p = 0; p < people; ++p) {
    if (dice.unit() < .07) continue;  // never seen
    std::size_t devices = 1;
    while (devices < 4 && dice.unit() < .3) ++devices;
    if (p > 0 && dice.unit() < .06) {
      ++shared;
      --devices;
    }
    if (devices == 0) continue;
    if (dice.unit() < signs_in) {
      ++out.people;
      for (std::size_t d = 1; d < devices; ++d) out.anonymous += dice.unit() < .6 ? 1U : 0U;
    } else {
      out.anonymous += devices;
    }
  }
  return out;
}

}  // namespace

TEST_CASE("the size of groups of 1 to 8 lies within the stated interval in nine of ten, and it says something",
          "[committee]") {
  Dice dice{20261122};
  for (const double signs_in : {.2, .5, .8}) {
    int inside = 0, groups = 0;
    double width = 0;
    for (int n = 0; n < 4000; ++n) {
      const std::size_t people = 1 + dice.below(8);
      const IdCounts ids = traces_of(dice, people, signs_in);
      if (ids.people + ids.anonymous == 0) continue;
      const SizeEstimate size = committee_size(ids);
      ++groups;
      inside += size.low <= static_cast<int>(people) && static_cast<int>(people) <= size.high ? 1 : 0;
      width += size.high - size.low;
    }
    INFO("signs in " << signs_in << ", coverage " << static_cast<double>(inside) / groups << ", width "
                     << width / groups);
    CHECK(static_cast<double>(inside) / groups >= .9);
    CHECK(width / groups <= 4.0);
  }
}

TEST_CASE("anonymous ids widen the interval, known people narrow it, and nobody is nobody", "[committee]") {
  const SizeEstimate known = committee_size({.people = 4, .anonymous = 0});
  const SizeEstimate anonymous = committee_size({.people = 0, .anonymous = 4});
  CHECK(known.low == 4);
  CHECK(anonymous.low < 4);
  CHECK(anonymous.high - anonymous.low > known.high - known.low);
  CHECK(committee_size({}).high == 0);
  CHECK(committee_size({.people = 500, .anonymous = 500}).high == 24);
}

TEST_CASE("the more ids were seen on one day only, the more people may not have been seen", "[committee]") {
  Account account;
  account.members = {at_stage(1, 8), at_stage(2, 8), at_stage(3, 8), at_stage(4, 8)};
  account.members[1].known = false;
  CHECK(count_ids(account, kStart).once == 0);
  for (Member& member : account.members) member.first_ms = member.last_ms - kHour;
  CHECK(count_ids(account, kStart).once == 4);
  // One day by each of two ids that are the same person's: twice is not once, by whichever.
  account.members[2].person = 1;
  account.members[0].first_ms -= 30 * kDay;
  CHECK(count_ids(account, kStart).people == 2);
  CHECK(count_ids(account, kStart).once == 2);

  const SizeEstimate often = committee_size({.people = 0, .anonymous = 4, .once = 0});
  const SizeEstimate seldom = committee_size({.people = 0, .anonymous = 4, .once = 4});
  CHECK(seldom.high > often.high);
  CHECK(seldom.mean > often.mean + .5);
}

TEST_CASE("ids of one person count once", "[committee]") {
  Account account;
  account.members = {at_stage(1, 8), at_stage(2, 8), at_stage(3, 8)};
  account.members[1].known = false;
  account.members[1].person = 1;
  account.members[2].known = false;
  const IdCounts ids = count_ids(account, kStart);
  CHECK(ids.people == 1);
  CHECK(ids.anonymous == 1);
  CHECK(count_ids(account, kStart + 200 * kDay).people == 0);

  Account twice = account;
  twice.members.pop_back();
  Account once = twice;
  once.members.pop_back();
  const auto present = [&](const Account& a) { return committee_of(chain(), a, sure_of(8), kStart).present; };
  CHECK(present(twice) == present(once));
}

TEST_CASE("a role that the stage needs and nobody seems to have is missing", "[committee]") {
  Account account;
  account.members = {at_stage(1, 10)};
  account.members[0].has_roles = true;
  account.members[0].roles[4] = 64;  // four nats for procurement
  const Committee committee = committee_of(chain(), account, sure_of(10), kStart);
  CHECK(committee.present[4] > .9);
  REQUIRE(committee.missing.size() == 2);
  CHECK(kRoleNames[committee.missing[0].role] == "legal");
  CHECK(kRoleNames[committee.missing[1].role] == "cfo");
  CHECK(committee.missing[0].needed_at == Stage::negotiation);

  // Somebody who left half a year ago is not there any more.
  CHECK(committee_of(chain(), account, sure_of(10), kStart + 180 * kDay).present[4] < .2);
}

TEST_CASE("people stages apart are split, people at one stage agree", "[committee]") {
  Account apart, together;
  apart.members = {at_stage(1, 1), at_stage(2, 9), at_stage(3, 9)};
  together.members = {at_stage(1, 8), at_stage(2, 9), at_stage(3, 9)};
  const Committee split = committee_of(chain(), apart, sure_of(9), kStart);
  const Committee agreed = committee_of(chain(), together, sure_of(9), kStart);
  CHECK(split.split);
  CHECK(split.spread == Approx(3.771).margin(.01));
  CHECK_FALSE(agreed.split);
  CHECK(agreed.consensus > split.consensus);
  CHECK(agreed.buying);
  CHECK_FALSE(committee_of(chain(), together, sure_of(3), kStart).buying);
  // One person is nobody's opposite.
  apart.members.resize(1);
  CHECK_FALSE(committee_of(chain(), apart, sure_of(1), kStart).split);
}

TEST_CASE("split is entered above 2.5 stages and left below 2, with two who are active", "[committee]") {
  const auto apart_by = [&](std::size_t stages, Conditions held, std::int64_t now_ms = kStart) {
    Account account;
    account.members = {at_stage(1, 2), at_stage(2, 2 + stages)};
    return holds(people_conditions(chain(), account, sure_of(2), now_ms, held), Condition::split);
  };
  const Conditions split = bit_of(Condition::split);
  CHECK_FALSE(apart_by(5, 0));  // a deviation of 2.5
  CHECK(apart_by(6, 0));
  CHECK(apart_by(5, split));
  CHECK_FALSE(apart_by(4, split));
  // Two months on everybody is half as active: enough to stay, not to begin.
  CHECK_FALSE(apart_by(6, 0, kStart + 65 * kDay));
  CHECK(apart_by(6, split, kStart + 65 * kDay));
  CHECK_FALSE(apart_by(6, split, kStart + 95 * kDay));
}

TEST_CASE("buying is entered at a half and left below .35", "[committee]") {
  Account two;
  two.members = {at_stage(1, 9), at_stage(2, 9)};
  const auto buys = [&](const Account& account, float late, Conditions held) {
    StageOdds odds{};
    odds[9] = late;
    odds[3] = 1 - late;
    return holds(people_conditions(chain(), account, odds, kStart, held), Condition::buying);
  };
  const Conditions buying = bit_of(Condition::buying);
  CHECK(buys(two, .5F, 0));
  CHECK_FALSE(buys(two, .45F, 0));
  CHECK(buys(two, .45F, buying));
  CHECK_FALSE(buys(two, .3F, buying));
  // One person is enough where that one signs.
  Account one;
  one.members = {at_stage(1, 10)};
  CHECK_FALSE(buys(one, .9F, 0));
  one.members[0].has_roles = true;
  one.members[0].roles[4] = 64;  // four nats for procurement
  CHECK(buys(one, .9F, 0));
}

TEST_CASE("where one office decides the group is likely smaller, where many do larger", "[committee]") {
  const IdCounts ids{.people = 2, .anonymous = 8};
  const double usual = committee_size(ids).mean;
  CHECK(committee_size(ids, Responsibility::central).mean < usual);
  CHECK(committee_size(ids, Responsibility::distributed).mean > usual);
}

TEST_CASE("bureaucracy stretches the stages, and what hurts stalls less", "[committee]") {
  AccountEntry slow, sore;
  slow.id = "slow";
  slow.structure.bureaucracy = Degree::high;
  sore.id = "sore";
  sore.structure.pain = Degree::high;
  const AccountTable table({slow, sore}, {});
  const AccountChains chains(chain(), table);
  const StageChain& plain = chains.of(Structure{});
  CHECK(chains.of(slow.structure).dwell_median_days(0) == Approx(plain.dwell_median_days(0) * 2 / 1.4));
  // Shortlisting is hours of work for anybody.
  CHECK(chains.of(slow.structure).dwell_median_days(6) == plain.dwell_median_days(6));
  CHECK(chains.of(sore.structure).parameters().stall_per_day[0] < plain.parameters().stall_per_day[0]);
  CHECK(plain.parameters().stall_per_day == chain().parameters().stall_per_day);
}
