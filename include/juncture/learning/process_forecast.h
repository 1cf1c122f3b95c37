// What comes next in a process, and whether anything does: its chains, and trees that read them and the clock.
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "juncture/learning/boosted_trees.h"
#include "juncture/learning/process_chain.h"

namespace juncture {

// A chain is fitted to make whole cases likely, not to name the next step or the end. Boosted trees, one set for the
// end and one for each activity that may come, learn where it is off: from its odds, the last two activities, how many
// there were of each, and what time it is and was. Learnt from the cases that the chain was fitted to. Same cases and
// options, same bits.
class ProcessForecast {
 public:
  static ProcessForecast fit(std::span<const ProcessCase> cases, std::size_t activities,
                             const ProcessFitOptions& options);

  const ProcessChain& chain() const { return chain_; }
  // As ProcessChain::read().
  std::vector<std::vector<ProcessOdds>> read(std::span<const ProcessCase> cases) const;

 private:
  explicit ProcessForecast(ProcessChain chain) : chain_(std::move(chain)) {}

  ProcessChain chain_;
  BoostedTrees last_;
  std::vector<BoostedTrees> next_;  // by activity
};

}  // namespace juncture
