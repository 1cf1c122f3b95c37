#include "juncture/inference/committee.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "juncture/core/math.h"

namespace juncture {
namespace {

constexpr double kDayMs = 86'400'000.0, kLn2 = 0.69314718055994530942;
constexpr int kPeopleMax = 24;
constexpr int kIdsMax = 24;
// Of ids in general; docs/decisions/0009 says where they are from. First, the odds that a member leaves a trace here at
// all: where few ids were seen once only, more, and most.
constexpr std::array<double, 3> kSeen{.9, .8, .6};
constexpr double kBorrows = .08;       // odds that an unclaimed member is only seen under somebody else's id
constexpr double kMoreUnclaimed = .6;  // further ids of a person nobody has claimed, on average
constexpr double kMoreKnown = .35;     // unclaimed ids of a known person, on average
constexpr double kMissingShare = .15, kMissingOdds = .3;
// Entered at the first, left at the second: nobody is told of a wobble.
struct Threshold {
  double enter, leave;
  double of(bool held) const { return held ? leave : enter; }
};
constexpr Threshold kSplit{2.5, 2.0}, kLate{.5, .35}, kActive{.5, .35}, kSigns{.5, .35};
constexpr std::array<std::string_view, 4> kSigners{"cfo", "procurement", "legal", "executive"};

double binomial(int n, int k, double p) {
  double out = 1;
  for (int i = 0; i < k; ++i) out *= p * (n - i) / (i + 1);
  for (int i = 0; i < n - k; ++i) out *= 1 - p;
  return out;
}

double poisson(int k, double mean) {
  double out = exact_exp(-mean);
  for (int i = 1; i <= k; ++i) out *= mean / i;
  return out;
}

// Groups of up to eight are equally likely beforehand, of four where one office decides, of twelve where many do;
// larger ones ever less.
double prior_of(int people, Responsibility responsibility) {
  constexpr std::array<int, 3> kUsual{8, 4, 12};
  double out = 1;
  for (int n = kUsual[index_of(responsibility)]; n < people; ++n) out *= .7;
  return out;
}

// P(that many people told apart, that many unclaimed ids | a group of that size).
double likelihood_of(int group, int people, int unclaimed, double is_seen) {
  double out = 0;
  for (int seen = people; seen <= group; ++seen) {
    const int hidden = seen - people;
    double ids = 0;
    for (int own = 0; own <= std::min(hidden, unclaimed); ++own) {
      // With nobody else's id to borrow, the only one of a group has his own.
      const double borrows = seen > 1 ? kBorrows : 0;
      ids += binomial(hidden, own, 1 - borrows) * poisson(unclaimed - own, kMoreUnclaimed * own + kMoreKnown * people);
    }
    out += binomial(group, seen, is_seen) * ids / (seen + 1);
  }
  return out;
}

SizeEstimate estimate(int people, int unclaimed, Responsibility responsibility, double is_seen) {
  std::array<double, kPeopleMax + 1> odds{};
  double sum = 0;
  const int least = std::max(people, people + unclaimed > 0 ? 1 : 0);
  for (int n = least; n <= kPeopleMax; ++n) {
    odds[static_cast<std::size_t>(n)] = prior_of(n, responsibility) * likelihood_of(n, people, unclaimed, is_seen);
    sum += odds[static_cast<std::size_t>(n)];
  }
  // The shortest range that holds 90 %.
  SizeEstimate out{0, least, kPeopleMax};
  for (int n = least; n <= kPeopleMax; ++n) out.mean += n * odds[static_cast<std::size_t>(n)] / sum;
  for (int low = least; low <= kPeopleMax; ++low) {
    double inside = 0;
    for (int high = low; high <= kPeopleMax; ++high) {
      inside += odds[static_cast<std::size_t>(high)] / sum;
      if (inside < .9) continue;
      if (high - low < out.high - out.low) {
        out.low = low;
        out.high = high;
      }
      break;
    }
  }
  return out;
}

using Estimates = std::array<SizeEstimate, (kPeopleMax + 1) * (kIdsMax + 1)>;

Estimates all_estimates(Responsibility responsibility, double is_seen) {
  Estimates out;
  for (int people = 0; people <= kPeopleMax; ++people) {
    for (int ids = 0; ids <= kIdsMax; ++ids) {
      if (people + ids == 0) continue;
      const auto row = static_cast<std::size_t>(people), column = static_cast<std::size_t>(ids);
      out[row * (kIdsMax + 1) + column] = estimate(people, ids, responsibility, is_seen);
    }
  }
  return out;
}

// Made when first asked for.
template <std::size_t R, std::size_t L>
const Estimates& estimates() {
  static const Estimates value = all_estimates(static_cast<Responsibility>(R), kSeen[L]);
  return value;
}
using MakeEstimates = const Estimates& (*)();
constexpr std::array<std::array<MakeEstimates, kSeen.size()>, 3> kEstimates{
    {{estimates<0, 0>, estimates<0, 1>, estimates<0, 2>},
     {estimates<1, 0>, estimates<1, 1>, estimates<1, 2>},
     {estimates<2, 0>, estimates<2, 1>, estimates<2, 2>}}};

// Whoever was seen on one day only was nearly not seen. One id more counts, and was.
std::size_t level_of(const IdCounts& ids) {
  const double share = static_cast<double>(ids.once + 1) / static_cast<double>(ids.people + ids.anonymous + 2);
  return share < .25 ? 0 : share < .5 ? 1 : 2;
}

std::uint64_t person_of(const Member& member) {
  return member.person != 0 ? member.person : member.prospect;
}

std::size_t distinct(std::vector<std::uint64_t>& ids) {
  std::sort(ids.begin(), ids.end());
  return static_cast<std::size_t>(std::unique(ids.begin(), ids.end()) - ids.begin());
}

// Mean of 1 to 12, while active.
double stage_of(const Member& member) {
  double mass = 0, sum = 0;
  for (std::size_t s = 0; s < kBuyingStages; ++s) {
    mass += member.stages[s];
    sum += static_cast<double>(member.stages[s]) * static_cast<double>(s + 1);
  }
  return mass > 0 ? sum / mass : (1.0 + kBuyingStages) / 2;
}

// Where somebody stands, now or at the end of some day.
struct Standing {
  double active = 0, stage = 0;
};
using Standings = std::array<Standing, kMembersMax>;

double fading(double days) {
  return exact_exp(-std::max(days, 0.0) * kLn2 / 60.0);
}

double active_share(const Member& member) {
  const double gone = member.stages[index_of(Stage::stalled)] + member.stages[index_of(Stage::rejected)];
  return std::max(1 - gone / 65535.0, 0.0);
}

Standings standings_at(const Account& account, std::int64_t now_ms) {
  Standings out;
  for (std::size_t i = 0; i < account.members.size(); ++i) {
    out[i] = {activity_of(account.members[i], now_ms), stage_of(account.members[i])};
  }
  return out;
}

// Of what the track says alone: whoever had not come yet is nobody's opposite.
Standings standings_on(const Account& account, std::uint32_t day) {
  Standings out;
  for (std::size_t i = 0; i < account.members.size(); ++i) {
    const Member& member = account.members[i];
    const auto after = std::upper_bound(member.track.begin(), member.track.end(), day,
                                        [](std::uint32_t wanted, const TrackDay& one) { return wanted < one.day; });
    if (after == member.track.begin()) continue;
    const TrackDay& last = *std::prev(after);
    if (last.stage == 0) continue;  // nobody wrote down where it ended
    out[i] = {last.active / 255.0 * fading(static_cast<double>(day - last.day)), 1 + (last.stage - 1) / 20.0};
  }
  return out;
}

MemberView view_of(const StageChain& chain, const Member& member, const Standing& standing) {
  const StageChainParameters& p = chain.parameters();
  MemberView out;
  out.active = standing.active;
  out.stage = standing.stage;
  double mass = 0, sum = 0;
  for (std::size_t s = 0; s < kBuyingStages; ++s) mass += member.stages[s];
  for (std::size_t s = 0; s < kBuyingStages; ++s) {
    const double odds = mass > 0 ? member.stages[s] / mass : 1.0 / kBuyingStages;
    for (std::size_t r = 0; r < kRoles; ++r) out.roles[r] += odds * p.roles[s][r];
  }
  for (std::size_t r = 0; r < kRoles; ++r) {
    const bool unknown = r + 1 == kRoles;
    out.roles[r] = out.roles[r] * (1 - p.role_unknown) + (unknown ? p.role_unknown : 1e-3);
    if (member.has_roles) out.roles[r] *= exact_exp(static_cast<double>(member.roles[r]) / kNatsScale);
    sum += out.roles[r];
  }
  for (double& role : out.roles) role /= sum;
  return out;
}

// One person's ids are one chance to be in a role, not several.
void find_roles(const Account& account, Committee& out) {
  std::vector<std::size_t> order(account.members.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto person = [&](std::size_t i) { return person_of(account.members[i]); };
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return person(a) != person(b) ? person(a) < person(b) : a < b; });
  std::array<double, kRoles> nobody;
  nobody.fill(1);
  for (std::size_t from = 0; from < order.size();) {
    std::array<double, kRoles> most{};
    std::size_t i = from;
    for (; i < order.size() && person(order[i]) == person(order[from]); ++i) {
      const double sure = kAccountConfidence[index_of(account.members[order[i]].basis)] / 255.0;
      const MemberView& view = out.members[order[i]];
      for (std::size_t r = 0; r < kRoles; ++r) most[r] = std::max(most[r], view.roles[r] * view.active * sure);
    }
    for (std::size_t r = 0; r < kRoles; ++r) nobody[r] *= 1 - most[r];
    from = i;
  }
  for (std::size_t r = 0; r < kRoles; ++r) out.present[r] = 1 - nobody[r];
}

void find_missing(const StageChain& chain, const StageOdds& stages, Committee& out) {
  std::size_t mode = 0;
  for (std::size_t s = 1; s < kBuyingStages; ++s) mode = stages[s] > stages[mode] ? s : mode;
  const auto& wanted = chain.parameters().roles[mode];
  for (std::size_t r = 0; r + 1 < kRoles; ++r) {
    if (wanted[r] >= kMissingShare && out.present[r] < kMissingOdds) {
      out.missing.push_back({r, out.present[r], static_cast<Stage>(mode)});
    }
  }
  std::stable_sort(out.missing.begin(), out.missing.end(),
                   [&](const MissingRole& a, const MissingRole& b) { return wanted[a.role] > wanted[b.role]; });
}

// How far apart the active ones stand. An entropy would not do: two stages apart or ten is the same to it.
struct Apart {
  double weight = 0, sum = 0, square = 0;
  std::size_t active = 0, hardly = 0;  // more likely than not, and enough to hold what holds

