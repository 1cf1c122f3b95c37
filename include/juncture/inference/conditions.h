// Which conditions hold, with hysteresis: entered at one likelihood, left at a lower one.
#pragma once

#include <cstdint>

#include "juncture/core/condition.h"
#include "juncture/core/prospect.h"
#include "juncture/inference/stage_chain.h"

namespace juncture {

// Of signals a day against the subject's own usual: `count` in the newest window, and what was to be expected of it.
struct Pace {
  double count = 0, expected = 0;
};

// The likelihoods that conditions go by; each is stated beside the condition, never as a fact.
struct Likelihoods {
  float warning_signs = 0;     // the problem is being realised, by two signals or more
  float no_decision_risk = 0;  // stalled now, or within 30 days
  float stalled = 0;
  float silently_rejected = 0;
};
Likelihoods likelihoods_of(const StageChain& chain, const BeliefState& state);
// The same at `now_ms`, nothing having been heard meanwhile; steps a copy.
Likelihoods likelihoods_at(const StageChain& chain, const BeliefState& head, std::int64_t now_ms);

// The pace of a prospect in the 36 h before `now_ms`, against the rest of its 13 weeks.
Pace pace_of(const BeliefState& state, std::int64_t now_ms);

// What holds, when `before` held until now. For those that accounts share with prospects.
Conditions follow_conditions(const Likelihoods& odds, const Pace& pace, Conditions before);

// The conditions of a belief that stands at `now_ms`, from those it has.
Conditions prospect_conditions(const StageChain& chain, const BeliefState& state, std::int64_t now_ms);

// The same once nothing has been heard until `now_ms`; steps a copy.
Conditions conditions_after_silence(const StageChain& chain, const BeliefState& head, std::int64_t now_ms);

// What is on record of a prospect: after its newest signal, or after the silence that a tick has noticed.
Conditions conditions_of(const StageChain& chain, const Prospect& prospect);

// When a tick has to look at somebody last heard of then: half hours since 1970. Days end at midnight UTC.
std::uint32_t first_check_after(std::int64_t newest_ms);
// After a look at `now_ms`; 0: silence changes nothing any more.
std::uint32_t next_check_after(std::int64_t newest_ms, std::int64_t now_ms, Conditions holding);

}  // namespace juncture
