#include "decision/utility.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "decision/masks.h"
#include "juncture/core/math.h"

namespace juncture {
namespace {

constexpr double kLn2 = 0.69314718055994530942;
constexpr double kMillisPerHour = 3'600'000.0;

double as_double(float value) {
  return static_cast<double>(value);
}

// A cell's value for an item: naming a stage makes up for a kind that is not among the best there, never for harm.
double named_help(const Policy& policy, std::size_t s, ContentKind kind) {
  return as_double(std::max(policy.help[s][kind], policy.help_made_for));
}
double other_help(const Policy& policy, std::size_t s, ContentKind kind) {
  return as_double(std::min(policy.help[s][kind], policy.help_other));
}

double help_of(const ContentItem& item, const Policy& policy, std::size_t s) {
  if (item.stages == 0) return as_double(policy.help[s][item.kind]);
  return (item.stages >> s & 1U) != 0 ? named_help(policy, s, item.kind) : other_help(policy, s, item.kind);
}

using KindSums = std::array<double, kContentKinds>;

// All kinds side by side, row by row of the policy: each kind's sum adds up in the order of the rows all the same.
template <class Odds, class Rows>
KindSums weighed(const Odds& odds, const Rows& rows) {
  KindSums out{};
  for (std::size_t i = 0; i < odds.size(); ++i) {
    for (std::size_t k = 0; k < kContentKinds; ++k) out[k] += as_double(odds[i]) * as_double(rows[i][k]);
  }
  return out;
}

void fill_kinds(const Policy& policy, const Reading& reading, const std::array<double, kStages>& costs, Terms& terms) {
  const KindSums moment = weighed(reading.moments, policy.moment), role = weighed(reading.roles, policy.role);
  KindSums gain{}, elsewhere{}, harm{}, mean{}, variance{};
  for (std::size_t s = 0; s < kStages; ++s) {
    const double p = as_double(reading.stages[s]), cost = p * costs[s];
    for (std::size_t k = 0; k < kContentKinds; ++k) {
      const float help = policy.help[s][k];
      gain[k] += p * as_double(help);
      elsewhere[k] += p * as_double(std::min(help, policy.help_other));
    }
    for (std::size_t k = 0; k < kContentKinds; ++k) {
      const double kill = as_double(policy.kill[s][k]), likely = p * kill;
      harm[k] += cost * kill;
      mean[k] += likely;
      variance[k] += p * likely * (1.0 - kill);
    }
  }
  const double strength = as_double(policy.kill_strength) + 1.0;
  for (std::size_t k = 0; k < kContentKinds; ++k) {
    KindTerms& kind = terms.kinds[k];
    kind.gain = gain[k];
    kind.elsewhere = elsewhere[k];
    kind.harm = harm[k];
    // sqrt is correctly rounded by IEEE 754, so unlike exp and log it gives the same bits everywhere.
    kind.kill_risk = std::min(1.0, mean[k] + std::sqrt(variance[k] / strength));
    kind.moment = moment[k];
    kind.role = role[k];
  }
}

// Of an item that names stages.
double gain_of(const ContentItem& item, const Policy& policy, const Reading& reading, const KindTerms& kind) {
  double gain = kind.elsewhere;
  for (std::uint32_t left = item.stages; left != 0; left &= left - 1) {
    const auto s = static_cast<std::size_t>(std::countr_zero(left));
    gain += as_double(reading.stages[s]) * (named_help(policy, s, item.kind) - other_help(policy, s, item.kind));
  }
  return gain;
}

// The factor of an item that names moments or roles: the odds that one of them is right, between mismatch and match.
template <class Odds>
double match_factor(std::uint32_t named, const Odds& odds, const Policy& policy) {
  if (named == 0) return 1.0;
  double right = 0;
  for (std::size_t i = 0; i < odds.size(); ++i) {
    if ((named >> i & 1U) != 0) right += as_double(odds[i]);
  }
  const double low = as_double(policy.mismatch);
  return low + (as_double(policy.match) - low) * right;
}

double freshness(const ContentItem& item, const Policy& policy, Timestamp as_of) {
  const double half_life = as_double(policy.half_life_hours[item.kind]);
  if (half_life <= 0 || item.valid_from == Timestamp{} || as_of <= item.valid_from) return 1.0;
  const double hours = static_cast<double>((as_of - item.valid_from).count()) / kMillisPerHour;
  return std::max(as_double(policy.fresh_floor), exact_exp(-kLn2 * hours / half_life));
}

}  // namespace

Terms terms_of(const Policy& policy, const Reading& reading, const Limits& limits) {
  Terms terms;
  terms.stage = most_likely(reading.stages);
  terms.moment = most_likely(reading.moments);
  const auto best = std::max_element(reading.roles.begin(), reading.roles.end());
  terms.role = static_cast<std::size_t>(best - reading.roles.begin());

  double role_kill = 0;
  for (std::size_t r = 0; r < kRoles; ++r) {
    role_kill += as_double(reading.roles[r]) * as_double(policy.role_kill[r]);
  }
  const float identity = reading.known ? policy.known_factor : policy.anonymous_factor;
  const double factor = role_kill * as_double(identity) * as_double(policy.deal_factor);
  std::array<double, kStages> costs{};
  for (std::size_t s = 0; s < kStages; ++s) costs[s] = factor * as_double(policy.kill_cost[s]);

  fill_kinds(policy, reading, costs, terms);
  for (std::size_t k = 0; k < kContentKinds; ++k) {
    for (int n = 0; n < limits.unclicked[k]; ++n) terms.kinds[k].novelty *= as_double(policy.novelty);
  }
  return terms;
}

Utility utility_of(const ContentItem& item, const Policy& policy, const Reading& reading, const Terms& terms) {
  const KindTerms& kind = terms.kinds[item.kind];
  Utility u;
  u.gain = item.stages == 0 ? kind.gain : gain_of(item, policy, reading, kind);
  u.moment = kind.moment * match_factor(item.moments, reading.moments, policy);
  u.role = kind.role * match_factor(item.roles, reading.roles, policy);
  u.fresh = freshness(item, policy, reading.as_of);
  u.novelty = kind.novelty;
  u.harm = kind.harm;
  u.effort = as_double(policy.effort_cost) * as_double(item.minutes);
  u.person = item.kind == kHumanConversation ? as_double(policy.person_cost) : 0.0;
  u.score = u.gain * u.moment * u.role * u.fresh * u.novelty - u.harm - u.effort - u.person;
  u.kill_risk = kind.kill_risk;
  return u;
}

double fit_of(const ContentItem& item, const Policy& policy, const StageOdds& stages) {
  double fit = 0;
  for (std::size_t s = 0; s < kStages; ++s) {
    const bool harmless = policy.kill[s][item.kind] <= policy.kill_harmless;
    const bool made_for = help_of(item, policy, s) > as_double(policy.help_other);
    if (harmless && made_for) fit += as_double(stages[s]);
  }
  return std::min(fit, 1.0);
}

}  // namespace juncture
