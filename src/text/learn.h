// Multinomial logistic regression by AdaGrad over hashed features: two heads, fixed order, double accumulators.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "juncture/text/train.h"
#include "text/parts.h"

namespace juncture::text {

struct Sample {
  std::uint32_t family = 0;         // the source phrase; variants share it
  std::uint8_t label = kNoneClass;  // evidence class
  std::uint8_t moment = 0xff;       // index of Moment; 0xff: says nothing about it
  float weight = 1;
  std::vector<std::uint16_t> word, chars;
  std::array<std::uint8_t, kDense> dense{};
};

Sample sample_of(const Features& features);

// Weights learnt from the samples whose family is not in `held_out` (every tenth family when `hold_out`).
Weights learn(std::span<const Sample> samples, const TrainOptions& options, bool hold_out);
inline bool is_held_out(const Sample& sample) {
  return sample.family % 10 == 7;
}

}  // namespace juncture::text
