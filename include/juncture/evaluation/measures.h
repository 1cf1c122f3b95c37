// Measures of predictions against what turned out, and their intervals. Plain functions of plain columns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

namespace juncture {

// A figure and its 95 % interval from resamples of the rows. NaN where no row has it.
struct Estimate {
  double value = 0, low = 0, high = 0;
};

// Rows of a sample, some of them more than once, in rising order.
using Picks = std::span<const std::uint32_t>;

// The percentile bootstrap: `measure` of all rows, and of `resamples` draws with replacement. Same seed, same figures.
Estimate bootstrap(std::size_t rows, const std::function<double(Picks)>& measure, int resamples = 1000,
                   std::uint64_t seed = 20261122);
// The same where rows belong together, as those of one prospect do: groups are drawn, not rows. `group_of` per row.
Estimate bootstrap_by_group(std::span<const std::uint32_t> group_of, const std::function<double(Picks)>& measure,
                            int resamples = 1000, std::uint64_t seed = 20261122);

// The same for measures that can be had from how often each group was drawn: once for all, then in each resample. Much
// faster where rows are many; equal calls draw alike, so that a difference of two measures is of the same groups.
using Weights = std::span<const double>;
Estimate bootstrap_weights(std::size_t groups, const std::function<double(Weights)>& measure, int resamples = 1000,
                           std::uint64_t seed = 20261122);

double accuracy(std::span<const std::uint32_t> truth, std::span<const std::uint32_t> found, Picks picks);
// Mean over the classes that have a row.
double macro_f1(std::span<const std::uint32_t> truth, std::span<const std::uint32_t> found, Picks picks,
                std::size_t classes);
// Odds that a positive row outranks a negative one; ties count half.
double roc_auc(std::span<const double> score, std::span<const std::uint8_t> positive, Picks picks);
// Average precision: the step-wise area under precision and recall, as scikit-learn has it.
double average_precision(std::span<const double> score, std::span<const std::uint8_t> positive, Picks picks);
double brier(std::span<const double> probability, std::span<const std::uint8_t> positive, Picks picks);
// Expected calibration error over `bins` of equal mass (equal probabilities stay together).
double calibration_error(std::span<const double> probability, std::span<const std::uint8_t> positive, Picks picks,
                         std::size_t bins);
// What calibration_error() is on average if every probability is exactly right: small samples are never at zero.
double calibration_error_of_perfect(std::span<const double> probability, std::size_t bins, int draws = 200,
                                    std::uint64_t seed = 20261122);

}  // namespace juncture
