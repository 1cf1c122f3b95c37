// The activity chain: active, stalled or lost, judged by the silence between visits. Closed form, exact for any gap.
#pragma once

#include <array>

namespace juncture {

// Per day. `visit`: rate of sessions while active; the stalled and the lost come `phi` and `phi2` times as often.
struct ActivityRates {
  double visit = 0, stall = 0, reject = 0, recover = 0, phi = 0, phi2 = 0;
};

// Odds after `days` without a visit, given those before; sums to 1. With visit = 0 it is the unconditional forecast.
std::array<double, 3> silence(const ActivityRates& rates, double days, const std::array<double, 3>& before);

}  // namespace juncture
