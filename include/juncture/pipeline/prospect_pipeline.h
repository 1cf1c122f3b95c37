// One signal's way: recall, admit, infer, remember, decide, emit. The whole flow is in the .cc, top to bottom.
#pragma once

#include <memory>

#include "juncture/pipeline/counters.h"
#include "juncture/pipeline/knowledge.h"
#include "juncture/ports/pipeline.h"

namespace juncture {

// Outputs: 0 recommendations.sales, 1 recommendations.public, 2 dead letters. Both arguments outlive the pipeline.
std::unique_ptr<Pipeline> make_prospect_pipeline(const Knowledge& knowledge, PipelineCounters& counters);

// Highest tier that may be put before this prospect without a person's say.
Tier entitled_tier(const Reading& reading);

}  // namespace juncture
