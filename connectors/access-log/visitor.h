// Who stands behind a user agent, as far as its words tell.
#pragma once

#include <string_view>

#include "juncture/core/vocabulary.h"

namespace juncture {

// `agent` in lower case. An empty one is a program's.
bool is_bot(std::string_view agent);
Device device_of(std::string_view agent);

}  // namespace juncture
