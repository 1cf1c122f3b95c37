// Leads of sellers (Olist's funnel): odds that a lead is won, from what is known at first contact. Learnt from earlier
// leads, the later of them counting more: the share that is won drifts.
#include <algorithm>
#include <array>
#include <chrono>
#include <set>

#include "evaluation/curves.h"
#include "juncture/core/math.h"
#include "juncture/core/table.h"
#include "juncture/evaluation/evaluate.h"
#include "juncture/learning/categories.h"
#include "juncture/learning/logistic.h"

namespace juncture {
namespace {

constexpr std::size_t kBins = 10;
constexpr std::size_t kRareOrigin = 10, kRarePage = 40;  // fewer leads than that tell nothing of a page
constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::array<double, 4> kHalfLives{20, 45, 90, 365};  // days
constexpr std::array<double, 4> kRidges{1, 4, 16, 64};
constexpr std::array<double, 3> kCuts{0.70, 0.80, 0.90};  // of the leads by time: learn before, judge the tenth behind

struct Leads {
  std::vector<std::int64_t> at_ms;
  std::vector<std::string> origin, page, both, weekday;  // both: a page as it is come to from an origin
  std::vector<std::uint8_t> won;
};

// Two kinds of file, told by their columns: leads, and the deals closed with some of them.
struct Tables {
  std::vector<Table> leads, deals;
};

Result<Tables> read_tables(std::span<const DataFile> files) {
  Tables out;
  for (const DataFile& file : files) {
    Result<Table> table = Table::parse(file.bytes, file.name);
    if (!table) return tl::unexpected<Error>(table.error());
    (table->column("won_date") ? out.deals : out.leads).push_back(std::move(*table));
  }
  if (!out.leads.empty() && !out.deals.empty()) return out;
  return fail(Domain::setup, "olist", "give the file of the leads and that of the closed deals");
}

Result<Leads> read_leads(std::span<const DataFile> files) {
  const Result<Tables> tables = read_tables(files);
  if (!tables) return tl::unexpected<Error>(tables.error());
  std::set<std::string> won;
  for (const Table& deals : tables->deals) {
    const auto id = deals.column("mql_id");
    if (!id) return tl::unexpected<Error>(id.error());
    for (std::size_t r = 0; r < deals.rows(); ++r) won.insert(deals.at(r, *id));
  }
  Leads out;
  for (const Table& leads : tables->leads) {
    const auto id = leads.column("mql_id"), time = leads.column("first_contact_date"),
               page = leads.column("landing_page_id"), origin = leads.column("origin");
    for (const auto* column : {&id, &time, &page, &origin}) {
      if (!*column) return tl::unexpected<Error>(column->error());
    }
    for (std::size_t r = 0; r < leads.rows(); ++r) {
      const auto at = leads.time_ms(r, *time);
      if (!at) return tl::unexpected<Error>(at.error());
      out.at_ms.push_back(*at);
      out.page.push_back(leads.at(r, *page));
      out.origin.push_back(leads.at(r, *origin));
      out.both.push_back(out.origin.back() + " " + out.page.back());
      const std::chrono::sys_days day{std::chrono::days(*at / kDayMs)};
      out.weekday.push_back(std::to_string(std::chrono::weekday(day).iso_encoding()));
      out.won.push_back(won.contains(leads.at(r, *id)) ? 1 : 0);
    }
  }
  return out;
}

struct Encoding {
  explicit Encoding(const Leads& leads)
      : origins(leads.origin, kRareOrigin),
        pages(leads.page, kRarePage),
        both(leads.both, kRarePage),
        weekdays(leads.weekday, kRareOrigin) {}
  Dataset of(const Leads& leads) const {
    Dataset out;
    out.positive = leads.won;
    for (auto columns : {origins.indicators(leads.origin), pages.indicators(leads.page), both.indicators(leads.both),
                         weekdays.indicators(leads.weekday)}) {
      for (auto& column : columns) out.columns.push_back(std::move(column));
    }
    return out;
  }
  Categories origins, pages, both, weekdays;
};

// Half as much for each `half_life` days before `now`.
std::vector<double> recency(std::span<const std::int64_t> at_ms, std::int64_t now_ms, double half_life) {
  std::vector<double> out;
  for (const std::int64_t at : at_ms) {
    const double days = static_cast<double>(now_ms - at) / static_cast<double>(kDayMs);
    out.push_back(exact_exp(-0.69314718055994530942 * days / half_life));
  }
  return out;
}

std::vector<double> odds_of(const LogisticRegression& model, const Dataset& data) {
  std::vector<double> out;
  for (std::size_t r = 0; r < data.rows(); ++r) out.push_back(sigmoid(model.log_odds(data.row(r))));
  return out;
}

struct Choice {
  double half_life = 0, ridge = 0;
};

// What would have done best, had one learnt at each of the cuts and judged what came next.
Choice chosen(const Leads& leads, const Dataset& data) {
  std::vector<std::uint32_t> order(data.rows());
  for (std::uint32_t r = 0; r < order.size(); ++r) order[r] = r;
  std::stable_sort(order.begin(), order.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return leads.at_ms[a] < leads.at_ms[b]; });
  Choice best;
  double least = 1e300;
  for (const double half_life : kHalfLives) {
    for (const double ridge : kRidges) {
      double sum = 0;
      for (const double cut : kCuts) {
        const auto at = static_cast<std::size_t>(cut * static_cast<double>(order.size()));
        const std::size_t end = std::min(order.size(), at + order.size() / 10);
        const std::span<const std::uint32_t> past = std::span(order).first(at);
        const std::span<const std::uint32_t> next = std::span(order).subspan(at, end - at);
        std::vector<std::int64_t> times;
        for (const std::uint32_t r : past) times.push_back(leads.at_ms[r]);
        if (past.empty() || next.empty()) continue;
        const auto weights = recency(times, times.back(), half_life);
        const Dataset asked = data.pick(next);
        sum += log_loss(odds_of(LogisticRegression::fit(data.pick(past), ridge, weights), asked), asked.positive);
      }
      if (sum >= least) continue;
      least = sum;
      best = {half_life, ridge};
    }
  }
  return best;
}

}  // namespace

