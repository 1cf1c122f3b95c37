#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>

#include "juncture/core/chance.h"
#include "juncture/learning/boosted_trees.h"
#include "juncture/learning/categories.h"
#include "juncture/learning/logistic.h"

namespace juncture {
namespace {

// Positive with odds sigmoid(1.5 x - y - 0.5); a third column says nothing.
Dataset linear(std::size_t rows, std::uint64_t seed) {
  Chance chance(seed);
  Dataset out;
  out.columns.resize(3);
  for (std::size_t r = 0; r < rows; ++r) {
    for (auto& column : out.columns) column.push_back(chance.uniform() * 4 - 2);
    const double odds = sigmoid(1.5 * out.columns[0][r] - out.columns[1][r] - 0.5);
    out.positive.push_back(chance.uniform() < odds ? 1 : 0);
  }
  return out;
}

// Positive where exactly one of two columns is high: no straight line parts them.
Dataset either_or(std::size_t rows, std::uint64_t seed) {
  Chance chance(seed);
  Dataset out;
  out.columns.resize(2);
  for (std::size_t r = 0; r < rows; ++r) {
    for (auto& column : out.columns) column.push_back(chance.uniform());
    out.positive.push_back((out.columns[0][r] > 0.5) != (out.columns[1][r] > 0.5) ? 1 : 0);
  }
  return out;
}

double share_right(const Dataset& data, const auto& model) {
  double right = 0;
  for (std::size_t r = 0; r < data.rows(); ++r) {
    right += (model.log_odds(data.row(r)) > 0) == (data.positive[r] != 0) ? 1 : 0;
  }
  return right / static_cast<double>(data.rows());
}

TEST_CASE("logistic regression finds the weights that made the data", "[learning]") {
  const LogisticRegression model = LogisticRegression::fit(linear(20'000, 1), 1e-6);
  CHECK(model.coefficients()[0] == Approx(1.5).margin(0.08));
  CHECK(model.coefficients()[1] == Approx(-1.0).margin(0.08));
  CHECK(model.coefficients()[2] == Approx(0.0).margin(0.08));
  CHECK(model.coefficients()[3] == Approx(-0.5).margin(0.08));
}

TEST_CASE("logistic regression on one binary column is the log odds of its counts", "[learning]") {
  Dataset data;
  data.columns.resize(1);
  const auto add = [&](double x, std::uint8_t y, int times) {
    for (int i = 0; i < times; ++i) {
      data.columns[0].push_back(x);
      data.positive.push_back(y);
    }
  };
  add(0, 1, 3);
  add(0, 0, 7);
  add(1, 1, 8);
  add(1, 0, 2);
  const LogisticRegression model = LogisticRegression::fit(data, 0);
  CHECK(sigmoid(model.log_odds(std::vector{0.0})) == Approx(0.3).epsilon(1e-6));
  CHECK(sigmoid(model.log_odds(std::vector{1.0})) == Approx(0.8).epsilon(1e-6));

  std::vector<double> weights(data.rows(), 1.0);
  for (std::size_t r = 0; r < 3; ++r) weights[r] = 7.0 / 3.0;
  const LogisticRegression weighted = LogisticRegression::fit(data, 0, weights);
  CHECK(sigmoid(weighted.log_odds(std::vector{0.0})) == Approx(0.5).epsilon(1e-6));
  const LogisticRegression held = LogisticRegression::fit(data, 1e9);
  CHECK(sigmoid(held.log_odds(std::vector{1.0})) == Approx(0.55).epsilon(1e-3));
}

TEST_CASE("a tree of one split without shrinkage has the second-order values of its leaves", "[learning]") {
  Dataset data;
  data.columns = {{1, 2, 3, 4}, {5, 5, 5, 5}};
  data.positive = {0, 0, 1, 1};
  const BoostedTrees model = BoostedTrees::fit(
      data, {.rounds = 1, .depth = 1, .rate = 1, .l2 = 1, .min_bend = 0, .rows = 1, .columns = 1, .seed = 1});
  // p = 1/2 at the start: slopes of -+1 and a bend of 1/2 a leaf.
  CHECK(model.log_odds(std::vector{2.4, 5.0}) == Approx(-1 / 1.5));
  CHECK(model.log_odds(std::vector{2.6, 5.0}) == Approx(1 / 1.5));
}

TEST_CASE("trees learn what no straight line parts, and the same every time", "[learning]") {
  const Dataset known = either_or(2'000, 2), asked = either_or(1'000, 3);
  const TreeOptions options{.rounds = 60, .depth = 3, .rate = 0.2};
  const BoostedTrees model = BoostedTrees::fit(known, options), again = BoostedTrees::fit(known, options);
  CHECK(share_right(asked, model) > 0.97);
  CHECK(share_right(asked, LogisticRegression::fit(known, 1.0)) < 0.65);
  const std::vector<double> row = asked.row(0), staged = model.staged_log_odds(row);
  CHECK(model.log_odds(row) == again.log_odds(row));
  REQUIRE(staged.size() == 61);
  CHECK(staged.back() == model.log_odds(row));
  TreeOptions other = options;
  other.seed = 4;
  CHECK(BoostedTrees::fit(known, other).log_odds(row) != model.log_odds(row));
}

TEST_CASE("more trees fit their own rows better and better", "[learning]") {
  const Dataset data = linear(500, 5);
  const BoostedTrees model =
      BoostedTrees::fit(data, {.rounds = 40, .depth = 2, .rate = 0.1, .rows = 1, .columns = 1, .seed = 1});
  std::vector<double> loss(41);
  for (std::size_t r = 0; r < data.rows(); ++r) {
    const std::vector<double> staged = model.staged_log_odds(data.row(r));
    for (std::size_t i = 0; i < staged.size(); ++i) {
      const double p = sigmoid(staged[i]);
      loss[i] += log_loss(std::span(&p, 1), std::span(&data.positive[r], 1));
    }
  }
  for (std::size_t i = 1; i < loss.size(); ++i) CHECK(loss[i] < loss[i - 1]);
}

TEST_CASE("cross-validation never shows a row to the learner that is asked about it", "[learning]") {
  Dataset data;
  data.columns.resize(1);
  for (std::size_t r = 0; r < 103; ++r) {
    data.columns[0].push_back(static_cast<double>(r));
    data.positive.push_back(r % 2);
  }
  int calls = 0;
  const std::vector<double> said = cross_validated(data, 5, 7, [&](const Dataset& known, const Dataset& asked) {
    ++calls;
    CHECK(known.rows() + asked.rows() == 103);
    for (const double x : asked.columns[0]) {
      CHECK(std::find(known.columns[0].begin(), known.columns[0].end(), x) == known.columns[0].end());
    }
    return asked.columns[0];
  });
  CHECK(calls == 5);
  CHECK(said == data.columns[0]);
}

TEST_CASE("rare and unknown categories are zero in all columns", "[learning]") {
  const std::vector<std::string> known{"a", "b", "a", "c", "b"}, asked{"b", "c", "z", "a"};
  const Categories categories(known, 2);
  CHECK(categories.kept() == std::vector<std::string>{"a", "b"});
  CHECK(categories.indicators(asked) == std::vector<std::vector<double>>{{0, 0, 0, 1}, {1, 0, 0, 0}});
}

}  // namespace
}  // namespace juncture