  Apart(const Standings& standings, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const auto [odds, stage] = standings[i];
      weight += odds;
      sum += odds * stage;
      square += odds * stage * stage;
      active += odds > kActive.enter ? 1U : 0U;
      hardly += odds > kActive.leave ? 1U : 0U;
    }
  }
  // A root is exact by IEEE 754, unlike libm's exp and log.
  double spread() const {
    if (!(weight > 0)) return 0;
    const double mean = sum / weight;
    return std::sqrt(std::max(square / weight - mean * mean, 0.0));
  }
  bool several(bool held) const { return (held ? hardly : active) >= 2; }
  // Somebody is split from somebody: one id alone is not.
  bool split(bool held) const { return several(held) && spread() > kSplit.of(held); }
};

double late_odds(const StageOdds& stages) {
  double out = 0;
  for (std::size_t s = index_of(Stage::cost_benefit); s < kBuyingStages; ++s) out += static_cast<double>(stages[s]);
  return out;
}

bool has_signer(const Committee& committee, bool held) {
  return std::any_of(kSigners.begin(), kSigners.end(), [&](std::string_view role) {
    const auto* const at = std::find(kRoleNames.begin(), kRoleNames.end(), role);
    if (at == kRoleNames.end()) return false;
    return committee.present[static_cast<std::size_t>(at - kRoleNames.begin())] >= kSigns.of(held);
  });
}

