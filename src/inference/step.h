// One step of the fold: a belief and the next evidence in event order give the next belief.
#pragma once

#include <array>
#include <cstdint>

#include "juncture/core/evidence.h"
#include "juncture/core/prospect.h"
#include "juncture/inference/stage_chain.h"

namespace juncture {

// Takes the evidence in. Its time is at or after everything folded before.
TailNote fold(const StageChain& chain, BeliefState& state, const Evidence& evidence);

// Steps phases, activity and visit rate to `to_ms`, no visit having been seen since.
void propagate(const StageChain& chain, BeliefState& state, std::int64_t to_ms);

// Belief at `now`, from a copy: a step in time alone is never kept, else the result would depend on who looked when.
BeliefState at_time(const StageChain& chain, const BeliefState& head, std::int64_t now_ms);

// ln L_s / max L per condition in lanes 0..13, clipped, before eta: what the evidence says of the stage by itself.
void log_likelihood(const StageChain& chain, const Evidence& evidence, StageChain::Lanes& out);

// Multiplies the odds by e^l: `l` as log_likelihood() has it, with its discounts. Stages of who is not active move
// less. What the belief had made of `l` beforehand, against a stage drawn at random, tells whether texts say anything.
void weigh(const StageChain& chain, BeliefState& state, StageChain::Lanes l);

// A deal that is reported closed; as sure as a report is.
void take_outcome(BeliefState& state, DealOutcome outcome);

// Follows the most likely of the twelve with hysteresis: a lead of .10, or two signals in a row.
void follow_mode(const StageChain& chain, BeliefState& state, std::int64_t at_ms, bool first);

// Phases of a buyer of whom nothing is known but since when.
inline const StageChain::Phases& untold_phases(const StageChain& chain, const BeliefState& state) {
  return chain.untold(state.signals > 0 ? state.belief_ms - state.first_ms : 0);
}

// The phases as they are believed: what the texts say, as far as they say anything.
inline StageChain::Phases phases_of(const StageChain& chain, const BeliefState& state) {
  const StageChain::Phases& untold = untold_phases(chain, state);
  StageChain::Phases out;
  for (std::size_t p = 0; p < kPhases; ++p) out[p] = (1.0F - state.noise) * state.phases[p] + state.noise * untold[p];
  return out;
}

// Odds of the twelve stages while active; the padding's in the last.
using StageMass = std::array<float, kBuyingStages + 1>;
inline StageMass stage_mass(const StageChain& chain, const StageChain::Phases& believed) {
  StageMass mass{};
  for (std::size_t p = 0; p < kPhases; ++p) mass[chain.stage_of(p)] += believed[p];
  return mass;
}
inline StageMass stage_mass(const StageChain& chain, const BeliefState& state) {
  return stage_mass(chain, phases_of(chain, state));
}

// The 14 odds that a reading shows. `mass`, here and below: stage_mass() of the same state.
StageOdds stage_odds(const BeliefState& state, const StageMass& mass);
inline StageOdds stage_odds(const StageChain& chain, const BeliefState& state) {
  return stage_odds(state, stage_mass(chain, state));
}

// Sessions per day while active, at the current belief.
double visit_rate(const StageChain& chain, const BeliefState& state, const StageMass& mass);

// Odds of being stalled in `days`, whatever is seen by then.
float stalled_within(const StageChain& chain, const BeliefState& state, const StageMass& mass, double days);

// State before anything was seen, with its prior, for readings of the unknown.
void start(const StageChain& chain, BeliefState& state, std::int64_t at_ms);

// What is left of a belief when consent is denied.
BeliefState denied_state();

}  // namespace juncture
