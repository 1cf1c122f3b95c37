#include "evaluation/curves.h"

#include <algorithm>
#include <array>
#include <numeric>

namespace juncture {
namespace {

constexpr std::size_t kBins = 10;
constexpr std::size_t kPointsMax = 120;

// Rows by rising value.
std::vector<std::size_t> ranked(std::span<const double> values) {
  std::vector<std::size_t> out(values.size());
  std::iota(out.begin(), out.end(), std::size_t{0});
  std::sort(out.begin(), out.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  return out;
}

}  // namespace

Curve reliability(std::string name, std::span<const double> said, std::span<const std::uint8_t> came) {
  Curve out{std::move(name), {}};
  const std::vector<std::size_t> order = ranked(said);
  for (std::size_t bin = 0; bin < kBins; ++bin) {
    const std::size_t begin = order.size() * bin / kBins, end = order.size() * (bin + 1) / kBins;
    if (begin == end) continue;
    double sum_said = 0, sum_came = 0;
    for (std::size_t i = begin; i < end; ++i) {
      sum_said += said[order[i]];
      sum_came += came[order[i]] != 0 ? 1 : 0;
    }
    const auto rows = static_cast<double>(end - begin);
    out.points.emplace_back(sum_said / rows, sum_came / rows);
  }
  return out;
}

Curve roc(std::string name, std::span<const double> score, std::span<const std::uint8_t> positive) {
  Curve out{std::move(name), {{0, 0}}};
  const std::vector<std::size_t> order = ranked(score);
  const auto positives = static_cast<double>(std::count(positive.begin(), positive.end(), std::uint8_t{1}));
  const double negatives = static_cast<double>(positive.size()) - positives;
  if (positives == 0 || negatives == 0) return out;
  double hits = 0, alarms = 0;
  const std::size_t stride = order.size() / kPointsMax + 1;
  for (std::size_t i = order.size(); i-- > 0;) {
    (positive[order[i]] != 0 ? hits : alarms) += 1;
    const bool tied = i > 0 && score[order[i - 1]] == score[order[i]];
    if (!tied && (out.points.size() * stride <= order.size() - i || i == 0)) {
      out.points.emplace_back(alarms / negatives, hits / positives);
    }
  }
  return out;
}

std::vector<Plot> plots_of_odds(const std::string& what, std::initializer_list<SaidOdds> said,
                                std::span<const std::uint8_t> came) {
  Plot reliable{what + ": reliability", "said", "came true", true, {}};
  Plot order{what + ": ROC", "false alarms", "found", true, {}};
  for (const SaidOdds& of : said) {
    reliable.curves.push_back(reliability(of.model, of.odds, came));
    order.curves.push_back(roc(of.model, of.odds, came));
  }
  return {std::move(reliable), std::move(order)};
}

Curve share_within(std::string name, std::span<const double> days, int most) {
  Curve out{std::move(name), {}};
  if (days.empty()) return out;
  for (int d = 0; d <= most; ++d) {
    const auto within = std::count_if(days.begin(), days.end(), [&](double x) { return x <= d; });
    out.points.emplace_back(d, static_cast<double>(within) / static_cast<double>(days.size()));
  }
  return out;
}

Curve mean_by_tenth(std::string name, std::span<const double> at, std::span<const std::uint8_t> held) {
  Curve out{std::move(name), {}};
  std::array<double, kBins> sum{}, rows{};
  for (std::size_t i = 0; i < at.size(); ++i) {
    const auto bin = std::min(static_cast<std::size_t>(std::max(at[i], 0.0) / 100 * kBins), kBins - 1);
    sum[bin] += held[i] != 0 ? 1 : 0;
    rows[bin] += 1;
  }
  for (std::size_t bin = 0; bin < kBins; ++bin) {
    if (rows[bin] > 0) out.points.emplace_back((static_cast<double>(bin) + .5) * 100 / kBins, sum[bin] / rows[bin]);
  }
  return out;
}

}  // namespace juncture
