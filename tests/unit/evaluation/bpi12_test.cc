#include "juncture/core/chance.h"
#include "unit/evaluation/given.h"

namespace juncture {
namespace {

const std::string kHeader = "CaseID,ActivityID,CompleteTimestamp\n";

// apply, then check once or twice, then offer, which is the end: a second check comes on the same day only.
std::string process_log(int count, std::uint64_t seed) {
  Chance chance(seed);
  std::string out = kHeader;
  for (int c = 0; c < count; ++c) {
    const std::string id = std::to_string(c), day = std::to_string(10 + chance.below(10));
    const bool twice = chance.below(2) == 0;
    out += id + ",apply,2024-03-" + day + " 08:00:00\n";
    out += id + ",check,2024-03-" + day + (twice ? " 08:30:00\n" : " 20:00:00\n");
    if (twice) out += id + ",check,2024-03-" + day + " 09:00:00\n";
    out += id + ",offer,2024-03-30 09:00:00\n";
  }
  return out;
}

TEST_CASE("bpi12: the dwell before tells what comes next, which the activity alone does not", "[evaluation]") {
  const auto report =
      evaluated(evaluate_bpi12, {{"asked.csv", process_log(60, 1)}}, {{"train.csv", process_log(120, 2)}});
  REQUIRE(report);
  CHECK(figure_of(*report, "next_stage_accuracy").value > 0.95);
  CHECK(figure_of(*report, "markov_next_stage_accuracy").value < 0.9);
  CHECK(figure_of(*report, "stall_auc").value > 0.99);
  CHECK(figure_of(*report, "brier").value < 0.02);
  CHECK(figure_of(*report, "stall_auc").low <= figure_of(*report, "stall_auc").value);
}

TEST_CASE("bpi12: prefixes of one step are not asked about, and the end is not a next stage", "[evaluation]") {
  const std::string log = kHeader + "a,x,2024-01-01 00:00:00\na,y,2024-01-02 00:00:00\nb,x,2024-01-01 00:00:00\n";
  const auto report = evaluated(evaluate_bpi12, {{"asked.csv", log}}, {{"train.csv", log}});
  REQUIRE(report);
  CHECK(report->rows == 1);
  CHECK(std::isnan(figure_of(*report, "next_stage_accuracy").value));
}

TEST_CASE("bpi12: rows that do not read say where", "[evaluation]") {
  const std::string good = process_log(2, 1);
  const auto report =
      evaluated(evaluate_bpi12, {{"asked.csv", kHeader + "a,x,2024-01-01 00:00:00\na,y,soon\n"}}, {{"t.csv", good}});
  REQUIRE_FALSE(report);
  CHECK(report.error().detail == "asked.csv:3:1: `soon` is not a time in UTC");
}

}  // namespace
}  // namespace juncture
