// Fits the stage chain to histories whose outcome is known: EM over phases and activity together, held by the priors.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "juncture/core/result.h"
#include "juncture/core/vocabulary.h"
#include "juncture/inference/parameters.h"

namespace juncture {

// no_decision: the buyer stalled for good; lost: another supplier was chosen, said or not; open: not known yet.
enum class JourneyEnd : std::uint8_t { open, won, lost, no_decision };
inline constexpr std::array<std::string_view, 4> kJourneyEndNames{"open", "won", "lost", "no_decision"};

// What was seen at one instant: what a text is evidence of, or a stage that somebody marked.
struct JourneyMark {
  std::int64_t at_ms = 0;
  std::uint8_t stage = 0;  // of a mark without text: index of a Stage, the hidden conditions too
  bool has_text = false;
  std::array<float, kEvidenceClasses> log_ratio{};  // ln p(text | class) up to a constant, as TextEvidence has it
};

struct Journey {
  std::vector<JourneyMark> marks;  // in order of time
  JourneyEnd end = JourneyEnd::open;
  std::int64_t end_ms = 0;  // when that was known, or until when the open one was watched; not before the last mark
};

// CSV or TSV with the columns `case` and `time`, and one or more of `stage`, `query` and `outcome`; a row has any of
// them or none. The time of a row with an outcome but `open` is when it was known; a case's rows need not be together
// or in order. `evidence` scores a query. docs/formats/histories.md.
using EvidenceOf = std::function<std::array<float, kEvidenceClasses>(std::string_view query)>;
Result<std::vector<Journey>> parse_journeys(std::string_view text, std::string_view file, const EvidenceOf& evidence);

struct JourneyFitOptions {
  int iterations = 50;
  double least_gain = 1e-5;          // stops when the objective gains less than this share of itself
  std::size_t least_journeys = 150;  // with an outcome; below, only the kernel and eta are fitted
  // Pseudo-counts by which the priors hold: moves and events per rate, jumps per stage, texts per condition.
  double hold_rate = 20, hold_jumps = 20, hold_kernel = 30;
};

struct JourneyFit {
  StageChainParameters parameters;  // those given, with dwell, jumps, hazards, recovery, kernel and eta moved
  std::vector<double> objective;    // log likelihood and log prior at each iteration; it never falls
  std::size_t journeys = 0, with_outcome = 0, marks = 0, texts = 0;  // marks: those without text
  bool dynamics = false;  // there were journeys enough for more than kernel and eta
};

// All that is unseen is summed over: stage, phase, whether the buyer is active, stalled (the stage stands still) or
// lost, and every path between two instants. Same input, same bits.
JourneyFit fit_journeys(const StageChainParameters& prior, std::span<const Journey> journeys,
                        const JourneyFitOptions& options = {});

}  // namespace juncture