Committee roles_of(const StageChain& chain, const Account& account, const Standings& standings) {
  Committee out;
  for (std::size_t i = 0; i < account.members.size(); ++i) {
    out.members.push_back(view_of(chain, account.members[i], standings[i]));
  }
  find_roles(account, out);
  return out;
}

// `signs`: whether somebody who signs is among them, asked only where one person decides.
template <class Signs>
PeopleConditions conditions_of(const StageOdds& stages, const Apart& apart, Conditions held, const Signs& signs) {
  const bool bought = holds(held, Condition::buying);
  bool buying = late_odds(stages) >= kLate.of(bought);
  const bool by_role = buying && !apart.several(bought);
  if (by_role) buying = signs(bought);
  const Conditions split = with(0, Condition::split, apart.split(holds(held, Condition::split)));
  return {with(split, Condition::buying, buying), by_role};
}

// Of people whose roles nobody has worked out yet.
PeopleConditions conditions_of(const StageChain& chain, const Account& account, const StageOdds& stages,
                               const Standings& standings, Conditions held) {
  return conditions_of(stages, Apart(standings, account.members.size()), held,
                       [&](bool bought) { return has_signer(roles_of(chain, account, standings), bought); });
}

}  // namespace

double activity_of(const Member& member, std::int64_t now_ms) {
  return active_share(member) * fading(static_cast<double>(now_ms - member.last_ms) / kDayMs);
}

