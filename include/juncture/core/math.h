// exp and log that give the same bits on every CPU: glibc's differ with and without FMA.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace juncture {

namespace math {
constexpr double kLog2e = 1.4426950408889634074;
constexpr double kLn2Hi = 6.93147180369123816490e-01, kLn2Lo = 1.90821492927058770002e-10;
// Taylor to r^13 by Horner: |r| <= 0.3466, so the rest is below 1e-17.
constexpr double kInverse[] = {1.0 / 13, 1.0 / 12, 1.0 / 11, 1.0 / 10, 1.0 / 9, 1.0 / 8, 1.0 / 7,
                               1.0 / 6,  1.0 / 5,  1.0 / 4,  1.0 / 3,  1.0 / 2, 1.0};
}  // namespace math

// e^x; error below 2 ulp in double. 0 below -700, +huge clamped above 700.
inline double exact_exp(double x) {
  if (x < -700.0) return 0.0;
  if (x > 700.0) x = 700.0;
  const double scaled = x * math::kLog2e;
  const auto k = static_cast<std::int64_t>(scaled + (scaled < 0 ? -0.5 : 0.5));
  const double kd = static_cast<double>(k);
  const double r = (x - kd * math::kLn2Hi) - kd * math::kLn2Lo;
  double sum = 1.0;
  for (const double inverse : math::kInverse) sum = 1.0 + sum * r * inverse;
  return sum * std::bit_cast<double>(static_cast<std::uint64_t>(k + 1023) << 52U);
}

// exact_exp() of each, to the bit: the steps of one wait for each other, those of several do not.
template <std::size_t N>
void exact_exp_all(std::array<double, N>& values) {
  std::array<double, N> r{}, power{}, sum{};
  for (std::size_t i = 0; i < N; ++i) {
    const double x = values[i] < -700.0 ? 0.0 : values[i] > 700.0 ? 700.0 : values[i];
    const double scaled = x * math::kLog2e;
    const auto k = static_cast<std::int64_t>(scaled + (scaled < 0 ? -0.5 : 0.5));
    const double kd = static_cast<double>(k);
    r[i] = (x - kd * math::kLn2Hi) - kd * math::kLn2Lo;
    const auto bits = values[i] < -700.0 ? std::uint64_t{0} : static_cast<std::uint64_t>(k + 1023) << 52U;
    power[i] = std::bit_cast<double>(bits);
    sum[i] = 1.0;
  }
  for (const double inverse : math::kInverse) {
    for (std::size_t i = 0; i < N; ++i) sum[i] = 1.0 + sum[i] * r[i] * inverse;
  }
  for (std::size_t i = 0; i < N; ++i) values[i] = sum[i] * power[i];
}

// ln x for x > 0; -745 for zero, negatives and subnormals.
inline double exact_log(double x) {
  if (!(x > 2.3e-308)) return -745.0;
  auto bits = std::bit_cast<std::uint64_t>(x);
  auto exponent = static_cast<std::int64_t>(bits >> 52U) - 1023;
  bits = (bits & 0x000fffffffffffffULL) | 0x3ff0000000000000ULL;
  double m = std::bit_cast<double>(bits);
  if (m > 1.4142135623730951) {
    m *= 0.5;
    ++exponent;
  }
  // ln m = 2 artanh(t), t = (m-1)/(m+1), |t| <= 0.1716; t^25 / 25 is below 1e-20.
  const double t = (m - 1.0) / (m + 1.0);
  const double t2 = t * t;
  double sum = 0.0;
  for (int n = 25; n >= 1; n -= 2) sum = sum * t2 + 1.0 / n;
  return static_cast<double>(exponent) * 6.93147180559945309417e-01 + 2.0 * t * sum;
}

inline float exact_expf(float x) {
  return static_cast<float>(exact_exp(static_cast<double>(x)));
}
inline float exact_logf(float x) {
  return static_cast<float>(exact_log(static_cast<double>(x)));
}

}  // namespace juncture
