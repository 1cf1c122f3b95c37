// The work of a purchase, day by day: twelve jobs in a queue, pushed back by those who join, stalled, turned away.
#pragma once

#include <vector>

#include "juncture/journeys/journey.h"

namespace juncture::journeys {

struct Work {
  std::uint8_t tier = 0;
  End end = End::open;
  std::vector<Day> days;
};

// `first_weekday`: of day 0, 0 Monday. `people`: size of the committee.
Work work_of(const Plan& plan, std::uint64_t seed, int first_weekday, int people);

}  // namespace juncture::journeys
