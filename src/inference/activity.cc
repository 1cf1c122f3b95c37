#include "inference/activity.h"

#include <algorithm>
#include <cmath>

#include "juncture/core/math.h"

namespace juncture {
namespace {

// (e^(x t) - e^(y t)) / (x - y) from the two exponentials; their series where x and y meet.
double divided_difference(double x, double y, double t, double exp_x, double exp_y) {
  const double gap = (x - y) * t;
  if (gap < 1e-5 && gap > -1e-5) return t * exp_y * (1.0 + gap / 2 + gap * gap / 6);
  return (exp_x - exp_y) / (x - y);
}

}  // namespace

std::array<double, 3> silence(const ActivityRates& rates, double days, const std::array<double, 3>& before) {
  if (!(days > 0)) return before;
  const double g = rates.visit;
  const double a = -(rates.stall + rates.reject) - g, d = -rates.recover - rates.phi * g;
  const double half = (a - d) / 2;
  const double delta = std::max(std::sqrt(half * half + rates.stall * rates.recover), 1e-9);
  const double mean = (a + d) / 2, fast = mean + delta, slow = mean - delta, lost = -rates.phi2 * g;
  const double top = std::max(fast, lost);
  const double exp_fast = exact_exp((fast - top) * days), exp_slow = exact_exp((slow - top) * days),
               exp_lost = exact_exp((lost - top) * days);
  // e^(Bt) = e^(fast t) I + (e^(fast t) - e^(slow t)) / (fast - slow) (B - fast I)
  const double growth = exp_fast, mixing = divided_difference(fast, slow, days, exp_fast, exp_slow);
  const double active0 = before[0], stalled0 = before[1];
  const double active = active0 * (growth + mixing * (a - fast)) + stalled0 * mixing * rates.recover;
  const double stalled = active0 * mixing * rates.stall + stalled0 * (growth + mixing * (d - fast));
  // Of the active path c1 e^(fast t) + c2 e^(slow t), what leaked into lost.
  const double slope = active0 * a + stalled0 * rates.recover;
  const double c1 = (slope - slow * active0) / (2 * delta), c2 = active0 - c1;
  const double rejected =
      before[2] * exp_lost + rates.reject * (c1 * divided_difference(fast, lost, days, exp_fast, exp_lost) +
                                             c2 * divided_difference(slow, lost, days, exp_slow, exp_lost));
  std::array<double, 3> after{std::max(active, 0.0), std::max(stalled, 0.0), std::max(rejected, 0.0)};
  const double sum = after[0] + after[1] + after[2];
  for (double& x : after) x = std::max(x / sum, 1e-9);
  const double again = after[0] + after[1] + after[2];
  for (double& x : after) x /= again;
  return after;
}

}  // namespace juncture
