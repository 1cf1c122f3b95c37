#include "juncture/core/chance.h"
#include "unit/evaluation/given.h"

namespace juncture {
namespace {

struct Funnel {
  std::string leads = "mql_id,first_contact_date,landing_page_id,origin\n";
  std::string deals = "mql_id,won_date\n";
};

// Referrals are won half of the time, others hardly ever; before 2018 nothing is.
Funnel funnel(int count, int first_day, std::uint64_t seed) {
  Chance chance(seed);
  Funnel out;
  for (int i = 0; i < count; ++i) {
    const int day = first_day + i * 100 / count;
    const std::string id = "l" + std::to_string(seed) + "-" + std::to_string(i);
    const std::string month = std::to_string(1 + day % 100 / 10), date = std::to_string(10 + day % 10);
    const std::string year = day < 100 ? "2017" : day < 200 ? "2018" : "2019";
    const bool referral = chance.below(2) == 0;
    out.leads += id + "," + year + "-" + (month.size() < 2 ? "0" : "") + month + "-" + date + ",p" +
                 std::to_string(chance.below(3)) + "," + (referral ? "referral" : "display") + "\n";
    const bool won = day >= 100 && (referral ? chance.below(2) == 0 : chance.below(20) == 0);
    if (won) out.deals += id + ",2019-12-01 10:00:00\n";
  }
  return out;
}

TEST_CASE("olist: order by origin, and a level that follows the drift", "[evaluation]") {
  const Funnel old = funnel(300, 0, 1), recent = funnel(300, 100, 2), later = funnel(400, 200, 3);
  const auto report = evaluated(evaluate_olist, {{"mql.csv", later.leads}, {"deals.csv", later.deals}},
                                {{"mql17.csv", old.leads},
                                 {"deals17.csv", old.deals},
                                 {"mql18.csv", recent.leads},
                                 {"deals18.csv", recent.deals}});
  REQUIRE(report);
  CHECK(report->rows == 400);
  CHECK(figure_of(*report, "auc").value > 0.75);
  CHECK(std::abs(figure_of(*report, "mean_odds_less_share_won").value) < 0.08);
  CHECK(figure_of(*report, "ece").value < 0.13);  // exactly right odds have .07 in bins of 40 leads
}

TEST_CASE("olist: both kinds of file are needed, and errors say where", "[evaluation]") {
  const Funnel some = funnel(20, 100, 1);
  const std::vector<DataFile> good{{"mql.csv", some.leads}, {"deals.csv", some.deals}};
  const auto detail = [&](const std::vector<DataFile>& files) {
    const auto report = evaluated(evaluate_olist, files, good);
    return report ? std::string("read") : report.error().detail;
  };
  CHECK(detail(good) == "read");
  CHECK(detail({good[0]}) == "give the file of the leads and that of the closed deals");
  CHECK(detail({good[1], {"mql.csv", "mql_id,first_contact_date\nx,2018-01-01\n"}}) ==
        "mql.csv:1:1: the header has no column `landing_page_id`");
}

}  // namespace
}  // namespace juncture
