// The baseline: a hidden Markov model with a state a stage and a step an event. It knows nothing of time or of silence.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "juncture/core/evidence.h"
#include "juncture/core/vocabulary.h"

namespace juncture {

class PlainHmm {
 public:
  using Odds = std::array<double, kBuyingStages>;

  // Counts of where sequences of stages begin and how they go on, one stage an event.
  void learn(std::span<const std::uint8_t> stages);
  // Moves one event on and takes in its text, as p(text given stage) / p(text).
  void step(const Evidence& evidence, Odds& odds) const;
  Odds initial() const;

 private:
  std::array<std::array<double, kBuyingStages>, kBuyingStages> transitions_{};
  Odds starts_{};
};

}  // namespace juncture
