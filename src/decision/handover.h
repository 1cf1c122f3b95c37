// When a person should take over, and the odds such rules look at.
#pragma once

#include "juncture/core/decision.h"
#include "juncture/core/policy.h"
#include "juncture/core/reading.h"

namespace juncture {

// Odds that the prospect is at `first` or a later buying stage.
double odds_from(const StageOdds& stages, Stage first);

// Odds of the most likely group of stages.
double best_group(const Policy& policy, const StageOdds& stages);

// What the reading alone calls for; none for somebody who has not agreed to be known.
Handover handover_of(const Policy& policy, const Reading& reading);

}  // namespace juncture
