#include "juncture/inference/parameters.h"

#include <algorithm>

#include "juncture/core/math.h"
#include "juncture/core/prospect.h"

namespace juncture {
namespace {

constexpr std::size_t kShortlisting = 6;

template <class Row>
bool is_fitted(const Row& row) {
  return std::any_of(row.begin(), row.end(), [](double x) { return x > 0; });
}

}  // namespace

JumpOdds jump_odds(const StageChainParameters& parameters, std::size_t stage) {
  if (is_fitted(parameters.jumps[stage])) return {parameters.jumps[stage], 1.0};
  JumpOdds out{{}, 0};
  const auto give = [&](std::size_t target, double odds) {
    if (target >= kBuyingStages) return;  // below 0 it has wrapped
    out.odds[target] = odds;
    out.total += odds;
  };
  give(stage + 1, parameters.forward);
  give(stage + 2, parameters.skip);
  give(stage - 1, parameters.back);
  give(stage - 2, parameters.back_two);
  if (stage + 1 == kBuyingStages) out.total = 1.0;
  return out;
}

// Buyers also ask the questions of neighbouring stages; the hidden conditions have no neighbours.
std::array<double, kStages> kernel_row(const StageChainParameters& parameters, std::size_t condition) {
  if (is_fitted(parameters.kernel[condition])) return parameters.kernel[condition];
  std::array<double, kStages> row{};
  double named = parameters.kernel_own, others = kStages - 1;
  row[condition] = parameters.kernel_own;
  if (condition < kBuyingStages) {
    for (const std::size_t near : {condition - 1, condition + 1}) {
      if (near >= kBuyingStages) continue;  // condition - 1 wraps at 0
      row[near] = parameters.kernel_neighbour;
      named += parameters.kernel_neighbour;
      others -= 1;
    }
  }
  for (double& x : row) {
    if (x == 0) x = (1.0 - named) / others;
  }
  return row;
}

std::array<std::size_t, kBuyingStages> phase_counts(const StageChainParameters& parameters) {
  std::array<std::size_t, kBuyingStages> out{};
  std::size_t sum = 0;
  for (std::size_t s = 0; s < kBuyingStages; ++s) {
    const double variance = parameters.dwell_sigma_log[s] * parameters.dwell_sigma_log[s];
    const double wanted = 1.0 / (exact_exp(variance) - 1.0);
    out[s] = static_cast<std::size_t>(std::clamp(static_cast<int>(wanted + 0.5), 1, 4));
    sum += out[s];
  }
  // Narrower priors would want more phases than there are lanes: give up phases where there are most.
  for (; sum > kPhases - 1; --sum) --*std::max_element(out.begin(), out.end());
  return out;
}

double mean_dwell_days(const StageChainParameters& parameters, std::size_t stage) {
  const double variance = parameters.dwell_sigma_log[stage] * parameters.dwell_sigma_log[stage];
  return parameters.dwell_median_days[stage] * exact_exp(variance / 2) *
         (stage == kShortlisting ? 1.0 : parameters.deal_multiplier);
}

// Expected visits from the first stage on: each passes its share on until all of it has gone out behind the last.
StageChainParameters per_visit(StageChainParameters totals) {
  std::array<double, kBuyingStages> visits{}, arriving{1.0};
  for (int jump = 0; jump < 1000; ++jump) {
    std::array<double, kBuyingStages> next{};
    for (std::size_t s = 0; s < kBuyingStages; ++s) {
      visits[s] += arriving[s];
      const JumpOdds jumps = jump_odds(totals, s);
      for (std::size_t to = 0; to < kBuyingStages; ++to) next[to] += arriving[s] * jumps.odds[to] / jumps.total;
    }
    arriving = next;
  }
  for (std::size_t s = 0; s < kBuyingStages; ++s) totals.dwell_median_days[s] /= visits[s];
  return totals;
}

}  // namespace juncture
