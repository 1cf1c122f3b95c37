// Gradient-boosted decision trees for odds of yes or no: logistic loss, histograms, second-order leaves, shrinkage.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "juncture/learning/dataset.h"

namespace juncture {

struct TreeOptions {
  int rounds = 300;
  int depth = 4;          // splits from the root to a leaf, at most
  double rate = 0.05;     // share of each tree that is taken
  double l2 = 1.0;        // on the leaves' values
  double min_bend = 2.0;  // sum of p (1 - p) that a leaf has at least
  double rows = 0.7;      // share of the rows that a tree sees
  double columns = 0.5;   // share of the columns that a tree may split on
  std::uint64_t seed = 20261122;
};

// After Friedman (2001) and Chen and Guestrin (2016). Splits are searched over at most 255 quantile bins of a column,
// in fixed order and in double: same data and options, same bits.
class BoostedTrees {
 public:
  static BoostedTrees fit(const Dataset& data, const TreeOptions& options);

  double log_odds(std::span<const double> row) const;
  // The same by the first trees only: element i is what i trees say.
  std::vector<double> staged_log_odds(std::span<const double> row) const;
  std::size_t trees() const { return roots_.size(); }

 private:
  struct Node {
    std::uint32_t column = 0;
    std::uint32_t below = 0, above = 0;  // children; 0 in a leaf
    double threshold = 0;                // goes below if at most that
    double value = 0;                    // of a leaf, shrunk
  };
  class Grower;

  double value_of(std::uint32_t root, std::span<const double> row) const;

  double base_ = 0;
  std::vector<Node> nodes_;
  std::vector<std::uint32_t> roots_;
};

}  // namespace juncture
