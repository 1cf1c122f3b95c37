// What was put before a prospect and what they read: the last 16 of each, by reports of impressions and clicks.
#pragma once

#include <cstdint>

#include "juncture/core/evidence.h"
#include "juncture/core/prospect.h"

namespace juncture {

// Notes that the content was read; the newest last.
void consume(BeliefState& state, std::uint32_t content);

// Notes an impression, or what became of an earlier one.
void note_offer(BeliefState& state, const Evidence& evidence);

}  // namespace juncture
