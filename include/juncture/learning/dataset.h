// Rows of numbers with a yes or no each: what the learners of this module take, and folds of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace juncture {

struct Dataset {
  std::vector<std::vector<double>> columns;  // all as long as `positive`, all values finite
  std::vector<std::uint8_t> positive;        // 0 or 1

  std::size_t rows() const { return positive.size(); }
  std::vector<double> row(std::size_t r) const;
  Dataset pick(std::span<const std::uint32_t> rows) const;
};

// For each row what a learner said of it that had not seen it: `learn` gets the other folds and answers the odds of the
// rows it is then given. Folds are drawn at random from `seed`, of the same size to within one row.
using Learner = std::function<std::vector<double>(const Dataset& known, const Dataset& asked)>;
std::vector<double> cross_validated(const Dataset& data, int folds, std::uint64_t seed, const Learner& learn);

// Mean of -ln p(what turned out), nats.
double log_loss(std::span<const double> probability, std::span<const std::uint8_t> positive);

double sigmoid(double log_odds);

}  // namespace juncture
