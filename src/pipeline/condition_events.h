// Says on the topic `conditions` what was entered and what was left: docs/formats/conditions.md.
#pragma once

#include <string>
#include <string_view>

#include "juncture/core/condition.h"
#include "juncture/core/types.h"
#include "juncture/inference/conditions.h"
#include "juncture/pipeline/counters.h"
#include "juncture/ports/pipeline.h"

namespace juncture {

struct ConditionSubject {
  std::string_view kind;  // "prospect" or "account"
  std::string_view id;
  std::string_view account;  // of a prospect; may be empty
};

struct ConditionTimes {
  Timestamp at{};           // of the signal or the tick that changed it
  Timestamp recorded_at{};  // of its log record
};

// Key of a subject's records, and of the null that takes them back.
std::string condition_key(std::string_view kind, std::string_view id);

// One record for each condition in which `before` and `now` differ; counted.
Status emit_changes(const ConditionSubject& subject, Conditions before, Conditions now, const Likelihoods& odds,
                    const ConditionTimes& times, std::size_t topic, PipelineCounters& counters, std::string& buffer,
                    Output& output);

}  // namespace juncture
