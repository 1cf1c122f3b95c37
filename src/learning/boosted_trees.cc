#include "juncture/learning/boosted_trees.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "juncture/core/chance.h"
#include "juncture/core/math.h"

namespace juncture {
namespace {

constexpr std::size_t kBins = 255;

struct Sums {
  double slope = 0, bend = 0;
  void add(double g, double h) {
    slope += g;
    bend += h;
  }
};

double score(const Sums& sums, double l2) {
  return sums.slope * sums.slope / (sums.bend + l2);
}

// Upper edges of the bins, halfway between values that occur; the last bin has none.
std::vector<double> edges_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  std::vector<double> out;
  const std::size_t n = values.size();
  std::size_t filled = 0;
  for (std::size_t i = 0; i + 1 < n; ++i) {
    if (values[i] == values[i + 1] || (i + 1 - filled) * kBins < n) continue;
    out.push_back(values[i] + (values[i + 1] - values[i]) / 2);
    filled = i + 1;
  }
  return out;
}

}  // namespace

class BoostedTrees::Grower {
 public:
  Grower(const Dataset& data, const TreeOptions& options, BoostedTrees& out)
      : data_(data), options_(options), out_(out), chance_(options.seed) {
    for (const auto& column : data.columns) {
      edges_.push_back(edges_of(column));
      auto& bins = bins_.emplace_back();
      for (const double x : column) {
        bins.push_back(static_cast<std::uint8_t>(std::lower_bound(edges_.back().begin(), edges_.back().end(), x) -
                                                 edges_.back().begin()));
      }
    }
    const double positives = std::accumulate(data.positive.begin(), data.positive.end(), 0.0);
    const double share = (positives + 0.5) / (static_cast<double>(data.rows()) + 1.0);
    out.base_ = exact_log(share / (1 - share));
    log_odds_.assign(data.rows(), out.base_);
    slope_.resize(data.rows());
    bend_.resize(data.rows());
  }

  void grow_one() {
    for (std::size_t r = 0; r < data_.rows(); ++r) {
      const double p = sigmoid(log_odds_[r]);
      slope_[r] = p - (data_.positive[r] != 0 ? 1.0 : 0.0);
      bend_[r] = p * (1 - p);
    }
    columns_ = drawn(data_.columns.size(), options_.columns);
    const auto root = static_cast<std::uint32_t>(out_.nodes_.size());
    grow(drawn(data_.rows(), options_.rows), 0);
    out_.roots_.push_back(root);
    for (std::size_t r = 0; r < data_.rows(); ++r) log_odds_[r] += leaf_of(root, r);
  }

 private:
  struct Split {
    double gain = 1e-12;
    std::uint32_t column = 0, bin = 0;
    bool found = false;
  };

  // A random share of 0..n-1, at least one, in rising order.
  std::vector<std::uint32_t> drawn(std::size_t n, double share) {
    std::vector<std::uint32_t> out;
    for (std::uint32_t i = 0; i < n; ++i) {
      if (share >= 1 || chance_.uniform() < share) out.push_back(i);
    }
    if (out.empty() && n > 0) out.push_back(static_cast<std::uint32_t>(chance_.below(n)));
    return out;
  }

  std::uint32_t grow(const std::vector<std::uint32_t>& rows, int depth) {
    const auto node = static_cast<std::uint32_t>(out_.nodes_.size());
    out_.nodes_.emplace_back();
    Sums all;
    for (const std::uint32_t r : rows) all.add(slope_[r], bend_[r]);
    const Split split = depth < options_.depth ? best_split(rows, all) : Split{};
    if (!split.found) {
      out_.nodes_[node].value = -options_.rate * all.slope / (all.bend + options_.l2);
      return node;
    }
    std::vector<std::uint32_t> below, above;
    for (const std::uint32_t r : rows) (bins_[split.column][r] <= split.bin ? below : above).push_back(r);
    const std::uint32_t left = grow(below, depth + 1), right = grow(above, depth + 1);
    out_.nodes_[node] = {split.column, left, right, edges_[split.column][split.bin], 0};
    return node;
  }

  Split best_split(const std::vector<std::uint32_t>& rows, const Sums& all) const {
    Split best;
    std::array<Sums, kBins + 1> bins;
    for (const std::uint32_t column : columns_) {
      const std::size_t edges = edges_[column].size();
      std::fill_n(bins.begin(), edges + 1, Sums{});
      for (const std::uint32_t r : rows) bins[bins_[column][r]].add(slope_[r], bend_[r]);
      Sums below;
      for (std::uint32_t bin = 0; bin < edges; ++bin) {
        below.add(bins[bin].slope, bins[bin].bend);
        const Sums above{all.slope - below.slope, all.bend - below.bend};
        if (below.bend < options_.min_bend || above.bend < options_.min_bend) continue;
        const double gain = score(below, options_.l2) + score(above, options_.l2) - score(all, options_.l2);
        if (gain > best.gain) best = {gain, column, bin, true};
      }
    }
    return best;
  }

  double leaf_of(std::uint32_t at, std::size_t row) const {
    while (out_.nodes_[at].below != 0) {
      const Node& node = out_.nodes_[at];
      at = data_.columns[node.column][row] <= node.threshold ? node.below : node.above;
    }
    return out_.nodes_[at].value;
  }

  const Dataset& data_;
  const TreeOptions& options_;
  BoostedTrees& out_;
  Chance chance_;
  std::vector<std::vector<double>> edges_;
  std::vector<std::vector<std::uint8_t>> bins_;
  std::vector<double> log_odds_, slope_, bend_;
  std::vector<std::uint32_t> columns_;
};

BoostedTrees BoostedTrees::fit(const Dataset& data, const TreeOptions& options) {
  BoostedTrees out;
  Grower grower(data, options, out);
  for (int round = 0; round < options.rounds; ++round) grower.grow_one();
  return out;
}

double BoostedTrees::value_of(std::uint32_t root, std::span<const double> row) const {
  while (nodes_[root].below != 0) {
    const Node& node = nodes_[root];
    root = row[node.column] <= node.threshold ? node.below : node.above;
  }
  return nodes_[root].value;
}

double BoostedTrees::log_odds(std::span<const double> row) const {
  double sum = base_;
  for (const std::uint32_t root : roots_) sum += value_of(root, row);
  return sum;
}

std::vector<double> BoostedTrees::staged_log_odds(std::span<const double> row) const {
  std::vector<double> out{base_};
  for (const std::uint32_t root : roots_) out.push_back(out.back() + value_of(root, row));
  return out;
}

}  // namespace juncture
