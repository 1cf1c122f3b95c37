#include <catch2/catch.hpp>
#include <cmath>

#include "inference/activity.h"
#include "inference/lanes.h"
#include "inference/step.h"
#include "juncture/core/expm.h"
#include "juncture/core/math.h"
#include "juncture/inference/stage_chain.h"
#include "unit/inference/journey.h"

using namespace juncture;
using namespace juncture::test;

namespace {

double distance(const StageChain::Phases& a, const StageChain::Phases& b) {
  double worst = 0;
  for (std::size_t i = 0; i < kPhases; ++i)
    worst = std::max(worst, std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
  return worst;
}

}  // namespace

TEST_CASE("twelve stages take the phases of their lognormal dwells and sum to the published 31", "[chain]") {
  const std::array<std::size_t, 12> expected{1, 3, 2, 2, 3, 3, 3, 3, 3, 4, 2, 2};
  std::size_t sum = 0;
  for (std::size_t s = 0; s < 12; ++s) {
    CHECK(chain().phases_of(s) == expected[s]);
    sum += chain().phases_of(s);
  }
  CHECK(sum == 31);
  CHECK(chain().stage_of(0) == 0);
  CHECK(chain().stage_of(30) == 11);
  CHECK(chain().stage_of(31) == 12);
  // Median 9 d unscaled; two weeks hold most of it.
  CHECK(chain().dwell_median_days(6) == Approx(9.4).margin(1.0));
  CHECK(chain().dwell_p90_days(6) > 14);
  for (std::size_t p = 1; p < 31; ++p) CHECK(chain().progress_of(p) > chain().progress_of(p - 1));
}

TEST_CASE("a step equals the exponential of the generator by an unscaled Taylor series", "[chain]") {
  const std::vector<double> q = chain().generator();
  for (const double days : {0.01, 0.5, 3.0}) {
    // Plain series with plenty of terms, summed by itself: small norms only.
    std::vector<double> sum(kPhases * kPhases, 0.0), term(kPhases * kPhases, 0.0);
    for (std::size_t i = 0; i < kPhases; ++i) sum[i * kPhases + i] = term[i * kPhases + i] = 1.0;
    for (int k = 1; k <= 60; ++k) {
      std::vector<double> next(kPhases * kPhases, 0.0);
      for (std::size_t i = 0; i < kPhases; ++i) {
        for (std::size_t j = 0; j < kPhases; ++j) {
          for (std::size_t m = 0; m < kPhases; ++m)
            next[i * kPhases + j] += term[i * kPhases + m] * q[m * kPhases + j] * days / k;
        }
      }
      term = next;
      for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += term[i];
    }
    const std::vector<double> own = expm(q, days, kPhases);
    double worst = 0;
    for (std::size_t i = 0; i < sum.size(); ++i) worst = std::max(worst, std::abs(own[i] - sum[i]));
    CHECK(worst < 1e-12);
  }
  StageChain::Phases phases = chain().prior();
  chain().step(phases, 96 * 40);
  const std::vector<double> exact = expm(q, 40.0, kPhases);
  double worst = 0;
  for (std::size_t j = 0; j < kPhases; ++j) {
    double mass = 0;
    for (std::size_t i = 0; i < kPhases; ++i) mass += static_cast<double>(chain().prior()[i]) * exact[i * kPhases + j];
    worst = std::max(worst, std::abs(mass - static_cast<double>(phases[j])));
  }
  CHECK(worst < 1e-6);
}

TEST_CASE("stepping a and then b is stepping a + b", "[chain]") {
  Dice dice{7};
  for (int n = 0; n < 200; ++n) {
    const auto a = static_cast<std::int64_t>(dice.below(20'000)), b = static_cast<std::int64_t>(dice.below(20'000));
    StageChain::Phases split = chain().prior(), whole = chain().prior();
    chain().step(split, a);
    chain().step(split, b);
    chain().step(whole, a + b);
    CHECK(distance(split, whole) < 2e-6);
  }
}

TEST_CASE("time moves the mass forward, with regressions and skips possible", "[chain]") {
  StageChain::Phases phases{};
  phases[4] = 1;  // first phase of champion_search
  chain().step(phases, 96 * 60);
  std::array<double, 13> mass{};
  double sum = 0;
  for (std::size_t p = 0; p < kPhases; ++p) {
    mass[chain().stage_of(p)] += static_cast<double>(phases[p]);
    sum += static_cast<double>(phases[p]);
  }
  CHECK(sum == Approx(1).epsilon(1e-5));
  CHECK(mass[3] > 0.1);    // on
  CHECK(mass[4] > 0.01);   // further, or skipped to
  CHECK(mass[0] > 0.001);  // two back
  CHECK(mass[1] > 0.01);   // one back
}

TEST_CASE("dwells that are told in all are spread over the visits", "[chain]") {
  StageChainParameters totals;
  const StageChainParameters spread = per_visit(totals);
  for (std::size_t s = 0; s < kBuyingStages; ++s) {
    CHECK(spread.dwell_median_days[s] < totals.dwell_median_days[s]);
    CHECK(spread.dwell_median_days[s] > totals.dwell_median_days[s] / 3);
  }
  // Without a way back each stage is visited once, unless it is skipped.
  totals.back = totals.back_two = totals.skip = 0;
  for (std::size_t s = 0; s < kBuyingStages; ++s) {
    CHECK(per_visit(totals).dwell_median_days[s] == Approx(totals.dwell_median_days[s]));
  }

  // The total time that a walk through the chain spends in each stage before sign-off is that of the taxonomy.
  const StageChain chain(per_visit(StageChainParameters{}));
  const StageChain once(StageChainParameters{});
  const std::vector<double> q = chain.generator(), whole = once.generator();
  std::array<double, kPhases> at{1.0};
  std::array<double, kBuyingStages> days{};
  constexpr double kStep = 0.05;
  for (double t = 0; t < 6000; t += kStep) {
    std::array<double, kPhases> next = at;
    for (std::size_t i = 0; i + 1 < kPhases; ++i) {
      if (chain.stage_of(i) < kBuyingStages) days[chain.stage_of(i)] += at[i] * kStep;
      for (std::size_t j = 0; j + 1 < kPhases; ++j) {
        const bool another = j == 0 && chain.stage_of(i) == 11;  // the next purchase
        if (!another) next[j] += at[i] * q[i * kPhases + j] * kStep;
      }
    }
    at = next;
  }
  for (std::size_t s = 0; s < kBuyingStages; ++s) {
    std::size_t phase = 0;
    while (once.stage_of(phase) != s) ++phase;
    const double told = static_cast<double>(once.phases_of(s)) / -whole[phase * kPhases + phase];
    CHECK(days[s] == Approx(told).epsilon(0.02));
  }
}

TEST_CASE("behind sign-off a purchase begins anew", "[chain]") {
  StageChain::Phases phases{};
  phases[30] = 1;  // last phase of sign-off
  chain().step(phases, 96 * 120);
  CHECK(phases[0] > 0.1F);
}

TEST_CASE("the silence of the activity chain in closed form agrees with Runge-Kutta", "[chain]") {
  Dice dice{11};
  for (int n = 0; n < 60; ++n) {
    const ActivityRates r{dice.unit() * 2, dice.unit() * .01, dice.unit() * .02, .0077, .13, .15};
    const double days = dice.unit() * 60;
    std::array<double, 3> x{.8, .15, .05};
    const int steps = 20'000;
    const double h = days / steps;
    const auto slope = [&](const std::array<double, 3>& p) {
      return std::array<double, 3>{-(r.stall + r.reject + r.visit) * p[0] + r.recover * p[1],
                                   r.stall * p[0] - (r.recover + r.phi * r.visit) * p[1],
                                   r.reject * p[0] - r.phi2 * r.visit * p[2]};
    };
    const auto plus = [](const std::array<double, 3>& a, const std::array<double, 3>& b, double f) {
      return std::array<double, 3>{a[0] + f * b[0], a[1] + f * b[1], a[2] + f * b[2]};
    };
    for (int i = 0; i < steps; ++i) {
      const auto k1 = slope(x), k2 = slope(plus(x, k1, h / 2)), k3 = slope(plus(x, k2, h / 2)),
                 k4 = slope(plus(x, k3, h));
      for (std::size_t c = 0; c < 3; ++c) x[c] += h / 6 * (k1[c] + 2 * k2[c] + 2 * k3[c] + k4[c]);
    }
    const double sum = x[0] + x[1] + x[2];
    const auto closed = silence(r, days, {.8, .15, .05});
    for (std::size_t c = 0; c < 3; ++c) CHECK(closed[c] == Approx(x[c] / sum).margin(2e-9));
  }
  // Two silences in a row are one.
  const ActivityRates r{.3, .004, .003, .0077, .13, .15};
  const auto split = silence(r, 7, silence(r, 5, {.9, .06, .04}));
  const auto whole = silence(r, 12, {.9, .06, .04});
  for (std::size_t c = 0; c < 3; ++c) CHECK(split[c] == Approx(whole[c]).epsilon(1e-9));
}

TEST_CASE("exp and log over lanes keep seven digits", "[chain]") {
  for (float x = -30; x < 30; x += 0.37F) {
    StageChain::Lanes lanes{};
    lanes.fill(x);
    lanes::exp_all(lanes);
    CHECK(static_cast<double>(lanes[3]) == Approx(std::exp(static_cast<double>(x))).epsilon(5e-7));
    lanes::log_all(lanes);
    CHECK(static_cast<double>(lanes[3]) == Approx(static_cast<double>(x)).margin(5e-6));
  }
}

TEST_CASE("on the business clock a week is seven days and a weekend half a day", "[chain]") {
  const BusinessClock clock;
  CHECK(clock.days(kStart, kStart + 7 * kDay) == Approx(7));
  const std::int64_t saturday = kStart - 8 * kHour + 5 * kDay;
  CHECK(clock.days(saturday, saturday + 2 * kDay) == Approx(7 * 0.5 / 5.5));
  CHECK(clock.days(kStart, kStart + 3 * kDay) + clock.days(kStart + 3 * kDay, kStart + 12 * kDay) ==
        Approx(clock.days(kStart, kStart + 12 * kDay)));
  CHECK(clock.days(-20 * kDay, 8 * kDay) == Approx(28));  // before 1970 as after
}

TEST_CASE("a holiday counts as a weekend does, and other weeks have other weekends", "[chain]") {
  const std::int64_t monday = kStart - 8 * kHour;
  Calendar calendar;
  const auto day = [&](int n) { return std::chrono::floor<std::chrono::days>(from_ms(monday)) + std::chrono::days(n); };
  calendar.holidays = {day(2), day(5), day(9)};  // Wednesday, Saturday, the next Wednesday
  const BusinessClock clock(calendar), plain;
  const double worked = 7 / 5.5, off = worked / 4;
  CHECK(clock.days(monday, monday + 2 * kDay) == Approx(2 * worked));
  CHECK(clock.days(monday + 2 * kDay, monday + 3 * kDay) == Approx(off));
  CHECK(clock.days(monday + 2 * kDay, monday + 2 * kDay + 12 * kHour) == Approx(off / 2));
  CHECK(clock.days(monday + 5 * kDay, monday + 7 * kDay) == plain.days(monday + 5 * kDay, monday + 7 * kDay));
  CHECK(clock.days(monday, monday + 14 * kDay) == Approx(14 - 2 * (worked - off)));
  // Whoever looks in between, at any hour.
  for (std::int64_t at = monday - kDay; at < monday + 12 * kDay; at += 7 * kHour) {
    CHECK(clock.days(monday - kDay, at) + clock.days(at, monday + 12 * kDay) ==
          Approx(clock.days(monday - kDay, monday + 12 * kDay)));
  }
  calendar.holidays.clear();
  calendar.working_days = {true, true, true, true, false, false, true};
  const BusinessClock sundays(calendar);
  CHECK(sundays.days(monday + 6 * kDay, monday + 7 * kDay) == Approx(worked));
  CHECK(sundays.days(monday + 4 * kDay, monday + 6 * kDay) == Approx(2 * off));
}

TEST_CASE("over a holiday silence says less", "[chain]") {
  Calendar calendar;
  for (int n = 1; n <= 10; ++n) {
    calendar.holidays.push_back(std::chrono::floor<std::chrono::days>(from_ms(kStart)) + std::chrono::days(n));
  }
  const StageChain closed(StageChainParameters{}, BusinessClock(calendar));
  const auto stalled_after = [](const StageChain& chain) {
    BeliefState state;
    start(chain, state, kStart);
    propagate(chain, state, kStart + 12 * kDay);
    return state.activity[1] + state.activity[2];
  };
  CHECK(stalled_after(closed) < stalled_after(chain()));
}
