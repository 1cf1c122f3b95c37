// What a reported offline event says by its kind alone: where nothing was typed, that a tender came says where one
// stands.
#pragma once

#include <string_view>

#include "juncture/core/evidence.h"

namespace juncture {

// Adds to the evidence what `kind` (Signal::reason) speaks for; nothing for a kind that is not known.
void observe_offline(std::string_view kind, Evidence& out);

}  // namespace juncture
