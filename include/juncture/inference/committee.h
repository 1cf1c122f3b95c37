// The buying committee as its traces show it: how many people, which roles, who is missing, whether they agree.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "juncture/core/account.h"
#include "juncture/core/account_table.h"
#include "juncture/core/catalog.h"
#include "juncture/core/condition.h"
#include "juncture/inference/stage_chain.h"

namespace juncture {

// Ids are not people: one person has several, several share one, and some are never seen.
struct IdCounts {
  std::size_t people = 0;     // told apart for sure: known ids, and ids linked to them counted once
  std::size_t anonymous = 0;  // ids that nobody has claimed
  std::size_t once = 0;       // of all those, seen on one day only: the more, the more others were not seen at all
};
IdCounts count_ids(const Account& account, std::int64_t now_ms);

struct SizeEstimate {
  double mean = 0;
  int low = 0, high = 0;  // 90 % interval
};
// Bayes over 1 to 24 people, from what is known of ids in general; docs/decisions has the numbers. Nobody seen: 0, 0,
// 0.
// `responsibility`: where one office decides fewer people take part, where many do more.
SizeEstimate committee_size(const IdCounts& ids, Responsibility responsibility = Responsibility::unknown);

struct MissingRole {
  std::size_t role = 0;
  double present = 0;  // likelihood that somebody in it has been seen
  Stage needed_at = Stage::problem_realization;
};

struct MemberView {
  std::array<double, kRoles> roles{};  // adds up to one, order of kRoleNames
  double active = 0;                   // likelihood of still being active within 90 days of the last sign
  double stage = 0;                    // mean of 1 to 12, while active
};

struct Committee {
  SizeEstimate size;
  IdCounts ids;
  std::vector<MemberView> members;       // in the order of Account::members
  std::array<double, kRoles> present{};  // noisy-or over the members
  std::vector<MissingRole> missing;      // of the current stage, most needed first
  double spread = 0;                     // weighted standard deviation of the members' stages
  double consensus = 0;                  // 1 at no spread, one half at 2.5 stages, 0 from 5 on
  bool split = false;                    // of two active people or more, spread over 2.5 stages
  bool buying = false;                   // P(stage >= 9) over a half, and two active people or one who signs
  double late_stage = 0;                 // P(stage >= 9)
};

// `stages`: the account's own odds at `now_ms`. `held`: what held before; split and buying are left at lower values
// than they are entered at: a spread of 2 stages, and .35 where it takes .5.
Committee committee_of(const StageChain& chain, const Account& account, const StageOdds& stages, std::int64_t now_ms,
                       Responsibility responsibility = Responsibility::unknown, Conditions held = 0);

// Of Condition, split and buying alone, as committee_of() has them: what is asked at each signal, and costs next to
// nothing.
Conditions people_conditions(const StageChain& chain, const Account& account, const StageOdds& stages,
                             std::int64_t now_ms, Conditions held);

// The same as it was at the end of a day that is over: of those who had come by then, as each of them stood.
struct PeopleConditions {
  Conditions holding = 0;
  bool by_role = false;  // it took who signs, as that is known now
};
PeopleConditions people_conditions_on(const StageChain& chain, const Account& account, const StageOdds& stages,
                                      std::uint32_t day, Conditions held);

// P(active) of a member at `now_ms`: by days since the last sign, against 90.
double activity_of(const Member& member, std::int64_t now_ms);

}  // namespace juncture
