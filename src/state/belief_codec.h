// The belief of a prospect as bytes: what is fixed first, then the offers and what was read.
#pragma once

#include "juncture/core/prospect.h"
#include "state/bytes.h"

namespace juncture {

void put_belief(const BeliefState& state, ByteWriter& out);
// `version`: of the value around it; before 2 a belief had no conditions and no track, before 3 its days no standing.
void take_belief(ByteReader& in, std::uint16_t version, BeliefState& out);

// A count, then 24 bytes a day; 22 where `version`, of the value around it, is before 3.
void put_track(const Track& track, ByteWriter& out);
void take_track(ByteReader& in, std::uint16_t version, Track& out);

}  // namespace juncture
