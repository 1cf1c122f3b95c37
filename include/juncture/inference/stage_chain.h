// The stage chain made ready: 31 phases of Erlang dwells, exact time steps, the expression kernel. Immutable.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "juncture/core/prospect.h"
#include "juncture/inference/business_clock.h"
#include "juncture/inference/parameters.h"

namespace juncture {

class StageChain {
 public:
  static constexpr std::int64_t kTickMs = 900'000;
  static constexpr std::size_t kLevels = 9;
  static constexpr std::int64_t kTicksMax = (std::int64_t{1} << (2 * kLevels)) - 1;
  static constexpr std::size_t kLanes = 16;
  using Phases = std::array<float, kPhases>;
  using Lanes = std::array<float, kLanes>;

  StageChain() : StageChain(StageChainParameters{}) {}
  explicit StageChain(const StageChainParameters& parameters, BusinessClock clock = BusinessClock());

  const StageChainParameters& parameters() const { return parameters_; }
  const BusinessClock& clock() const { return clock_; }  // by which silence is measured
  // Phases after that many ticks of active time; stepping a and then b is stepping a + b.
  void step(Phases& phases, std::int64_t ticks) const;
  const Phases& prior() const { return prior_; }
  // Where a buyer may be that long after the first sign if nothing that came says anything of the stage; to 8 days.
  const Phases& untold(std::int64_t elapsed_ms) const;
  std::size_t stage_of(std::size_t phase) const { return stage_of_[phase]; }  // 12 for the padding
  std::size_t phases_of(std::size_t stage) const { return phase_count_[stage]; }
  float progress_of(std::size_t phase) const { return progress_[phase]; }  // 0..100
  double dwell_median_days(std::size_t stage) const { return dwell_median_[stage]; }
  double dwell_p90_days(std::size_t stage) const { return dwell_p90_[stage]; }
  // kernel_column(y)[s]: odds that one in stage s expresses y; lanes 14 and 15 are zero.
  const Lanes& kernel_column(std::size_t expressed) const { return kernel_[expressed]; }
  // Visible activity of a stage against the mean of all.
  float online_factor(std::size_t stage) const { return online_[stage]; }
  // The generator per day, and its exponential in plain double: what the tests compare with.
  std::vector<double> generator() const { return generator_; }

 private:
  using Matrix = std::array<float, kPhases * kPhases>;

  void lay_out_phases();
  void build_generator();
  void build_steps();
  void build_untold();
  void build_dwells();
  void build_kernel();

  StageChainParameters parameters_;
  BusinessClock clock_;
  std::vector<Matrix> steps_;  // level * 3 + digit - 1
  std::vector<double> generator_;
  std::vector<Phases> untold_;  // every kUntoldTicks
  Phases prior_{};
  Phases progress_{};
  std::array<std::uint8_t, kPhases> stage_of_{};
  std::array<std::uint8_t, kBuyingStages> phase_count_{}, first_phase_{};
  std::array<double, kBuyingStages> mean_days_{}, dwell_median_{}, dwell_p90_{};
  std::array<float, kBuyingStages> online_{};
  std::array<Lanes, kStages> kernel_{};
};

}  // namespace juncture
