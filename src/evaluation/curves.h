// Curves for the page: what is drawn of columns of predictions and of what turned out.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "juncture/evaluation/report.h"

namespace juncture {

// Share that came true against what was said, in ten bins of equal mass.
Curve reliability(std::string name, std::span<const double> said, std::span<const std::uint8_t> came);
// True against false alarms over all thresholds; at most some hundred points.
Curve roc(std::string name, std::span<const double> score, std::span<const std::uint8_t> positive);
// Both plots of what models said of yes or no, titled by `what` was asked.
struct SaidOdds {
  std::string model;
  std::span<const double> odds;
};
std::vector<Plot> plots_of_odds(const std::string& what, std::initializer_list<SaidOdds> said,
                                std::span<const std::uint8_t> came);
// Share of `days` that are at most so many, for 0 to `most`.
Curve share_within(std::string name, std::span<const double> days, int most);
// Mean of `held` in tenths of 0..100.
Curve mean_by_tenth(std::string name, std::span<const double> at, std::span<const std::uint8_t> held);

}  // namespace juncture
