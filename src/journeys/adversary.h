// Variant G3: what spoils a journey on its way to whoever watches it.
#pragma once

#include "juncture/journeys/journey.h"

namespace juncture::journeys {

// Adds a bot, a neighbour and a second project's people to the committee of `journey`, before anyone acts.
struct Intruders {
  bool bot = false, neighbour = false, second_project = false;
};
Intruders let_in(Journey& journey);

// Wrong clocks, devices that two share, duplicates, lateness of up to 36 h, and people who carry another account's
// name.
void spoil(Journey& journey);

}  // namespace juncture::journeys
