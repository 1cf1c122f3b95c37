// What comes next in a process: the odds of its chains, corrected for the last two activities.
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "juncture/learning/logistic.h"
#include "juncture/learning/process_chain.h"

namespace juncture {

// A chain is fitted to make whole cases likely, not to name the next step: where it is off for a pair of activities, a
// logistic regression for each activity that may come, on the logarithms of the chain's odds and on the last two
// activities, says so. Learnt from the cases that the chain was fitted to. Same cases and options, same bits.
class ProcessForecast {
 public:
  static ProcessForecast fit(std::span<const ProcessCase> cases, std::size_t activities,
                             const ProcessFitOptions& options);

  // As ProcessChain::read(); the odds of the last step are the chain's.
  std::vector<std::vector<ProcessOdds>> read(std::span<const ProcessCase> cases) const;

 private:
  explicit ProcessForecast(ProcessChain chain) : chain_(std::move(chain)) {}

  ProcessChain chain_;
  std::vector<LogisticRegression> next_;  // by activity
};

}  // namespace juncture
