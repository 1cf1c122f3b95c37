// The belief of a prospect as bytes: what is fixed first, then the offers and what was read.
#pragma once

#include "juncture/core/prospect.h"
#include "state/bytes.h"

namespace juncture {

void put_belief(const BeliefState& state, ByteWriter& out);
// `version`: of the value around it; before 2 a belief had no conditions and no track, before 3 its days no standing.
void take_belief(ByteReader& in, std::uint16_t version, BeliefState& out);

// 24 bytes; 22 without where the day ended.
void put_track_day(const TrackDay& day, ByteWriter& out);
TrackDay take_track_day(ByteReader& in, bool with_standing);

}  // namespace juncture
