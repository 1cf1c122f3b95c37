#include "juncture/evaluation/measures.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "juncture/core/chance.h"

namespace juncture {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

std::vector<std::uint32_t> all_rows(std::size_t rows) {
  std::vector<std::uint32_t> out(rows);
  std::iota(out.begin(), out.end(), 0U);
  return out;
}

Estimate estimate(double value, std::vector<double>& resampled) {
  std::erase_if(resampled, [](double v) { return v != v; });
  if (resampled.empty()) return {value, kNone, kNone};
  std::sort(resampled.begin(), resampled.end());
  const auto at = [&](double share) {
    return resampled[static_cast<std::size_t>(share * static_cast<double>(resampled.size() - 1) + 0.5)];
  };
  return {value, at(0.025), at(0.975)};
}

// Picks by falling score, those of equal score in one run: `run(begin, end)` of each.
template <class Run>
void by_falling_score(std::span<const double> score, Picks picks, Run run) {
  std::vector<std::uint32_t> order(picks.begin(), picks.end());
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return score[a] > score[b]; });
  for (std::size_t i = 0; i < order.size();) {
    std::size_t end = i;
    while (end < order.size() && score[order[end]] == score[order[i]]) ++end;
    run(std::span(order).subspan(i, end - i));
    i = end;
  }
}

}  // namespace

Estimate bootstrap(std::size_t rows, const std::function<double(Picks)>& measure, int resamples, std::uint64_t seed) {
  std::vector<std::uint32_t> picks = all_rows(rows);
  const double value = measure(picks);
  std::vector<double> resampled;
  Chance chance(seed);
  for (int i = 0; i < resamples && rows > 0; ++i) {
    for (std::uint32_t& pick : picks) pick = static_cast<std::uint32_t>(chance.below(rows));
    std::sort(picks.begin(), picks.end());
    resampled.push_back(measure(picks));
  }
  return estimate(value, resampled);
}

Estimate bootstrap_by_group(std::span<const std::uint32_t> group_of, const std::function<double(Picks)>& measure,
                            int resamples, std::uint64_t seed) {
  std::vector<std::vector<std::uint32_t>> groups;
  for (std::uint32_t row = 0; row < group_of.size(); ++row) {
    if (group_of[row] >= groups.size()) groups.resize(group_of[row] + 1U);
    groups[group_of[row]].push_back(row);
  }
  std::erase_if(groups, [](const auto& rows) { return rows.empty(); });
  std::vector<std::uint32_t> picks = all_rows(group_of.size());
  const double value = measure(picks);
  std::vector<double> resampled;
  Chance chance(seed);
  for (int i = 0; i < resamples && !groups.empty(); ++i) {
    picks.clear();
    for (std::size_t g = 0; g < groups.size(); ++g) {
      const auto& rows = groups[chance.below(groups.size())];
      picks.insert(picks.end(), rows.begin(), rows.end());
    }
    std::sort(picks.begin(), picks.end());
    resampled.push_back(measure(picks));
  }
  return estimate(value, resampled);
}

Estimate bootstrap_weights(std::size_t groups, const std::function<double(Weights)>& measure, int resamples,
                           std::uint64_t seed) {
  std::vector<double> weights(groups, 1.0);
  const double value = measure(weights);
  std::vector<double> resampled;
  Chance chance(seed);
  for (int i = 0; i < resamples && groups > 0; ++i) {
    std::fill(weights.begin(), weights.end(), 0.0);
    for (std::size_t g = 0; g < groups; ++g) weights[chance.below(groups)] += 1;
    resampled.push_back(measure(weights));
  }
  return estimate(value, resampled);
}

double accuracy(std::span<const std::uint32_t> truth, std::span<const std::uint32_t> found, Picks picks) {
  double hits = 0;
  for (const std::uint32_t row : picks) hits += truth[row] == found[row] ? 1 : 0;
  return picks.empty() ? kNone : hits / static_cast<double>(picks.size());
}

