// Writes a prospect's track while its evidence is folded, in the order of events.
#pragma once

#include "juncture/core/evidence.h"
#include "juncture/core/prospect.h"
#include "juncture/inference/stage_chain.h"

namespace juncture {

// The entry of that day; it is the newest one, or becomes it.
TrackDay& day_of(Track& track, std::int64_t time_ms);

void note_visit(Track& track, const Evidence& evidence, bool session);

// `l`: nats for each condition, with all discounts; what a role usually asks weighs more than what it does not.
void note_text(const StageChain& chain, BeliefState& state, const Evidence& evidence, const StageChain::Lanes& l);

// Where the day of `time_ms` has ended so far, if it has an entry.
void note_standing(Track& track, std::int64_t time_ms, const StageOdds& odds);

// An analyst's word on the stage.
void note_correction(const StageChain& chain, Track& track, const Evidence& evidence);

}  // namespace juncture
