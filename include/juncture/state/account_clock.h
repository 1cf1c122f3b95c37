// Which ticks accounts hear of: the first of each minute of the log's time.
#pragma once

#include "juncture/core/result.h"
#include "juncture/core/types.h"
#include "juncture/ports/state.h"

namespace juncture {

// True once a minute; the state remembers it. What accounts wait for is due at half hours, and a record a second would
// cost more than all that silence can change.
Result<bool> new_minute(State& state, Timestamp now);

}  // namespace juncture