double macro_f1(std::span<const std::uint32_t> truth, std::span<const std::uint32_t> found, Picks picks,
                std::size_t classes) {
  std::vector<double> hit(classes), wrong(classes), missed(classes);
  for (const std::uint32_t row : picks) {
    if (truth[row] == found[row]) {
      hit[truth[row]] += 1;
    } else {
      missed[truth[row]] += 1;
      wrong[found[row]] += 1;
    }
  }
  double sum = 0;
  int present = 0;
  for (std::size_t c = 0; c < classes; ++c) {
    if (hit[c] + missed[c] == 0) continue;  // no such row: it has no recall
    sum += 2 * hit[c] / (2 * hit[c] + wrong[c] + missed[c]);
    ++present;
  }
  return present == 0 ? kNone : sum / present;
}

double roc_auc(std::span<const double> score, std::span<const std::uint8_t> positive, Picks picks) {
  double pairs = 0, positives = 0, negatives = 0;
  by_falling_score(score, picks, [&](std::span<const std::uint32_t> tied) {
    double tied_positive = 0;
    for (const std::uint32_t row : tied) tied_positive += positive[row] != 0 ? 1 : 0;
    const double tied_negative = static_cast<double>(tied.size()) - tied_positive;
    pairs += tied_negative * (positives + tied_positive / 2);
    positives += tied_positive;
    negatives += tied_negative;
  });
  return positives == 0 || negatives == 0 ? kNone : pairs / (positives * negatives);
}

double average_precision(std::span<const double> score, std::span<const std::uint8_t> positive, Picks picks) {
  double area = 0, hits = 0, seen = 0;
  by_falling_score(score, picks, [&](std::span<const std::uint32_t> tied) {
    double tied_positive = 0;
    for (const std::uint32_t row : tied) tied_positive += positive[row] != 0 ? 1 : 0;
    hits += tied_positive;
    seen += static_cast<double>(tied.size());
    area += tied_positive * hits / seen;
  });
  return hits == 0 ? kNone : area / hits;
}

double brier(std::span<const double> probability, std::span<const std::uint8_t> positive, Picks picks) {
  double sum = 0;
  for (const std::uint32_t row : picks) {
    const double off = probability[row] - (positive[row] != 0 ? 1.0 : 0.0);
    sum += off * off;
  }
  return picks.empty() ? kNone : sum / static_cast<double>(picks.size());
}

double calibration_error(std::span<const double> probability, std::span<const std::uint8_t> positive, Picks picks,
                         std::size_t bins) {
  if (picks.empty()) return kNone;
  const double mass = static_cast<double>(picks.size()) / static_cast<double>(bins);
  double sum = 0, said = 0, came = 0, seen = 0, in_bin = 0;
  by_falling_score(probability, picks, [&](std::span<const std::uint32_t> tied) {
    for (const std::uint32_t row : tied) {
      said += probability[row];
      came += positive[row] != 0 ? 1 : 0;
    }
    seen += static_cast<double>(tied.size());
    in_bin += static_cast<double>(tied.size());
    const double filled = std::floor(seen / mass + 1e-9);
    if (filled > std::floor((seen - in_bin) / mass + 1e-9) || seen == static_cast<double>(picks.size())) {
      sum += std::abs(said - came);
      said = came = in_bin = 0;
    }
  });
  return sum / static_cast<double>(picks.size());
}

double calibration_error_of_perfect(std::span<const double> probability, std::size_t bins, int draws,
                                    std::uint64_t seed) {
  if (probability.empty()) return kNone;
  const std::vector<std::uint32_t> picks = all_rows(probability.size());
  std::vector<std::uint8_t> came(probability.size());
  Chance chance(seed);
  double sum = 0;
  for (int i = 0; i < draws; ++i) {
    for (std::size_t row = 0; row < came.size(); ++row) came[row] = chance.uniform() < probability[row] ? 1 : 0;
    sum += calibration_error(probability, came, picks, bins);
  }
  return sum / draws;
}

}  // namespace juncture