IdCounts count_ids(const Account& account, std::int64_t now_ms) {
  // Whoever was last seen half a year ago is not on this committee.
  constexpr double kGoneDays = 180;
  IdCounts out;
  std::vector<std::uint64_t> people, again;
  for (const Member& member : account.members) {
    if (static_cast<double>(now_ms - member.last_ms) / kDayMs > kGoneDays) continue;
    const bool once = static_cast<double>(member.last_ms - member.first_ms) < kDayMs;
    if (member.known || member.person != 0) {
      people.push_back(person_of(member));
      if (!once) again.push_back(people.back());
    } else {
      ++out.anonymous;
      out.once += once ? 1U : 0U;
    }
  }
  out.people = distinct(people);
  out.once += out.people - distinct(again);
  return out;
}

SizeEstimate committee_size(const IdCounts& ids, Responsibility responsibility) {
  const Estimates& estimates = kEstimates[index_of(responsibility)][level_of(ids)]();
  const std::size_t people = std::min<std::size_t>(ids.people, kPeopleMax);
  const std::size_t unclaimed = std::min<std::size_t>(ids.anonymous, kIdsMax);
  return estimates[people * (kIdsMax + 1) + unclaimed];
}

Committee committee_of(const StageChain& chain, const Account& account, const StageOdds& stages, std::int64_t now_ms,
                       Responsibility responsibility, Conditions held) {
  const Standings standings = standings_at(account, now_ms);
  Committee out = roles_of(chain, account, standings);
  out.ids = count_ids(account, now_ms);
  out.size = committee_size(out.ids, responsibility);
  find_missing(chain, stages, out);
  const Apart apart(standings, account.members.size());
  out.spread = apart.spread();
  out.consensus = std::max(1 - out.spread / (2 * kSplit.enter), 0.0);
  out.late_stage = late_odds(stages);
  const Conditions conditions =
      conditions_of(stages, apart, held, [&](bool bought) { return has_signer(out, bought); }).holding;
  out.split = holds(conditions, Condition::split);
  out.buying = holds(conditions, Condition::buying);
  return out;
}

Conditions people_conditions(const StageChain& chain, const Account& account, const StageOdds& stages,
                             std::int64_t now_ms, Conditions held) {
  return conditions_of(chain, account, stages, standings_at(account, now_ms), held).holding;
}

PeopleConditions people_conditions_on(const StageChain& chain, const Account& account, const StageOdds& stages,
                                      std::uint32_t day, Conditions held) {
  return conditions_of(chain, account, stages, standings_on(account, day), held);
}

}  // namespace juncture
