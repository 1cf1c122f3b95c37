// One signal's way: recall, admit, infer, remember, roll up, decide, emit. The whole flow is in the .cc, top to bottom.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "juncture/pipeline/counters.h"
#include "juncture/pipeline/knowledge.h"
#include "juncture/ports/pipeline.h"

namespace juncture {

// Outputs: 0 recommendations.sales, 1 recommendations.public, 2 dead letters, 3 accounts.evidence, 4 conditions,
// 5 signals (its own input: switches of knowledge). Both arguments outlive the pipeline.
std::unique_ptr<Pipeline> make_prospect_pipeline(const Knowledge& knowledge, PipelineCounters& counters);

// How a version of knowledge is written in the log and shown: `k-` and 16 hex digits.
std::string knowledge_text(std::uint64_t version);

// Highest tier that may be put before this prospect without a person's say.
Tier entitled_tier(const Reading& reading);

}  // namespace juncture
