#include "decision/handover.h"

#include <algorithm>

#include "juncture/core/math.h"

namespace juncture {
namespace {

double entropy(const StageOdds& stages) {
  double sum = 0;
  for (const float p : stages) {
    if (p > 0) sum -= static_cast<double>(p) * exact_log(static_cast<double>(p));
  }
  return sum;
}

// Forward by so many stages within the window, seen from a belief that was there before it.
bool jumped(const Policy& policy, const Reading& reading) {
  const std::size_t now = index_of(most_likely(reading.stages));
  if (now >= kBuyingStages) return false;
  const std::int64_t start = to_ms(reading.as_of) - policy.handover.jump_window.count();
  const auto after = std::find_if(reading.course.begin(), reading.course.end(),
                                  [&](const StageSeen& seen) { return seen.at_ms > start; });
  if (after == reading.course.begin()) return false;
  const std::size_t before = index_of(std::prev(after)->mode);
  return before < kBuyingStages && now >= before + static_cast<std::size_t>(policy.handover.jump_stages);
}

}  // namespace

double odds_from(const StageOdds& stages, Stage first) {
  double sum = 0;
  for (std::size_t s = index_of(first); s < kBuyingStages; ++s) sum += static_cast<double>(stages[s]);
  return sum;
}

double best_group(const Policy& policy, const StageOdds& stages) {
  std::array<double, kStages> groups{};
  for (std::size_t s = 0; s < kStages; ++s) {
    groups[std::min<std::size_t>(policy.group[s], kStages - 1)] += static_cast<double>(stages[s]);
  }
  return std::min(1.0, *std::max_element(groups.begin(), groups.end()));
}

Handover handover_of(const Policy& policy, const Reading& reading) {
  if (reading.consent != Consent::granted) return Handover::none;
  const HandoverRules& rules = policy.handover;
  if (reading.stages[index_of(Stage::rejected)] > rules.rejected_odds) return Handover::rejected;
  if (reading.stages[index_of(Stage::stalled)] > rules.stalled_odds) {
    const double active = odds_from(reading.stages, Stage::problem_realization);
    if (odds_from(reading.stages, Stage::shortlisting) > 0.5 * active) return Handover::stall_late;
  }
  if (jumped(policy, reading)) return Handover::stage_jump;
  const bool late = odds_from(reading.stages, Stage::supplier_outreach) > static_cast<double>(rules.late_odds);
  if (late && entropy(reading.stages) > static_cast<double>(rules.ambiguous_entropy)) return Handover::ambiguous_late;
  return Handover::none;
}

}  // namespace juncture
