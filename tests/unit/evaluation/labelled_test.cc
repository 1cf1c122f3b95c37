#include <algorithm>

#include "juncture/evaluation/evaluate.h"
#include "juncture/text/scorer.h"
#include "unit/text/given.h"

namespace juncture {
namespace {

const std::string kHeader = "id\tsplit\tquery\tdevice\tform\tmoment\tstage\trole\n";

// Labelled exactly as the model says: every figure has its best value.
std::string agreeing_rows(const TextModel& model) {
  TextScorer scorer(model);
  std::string tsv = kHeader;
  int id = 0;
  for (const std::string query :
       {"weather tonight", "place order for crm licences", "vendor a vs vendor b erp which is better",
        "crm manager salary", "how to negotiate saas pricing"}) {
    const TextEvidence said = scorer.score(query, Device::desktop);
    const auto& prior = said.log_ratio;
    std::size_t top = 0;
    double best = -1e9;
    for (std::size_t y = 0; y < kBuyingStages; ++y) {
      if (static_cast<double>(prior[y]) > best) {
        best = static_cast<double>(prior[y]);
        top = y;
      }
    }
    const std::string stage = said.none > 0.3F ? "none" : std::string(kStageNames[top]);
    const std::string moment(name_of(
        static_cast<Moment>(std::max_element(said.moments.begin(), said.moments.end()) - said.moments.begin())));
    tsv += std::to_string(++id) + "\ttest\t" + query + "\tdesktop\tbrief\t" + moment + "\t" + stage + "\tcfo\n";
  }
  return tsv;
}

Result<EvaluationReport> evaluated(const TextModel& model, const std::string& tsv) {
  static const StageChain chain;
  static const Taxonomy taxonomy = shipped_taxonomy();
  const std::vector<DataFile> files{{"labelled.tsv", tsv}};
  return evaluate_labelled({.text = model, .chain = chain, .taxonomy = taxonomy, .files = files, .train = {}});
}

Estimate figure(const EvaluationReport& report, const std::string& name) {
  const auto found =
      std::find_if(report.figures.begin(), report.figures.end(), [&](const Figure& f) { return f.name == name; });
  REQUIRE(found != report.figures.end());
  return found->estimate;
}

TEST_CASE("rows labelled as the model says score best and report per device and form", "[evaluation]") {
  const TextModel model = trained();
  const Result<EvaluationReport> report = evaluated(model, agreeing_rows(model));

  REQUIRE(report);
  CHECK(report->model == model.version());
  CHECK(report->rows == 5);
  CHECK(figure(*report, "stage_top1").value == 1.0);
  CHECK(figure(*report, "stage_within_one").value == 1.0);
  CHECK(figure(*report, "none_auc").value == 1.0);
  CHECK(figure(*report, "moment_accuracy").value == 1.0);
  CHECK(figure(*report, "moment_macro_f1").value == 1.0);
  REQUIRE(report->groups.size() >= 2);
  CHECK(report->groups[0].name == "device desktop");
  CHECK(report->groups[1].name == "form brief");
}

TEST_CASE("wrong labels cost accuracy, order and log loss", "[evaluation]") {
  const TextModel model = trained();
  const std::string tsv = kHeader +
                          "1\ttest\tweather tonight\tmobile\tbrief\tknow\tnegotiation\tcfo\n"
                          "2\ttest\thow to negotiate saas pricing\tmobile\tbrief\tgo\tnone\tcfo\n"
                          "3\ttest\tfootball results today\tmobile\tbrief\tgo\tproblem_realization\tcfo\n";
  const Result<EvaluationReport> report = evaluated(model, tsv);

  REQUIRE(report);
  CHECK(figure(*report, "none_auc").value == 0.0);
  CHECK(figure(*report, "stage_macro_f1").value == 0.0);
  CHECK(figure(*report, "log_loss").value > 1.5);
}

TEST_CASE("an interval holds its figure and is the same every time", "[evaluation]") {
  const TextModel model = trained();
  std::string tsv = agreeing_rows(model);
  tsv += "9\ttest\twho signs contracts\tmobile\tbrief\tgo\tscoping\tcfo\n";
  const auto a = evaluated(model, tsv), b = evaluated(model, tsv);

  REQUIRE(a);
  REQUIRE(b);
  CHECK(to_json(*a) == to_json(*b));
  CHECK(figure(*a, "stage_top1").low <= figure(*a, "stage_top1").value);
  CHECK(figure(*a, "stage_top1").value <= figure(*a, "stage_top1").high);
  CHECK(figure(*a, "stage_top1").low < figure(*a, "stage_top1").high);
}

TEST_CASE("the report has its keys in JSON and a row for each figure in the table", "[evaluation]") {
  const TextModel model = quickly_trained();
  const auto report = evaluated(model, agreeing_rows(model));
  REQUIRE(report);
  const std::string json = to_json(*report), table = to_table(*report);
  for (const std::string key : {"stage_top1", "stage_within_one", "stage_macro_f1", "none_auc", "log_loss",
                                "calibration_error", "moment_accuracy", "moment_macro_f1"}) {
    CHECK(json.find("\"" + key + "\":{\"value\":") != std::string::npos);
    CHECK(table.find("\n" + key) != std::string::npos);
  }
  CHECK(json.find("\"rows\":5") != std::string::npos);
  CHECK(json.find("\"groups\":{\"device desktop\":{\"rows\":5") != std::string::npos);
  CHECK(json.find("\"form brief\":{\"rows\":") != std::string::npos);
}

TEST_CASE("a labelled file that does not read says where", "[evaluation]") {
  const auto detail = [](const std::string& tsv) {
    const auto rows = parse_labelled(tsv, "gold.tsv");
    return rows ? std::string("read") : rows.error().detail;
  };
  CHECK(detail("") == "gold.tsv:1:1: the file is empty");
  CHECK(detail("id\tquery\n") == "gold.tsv:1:1: the header has no column `device`");
  CHECK(detail(kHeader + "1\ttest\tq\tfridge\tbrief\tknow\tscoping\tcfo\n") == "gold.tsv:2:1: unknown device `fridge`");
  CHECK(detail(kHeader + "\n1\ttest\tq\tmobile\tbrief\tknow\tscopin\tcfo\n") == "gold.tsv:3:1: unknown stage `scopin`");
  CHECK(detail(kHeader + "1\ttest\tq\n") == "gold.tsv:2:1: expected 8 columns, found 3");
  CHECK(detail(kHeader + "1\ttest\t\"q\tmobile\tbrief\tnone\tstalled_no_decision\tcfo\r\n") == "read");
}

}  // namespace
}  // namespace juncture
