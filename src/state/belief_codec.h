// The belief of a prospect as bytes: what is fixed first, then the offers and what was read.
#pragma once

#include "juncture/core/prospect.h"
#include "state/bytes.h"

namespace juncture {

void put_belief(const BeliefState& state, ByteWriter& out);
void take_belief(ByteReader& in, BeliefState& out);

}  // namespace juncture
