// Draws from the distributions that journeys are made of; by core/math.h, so that a seed gives the same on any machine.
#pragma once

#include <cmath>

#include "juncture/core/chance.h"
#include "juncture/core/math.h"

namespace juncture::journeys {

// A stream of its own for each purpose, so that a change in one does not move the others.
inline Chance stream(std::uint64_t seed, std::uint64_t purpose) {
  Chance mixed(seed * 0x2545f4914f6cdd1dULL + purpose);
  return Chance(mixed.next());
}

inline double exponential(Chance& chance, double mean) {
  return -mean * exact_log(1.0 - chance.uniform());
}

// Marsaglia's polar method.
inline double normal(Chance& chance) {
  while (true) {
    const double x = 2 * chance.uniform() - 1, y = 2 * chance.uniform() - 1;
    const double square = x * x + y * y;
    if (square > 0 && square < 1) return x * std::sqrt(-2 * exact_log(square) / square);
  }
}

inline double lognormal(Chance& chance, double median, double sigma) {
  return median * exact_exp(sigma * normal(chance));
}

// Shape of at least 1; Marsaglia and Tsang.
inline double gamma(Chance& chance, double shape, double scale) {
  const double d = shape - 1.0 / 3, c = 1.0 / std::sqrt(9 * d);
  while (true) {
    const double x = normal(chance), root = 1 + c * x;
    if (root <= 0) continue;
    const double v = root * root * root;
    if (exact_log(1.0 - chance.uniform()) < x * x / 2 + d - d * v + d * exact_log(v)) return d * v * scale;
  }
}

inline double beta(Chance& chance, double a, double b) {
  const double x = gamma(chance, a, 1), y = gamma(chance, b, 1);
  return x / (x + y);
}

// Means up to about 30.
inline int poisson(Chance& chance, double mean) {
  const double limit = exact_exp(-mean);
  int count = 0;
  double product = chance.uniform();
  while (product > limit) {
    product *= chance.uniform();
    ++count;
  }
  return count;
}

inline bool happens(Chance& chance, double odds) {
  return chance.uniform() < odds;
}

}  // namespace juncture::journeys
