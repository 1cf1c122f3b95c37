#include "juncture/learning/hidden_chain.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "juncture/core/chance.h"
#include "juncture/core/expm.h"

namespace juncture {
namespace {

using Matrix = std::vector<double>;

Matrix some_generator(std::size_t n, Chance& chance) {
  Matrix q(n * n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      if (i == j) continue;
      q[i * n + j] = chance.uniform();
      q[i * n + i] -= q[i * n + j];
    }
  }
  return q;
}

// Simpson's rule over 2,000 points of the integral that the block exponential has in closed form.
Matrix integrated(const Matrix& a, const Matrix& e, double t, std::size_t n) {
  constexpr int kPieces = 2'000;
  Matrix sum(n * n);
  for (int i = 0; i <= kPieces; ++i) {
    const double u = t * i / kPieces, weight = i == 0 || i == kPieces ? 1 : i % 2 == 1 ? 4 : 2;
    const Matrix at = multiply(expm(a, t - u, n), multiply(e, expm(a, u, n), n), n);
    for (std::size_t k = 0; k < at.size(); ++k) sum[k] += weight * at[k] * t / kPieces / 3;
  }
  return sum;
}

TEST_CASE("the block exponential is the integral it stands for", "[chain]") {
  Chance chance(1);
  for (const double t : {0.01, 0.9, 12.0}) {
    const Matrix q = some_generator(4, chance);
    Matrix e(16);
    for (double& x : e) x = chance.uniform();
    const Matrix closed = expm_derivative(q, e, t, 4), numeric = integrated(q, e, t, 4);
    for (std::size_t i = 0; i < 16; ++i) CHECK(closed[i] == Approx(numeric[i]).epsilon(1e-8));
  }
}

// Every row of weights says something, none rules a state out.
Sightings some_sightings(std::size_t states, Chance& chance, bool jumps) {
  Sightings out;
  out.tick_days = 0.1;
  for (int w = 0; w < 5; ++w) {
    auto& weight = out.weights.emplace_back();
    for (std::size_t i = 0; i < states; ++i) weight.push_back(0.1 + chance.uniform());
  }
  for (int h = 0; h < 6; ++h) {
    auto& history = out.histories.emplace_back();
    for (int s = 0; s < 7; ++s) {
      history.push_back({s == 0 ? 0 : static_cast<std::int64_t>(chance.below(90)), jumps && s > 0 && s % 2 == 0,
                         static_cast<std::uint32_t>(chance.below(5))});
    }
  }
  return out;
}

HiddenChain some_chain(std::size_t states, Chance& chance) {
  HiddenChain chain{states, Matrix(states, 1.0 / static_cast<double>(states)), some_generator(states, chance),
                    Matrix(states * states)};
  for (std::size_t i = 0; i < states; ++i) {
    for (std::size_t j = 0; j < states; ++j) {
      chain.jumps[i * states + j] = 0.3 * chance.uniform();
      chain.moves[i * states + i] -= chain.jumps[i * states + j];
    }
  }
  return chain;
}

// Fisher's identity: the derivative of the log likelihood by a rate is what the expected counts say it is.
TEST_CASE("expected counts are the derivatives of the likelihood", "[chain]") {
  Chance chance(2);
  HiddenChain chain = some_chain(3, chance);
  const Sightings seen = some_sightings(3, chance, true);
  const ExpectedCounts counts = expected_counts(chain, seen);
  const auto log_likelihood = [&](const HiddenChain& of) { return expected_counts(of, seen).log_likelihood; };
  constexpr double kStep = 1e-5;
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 3; ++j) {
      if (i == j) continue;
      HiddenChain more = chain, less = chain;
      for (auto [other, by] : {std::pair{&more, kStep}, std::pair{&less, -kStep}}) {
        other->moves[i * 3 + j] += by;
        other->moves[i * 3 + i] -= by;
      }
      const double slope = (log_likelihood(more) - log_likelihood(less)) / (2 * kStep);
      CHECK(counts.moves[i * 3 + j] / chain.moves[i * 3 + j] - counts.days[i] == Approx(slope).margin(1e-5));
    }
  }
  HiddenChain more = chain, less = chain;
  for (auto [other, by] : {std::pair{&more, kStep}, std::pair{&less, -kStep}}) {
    other->jumps[1] += by;
    other->moves[0] -= by;
  }
  const double slope = (log_likelihood(more) - log_likelihood(less)) / (2 * kStep);
  CHECK(counts.jumps[1] / chain.jumps[1] - counts.days[0] == Approx(slope).margin(1e-5));
}

