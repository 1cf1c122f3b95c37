// What the people of a committee can be seen to do of its work, and what others do in their name.
#pragma once

#include <vector>

#include "juncture/journeys/journey.h"
#include "work.h"

namespace juncture::journeys {

// How one person behaves.
struct Habits {
  int lag = 0;          // stages behind (negative) or ahead of the committee
  double noise = 0;     // share of what they type that is no buyer's business
  double activity = 1;  // visits against the mean
  double mobile = .3;
  double quiet = .1;  // visits while stalled or turned away, against the others
};
Habits habits_of(Chance& chance);

// Appends what `person` does on each day of `work`, from the day on which they join.
void act(const Plan& plan, const TextBank& bank, const Work& work, const Habits& habits, std::uint32_t person,
         Journey& journey);

// A bot's month: many phrases at even distances, none of them a buyer's.
void run_bot(const TextBank& bank, std::uint32_t person, Journey& journey);

}  // namespace juncture::journeys
