// The states that a fit sums over: each phase while active and while stalled, lost to another, and won.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "juncture/learning/fit_journeys.h"
#include "juncture/learning/hidden_chain.h"

namespace juncture {

class JourneySpace {
 public:
  // Keeps the numbers of phases that `parameters` have.
  explicit JourneySpace(const StageChainParameters& parameters);

  std::size_t phases() const { return stage_of_.size(); }
  std::size_t states() const { return 2 * phases() + 2; }
  std::size_t active(std::size_t phase) const { return phase; }
  std::size_t stalled(std::size_t phase) const { return phases() + phase; }
  std::size_t lost() const { return 2 * phases(); }
  std::size_t won() const { return 2 * phases() + 1; }
  std::size_t stage_of(std::size_t phase) const { return stage_of_[phase]; }
  std::size_t first_phase(std::size_t stage) const { return first_phase_[stage]; }
  std::size_t last_phase(std::size_t stage) const { return first_phase_[stage] + counts_[stage] - 1; }
  std::size_t phases_of(std::size_t stage) const { return counts_[stage]; }

  // `start` stays empty. `marks_per_day`: how often an active buyer is heard of; silence is news then.
  HiddenChain chain(const StageChainParameters& parameters, double marks_per_day) const;
  // Before anything was seen: a stage by how long it lasts and how visible it is, activity by its prior.
  std::vector<double> start(const StageChainParameters& parameters) const;

  // Whose questions a state asks: rows of the kernel with their shares.
  struct Voice {
    std::uint8_t row = 0;
    double share = 0;
  };
  std::array<Voice, 2> voices(std::size_t state) const;
  // p(text | row of the kernel), up to a constant.
  static std::array<double, kStages> text_odds(const StageChainParameters& parameters, const JourneyMark& mark);

  // p(what was seen | state), up to a constant.
  std::vector<double> weight_of_stage(const StageChainParameters& parameters, std::uint8_t stage) const;
  std::vector<double> weight_of_text(const StageChainParameters& parameters, const JourneyMark& mark, double eta) const;
  std::vector<double> weight_of_end(JourneyEnd end) const;
  // How much a buyer is heard in a state, against an active one.
  std::vector<double> loudness(const StageChainParameters& parameters) const;

 private:
  std::array<std::size_t, kBuyingStages> counts_{}, first_phase_{};
  std::vector<std::uint8_t> stage_of_;
};

}  // namespace juncture
