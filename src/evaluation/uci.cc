// Shoppers' sessions (UCI, Sakar et al. 2018): odds that a session ends in a purchase, by boosted trees learnt from the
// training file. A mean of logistic regression and trees was worse in cross-validation on it than the trees alone.
#include <algorithm>
#include <array>

#include "evaluation/curves.h"
#include "juncture/core/math.h"
#include "juncture/core/table.h"
#include "juncture/evaluation/evaluate.h"
#include "juncture/learning/boosted_trees.h"
#include "juncture/learning/categories.h"
#include "juncture/learning/logistic.h"

namespace juncture {
namespace {

constexpr std::array<std::string_view, 10> kNumbers{"Administrative", "Administrative_Duration",
                                                    "Informational",  "Informational_Duration",
                                                    "ProductRelated", "ProductRelated_Duration",
                                                    "BounceRates",    "ExitRates",
                                                    "SpecialDay",     "PageValues"};
constexpr std::array<std::string_view, 7> kNames{"Month",       "OperatingSystems", "Browser", "Region",
                                                 "TrafficType", "VisitorType",      "Weekend"};
constexpr std::size_t kRareCategory = 20;
constexpr int kFolds = 5;
constexpr std::uint64_t kSeed = 20261122;

struct Sessions {
  std::vector<std::vector<double>> numbers = std::vector<std::vector<double>>(kNumbers.size());
  std::vector<std::vector<std::string>> names = std::vector<std::vector<std::string>>(kNames.size());
  std::vector<std::uint8_t> bought;
};

Status read_sessions(const DataFile& file, Sessions& out) {
  const Result<Table> table = Table::parse(file.bytes, file.name);
  if (!table) return tl::unexpected<Error>(table.error());
  for (std::size_t i = 0; i < kNumbers.size(); ++i) {
    const Result<std::size_t> column = table->column(kNumbers[i]);
    if (!column) return tl::unexpected<Error>(column.error());
    for (std::size_t r = 0; r < table->rows(); ++r) {
      const Result<double> number = table->number(r, *column);
      if (!number) return tl::unexpected<Error>(number.error());
      out.numbers[i].push_back(*number);
    }
  }
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    const Result<std::size_t> column = table->column(kNames[i]);
    if (!column) return tl::unexpected<Error>(column.error());
    for (std::size_t r = 0; r < table->rows(); ++r) out.names[i].push_back(table->at(r, *column));
  }
  const Result<std::size_t> column = table->column("Revenue");
  if (!column) return tl::unexpected<Error>(column.error());
  for (std::size_t r = 0; r < table->rows(); ++r) {
    const std::string& said = table->at(r, *column);
    const bool yes = said == "1" || said == "TRUE" || said == "True";
    if (!yes && said != "0" && said != "FALSE" && said != "False") return table->bad(r, "Revenue is 0 or 1");
    out.bought.push_back(yes ? 1 : 0);
  }
  return {};
}

Result<Sessions> read_all(std::span<const DataFile> files) {
  Sessions out;
  for (const DataFile& file : files) {
    if (Status read = read_sessions(file, out); !read) return tl::unexpected<Error>(read.error());
  }
  return out;
}

// Counts and durations by their logarithm, time per page of each kind, and the frequent names.
Dataset features_of(const Sessions& sessions, const std::vector<Categories>& categories, bool with_page_values) {
  Dataset out;
  out.positive = sessions.bought;
  const std::size_t numbers = kNumbers.size() - (with_page_values ? 0 : 1);
  for (std::size_t i = 0; i < numbers; ++i) {
    auto& column = out.columns.emplace_back();
    for (const double x : sessions.numbers[i]) column.push_back(exact_log(1 + std::max(x, 0.0)));
  }
  for (std::size_t pages = 0; pages < 6; pages += 2) {
    auto& column = out.columns.emplace_back();
    for (std::size_t r = 0; r < out.rows(); ++r) {
      column.push_back(
          exact_log(1 + std::max(sessions.numbers[pages + 1][r], 0.0) / std::max(sessions.numbers[pages][r], 1.0)));
    }
  }
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    for (auto& column : categories[i].indicators(sessions.names[i])) out.columns.push_back(std::move(column));
  }
  return out;
}

