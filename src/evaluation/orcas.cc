// ORCAS-I: intents of web searches from the query alone, and with the page that was clicked. Never trained on: the
// product's own rules for queries and landing pages are measured as they are.
#include <algorithm>

#include "evaluation/table.h"
#include "juncture/text/scorer.h"

namespace juncture {
namespace {

// As the data set writes them, in the order of WebIntent.
constexpr std::array<std::string_view, kWebIntents> kLabels{"Factual", "Navigational", "Instrumental", "Transactional",
                                                            "Abstain"};
// Informational, navigational, transactional.
constexpr std::array<std::uint32_t, kWebIntents> kBroad{0, 1, 0, 2, 0};
constexpr std::array<std::string_view, 3> kBroadNames{"informational", "navigational", "transactional"};

using Column = std::vector<std::uint32_t>;

std::uint32_t best_of(const WebIntentOdds& odds) {
  return static_cast<std::uint32_t>(std::max_element(odds.begin(), odds.end()) - odds.begin());
}

// Sums before choosing: three classes are a question of their own.
std::uint32_t best_broad(const WebIntentOdds& odds) {
  std::array<float, 3> sums{};
  for (std::size_t i = 0; i < kWebIntents; ++i) sums[kBroad[i]] += odds[i];
  return static_cast<std::uint32_t>(std::max_element(sums.begin(), sums.end()) - sums.begin());
}

Confusion confusion_of(const std::string& title, const Column& truth, const Column& found) {
  Confusion out{.title = title, .classes = {}, .counts = {}};
  for (const std::string_view name : kWebIntentNames) out.classes.emplace_back(name);
  out.counts.assign(kWebIntents, std::vector<double>(kWebIntents, 0.0));
  for (std::size_t r = 0; r < truth.size(); ++r) out.counts[truth[r]][found[r]] += 1;
  return out;
}

}  // namespace

Result<EvaluationReport> evaluate_orcas(const EvaluationInput& input) {
  TextScorer scorer(input.text);
  Column truth, by_query, by_url, broad, broad_by_query, broad_by_url;
  for (const DataFile& file : input.files) {
    const auto rows = read_table(file, {"query", "url", "label_manual"});
    if (!rows) return tl::unexpected<Error>(rows.error());
    for (const auto& row : *rows) {
      const auto label = std::find(kLabels.begin(), kLabels.end(), row[2]);
      if (label == kLabels.end()) return fail(Domain::setup, "orcas", file.name + ": unknown label `" + row[2] + "`");
      truth.push_back(static_cast<std::uint32_t>(label - kLabels.begin()));
      broad.push_back(kBroad[truth.back()]);
      const WebIntentOdds alone = scorer.web_intent(row[0]), landed = scorer.web_intent(row[0], {row[1], {}});
      by_query.push_back(best_of(alone));
      by_url.push_back(best_of(landed));
      broad_by_query.push_back(best_broad(alone));
      broad_by_url.push_back(best_broad(landed));
    }
  }
  const auto f1 = [&](const Column& all, const Column& found, std::size_t classes) {
    return bootstrap(all.size(), [&](Picks picks) { return macro_f1(all, found, picks, classes); });
  };
  const auto right = [&](const Column& all, const Column& found) {
    return bootstrap(all.size(), [&](Picks picks) { return accuracy(all, found, picks); });
  };
  EvaluationReport report{.set = "orcas", .model = input.text.version(), .rows = truth.size()};
  report.figures = {{"macro_f1_query", f1(truth, by_query, kWebIntents)},
                    {"macro_f1_url", f1(truth, by_url, kWebIntents)},
                    {"accuracy_query", right(truth, by_query)},
                    {"accuracy_url", right(truth, by_url)},
                    {"accuracy_3", right(broad, broad_by_url)},
                    {"macro_f1_3", f1(broad, broad_by_url, kBroadNames.size())},
                    {"accuracy_3_query", right(broad, broad_by_query)},
                    {"macro_f1_3_query", f1(broad, broad_by_query, kBroadNames.size())}};
  report.confusions = {confusion_of("from the query alone", truth, by_query),
                       confusion_of("with the page clicked", truth, by_url)};
  report.remarks.emplace_back(
      "accuracy_3 and macro_f1_3: informational (factual, instrumental, open), navigational, "
      "transactional, with the page clicked. No row was learnt from.");
  return report;
}

}  // namespace juncture
