#include "juncture/learning/process_forecast.h"

#include <algorithm>

#include "juncture/core/math.h"

namespace juncture {
namespace {

const TreeOptions kTrees{.rounds = 100, .depth = 4, .rate = 0.07};
constexpr double kLeastOdds = 1e-5;
constexpr std::int64_t kDayMs = 86'400'000;

double log_days(std::int64_t ms) {
  return exact_log(1e-5 + static_cast<double>(std::max<std::int64_t>(ms, 0)) / static_cast<double>(kDayMs));
}

// By activity: the logarithm of the chain's odds of it, whether the step is one, whether the step before was, and how
// many there have been. Then the logarithm of the chain's odds of the end, time since the step before and the first,
// the time of day and the day of the week.
std::vector<double> columns_of(const ProcessCase& steps, std::size_t k, const ProcessOdds& odds) {
  const std::size_t n = odds.next.size();
  std::vector<double> out(4 * n);
  for (std::size_t i = 0; i < n; ++i) out[i] = exact_log(std::max(odds.next[i], kLeastOdds));
  out[n + steps[k].activity] = 1;
  if (k > 0) out[2 * n + steps[k - 1].activity] = 1;
  for (std::size_t before = 0; before <= k; ++before) out[3 * n + steps[before].activity] += 1;
  out.push_back(exact_log(std::max(odds.last, kLeastOdds)));
  out.push_back(log_days(steps[k].at_ms - steps[k > 0 ? k - 1 : 0].at_ms));
  out.push_back(log_days(steps[k].at_ms - steps[0].at_ms));
  const std::int64_t of_week = (steps[k].at_ms % (7 * kDayMs) + 7 * kDayMs) % (7 * kDayMs);
  out.push_back(static_cast<double>(of_week % kDayMs));
  const std::int64_t day = of_week / kDayMs;
  out.push_back(static_cast<double>(day));
  return out;
}

}  // namespace

ProcessForecast ProcessForecast::fit(std::span<const ProcessCase> cases, std::size_t activities,
                                     const ProcessFitOptions& options) {
  ProcessForecast out(ProcessChain::fit(cases, activities, options));
  const auto read = out.chain_.read(cases);
  Dataset all;                             // a row a step: whether it was the last
  std::vector<std::uint32_t> going, next;  // rows of the others, and what came
  for (std::size_t c = 0; c < cases.size(); ++c) {
    for (std::size_t k = 0; k < cases[c].size(); ++k) {
      const std::vector<double> row = columns_of(cases[c], k, read[c][k]);
      all.columns.resize(row.size());
      for (std::size_t i = 0; i < row.size(); ++i) all.columns[i].push_back(row[i]);
      const bool last = k + 1 == cases[c].size();
      if (!last) {
        going.push_back(static_cast<std::uint32_t>(all.rows()));
        next.push_back(cases[c][k + 1].activity);
      }
      all.positive.push_back(last ? 1 : 0);
    }
  }
  out.last_ = BoostedTrees::fit(all, kTrees);
  Dataset followed = all.pick(going);
  for (std::uint32_t activity = 0; activity < activities; ++activity) {
    for (std::size_t r = 0; r < next.size(); ++r) followed.positive[r] = next[r] == activity ? 1 : 0;
    out.next_.push_back(BoostedTrees::fit(followed, kTrees));
  }
  return out;
}

std::vector<std::vector<ProcessOdds>> ProcessForecast::read(std::span<const ProcessCase> cases) const {
  std::vector<std::vector<ProcessOdds>> out = chain_.read(cases);
  for (std::size_t c = 0; c < cases.size(); ++c) {
    for (std::size_t k = 0; k < cases[c].size(); ++k) {
      const std::vector<double> row = columns_of(cases[c], k, out[c][k]);
      out[c][k].last = sigmoid(last_.log_odds(row));
      double sum = 0;
      for (std::size_t i = 0; i < next_.size(); ++i) sum += out[c][k].next[i] = sigmoid(next_[i].log_odds(row));
      for (double& odds : out[c][k].next) odds /= sum;
    }
  }
  return out;
}

}  // namespace juncture
