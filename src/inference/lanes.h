// exp and log over 16 floats at once, the same bits on every CPU: plain loops in fixed order that compilers vectorise.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "juncture/inference/stage_chain.h"

namespace juncture::lanes {

using Lanes = StageChain::Lanes;
inline constexpr std::size_t kCount = StageChain::kLanes;

// e^x in place for |x| <= 80 (clamped); relative error below 3e-7.
inline void exp_all(Lanes& x) {
  for (std::size_t i = 0; i < kCount; ++i) {
    float v = x[i];
    v = v < -80.0F ? -80.0F : v;
    v = v > 80.0F ? 80.0F : v;
    const float scaled = v * 1.44269504F;
    const auto k = static_cast<std::int32_t>(scaled + (scaled < 0 ? -0.5F : 0.5F));
    const auto kf = static_cast<float>(k);
    const float r = (v - kf * 0.693359375F) + kf * 2.12194440e-4F;
    float p = 1.0F / 5040;
    p = p * r + 1.0F / 720;
    p = p * r + 1.0F / 120;
    p = p * r + 1.0F / 24;
    p = p * r + 1.0F / 6;
    p = p * r + 0.5F;
    p = p * r + 1.0F;
    p = p * r + 1.0F;
    x[i] = p * std::bit_cast<float>(static_cast<std::uint32_t>(k + 127) << 23U);
  }
}

// ln x in place for normal x > 0; smaller values count as 1e-30.
inline void log_all(Lanes& x) {
  for (std::size_t i = 0; i < kCount; ++i) {
    const float v = x[i] > 1e-30F ? x[i] : 1e-30F;
    const auto bits = std::bit_cast<std::uint32_t>(v);
    // Centred on sqrt(2)/2 so that m lies in [0.707, 1.414).
    const std::uint32_t shifted = bits - 0x3f3504f3U;
    const std::int32_t exponent = static_cast<std::int32_t>(shifted) >> 23;
    const auto m = std::bit_cast<float>(bits - (static_cast<std::uint32_t>(exponent) << 23U));
    const float t = (m - 1.0F) / (m + 1.0F);
    const float t2 = t * t;
    float p = 1.0F / 9;
    p = p * t2 + 1.0F / 7;
    p = p * t2 + 1.0F / 5;
    p = p * t2 + 1.0F / 3;
    p = p * t2 + 1.0F;
    x[i] = static_cast<float>(exponent) * 0.693147181F + 2.0F * t * p;
  }
}

}  // namespace juncture::lanes
