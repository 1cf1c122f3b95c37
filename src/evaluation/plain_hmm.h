// The baseline: a hidden Markov model with a state a stage and a step an event. It knows nothing of time or of silence.
#pragma once

#include <array>
#include <span>

#include "juncture/core/evidence.h"
#include "juncture/core/vocabulary.h"
#include "juncture/inference/stage_chain.h"

namespace juncture {

class PlainHmm {
 public:
  using Odds = std::array<double, kBuyingStages>;
  using Transitions = std::array<Odds, kBuyingStages>;

  PlainHmm(const Odds& starts, const Transitions& transitions);
  // Moves one event on and takes in its text, as p(text given stage) / p(text).
  void step(const Evidence& evidence, Odds& odds) const;
  const Odds& initial() const { return starts_; }

 private:
  Odds starts_;
  Transitions transitions_;  // rows add up to one
};

// What is supposed before any journey is known, the filter's own priors: a stage's mean dwell is so many events of a
// stream that has `events_per_day`, and where it leads is the same.
PlainHmm hmm_of_priors(const StageChain& chain, double events_per_day);

// Where true sequences of stages begin and how they go on, one stage an event.
class StageCounts {
 public:
  void add(std::span<const std::uint8_t> stages);
  PlainHmm hmm() const;

 private:
  PlainHmm::Odds starts_{};
  PlainHmm::Transitions transitions_{};
};

}  // namespace juncture
