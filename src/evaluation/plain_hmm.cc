#include "evaluation/plain_hmm.h"

#include <cmath>
#include <numeric>

namespace juncture {
namespace {

constexpr double kSmoothing = 0.5;  // counts added to each; to staying, as many as make it likely before any is seen

void normalise(PlainHmm::Odds& odds) {
  const double sum = std::accumulate(odds.begin(), odds.end(), 0.0);
  for (double& x : odds) x /= sum;
}

}  // namespace

PlainHmm::PlainHmm(const Odds& starts, const Transitions& transitions) : starts_(starts), transitions_(transitions) {
  normalise(starts_);
  for (Odds& row : transitions_) normalise(row);
}

void PlainHmm::step(const Evidence& evidence, Odds& odds) const {
  Odds next{};
  for (std::size_t from = 0; from < kBuyingStages; ++from) {
    for (std::size_t to = 0; to < kBuyingStages; ++to) next[to] += odds[from] * transitions_[from][to];
  }
  for (std::size_t s = 0; s < kBuyingStages; ++s) {
    next[s] *= std::exp(static_cast<double>(evidence.ratio[s]) / static_cast<double>(kRatioScale));
  }
  normalise(next);
  odds = next;
}

PlainHmm hmm_of_priors(const StageChain& chain, double events_per_day) {
  const StageChainParameters& parameters = chain.parameters();
  PlainHmm::Odds starts{};
  PlainHmm::Transitions transitions{};
  for (std::size_t p = 0; p < kPhases; ++p) {
    if (chain.stage_of(p) < kBuyingStages) starts[chain.stage_of(p)] += static_cast<double>(chain.prior()[p]);
  }
  for (std::size_t s = 0; s < kBuyingStages; ++s) {
    const double leaves = 1 - std::exp(-1 / (mean_dwell_days(parameters, s) * events_per_day));
    const JumpOdds jumps = jump_odds(parameters, s);
    double rest = 1;
    for (std::size_t to = 0; to < kBuyingStages; ++to) {
      transitions[s][to] = leaves * jumps.odds[to] / jumps.total;
      rest -= jumps.odds[to] / jumps.total;
    }
    transitions[s][s] += 1 - leaves;
    transitions[s][0] += leaves * std::max(rest, 0.0);  // behind the last stage another purchase begins
  }
  return {starts, transitions};
}

void StageCounts::add(std::span<const std::uint8_t> stages) {
  for (std::size_t i = 0; i < stages.size(); ++i) {
    if (i == 0) {
      starts_[stages[0]] += 1;
    } else {
      transitions_[stages[i - 1]][stages[i]] += 1;
    }
  }
}

PlainHmm StageCounts::hmm() const {
  PlainHmm::Odds starts = starts_;
  PlainHmm::Transitions transitions = transitions_;
  for (std::size_t from = 0; from < kBuyingStages; ++from) {
    starts[from] += kSmoothing;
    for (std::size_t to = 0; to < kBuyingStages; ++to) {
      transitions[from][to] += from == to ? 20 * kSmoothing : kSmoothing / 4;
    }
  }
  return {starts, transitions};
}

}  // namespace juncture
