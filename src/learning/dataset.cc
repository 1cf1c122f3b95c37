#include "juncture/learning/dataset.h"

#include <algorithm>
#include <numeric>

#include "juncture/core/chance.h"
#include "juncture/core/math.h"

namespace juncture {

std::vector<double> Dataset::row(std::size_t r) const {
  std::vector<double> out;
  for (const auto& column : columns) out.push_back(column[r]);
  return out;
}

Dataset Dataset::pick(std::span<const std::uint32_t> rows) const {
  Dataset out;
  for (const auto& column : columns) {
    auto& picked = out.columns.emplace_back();
    for (const std::uint32_t r : rows) picked.push_back(column[r]);
  }
  for (const std::uint32_t r : rows) out.positive.push_back(positive[r]);
  return out;
}

std::vector<double> cross_validated(const Dataset& data, int folds, std::uint64_t seed, const Learner& learn) {
  std::vector<std::uint32_t> order(data.rows());
  std::iota(order.begin(), order.end(), 0U);
  Chance chance(seed);
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[chance.below(i)]);
  std::vector<double> out(data.rows());
  for (int fold = 0; fold < folds; ++fold) {
    std::vector<std::uint32_t> known, asked;
    for (std::size_t i = 0; i < order.size(); ++i) {
      (i % static_cast<std::size_t>(folds) == static_cast<std::size_t>(fold) ? asked : known).push_back(order[i]);
    }
    std::sort(known.begin(), known.end());
    const std::vector<double> said = learn(data.pick(known), data.pick(asked));
    for (std::size_t i = 0; i < asked.size(); ++i) out[asked[i]] = said[i];
  }
  return out;
}

double log_loss(std::span<const double> probability, std::span<const std::uint8_t> positive) {
  double sum = 0;
  for (std::size_t r = 0; r < probability.size(); ++r) {
    const double p = std::clamp(probability[r], 1e-12, 1 - 1e-12);
    sum -= exact_log(positive[r] != 0 ? p : 1 - p);
  }
  return sum / static_cast<double>(probability.size());
}

double sigmoid(double log_odds) {
  return 1.0 / (1.0 + exact_exp(-log_odds));
}

}  // namespace juncture
