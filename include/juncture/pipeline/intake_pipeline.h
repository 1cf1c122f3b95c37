// Foreign records in, canonical signals out: the stateless sub-topology before `prospects`.
#pragma once

#include <memory>
#include <string>

#include "juncture/core/account_table.h"
#include "juncture/core/vocabulary.h"
#include "juncture/pipeline/counters.h"
#include "juncture/ports/pipeline.h"

namespace juncture {

struct IntakeSource {
  std::string format;                      // names a connector
  Consent consent = Consent::absent;       // where the format cannot say
  std::uint64_t visitor_seed = 0;          // mixed into ids made of addresses
  const AccountTable* accounts = nullptr;  // outlives the pipeline
};

// Outputs: 0 signals, 1 dead letters. `counters` outlives the pipeline.
std::unique_ptr<Pipeline> make_intake_pipeline(IntakeSource source, PipelineCounters& counters);

}  // namespace juncture
