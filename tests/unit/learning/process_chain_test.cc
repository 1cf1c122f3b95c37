#include "juncture/learning/process_forecast.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "juncture/core/chance.h"

namespace juncture {
namespace {

// Activities 0, 1, 2. After 0 comes 1; after 1 comes what did not come before 0, after a day or after ten of them; a
// case ends at 2 with odds of one half.
std::vector<ProcessCase> cases(int count, std::uint64_t seed) {
  Chance chance(seed);
  std::vector<ProcessCase> out;
  const auto wait = [&](double mean_days) {
    return static_cast<std::int64_t>(-std::log(1 - chance.uniform()) * mean_days * 86'400'000.0);
  };
  for (int c = 0; c < count; ++c) {
    ProcessCase steps;
    std::int64_t at = 1'700'000'000'000;
    std::uint32_t activity = chance.below(2) == 0 ? 0 : 2;
    while (true) {
      steps.push_back({activity, at});
      if (activity == 2 && chance.below(2) == 0) break;
      const bool slow = activity == 1;
      if (activity == 0) {
        activity = 1;
      } else if (activity == 1) {
        // Two of three of those that were slow come back to 0.
        const bool back = steps.size() >= 2 && steps[steps.size() - 2].activity == 0 && steps.size() < 4;
        activity = back ? 0 : 2;
      } else {
        activity = 0;
      }
      at += wait(slow ? 10 : 1);
    }
    out.push_back(std::move(steps));
  }
  return out;
}

TEST_CASE("a fitted process predicts what its cases do, with what lies further back", "[chain]") {
  const std::vector<ProcessCase> known = cases(400, 1), asked = cases(200, 2);
  const ProcessChain chain = ProcessChain::fit(known, 3, {.substates = 3});
  double right = 0, predicted = 0, ended = 0, said = 0;
  const auto read = chain.read(asked);
  REQUIRE(read.size() == asked.size());
  for (std::size_t c = 0; c < asked.size(); ++c) {
    const ProcessCase& steps = asked[c];
    const std::vector<ProcessOdds>& odds = read[c];
    for (std::size_t k = 0; k < steps.size(); ++k) {
      double sum = 0;
      for (const double p : odds[k].next) sum += p;
      CHECK(sum == Approx(1.0));
      if (steps[k].activity == 2) {
        said += odds[k].last;
        ended += k + 1 == steps.size() ? 1 : 0;
      } else {
        CHECK(odds[k].last < 0.02);
      }
      if (k + 1 == steps.size()) continue;
      predicted += 1;
      right += odds[k].next[steps[k + 1].activity] > 0.5 ? 1 : 0;
    }
  }
  CHECK(right / predicted > 0.95);
  CHECK(said / ended == Approx(1.0).margin(0.1));
}

TEST_CASE("the objective of the fit never falls, and the same cases give the same fit", "[chain]") {
  const std::vector<ProcessCase> known = cases(120, 3);
  const ProcessFitOptions options{.substates = 3, .chains = 2, .iterations = 25, .least_gain = 0};
  const ProcessChain chain = ProcessChain::fit(known, 3, options), again = ProcessChain::fit(known, 3, options);
  const std::vector<double>& objective = chain.objective();
  REQUIRE(objective.size() == 25);
  for (std::size_t i = 1; i < objective.size(); ++i) CHECK(objective[i] >= objective[i - 1] - 1e-7);
  CHECK(objective == again.objective());
  CHECK(chain.read(known)[0].back().last == again.read(known)[0].back().last);
}

TEST_CASE("what chains of different starts say is averaged", "[chain]") {
  const std::vector<ProcessCase> known = cases(150, 4);
  const auto last_of = [&](int chains, std::uint64_t seed) {
    const ProcessFitOptions options{.substates = 3, .chains = chains, .iterations = 5, .seed = seed};
    return ProcessChain::fit(known, 3, options).read(known)[0].back().last;
  };
  CHECK(last_of(3, 7) == Approx((2 * last_of(2, 7) + last_of(1, 9)) / 3));
}

// 1 is passed through from 0 to 2 or from 2 to 0. A chain of one substate an activity forgets which.
TEST_CASE("a forecast corrects the chain by what its trees see", "[chain]") {
  std::vector<ProcessCase> known;
  constexpr std::int64_t kDay = 86'400'000;
  for (std::int64_t c = 0; c < 100; ++c) {
    const std::uint32_t from = c % 2 == 0 ? 0 : 2;
    known.push_back({{from, c * kDay}, {1, (c + 1) * kDay}, {2 - from, (c + 3) * kDay}});
  }
  const ProcessFitOptions options{.substates = 1, .chains = 1};
  const auto by_chain = ProcessChain::fit(known, 3, options).read(known);
  const auto corrected = ProcessForecast::fit(known, 3, options).read(known);
  CHECK(by_chain[0][1].next[2] == Approx(0.5).margin(0.02));
  CHECK(corrected[0][1].next[2] > 0.9);
  CHECK(corrected[1][1].next[0] > 0.9);
  CHECK(corrected[0][0].last < 0.05);
  CHECK(corrected[0][2].last > 0.9);
  CHECK(corrected[0][2].last == ProcessForecast::fit(known, 3, options).read(known)[0][2].last);
  CHECK(corrected[0][1].next[0] + corrected[0][1].next[1] + corrected[0][1].next[2] == Approx(1.0));
}

TEST_CASE("a forecast of cases of one step knows of no next one", "[chain]") {
  const std::vector<ProcessCase> known{{{0, 0}}, {{1, 0}}};
  const auto read = ProcessForecast::fit(known, 2, {.substates = 1, .chains = 1}).read(known);
  CHECK(read[0][0].next[0] + read[0][0].next[1] == Approx(1.0));
}

// 0 is closed by a nightly job at 02:15 or gone on from at any other time; nothing else tells the two.
TEST_CASE("the time of day tells what is done by a job", "[chain]") {
  Chance chance(5);
  std::vector<ProcessCase> known;
  constexpr std::int64_t kDay = 86'400'000, kMinute = 60'000;
  for (std::int64_t c = 0; c < 300; ++c) {
    const std::int64_t day = (19'700 + c) * kDay;
    if (chance.below(2) == 0) {
      known.push_back({{0, day + 135 * kMinute}});
    } else {
      known.push_back({{0, day + static_cast<std::int64_t>(360 + chance.below(900)) * kMinute}, {1, day + 2 * kDay}});
    }
  }
  const ProcessChain chain = ProcessChain::fit(known, 2, {.substates = 3, .chains = 1});
  const std::vector<ProcessCase> asked{{{0, 20'500 * kDay + 136 * kMinute}}, {{0, 20'500 * kDay + 700 * kMinute}}};
  const auto odds = chain.read(asked);
  CHECK(odds[0][0].last > 0.9);
  CHECK(odds[1][0].last < 0.2);
}

TEST_CASE("working time passes where steps are, and a week of it is a week", "[chain]") {
  constexpr std::int64_t kHour = 3'600'000, kWeek = 168 * kHour;
  ProcessCase steps;
  for (std::int64_t k = 0; k < 2'000; ++k) steps.push_back({0, k * kWeek + 10 * kHour + k % 60 * 60'000});
  const WorkingTime time(std::vector<ProcessCase>{steps});
  const auto between = [&](std::int64_t from_hour, std::int64_t to_hour) {
    return time.days(to_hour * kHour) - time.days(from_hour * kHour);
  };
  CHECK(between(10, 11) > 6);
  CHECK(between(11, 12) < 0.01);
  CHECK(between(10, 178) == Approx(7));
  CHECK(between(-168, 0) == Approx(7));
  CHECK(between(-158, -157) > 6);  // before 1970 too
  const WorkingTime unknown(std::vector<ProcessCase>{});
  CHECK(unknown.days(36 * kHour) == Approx(1.5));
}

}  // namespace
}  // namespace juncture
