// A hidden Markov chain in continuous time, and what histories say of it: the expectation step of EM, exact in time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace juncture {

// `states` states; matrices row-major, per day.
struct HiddenChain {
  std::size_t states = 0;
  std::vector<double> start;  // odds at the first sighting, before it is seen
  std::vector<double> moves;  // generator of what may happen unseen; a row's sum is minus the rate of its `jumps`
  std::vector<double> jumps;  // rates of what is always seen, at its very time; empty if nothing is
};

// One instant of a history. `ticks`: whole ticks since the sighting before, 0 in the first.
struct Sighting {
  std::int64_t ticks = 0;
  bool jumped = false;       // one of the `jumps` happened at this instant
  std::uint32_t weight = 0;  // index of p(what was seen | state), a row of Sightings::weights
};

struct Sightings {
  double tick_days = 1.0 / 96;
  std::vector<std::vector<Sighting>> histories;  // none empty
  std::vector<std::vector<double>> weights;      // `states` numbers each, not all 0
};

// Expected numbers given all that was seen. Matrices row-major.
struct ExpectedCounts {
  double log_likelihood = 0;
  std::vector<double> start;  // histories that began in the state
  std::vector<double> days;   // spent in the state
  std::vector<double> moves;  // unseen moves from row to column
  std::vector<double> jumps;  // seen ones
};

// Odds of the states at a sighting, given the whole history.
using AtSighting = std::function<void(std::size_t history, std::size_t sighting, std::span<const double> odds)>;

// Forward and backward through each history. Gaps go in base-4 digits of ticks, so that all histories share a few dozen
// durations; what happens within them comes from one block exponential each (Van Loan 1978; Hobolth and Jensen 2011).
ExpectedCounts expected_counts(const HiddenChain& chain, const Sightings& seen, const AtSighting& at = {});

// Odds of the states after each sighting, given it and those before only; answers ln p of all histories.
double filtered(const HiddenChain& chain, const Sightings& seen, const AtSighting& at);

}  // namespace juncture