// Depth and number of trees by the log loss of rows left out.
TreeOptions chosen(const Dataset& data) {
  TreeOptions best;
  double least = 1e300;
  for (const int depth : {3, 4, 5}) {
    TreeOptions options{.rounds = 400, .depth = depth, .rate = 0.04, .seed = kSeed};
    std::vector<std::vector<double>> staged(data.rows());
    std::size_t row = 0;
    // Row by row of each fold; the order does not matter to a sum.
    cross_validated(data, kFolds, kSeed, [&](const Dataset& known, const Dataset& asked) {
      const BoostedTrees trees = BoostedTrees::fit(known, options);
      for (std::size_t r = 0; r < asked.rows(); ++r, ++row) {
        staged[row] = trees.staged_log_odds(asked.row(r));
        for (double& z : staged[row]) {
          const double p = sigmoid(z);
          z = log_loss(std::span(&p, 1), std::span(&asked.positive[r], 1));
        }
      }
      return std::vector<double>(asked.rows());
    });
    for (int rounds = 25; rounds <= options.rounds; rounds += 25) {
      double sum = 0;
      for (const auto& losses : staged) sum += losses[static_cast<std::size_t>(rounds)];
      if (sum >= least) continue;
      least = sum;
      best = options;
      best.rounds = rounds;
    }
  }
  return best;
}

std::vector<double> odds_by_trees(const Dataset& known, const Dataset& asked) {
  const BoostedTrees trees = BoostedTrees::fit(known, chosen(known));
  std::vector<double> out;
  for (std::size_t r = 0; r < asked.rows(); ++r) out.push_back(sigmoid(trees.log_odds(asked.row(r))));
  return out;
}

std::vector<double> odds_by_regression(const Dataset& known, const Dataset& asked) {
  const LogisticRegression model = LogisticRegression::fit(known, 1.0);
  std::vector<double> out;
  for (std::size_t r = 0; r < asked.rows(); ++r) out.push_back(sigmoid(model.log_odds(asked.row(r))));
  return out;
}

}  // namespace

Result<EvaluationReport> evaluate_uci(const EvaluationInput& input) {
  const Result<Sessions> known = read_all(input.train), asked = read_all(input.files);
  if (!known) return tl::unexpected<Error>(known.error());
  if (!asked) return tl::unexpected<Error>(asked.error());
  std::vector<Categories> categories;
  for (const auto& names : known->names) categories.emplace_back(names, kRareCategory);
  EvaluationReport report{.set = "uci", .model = "boosted trees", .rows = asked->bought.size()};
  const std::span<const std::uint8_t> bought = asked->bought;
  const auto area = [&](const std::vector<double>& odds) {
    return bootstrap(odds.size(), [&](Picks picks) { return average_precision(odds, bought, picks); });
  };
  const auto off = [&](const std::vector<double>& odds) {
    return bootstrap(odds.size(), [&](Picks picks) { return brier(odds, bought, picks); });
  };
  const Dataset train = features_of(*known, categories, true), rows = features_of(*asked, categories, true);
  const Dataset bare_train = features_of(*known, categories, false), bare = features_of(*asked, categories, false);
  const std::vector<double> trees = odds_by_trees(train, rows), bare_trees = odds_by_trees(bare_train, bare);
  const std::vector<double> line = odds_by_regression(train, rows), bare_line = odds_by_regression(bare_train, bare);
  report.figures = {
      {"pr_auc", area(trees)},
      {"brier", off(trees)},
      {"pr_auc_without_page_values", area(bare_trees)},
      {"roc_auc", bootstrap(trees.size(), [&](Picks picks) { return roc_auc(trees, bought, picks); })},
      {"logistic_pr_auc", area(line)},
      {"logistic_brier", off(line)},
      {"logistic_pr_auc_without_page_values", area(bare_line)},
  };
  report.plots = plots_of_odds("Purchase", {{"boosted trees", trees}, {"logistic regression", line}}, bought);
  report.remarks.emplace_back("depth and number of trees: by 5-fold cross-validation on the training file only.");
  return report;
}

}  // namespace juncture