// A move so rare that it never happens makes the same chain go the long way, by exponentials of matrices.
TEST_CASE("a chain in which nothing happens unseen is counted without exponentials, and alike", "[chain]") {
  Chance chance(5);
  HiddenChain still = some_chain(3, chance);
  for (std::size_t i = 0; i < 3; ++i) {
    still.moves[i * 4] = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      if (i != j) still.moves[i * 3 + j] = 0;
      still.moves[i * 4] -= still.jumps[i * 3 + j];
    }
  }
  HiddenChain other = still;
  other.moves[1] = 1e-13;
  const Sightings seen = some_sightings(3, chance, true);
  const ExpectedCounts counts = expected_counts(still, seen), same = expected_counts(other, seen);
  CHECK(counts.log_likelihood == Approx(same.log_likelihood));
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(counts.days[i] == Approx(same.days[i]));
    CHECK(counts.start[i] == Approx(same.start[i]));
    for (std::size_t j = 0; j < 3; ++j) CHECK(counts.jumps[i * 3 + j] == Approx(same.jumps[i * 3 + j]));
  }
}

TEST_CASE("a gap longer than any state lasts is no loss of all odds", "[chain]") {
  HiddenChain fast{1, {1.0}, {-1'000.0}, {1'000.0}};
  Sightings seen;
  seen.tick_days = 1;
  seen.histories = {{{0, false, 0}, {400, true, 0}}};
  seen.weights = {{1.0}};
  const ExpectedCounts counts = expected_counts(fast, seen);
  CHECK(counts.log_likelihood == Approx(-400'000.0 + std::log(1'000.0)));
  CHECK(counts.days[0] == Approx(400.0));
}

TEST_CASE("time spent adds up to the time that passed, and odds at a sighting to one", "[chain]") {
  Chance chance(3);
  const HiddenChain chain = some_chain(4, chance);
  const Sightings seen = some_sightings(4, chance, false);
  double passed = 0, spent = 0, started = 0;
  for (const auto& history : seen.histories) {
    for (const Sighting& sighting : history) passed += static_cast<double>(sighting.ticks) * seen.tick_days;
  }
  std::size_t sightings = 0;
  const ExpectedCounts counts =
      expected_counts(chain, seen, [&](std::size_t, std::size_t, std::span<const double> odds) {
        ++sightings;
        double sum = 0;
        for (const double x : odds) sum += x;
        CHECK(sum == Approx(1.0));
      });
  for (const double x : counts.days) spent += x;
  for (const double x : counts.start) started += x;
  CHECK(spent == Approx(passed));
  CHECK(started == Approx(6.0));
  CHECK(sightings == 42);
}

TEST_CASE("the filter ends where forward and backward end, and agrees on the likelihood", "[chain]") {
  Chance chance(4);
  const HiddenChain chain = some_chain(3, chance);
  const Sightings seen = some_sightings(3, chance, true);
  std::vector<std::vector<double>> last(seen.histories.size()), smoothed(seen.histories.size());
  const auto keep = [&](auto& in) {
    return [&](std::size_t h, std::size_t s, std::span<const double> odds) {
      if (s + 1 == seen.histories[h].size()) in[h].assign(odds.begin(), odds.end());
    };
  };
  const double log_likelihood = filtered(chain, seen, keep(last));
  CHECK(expected_counts(chain, seen, keep(smoothed)).log_likelihood == Approx(log_likelihood));
  for (std::size_t h = 0; h < last.size(); ++h) {
    for (std::size_t i = 0; i < 3; ++i) CHECK(last[h][i] == Approx(smoothed[h][i]));
  }
}

}  // namespace
}  // namespace juncture
