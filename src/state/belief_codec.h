// The belief of a prospect as bytes: what is fixed first, then the offers and what was read.
#pragma once

#include "juncture/core/prospect.h"
#include "state/bytes.h"

namespace juncture {

void put_belief(const BeliefState& state, ByteWriter& out);
// `version`: of the value around it; before 2 a belief had no conditions and no track.
void take_belief(ByteReader& in, std::uint16_t version, BeliefState& out);

// 22 bytes.
void put_track_day(const TrackDay& day, ByteWriter& out);
TrackDay take_track_day(ByteReader& in);

}  // namespace juncture
