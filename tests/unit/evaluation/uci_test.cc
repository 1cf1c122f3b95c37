#include "juncture/core/chance.h"
#include "unit/evaluation/given.h"

namespace juncture {
namespace {

const std::string kHeader =
    "Administrative,Administrative_Duration,Informational,Informational_Duration,ProductRelated,"
    "ProductRelated_Duration,BounceRates,ExitRates,PageValues,SpecialDay,Month,OperatingSystems,Browser,Region,"
    "TrafficType,VisitorType,Weekend,Revenue\n";

// Sessions with page values end in a purchase, or those with neither few nor many product pages.
std::string sessions(int rows, std::uint64_t seed, bool by_page_values) {
  Chance chance(seed);
  std::string out = kHeader;
  for (int i = 0; i < rows; ++i) {
    const auto pages = chance.below(90), value = chance.below(4);
    const bool bought = by_page_values ? value == 3 : pages >= 30 && pages < 60;
    out += "0,0,0,0," + std::to_string(pages) + ",10,0.1,0.1," + std::to_string(value == 3 ? 20 : 0) + ",0," +
           (chance.below(2) == 0 ? "May" : "Nov") + ",1,2,1,2,Returning_Visitor," + std::to_string(chance.below(2)) +
           "," + (bought ? "1" : "0") + "\n";
  }
  return out;
}

TEST_CASE("uci: trees find what makes shoppers buy, and a leak is seen for what it is", "[evaluation]") {
  const auto leak =
      evaluated(evaluate_uci, {{"asked.csv", sessions(200, 1, true)}}, {{"t.csv", sessions(400, 2, true)}});
  REQUIRE(leak);
  CHECK(leak->rows == 200);
  CHECK(figure_of(*leak, "pr_auc").value > 0.98);
  CHECK(figure_of(*leak, "brier").value < 0.03);
  CHECK(figure_of(*leak, "pr_auc_without_page_values").value < 0.5);

  const auto bump =
      evaluated(evaluate_uci, {{"asked.csv", sessions(200, 3, false)}}, {{"t.csv", sessions(400, 4, false)}});
  REQUIRE(bump);
  CHECK(figure_of(*bump, "pr_auc_without_page_values").value > 0.9);
  CHECK(figure_of(*bump, "logistic_pr_auc").value < figure_of(*bump, "pr_auc").value - 0.1);
  CHECK(figure_of(*bump, "pr_auc").low <= figure_of(*bump, "pr_auc").value);
}

TEST_CASE("uci: rows that do not read say where", "[evaluation]") {
  const std::string good = sessions(3, 1, true);
  const auto detail = [&](const std::string& asked) {
    const auto report = evaluated(evaluate_uci, {{"asked.csv", asked}}, {{"t.csv", good}});
    return report ? std::string("read") : report.error().detail;
  };
  CHECK(detail("Revenue\n1\n") == "asked.csv:1:1: the header has no column `Administrative`");
  CHECK(detail(kHeader + "0,0,0,0,x,10,0.1,0.1,0,0,May,1,2,1,2,New_Visitor,0,1\n") ==
        "asked.csv:2:1: `x` is not a number");
  CHECK(detail(kHeader + "0,0,0,0,1,10,0.1,0.1,0,0,May,1,2,1,2,New_Visitor,0,maybe\n") ==
        "asked.csv:2:1: Revenue is 0 or 1");
}

}  // namespace
}  // namespace juncture
