// One step of the fold: a belief and the next evidence in event order give the next belief.
#pragma once

#include <cstdint>

#include "juncture/core/evidence.h"
#include "juncture/core/prospect.h"
#include "juncture/inference/stage_chain.h"

namespace juncture {

// Takes the evidence in. Its time is at or after everything folded before.
TailNote fold(const StageChain& chain, BeliefState& state, const Evidence& evidence);

// Steps phases, activity and visit rate to `to_ms`, no visit having been seen since.
void propagate(const StageChain& chain, BeliefState& state, std::int64_t to_ms);

// ln L_s / max L per condition in lanes 0..13, clipped, before eta: what the evidence says of the stage by itself.
// Returns the part of each L_s / max L that is there because the text may say nothing of the stage.
float log_likelihood(const StageChain& chain, const Evidence& evidence, float noise, StageChain::Lanes& out);

// The 14 odds that a reading shows.
StageOdds stage_odds(const StageChain& chain, const BeliefState& state);

// Sessions per day while active, at the current belief.
double visit_rate(const StageChain& chain, const BeliefState& state);

// Odds of being stalled in `days`, whatever is seen by then.
float stalled_within(const StageChain& chain, const BeliefState& state, double days);

// State before anything was seen, with its prior, for readings of the unknown.
void start(const StageChain& chain, BeliefState& state, std::int64_t at_ms);

// What is left of a belief when consent is denied.
BeliefState denied_state();

}  // namespace juncture
