// The evaluations of public text sets, on small files of our own in their shapes.
#include <algorithm>

#include "juncture/evaluation/evaluate.h"
#include "unit/text/given.h"

namespace juncture {
namespace {

Result<EvaluationReport> run(Result<EvaluationReport> (*evaluate)(const EvaluationInput&),
                             const std::vector<DataFile>& files, const std::vector<DataFile>& train = {}) {
  static const TextModel model = quickly_trained();
  static const StageChain chain;
  static const Taxonomy taxonomy = shipped_taxonomy();
  return evaluate({.text = model, .chain = chain, .taxonomy = taxonomy, .files = files, .train = train});
}

double figure(const Result<EvaluationReport>& report, const std::string& name) {
  REQUIRE(report);
  const auto found =
      std::find_if(report->figures.begin(), report->figures.end(), [&](const Figure& f) { return f.name == name; });
  REQUIRE(found != report->figures.end());
  return found->estimate.value;
}

const std::string kOrcasHeader = "qid\tquery\tdid\turl\tlabel_manual\n";

TEST_CASE("searches are scored from the query and again with the page clicked", "[evaluation]") {
  const std::string rows = kOrcasHeader +
                           "1\twhat is osmosis\td\thttps://a.example/\tFactual\n"
                           "2\thow to clean a pump\td\thttps://a.example/\tInstrumental\n"
                           "3\tlinkedin\td\thttps://www.linkedin.com/\tNavigational\n"
                           "4\tdownload viewer\td\thttps://a.example/x\tTransactional\n"
                           "5\tgarden pond plants\td\thttps://a.example/x\tAbstain\n"
                           "6\ttamarind\td\thttps://en.wikipedia.org/wiki/Tamarind\tFactual\n";
  const auto report = run(evaluate_orcas, {{"o.tsv", rows}});
  CHECK(figure(report, "macro_f1_url") == 1.0);
  CHECK(figure(report, "macro_f1_query") < 1.0);
  CHECK(figure(report, "accuracy_3") == 1.0);
  CHECK(figure(report, "macro_f1_3") == 1.0);
  REQUIRE(report->confusions.size() == 2);
  CHECK(report->confusions[0].counts[0][4] == 1);
  CHECK(report->confusions[1].counts[0][0] == 2);
  CHECK(report->confusions[0].counts.size() == report->confusions[0].classes.size());
}

TEST_CASE("a label or a column that the set has not is said", "[evaluation]") {
  const auto label = run(evaluate_orcas, {{"o.tsv", kOrcasHeader + "1\tq\td\tu\tOther\n"}});
  REQUIRE_FALSE(label);
  CHECK(label.error().detail.find("Other") != std::string::npos);
  const auto column = run(evaluate_orcas, {{"o.tsv", "qid\tquery\n"}});
  REQUIRE_FALSE(column);
  CHECK(column.error().detail == "o.tsv:1:1: the header has no column `url`");
  const auto row = run(evaluate_orcas, {{"o.tsv", kOrcasHeader + "1\tq\n"}});
  REQUIRE_FALSE(row);
  CHECK(row.error().detail.starts_with("o.tsv:2:1:"));
  CHECK_FALSE(run(evaluate_orcas, {{"o.tsv", ""}}));
}

std::string commands(int from, int to) {
  const std::vector<std::pair<std::string, std::string>> kinds{{"find me a taxi to gate ", "transport_taxi"},
                                                               {"order noodles from stall ", "takeaway_order"},
                                                               {"recipe for soup number ", "cooking_recipe"},
                                                               {"what is the capital of land ", "qa_factoid"},
                                                               {"turn the lamp off in room ", "iot_hue_lightoff"}};
  std::string out = "text\tintent\tanswerid\n";
  for (int i = from; i < to; ++i) {
    for (const auto& [text, intent] : kinds) {
      out += text + std::string(1, static_cast<char>('a' + i)) + "\t" + intent + "\t1\n";
    }
  }
  return out;
}

TEST_CASE("intents are learnt from the train part, and four moments are read off their odds", "[evaluation]") {
  const auto report = run(evaluate_hwu64, {{"t.tsv", commands(8, 12)}}, {{"l.tsv", commands(0, 8)}});
  CHECK(report->rows == 20);
  CHECK(figure(report, "accuracy") == 1.0);
  CHECK(figure(report, "moment_macro_f1") == 1.0);
  CHECK_FALSE(run(evaluate_hwu64, {{"t.tsv", "text\tintent\nx\tnew_intent\n"}}, {{"l.tsv", commands(0, 2)}}));
  CHECK_FALSE(run(evaluate_hwu64, {{"t.tsv", commands(0, 1)}}, {}));
}

TEST_CASE("an app stands for a moment, other apps are passed over, and descriptions of tasks may be given",
          "[evaluation]") {
  const std::string header = "index,TaskId,WorkerId,Query,SelectedAppCount,App0,App1\n";
  std::string train = header, test = header;
  for (int i = 0; i < 12; ++i) {
    const std::string task = std::to_string(i);
    for (std::string* out : {&train, &test}) {
      const std::string of = out == &train ? task : task + "0";
      *out += "1," + of + ",1,\"directions, please\",1,google maps,\n1," + of + ",1,buy shoes price,1,amazon,\n";
      *out += "1," + of + ",1,how to knit video,1,youtube,\n1," + of + ",1,who was the king,1,google search,\n";
      *out += "1," + of + ",1,mail from ann,1,gmail,\n";
    }
  }
  const auto report = run(evaluate_unimobile, {{"t.csv", test}, {"tasks.csv", "TaskId,TaskDesc\n0,\"Imagine, now\"\n"}},
                          {{"l.csv", train}});
  CHECK(report->rows == 48);
  CHECK(figure(report, "macro_f1") == 1.0);
  CHECK(report->remarks[0].find("12 of the rows") == std::string::npos);
  CHECK(report->remarks[0].find("12 rows left out") != std::string::npos);
}

TEST_CASE("further apps of a training query teach, and none of a query that is measured does", "[evaluation]") {
  const std::string header = "TaskId,Query,App0,App1,App2\n";
  std::string train = header, test = header;
  for (int i = 0; i < 12; ++i) {
    const std::string task = std::to_string(i);
    train += task + ",who was the king,google search,,\n" + task + ",cheap red shoes,gmail,chess,amazon\n";
    test += task + "0,who was the king,google search,amazon,\n" + task + "0,cheap red shoes,amazon,google maps,\n";
  }
  const auto report = run(evaluate_unimobile, {{"t.csv", test}}, {{"l.csv", train}});
  CHECK(report->rows == 24);
  CHECK(figure(report, "accuracy") == 1.0);
}

std::string notice(int process, const std::string& tag, const std::string& title) {
  return R"({"ocid":"o-)" + std::to_string(process) + R"(","tag":[")" + tag + R"("],"title":")" + title +
         "\",\"description\":null}\n";
}

TEST_CASE("notices are scored as they are and by folds of whole purchases", "[evaluation]") {
  std::string lines;
  for (int i = 0; i < 30; ++i) {
    lines += notice(3 * i, "planning", "early market engagement about boats");
    lines += notice(3 * i + 1, "tenderAmendment", "invitation to tender for boats");
    lines += notice(3 * i + 2, "awardUpdate", "contract awarded for boats");
  }
  const auto report = run(evaluate_notices, {{"n.jsonl", lines}});
  CHECK(report->rows == 90);
  CHECK(figure(report, "macro_f1") == 1.0);
  CHECK(figure(report, "macro_f1_untrained") <= 1.0);
  // All notices of one text are one purchase: no head ever sees a like one, and none can be right about it.
  std::string alone;
  for (int i = 0; i < 10; ++i) alone += notice(0, "planning", "early boats") + notice(1, "award", "won boats");
  CHECK(figure(run(evaluate_notices, {{"n.jsonl", alone}}), "macro_f1") == 0.0);
  CHECK_FALSE(run(evaluate_notices, {{"n.jsonl", "{\"ocid\":1}\n"}}));
  CHECK_FALSE(run(evaluate_notices, {{"n.jsonl", notice(1, "cancelled", "x")}}));
}

TEST_CASE("every evaluation has a name and a help line of its own", "[evaluation]") {
  std::vector<std::string_view> names;
  for (const Evaluation& evaluation : evaluations()) {
    CHECK(std::find(names.begin(), names.end(), evaluation.name) == names.end());
    CHECK_FALSE(evaluation.about.empty());
    names.push_back(evaluation.name);
  }
}

}  // namespace
}  // namespace juncture
