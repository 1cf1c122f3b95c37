// Foreign records in, canonical signals out: the stateless sub-topology before `prospects`.
#pragma once

#include <memory>
#include <string_view>

#include "juncture/pipeline/counters.h"
#include "juncture/ports/pipeline.h"

namespace juncture {

// Outputs: 0 signals, 1 dead letters. REQUIRES: `format` names a connector. `counters` outlives the pipeline.
std::unique_ptr<Pipeline> make_intake_pipeline(std::string_view format, PipelineCounters& counters);

}  // namespace juncture
