// Chains fitted over any closed set of activities, each with hidden substates: what comes next, and whether anything
// does.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "juncture/learning/hidden_chain.h"

namespace juncture {

struct ProcessStep {
  std::uint32_t activity = 0;
  std::int64_t at_ms = 0;  // since 1970
};
using ProcessCase = std::vector<ProcessStep>;  // not empty, in order of time

struct ProcessFitOptions {
  std::size_t substates = 10;  // of each activity: how much of its past a case can carry along
  int chains = 4;              // each from a start of its own, every second one blind to the time of day; averaged
  int iterations = 60;
  double least_gain = 1e-5;   // stops when the objective gains less than this share of itself
  double prior_jumps = 1.0;   // pseudo-counts of the pooled odds, per row
  double prior_dwells = 1.0;  // the same of dwell times and of ends
  double prior_clock = 30.0;  // the same of times of day: held hard, there are many half hours
  std::uint64_t seed = 20261122;
};

// After one step of a case, given it and those before only.
struct ProcessOdds {
  double last = 0;           // that nothing comes any more
  std::vector<double> next;  // of the activity that comes, if one does; sums to 1
};

// The hours in which a process moves, by the hour of the week of its steps: time at night counts for little.
class WorkingTime {
 public:
  WorkingTime() = default;
  explicit WorkingTime(std::span<const ProcessCase> cases);
  // Days of work from 1970 to then; a week has seven.
  double days(std::int64_t at_ms) const;

 private:
  static constexpr std::size_t kHours = 168;
  std::array<double, kHours + 1> before_{};  // days of work of a week before its hour
};

// A case enters a substate of its activity at a time of day, ends there or stays for an exponential time, counted in
// working time, and jumps to a substate of the next activity, maybe the same one. Substates are hidden: they hold what
// of dwell times, times of day and past matters for the future, as backing off to longer contexts does, without a fixed
// order. Same cases and options, same bits.
class ProcessChain {
 public:
  static ProcessChain fit(std::span<const ProcessCase> cases, std::size_t activities, const ProcessFitOptions& options);

  // Of each case, after each step.
  std::vector<std::vector<ProcessOdds>> read(std::span<const ProcessCase> cases) const;
  // Log likelihood and log prior before each iteration of the first chain; it never falls.
  const std::vector<double>& objective() const { return objective_; }

 private:
  struct One {
    HiddenChain chain;
    std::vector<double> end;    // odds that the case ends, by state
    std::vector<double> clock;  // odds of the half hours of the day, a row a state
  };
  class Fitter;

  Sightings sightings_of(std::span<const ProcessCase> cases, bool complete) const;
  void set_weights(const One& one, Sightings& seen) const;

  std::size_t activities_ = 0, substates_ = 0;
  WorkingTime time_;
  std::vector<One> chains_;
  std::vector<double> objective_;
};

}  // namespace juncture
