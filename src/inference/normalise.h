// Odds that add up to one, none of them zero: the filter could never come back from there.
#pragma once

#include <algorithm>
#include <array>

#include "juncture/inference/stage_chain.h"

namespace juncture {

inline constexpr float kOddsFloor = 1e-9F;

// In eight lanes, then across them: a fixed order that does not wait for one add after the other.
inline float sum_of(const StageChain::Phases& phases) {
  std::array<float, 8> lane{};
  for (std::size_t p = 0; p < kPhases; p += 8) {
    for (std::size_t i = 0; i < 8; ++i) lane[i] += phases[p + i];
  }
  return ((lane[0] + lane[4]) + (lane[1] + lane[5])) + ((lane[2] + lane[6]) + (lane[3] + lane[7]));
}

inline void normalise(StageChain::Phases& phases) {
  phases[kPhases - 1] = 0;
  const float scale = 1.0F / sum_of(phases);
  for (float& p : phases) {
    const float scaled = p * scale;
    p = scaled > kOddsFloor ? scaled : kOddsFloor;
  }
  phases[kPhases - 1] = 0;
  const float again = 1.0F / sum_of(phases);
  for (float& p : phases) p *= again;
}

inline void normalise(std::array<float, 3>& odds) {
  const float sum = odds[0] + odds[1] + odds[2];
  for (float& x : odds) x = std::max(x / sum, kOddsFloor);
  const float again = odds[0] + odds[1] + odds[2];
  for (float& x : odds) x /= again;
}

}  // namespace juncture
