#include "juncture/inference/parameters.h"

namespace juncture {

StageChainParameters per_visit(StageChainParameters totals) {
  // Expected visits from the first stage on: each passes its share on until all of it has gone out behind the last.
  std::array<double, kBuyingStages> visits{}, arriving{1.0};
  for (int jump = 0; jump < 1000; ++jump) {
    std::array<double, kBuyingStages> next{};
    for (std::size_t s = 0; s < kBuyingStages; ++s) {
      visits[s] += arriving[s];
      const bool last = s + 1 == kBuyingStages;
      const double on = last ? 0 : totals.forward, skip = s + 2 < kBuyingStages ? totals.skip : 0;
      const double back = s >= 1 ? totals.back : 0, back_two = s >= 2 ? totals.back_two : 0;
      const double sum = last ? 1 : on + skip + back + back_two;
      if (on > 0) next[s + 1] += arriving[s] * on / sum;
      if (skip > 0) next[s + 2] += arriving[s] * skip / sum;
      if (back > 0) next[s - 1] += arriving[s] * back / sum;
      if (back_two > 0) next[s - 2] += arriving[s] * back_two / sum;
    }
    arriving = next;
  }
  for (std::size_t s = 0; s < kBuyingStages; ++s) totals.dwell_median_days[s] /= visits[s];
  return totals;
}

}  // namespace juncture
