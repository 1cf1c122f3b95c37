// A chain fitted over any closed set of activities, each with hidden substates: what comes next, and whether anything
// does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "juncture/learning/hidden_chain.h"

namespace juncture {

struct ProcessStep {
  std::uint32_t activity = 0;
  std::int64_t at_ms = 0;
};
using ProcessCase = std::vector<ProcessStep>;  // not empty, in order of time

struct ProcessFitOptions {
  std::size_t substates = 10;  // of each activity: how much of its past a case can carry along
  int starts = 4;              // chances to begin well: the one that is best after so many iterations goes on
  int start_iterations = 10;
  int iterations = 80;
  double least_gain = 1e-5;   // stops when the objective gains less than this share of itself
  double prior_jumps = 1.0;   // pseudo-counts of the pooled odds, per row
  double prior_dwells = 1.0;  // the same of dwell times and of ends
  std::int64_t tick_ms = 60'000;
  std::uint64_t seed = 20261122;
};

// After one step of a case, given it and those before only.
struct ProcessOdds {
  double last = 0;           // that nothing comes any more
  std::vector<double> next;  // of the activity that comes, if one does; sums to 1
};

// A case enters a substate of its activity, ends there or stays for an exponential time and jumps to a substate of the
// next activity, maybe the same one. Substates are hidden: they hold what of dwell times and past matters for the
// future, as backing off to longer contexts does, without a fixed order. Same cases and options, same bits.
class ProcessChain {
 public:
  static ProcessChain fit(std::span<const ProcessCase> cases, std::size_t activities, const ProcessFitOptions& options);

  std::vector<ProcessOdds> read(const ProcessCase& steps) const;
  // Odds that the last of `steps` is the last of all when nothing has come for `days` since.
  double last_after_silence(const ProcessCase& steps, double days) const;
  // Log likelihood and log prior before each iteration; it never falls.
  const std::vector<double>& objective() const { return objective_; }
  std::size_t activities() const { return activities_; }

 private:
  class Fitter;

  Sightings sightings_of(std::span<const ProcessCase> cases, bool complete) const;
  void set_weights(Sightings& seen) const;  // a row an activity gone on from, then a row an activity that ended

  std::size_t activities_ = 0, substates_ = 0;
  std::int64_t tick_ms_ = 0;
  HiddenChain chain_;
  std::vector<double> end_;  // odds that the case ends, by state
  std::vector<double> objective_;
};

}  // namespace juncture
