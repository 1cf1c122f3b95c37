#include <algorithm>
#include <catch2/catch.hpp>

#include "evaluation/curves.h"
#include "juncture/evaluation/report.h"

namespace juncture {
namespace {

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST_CASE("the page needs nothing but itself, says what is simulated and what is missing", "[evaluation]") {
  EvaluationReport report{.set = "made <up>", .model = "m-1", .simulated = true, .rows = 3};
  report.figures = {{"top1", {.5, .4, .6}}};
  report.groups = {{"sparse", 2, {{"ece", {.1, .05, .2}}}}};
  report.plots = {{"Reliability", "said", "right", true, {{"juncture", {{.1, .2}, {.8, .7}}}, {"other", {{0, 0}}}}}};
  report.confusions = {{"Stage", {"a", "b"}, {{3, 1}, {0, 2}}}};
  report.remarks = {"One & all."};
  const std::vector<EvaluationReport> reports{report};
  const std::vector<std::string> skipped{"uci: no files"};
  const std::string page = to_html(reports, skipped);

  CHECK(page.starts_with("<!doctype html>"));
  CHECK(page.find("<script") == std::string::npos);
  CHECK(page.find("http") == std::string::npos);
  CHECK(page.find("made &lt;up&gt;") != std::string::npos);
  CHECK(page.find("One &amp; all.") != std::string::npos);
  CHECK(page.find("Not measured: uci: no files") != std::string::npos);
  CHECK(page.find("Simulated: nothing here") != std::string::npos);
  CHECK(page.find("0.500 <small>0.400 to 0.600</small>") != std::string::npos);
  CHECK(count(page, "<svg") == 1);
  CHECK(count(page, "</svg>") == 1);
  CHECK(count(page, "<polyline") == 2);
  CHECK(page.find("nan") == std::string::npos);
  // Nothing was measured: a page all the same.
  CHECK(to_html({}, skipped).find("Not measured") != std::string::npos);
}

TEST_CASE("curves run where they must", "[evaluation]") {
  const std::vector<double> score{.9, .8, .8, .3, .1};
  const std::vector<std::uint8_t> positive{1, 1, 0, 1, 0};
  const Curve found = roc("r", score, positive);
  REQUIRE(found.points.size() == 5);
  CHECK(found.points.front() == std::pair(0.0, 0.0));
  CHECK(found.points[1] == std::pair(0.0, 1.0 / 3));
  CHECK(found.points[2] == std::pair(0.5, 2.0 / 3));  // the two that tie come together
  CHECK(found.points.back() == std::pair(1.0, 1.0));

  std::vector<double> said;
  std::vector<std::uint8_t> came;
  for (int i = 0; i < 1000; ++i) {
    said.push_back((i + .5) / 1000);
    came.push_back(i % 10 < i / 100);
  }
  for (const auto& [x, y] : reliability("r", said, came).points) CHECK(y == Approx(x).margin(.051));

  const std::vector<double> days{0, 3, 3, 70};
  const Curve within = share_within("w", days, 10);
  CHECK(within.points[0].second == .25);
  CHECK(within.points[2].second == .25);
  CHECK(within.points[3].second == .75);
  CHECK(within.points.back() == std::pair(10.0, .75));

  const std::vector<double> at{5, 5, 95, 100};
  const std::vector<std::uint8_t> held{1, 0, 1, 1};
  const Curve tenths = mean_by_tenth("t", at, held);
  REQUIRE(tenths.points.size() == 2);
  CHECK(tenths.points[0] == std::pair(5.0, .5));
  CHECK(tenths.points[1] == std::pair(95.0, 1.0));
}

}  // namespace
}  // namespace juncture
