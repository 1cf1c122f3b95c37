// Labelled queries: stage, moment and "none" of the text model. Rows of the hidden conditions count in log loss and
// calibration only: there are too few of them for a class of their own.
#include <algorithm>
#include <array>
#include <sstream>

#include "evaluation/curves.h"
#include "juncture/core/chance.h"
#include "juncture/core/math.h"
#include "juncture/evaluation/evaluate.h"
#include "juncture/text/scorer.h"
#include "juncture/text/train.h"
#include "text/parts.h"

namespace juncture {
namespace {

constexpr std::size_t kCalibrationBins = 5;
constexpr std::uint64_t kTwoWordSeed = 2;

// What the model said of the rows, a column each.
struct Judged {
  std::vector<std::uint32_t> label, stage, top, moment, found_moment;
  std::vector<double> none, confidence, loss;
  std::vector<std::uint8_t> is_none, right;

  void add(const TextEvidence& said, const LabelledRow& row, const std::array<float, kEvidenceClasses>& log_prior) {
    std::array<double, kEvidenceClasses> log_p{};
    for (std::size_t y = 0; y < kEvidenceClasses; ++y) {
      log_p[y] = static_cast<double>(said.log_ratio[y]) + static_cast<double>(log_prior[y]);
    }
    const auto best = [&](std::size_t n) {
      return static_cast<std::uint32_t>(
          std::max_element(log_p.begin(), log_p.begin() + static_cast<std::ptrdiff_t>(n)) - log_p.begin());
    };
    label.push_back(static_cast<std::uint32_t>(row.label));
    stage.push_back(best(kBuyingStages));
    top.push_back(best(kEvidenceClasses));
    moment.push_back(static_cast<std::uint32_t>(index_of(row.moment)));
    found_moment.push_back(
        static_cast<std::uint32_t>(std::max_element(said.moments.begin(), said.moments.end()) - said.moments.begin()));
    none.push_back(static_cast<double>(said.none));
    confidence.push_back(exact_exp(log_p[top.back()]));
    loss.push_back(-log_p[row.label]);
    is_none.push_back(row.label == kNoneClass ? 1 : 0);
    right.push_back(top.back() == row.label ? 1 : 0);
  }
};

using Rows = std::vector<std::uint32_t>;

template <class Wanted>
Rows rows_where(const Rows& rows, Wanted wanted) {
  Rows out;
  std::copy_if(rows.begin(), rows.end(), std::back_inserter(out), wanted);
  return out;
}

// The bootstrap over `rows` only.
template <class Measure>
Estimate over(const Rows& rows, Measure measure) {
  Rows mapped;
  return bootstrap(rows.size(), [&](Picks picks) {
    mapped.clear();
    for (const std::uint32_t pick : picks) mapped.push_back(rows[pick]);
    return measure(Picks(mapped));
  });
}

std::vector<Figure> figures_of(const Judged& said, const Rows& rows) {
  const Rows staged = rows_where(rows, [&](std::uint32_t r) { return said.label[r] < kBuyingStages; });
  const Rows classed =
      rows_where(rows, [&](std::uint32_t r) { return said.label[r] < kBuyingStages || said.label[r] == kNoneClass; });
  const Rows momentous = rows_where(rows, [&](std::uint32_t r) {
    return said.label[r] != kNoneClass && said.moment[r] != index_of(Moment::unclear);
  });
  const auto near = [&](Picks picks) {
    double hits = 0;
    for (const std::uint32_t r : picks) {
      hits += said.stage[r] + 1 >= said.label[r] && said.stage[r] <= said.label[r] + 1 ? 1 : 0;
    }
    return hits / static_cast<double>(picks.size());
  };
  const auto loss = [&](Picks picks) {
    double sum = 0;
    for (const std::uint32_t r : picks) sum += said.loss[r];
    return sum / static_cast<double>(picks.size());
  };
  std::vector<double> confidence;
  for (const std::uint32_t r : rows) confidence.push_back(said.confidence[r]);
  const double unavoidable = calibration_error_of_perfect(confidence, kCalibrationBins);
  return {
      {"stage_top1", over(staged, [&](Picks p) { return accuracy(said.label, said.stage, p); })},
      {"stage_within_one", over(staged, near)},
      {"stage_macro_f1", over(classed, [&](Picks p) { return macro_f1(said.label, said.top, p, kEvidenceClasses); })},
      {"none_auc", over(rows, [&](Picks p) { return roc_auc(said.none, said.is_none, p); })},
      {"log_loss", over(rows, loss)},
      {"calibration_error",
       over(rows, [&](Picks p) { return calibration_error(said.confidence, said.right, p, kCalibrationBins); })},
      {"calibration_error_excess", over(rows,
                                        [&](Picks p) {
                                          return calibration_error(said.confidence, said.right, p, kCalibrationBins) -
                                                 unavoidable;
                                        })},
      {"moment_accuracy", over(momentous, [&](Picks p) { return accuracy(said.moment, said.found_moment, p); })},
      {"moment_macro_f1",
       over(momentous, [&](Picks p) { return macro_f1(said.moment, said.found_moment, p, kMoments); })},
  };
}

// The highest odds of know, go, do or buy for a mobile query of at most two words: those of the rows, and 1,000 made of
// words of the taxonomy.
double most_of_two_words(TextScorer& scorer, const Taxonomy& taxonomy, const std::vector<LabelledRow>& rows) {
  std::vector<std::string> queries, words;
  for (const LabelledRow& row : rows) {
    if (row.device == Device::mobile && std::count(row.query.begin(), row.query.end(), ' ') <= 1)
      queries.push_back(row.query);
  }
  for (const TaxonomyStage& stage : taxonomy.stages) {
    for (const TaxonomyPhrase& phrase : stage.phrases) {
      std::istringstream in(phrase.text);
      for (std::string word; in >> word;) words.push_back(word);
    }
  }
  Chance chance(kTwoWordSeed);
  for (int i = 0; i < 1000 && !words.empty(); ++i) {
    queries.push_back(words[chance.below(words.size())] + " " + words[chance.below(words.size())]);
  }
  float most = 0;
  for (const std::string& query : queries) {
    const MomentOdds odds = scorer.score(query, Device::mobile).moments;
    most = std::max(most, *std::max_element(odds.begin(), odds.begin() + index_of(Moment::unclear)));
  }
  return static_cast<double>(most);
}

void draw(const Judged& said, EvaluationReport& out) {
  out.plots.push_back(
      {"Reliability of the best of 15", "said", "right", true, {reliability("juncture", said.confidence, said.right)}});
  out.plots.push_back({"None of them, ROC", "false alarms", "found", true, {roc("juncture", said.none, said.is_none)}});
  const auto confusion = [&](const char* title, auto names, const auto& truth, const auto& found) {
    Confusion table{.title = title, .classes = std::move(names), .counts = {}};
    table.counts.assign(table.classes.size(), std::vector<double>(table.classes.size()));
    for (std::size_t r = 0; r < truth.size(); ++r) table.counts[truth[r]][found[r]] += 1;
    out.confusions.push_back(std::move(table));
  };
  std::vector<std::string> stages(kStageNames.begin(), kStageNames.end());
  stages.emplace_back("none");
  confusion("Stage", std::move(stages), said.label, said.top);
  confusion("Moment", std::vector<std::string>(kMomentNames.begin(), kMomentNames.end()), said.moment,
            said.found_moment);
}

}  // namespace

Result<EvaluationReport> evaluate_labelled(const EvaluationInput& input) {
  TextScorer scorer(input.text);
  Judged said;
  std::vector<LabelledRow> all;
  for (const DataFile& file : input.files) {
    Result<std::vector<LabelledRow>> rows = parse_labelled(file.bytes, file.name);
    if (!rows) return tl::unexpected<Error>(rows.error());
    for (const LabelledRow& row : *rows) {
      said.add(scorer.score(row.query, row.device), row, input.text.parts().log_prior);
    }
    all.insert(all.end(), std::make_move_iterator(rows->begin()), std::make_move_iterator(rows->end()));
  }
  EvaluationReport report{.set = "labelled", .model = input.text.version(), .rows = all.size()};
  Rows rows(all.size());
  for (std::size_t r = 0; r < rows.size(); ++r) rows[r] = static_cast<std::uint32_t>(r);
  report.figures = figures_of(said, rows);
  draw(said, report);
  const auto group_by = [&](const char* what, const auto& names, auto of) {
    for (std::size_t g = 0; g < names.size(); ++g) {
      const Rows members = rows_where(rows, [&](std::uint32_t r) { return of(all[r]) == g; });
      if (members.empty()) continue;
      report.groups.push_back(
          {std::string(what) + " " + std::string(names[g]), members.size(), figures_of(said, members)});
    }
  };
  group_by("device", kDeviceNames, [](const LabelledRow& row) { return index_of(row.device); });
  group_by("form", kFormNames, [](const LabelledRow& row) { return index_of(row.form); });
  const double most = most_of_two_words(scorer, input.taxonomy, all);
  report.figures.push_back({"two_word_mobile_max_moment", {most, most, most}});
  report.remarks.emplace_back(
      "two_word_mobile_max_moment: the highest odds of a moment for any mobile query of at most "
      "two words, these and 1,000 generated ones.");
  report.remarks.emplace_back("calibration: 5 bins of equal mass; the excess is over what a perfect model would have.");
  return report;
}

}  // namespace juncture
