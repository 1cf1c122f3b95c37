// Fits temperatures and the shift of "none of them" on labelled texts that were not learnt from.
#pragma once

#include <span>

#include "juncture/core/types.h"
#include "text/parts.h"

namespace juncture::text {

struct Judged {
  Row logits{};
  Form form = Form::brief;
  std::size_t label = kNoneClass;
  Moment moment = Moment::unclear;
  Device device = Device::unknown;
  float weight = 1;
};

Calibration calibrate(std::span<const Judged> texts, const std::array<std::array<float, kMoments>, 4>& device_moment,
                      bool fit_none_shift);

}  // namespace juncture::text
