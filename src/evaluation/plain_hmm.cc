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

void PlainHmm::learn(std::span<const std::uint8_t> stages) {
  for (std::size_t i = 0; i < stages.size(); ++i) {
    if (i == 0) {
      starts_[stages[0]] += 1;
    } else {
      transitions_[stages[i - 1]][stages[i]] += 1;
    }
  }
}

PlainHmm::Odds PlainHmm::initial() const {
  Odds out = starts_;
  for (double& x : out) x += kSmoothing;
  normalise(out);
  return out;
}

void PlainHmm::step(const Evidence& evidence, Odds& odds) const {
  Odds next{};
  for (std::size_t from = 0; from < kBuyingStages; ++from) {
    Odds row = transitions_[from];
    for (std::size_t to = 0; to < kBuyingStages; ++to) row[to] += from == to ? 20 * kSmoothing : kSmoothing / 4;
    normalise(row);
    for (std::size_t to = 0; to < kBuyingStages; ++to) next[to] += odds[from] * row[to];
  }
  for (std::size_t s = 0; s < kBuyingStages; ++s) {
    next[s] *= std::exp(static_cast<double>(evidence.ratio[s]) / static_cast<double>(kRatioScale));
  }
  normalise(next);
  odds = next;
}

}  // namespace juncture
