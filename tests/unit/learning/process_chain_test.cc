#include "juncture/learning/process_chain.h"

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
  for (const ProcessCase& steps : asked) {
    const std::vector<ProcessOdds> odds = chain.read(steps);
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
  const ProcessFitOptions options{.substates = 3, .iterations = 25, .least_gain = 0};
  const ProcessChain chain = ProcessChain::fit(known, 3, options), again = ProcessChain::fit(known, 3, options);
  const std::vector<double>& objective = chain.objective();
  REQUIRE(objective.size() == 25);
  for (std::size_t i = 1; i < objective.size(); ++i) CHECK(objective[i] >= objective[i - 1] - 1e-7);
  CHECK(objective == again.objective());
  CHECK(chain.read(known[0]).back().last == again.read(known[0]).back().last);
}

TEST_CASE("the longer nothing comes, the likelier the case is over", "[chain]") {
  const ProcessChain chain = ProcessChain::fit(cases(400, 4), 3, {.substates = 1});
  const ProcessCase steps{{2, 1'700'000'000'000}};
  const double at_once = chain.last_after_silence(steps, 0);
  CHECK(at_once == Approx(chain.read(steps).back().last));
  CHECK(at_once == Approx(0.5).margin(0.06));
  CHECK(chain.last_after_silence(steps, 3) > at_once + 0.3);
  CHECK(chain.last_after_silence(steps, 30) > 0.99);
}

}  // namespace
}  // namespace juncture
