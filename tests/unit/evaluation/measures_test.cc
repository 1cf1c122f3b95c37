#include "juncture/evaluation/measures.h"

#include <catch2/catch.hpp>
#include <numeric>
#include <vector>

#include "juncture/core/chance.h"

namespace juncture {
namespace {

std::vector<std::uint32_t> rows(std::size_t n) {
  std::vector<std::uint32_t> out(n);
  std::iota(out.begin(), out.end(), 0U);
  return out;
}

// Expected values: by the definitions, worked out apart.
TEST_CASE("areas, Brier score and F1 follow their definitions", "[evaluation]") {
  const std::vector<double> score{.1, .4, .35, .8, .8, .2, .9, .05};
  const std::vector<std::uint8_t> positive{0, 0, 1, 1, 0, 0, 1, 0};
  const auto all = rows(8);
  CHECK(roc_auc(score, positive, all) == Approx(0.8333333333));
  CHECK(average_precision(score, positive, all) == Approx(0.7555555556));
  CHECK(brier(score, positive, all) == Approx(0.1656250000));
  const std::vector<std::uint32_t> truth{0, 1, 2, 2, 1, 0}, found{0, 2, 2, 2, 1, 1};
  CHECK(macro_f1(truth, found, rows(6), 3) == Approx(0.6555555556));
  CHECK(accuracy(truth, found, rows(6)) == Approx(4.0 / 6));
}

TEST_CASE("exact probabilities have no calibration error beyond that of a perfect model", "[evaluation]") {
  Chance chance(7);
  std::vector<double> probability;
  std::vector<std::uint8_t> exact, twice;
  for (int i = 0; i < 4000; ++i) {
    probability.push_back(chance.uniform() * 0.5);
    exact.push_back(chance.uniform() < probability.back() ? 1 : 0);
    twice.push_back(chance.uniform() < 2 * probability.back() ? 1 : 0);
  }
  const double unavoidable = calibration_error_of_perfect(probability, 5);
  CHECK(unavoidable > 0);
  CHECK(calibration_error(probability, exact, rows(4000), 5) < 2.5 * unavoidable);
  CHECK(calibration_error(probability, twice, rows(4000), 5) == Approx(0.25).margin(0.02));
}

TEST_CASE("a bootstrap interval covers the mean about as often as it says", "[evaluation]") {
  int covered = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Chance chance(seed);
    std::vector<double> value(100);
    for (double& v : value) v = chance.uniform();
    const auto mean = [&](Picks picks) {
      double sum = 0;
      for (const std::uint32_t row : picks) sum += value[row];
      return sum / static_cast<double>(picks.size());
    };
    const Estimate e = bootstrap(value.size(), mean, 300, seed);
    covered += e.low <= 0.5 && 0.5 <= e.high ? 1 : 0;
  }
  CHECK(covered >= 180);
  CHECK(covered <= 199);
}

TEST_CASE("groups are drawn whole", "[evaluation]") {
  // Two groups, one all hits and one all misses: drawn by row the interval would be narrow.
  std::vector<std::uint32_t> group(200);
  for (std::size_t row = 100; row < 200; ++row) group[row] = 1;
  const auto hits = [&](Picks picks) {
    double sum = 0;
    for (const std::uint32_t row : picks) sum += group[row];
    return sum / static_cast<double>(picks.size());
  };
  const Estimate e = bootstrap_by_group(group, hits);
  CHECK(e.value == 0.5);
  CHECK(e.low == 0.0);
  CHECK(e.high == 1.0);
}

}  // namespace
}  // namespace juncture
