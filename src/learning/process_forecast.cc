#include "juncture/learning/process_forecast.h"

#include <algorithm>

#include "juncture/core/math.h"

namespace juncture {
namespace {

constexpr double kRidge = 2;
constexpr double kLeastOdds = 1e-5;

// Logarithms of the chain's odds, then which activity the step is of, then the step before it, if any.
std::vector<double> columns_of(const ProcessCase& steps, std::size_t k, const ProcessOdds& odds) {
  const std::size_t n = odds.next.size();
  std::vector<double> out(3 * n);
  for (std::size_t i = 0; i < n; ++i) out[i] = exact_log(std::max(odds.next[i], kLeastOdds));
  out[n + steps[k].activity] = 1;
  if (k > 0) out[2 * n + steps[k - 1].activity] = 1;
  return out;
}

// A row for each step that another one follows.
Dataset dataset_of(std::span<const ProcessCase> cases, const std::vector<std::vector<ProcessOdds>>& read,
                   std::size_t activities, std::vector<std::uint32_t>& next) {
  Dataset out;
  out.columns.resize(3 * activities);
  for (std::size_t c = 0; c < cases.size(); ++c) {
    for (std::size_t k = 0; k + 1 < cases[c].size(); ++k) {
      const std::vector<double> row = columns_of(cases[c], k, read[c][k]);
      for (std::size_t i = 0; i < row.size(); ++i) out.columns[i].push_back(row[i]);
      next.push_back(cases[c][k + 1].activity);
    }
  }
  return out;
}

}  // namespace

ProcessForecast ProcessForecast::fit(std::span<const ProcessCase> cases, std::size_t activities,
                                     const ProcessFitOptions& options) {
  ProcessForecast out(ProcessChain::fit(cases, activities, options));
  std::vector<std::uint32_t> next;
  Dataset data = dataset_of(cases, out.chain_.read(cases), activities, next);
  if (next.empty()) return out;
  for (std::uint32_t activity = 0; activity < activities; ++activity) {
    data.positive.clear();
    for (const std::uint32_t come : next) data.positive.push_back(come == activity ? 1 : 0);
    out.next_.push_back(LogisticRegression::fit(data, kRidge));
  }
  return out;
}

std::vector<std::vector<ProcessOdds>> ProcessForecast::read(std::span<const ProcessCase> cases) const {
  std::vector<std::vector<ProcessOdds>> out = chain_.read(cases);
  if (next_.empty()) return out;
  for (std::size_t c = 0; c < cases.size(); ++c) {
    for (std::size_t k = 0; k < cases[c].size(); ++k) {
      const std::vector<double> row = columns_of(cases[c], k, out[c][k]);
      double sum = 0;
      for (std::size_t i = 0; i < next_.size(); ++i) sum += out[c][k].next[i] = sigmoid(next_[i].log_odds(row));
      for (double& odds : out[c][k].next) odds /= sum;
    }
  }
  return out;
}

}  // namespace juncture