Result<EvaluationReport> evaluate_olist(const EvaluationInput& input) {
  const Result<Leads> known = read_leads(input.train), asked = read_leads(input.files);
  if (!known) return tl::unexpected<Error>(known.error());
  if (!asked) return tl::unexpected<Error>(asked.error());
  const Encoding encoding(*known);
  const Dataset train = encoding.of(*known), rows = encoding.of(*asked);
  if (train.rows() == 0) return fail(Domain::setup, "olist", "the training file has no leads");
  const Choice choice = chosen(*known, train);
  const std::int64_t now = *std::max_element(known->at_ms.begin(), known->at_ms.end());
  const auto weights = recency(known->at_ms, now, choice.half_life);
  const std::vector<double> odds = odds_of(LogisticRegression::fit(train, choice.ridge, weights), rows);
  const std::vector<double> plain = odds_of(LogisticRegression::fit(train, 1.0), rows);  // every lead counts the same
  const auto figure = [&](auto measure) { return bootstrap(odds.size(), measure); };
  EvaluationReport report{.set = "olist", .model = "logistic regression", .rows = rows.rows()};
  report.figures = {
      {"auc", figure([&](Picks picks) { return roc_auc(odds, rows.positive, picks); })},
      {"ece", figure([&](Picks picks) { return calibration_error(odds, rows.positive, picks, kBins); })},
      {"plain_auc", figure([&](Picks picks) { return roc_auc(plain, rows.positive, picks); })},
      {"plain_ece", figure([&](Picks picks) { return calibration_error(plain, rows.positive, picks, kBins); })},
      {"pr_auc", figure([&](Picks picks) { return average_precision(odds, rows.positive, picks); })},
      {"brier", figure([&](Picks picks) { return brier(odds, rows.positive, picks); })},
      {"mean_odds_less_share_won", figure([&](Picks picks) {
         double sum = 0;
         for (const std::uint32_t r : picks) sum += odds[r] - (rows.positive[r] != 0 ? 1.0 : 0.0);
         return sum / static_cast<double>(picks.size());
       })},
  };
  report.plots = plots_of_odds("Lead won", {{"juncture", odds}, {"every lead alike", plain}}, rows.positive);
  report.remarks.emplace_back("ece: 10 bins of equal mass; with odds exactly right it would be " +
                              std::to_string(calibration_error_of_perfect(odds, kBins)) + " on so many leads.");
  report.remarks.emplace_back(
      "half-life of a lead's weight and ridge: by log loss of later leads in the training file.");
  return report;
}

}  // namespace juncture
