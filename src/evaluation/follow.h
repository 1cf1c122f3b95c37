// One stream of evidence followed by the product's filter and, beside it, by the plain model; judged day by day.
#pragma once

#include <span>
#include <vector>

#include "evaluation/journey_files.h"
#include "evaluation/plain_hmm.h"
#include "juncture/inference/stage_chain.h"

namespace juncture {

// Beliefs right after one signal.
struct EventRow {
  std::uint8_t truth = 0, found = 0, found_hmm = 0;
  float p_truth = 0, p_found = 0, p_truth_hmm = 0, p_found_hmm = 0;
  float p_truth_untold = 0;  // of the filter that is told no text
};

// Beliefs at the end of one day, from the first signal on.
struct DayRow {
  std::uint16_t stopped_days = 0;  // since when stalled or rejected; 0: active
  bool final_stall = false;        // of the stall that nothing follows
  bool covered = false;            // the progress interval holds the truth
  float stopped = 0, stalled = 0;  // odds
  float silence = 0;               // days since the last signal
  float width = 0;                 // of the progress interval
  float progress = 0;              // the true one, 0..100
};

// Days from a change of the true stage until the most likely one is a stage that the buyer has been in since then;
// kNotFound where it is none for 60 days.
struct Change {
  float days = 0, days_hmm = 0;
};
inline constexpr float kNotFound = 60;

// One silence in which the filter, or one that is told the true stage with each signal, came to think that the buyer
// has stopped: how many days apart they did.
struct Crossing {
  float days_apart = 0;
};

struct Trace {
  std::vector<EventRow> events;
  std::vector<DayRow> days;
  std::vector<Change> changes;
  std::vector<Crossing> crossings;
};

// True stage at each of `evidence`, those after the end left out: what the plain model learns from.
std::vector<std::uint8_t> stages_at(const RecordedJourney& journey, std::span<const Evidence> evidence);

Trace follow(const StageChain& chain, const PlainHmm& hmm, const RecordedJourney& journey,
             std::span<const Evidence> evidence);

}  // namespace juncture
