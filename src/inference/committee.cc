#include "juncture/inference/committee.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

#include "juncture/core/math.h"

namespace juncture {
namespace {

constexpr double kDayMs = 86'400'000.0, kLn2 = 0.69314718055994530942;
constexpr double kMissingShare = .15, kMissingOdds = .3;
// Entered at the first, left at the second: nobody is told of a wobble.
struct Threshold {
  double enter, leave;
  double of(bool held) const { return held ? leave : enter; }
};
constexpr Threshold kSplit{2.5, 2.0}, kLate{.5, .35}, kActive{.5, .35}, kSigns{.5, .35};
constexpr std::array<std::size_t, 4> kSigners = [] {
  constexpr std::array<std::string_view, 4> kNames{"cfo", "procurement", "legal", "executive"};
  std::array<std::size_t, 4> out{};
  for (std::size_t i = 0; i < out.size(); ++i) {
    while (kRoleNames[out[i]] != kNames[i]) ++out[i];
  }
  return out;
}();

std::uint64_t person_of(const Member& member) {
  return member.person != 0 ? member.person : member.prospect;
}

// Indices of the members, those of one person's ids side by side, in the order of the persons.
struct ByPerson {
  std::array<std::uint8_t, kMembersMax> order{};
  std::size_t count = 0;

  explicit ByPerson(const Account& account) : count(account.members.size()) {
    std::iota(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), std::uint8_t{0});
    std::sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), [&](std::uint8_t a, std::uint8_t b) {
      const std::uint64_t left = person_of(account.members[a]), right = person_of(account.members[b]);
      return left != right ? left < right : a < b;
    });
  }
};

// Mean of 1 to 12, while active.
double stage_of(const Member& member) {
  std::uint32_t mass = 0, sum = 0;
  for (std::uint32_t s = 0; s < kBuyingStages; ++s) {
    mass += member.stages[s];
    sum += member.stages[s] * (s + 1);
  }
  return mass > 0 ? static_cast<double>(sum) / mass : (1.0 + kBuyingStages) / 2;
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

// Roles of those who stand where this one may stand.
std::array<double, kRoles> usual_roles(const StageChainParameters& p, const Member& member) {
  std::uint32_t mass = 0;
  for (const std::uint16_t share : std::span(member.stages).first<kBuyingStages>()) mass += share;
  std::array<double, kRoles> out{};
  for (std::size_t s = 0; s < kBuyingStages; ++s) {
    const double odds = mass > 0 ? static_cast<double>(member.stages[s]) / mass : 1.0 / kBuyingStages;
    for (std::size_t r = 0; r < kRoles; ++r) out[r] += odds * p.roles[s][r];
  }
  return out;
}

// e to the power of the nats that are told of a role: they are a byte.
double odds_of(std::uint8_t nats) {
  static const auto kAll = [] {
    std::array<double, 256> out;
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = exact_exp(static_cast<double>(i) / static_cast<double>(kNatsScale));
    return out;
  }();
  return kAll[nats];
}

MemberView view_of(const StageChain& chain, const Member& member, const Standing& standing) {
  const StageChainParameters& p = chain.parameters();
  MemberView out{.roles = usual_roles(p, member), .active = standing.active, .stage = standing.stage};
  double sum = 0;
  for (std::size_t r = 0; r < kRoles; ++r) {
    const bool unknown = r + 1 == kRoles;
    out.roles[r] = out.roles[r] * (1 - p.role_unknown) + (unknown ? p.role_unknown : 1e-3);
    if (member.has_roles) out.roles[r] *= odds_of(member.roles[r]);
    sum += out.roles[r];
  }
  for (double& role : out.roles) role /= sum;
  return out;
}

// One person's ids are one chance to be in a role, not several.
void find_roles(const Account& account, Committee& out) {
  const ByPerson people(account);
  std::array<double, kRoles> nobody;
  nobody.fill(1);
  for (std::size_t from = 0; from < people.count;) {
    const std::uint64_t person = person_of(account.members[people.order[from]]);
    std::array<double, kRoles> most{};
    for (; from < people.count && person_of(account.members[people.order[from]]) == person; ++from) {
      const Member& member = account.members[people.order[from]];
      const MemberView& view = out.members[people.order[from]];
      const double sure = kAccountConfidence[index_of(member.basis)] / 255.0;
      for (std::size_t r = 0; r < kRoles; ++r) most[r] = std::max(most[r], view.roles[r] * view.active * sure);
    }
    for (std::size_t r = 0; r < kRoles; ++r) nobody[r] *= 1 - most[r];
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
  std::sort(out.missing.begin(), out.missing.end(), [&](const MissingRole& a, const MissingRole& b) {
    return wanted[a.role] != wanted[b.role] ? wanted[a.role] > wanted[b.role] : a.role < b.role;
  });
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
  return std::any_of(kSigners.begin(), kSigners.end(),
                     [&](std::size_t role) { return committee.present[role] >= kSigns.of(held); });
}

Committee roles_of(const StageChain& chain, const Account& account, const Standings& standings) {
  Committee out;
  out.members.reserve(account.members.size());
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
  const ByPerson people(account);
  IdCounts out;
  for (std::size_t from = 0; from < people.count;) {
    const std::uint64_t person = person_of(account.members[people.order[from]]);
    bool counts = false, again = false;
    for (; from < people.count && person_of(account.members[people.order[from]]) == person; ++from) {
      const Member& member = account.members[people.order[from]];
      if (static_cast<double>(now_ms - member.last_ms) / kDayMs > kGoneDays) continue;
      const bool once = static_cast<double>(member.last_ms - member.first_ms) < kDayMs;
      if (member.known || member.person != 0) {
        counts = true;
        again = again || !once;
      } else {
        ++out.anonymous;
        out.once += once ? 1U : 0U;
      }
    }
    out.people += counts ? 1U : 0U;
    out.once += counts && !again ? 1U : 0U;
  }
  return out;
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
