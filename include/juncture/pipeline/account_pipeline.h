// Prospects rolled up into accounts: the sub-topology behind the repartition topic `accounts.evidence`.
#pragma once

#include <memory>

#include "juncture/core/types.h"
#include "juncture/pipeline/counters.h"
#include "juncture/pipeline/knowledge.h"
#include "juncture/ports/pipeline.h"

namespace juncture {

// Outputs: 0 accounts, 1 dead letters, 2 conditions. What a signal older than `fresh_within` led to is no row: a record
// of the repartition topic is new whenever it was written, so its signal's time decides. `knowledge` and `counters`
// outlive the pipeline.
std::unique_ptr<Pipeline> make_account_pipeline(const Knowledge& knowledge, Millis fresh_within,
                                                PipelineCounters& counters);

}  // namespace juncture
