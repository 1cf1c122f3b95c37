// One stream of evidence followed by the product's filter and, beside it, by other models; judged day by day.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "evaluation/journey_files.h"
#include "evaluation/plain_hmm.h"
#include "juncture/inference/stage_chain.h"

namespace juncture {

// By what each knows: the filter's priors, fitted histories, the filter's priors again, the true stages of others.
enum class Model : std::uint8_t { filter, fitted, hmm, hmm_trained };
inline constexpr std::size_t kModels = 4;

struct Models {
  const StageChain& chain;
  const StageChain* fitted;  // null where nothing was fitted
  const PlainHmm& hmm;
  const PlainHmm& hmm_trained;
};

struct Said {
  std::uint8_t found = 0;  // the most likely of the twelve stages
  float p_truth = 0, p_found = 0;
};

// Beliefs right after one signal.
struct EventRow {
  std::uint8_t truth = 0;
  std::array<Said, kModels> said{};
  float p_truth_untold = 0;  // of the filter that is told no text
};

// Beliefs of the filter at the end of one day, from the first signal on.
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
// kNotFound where it is none for 60 days. `noiseless`: of a filter that is told the true stage with each signal.
struct Change {
  std::array<float, kModels> days{};
  float noiseless = 0;
};
inline constexpr float kNotFound = 60;

// One silence in which the filter, or the noiseless one, came to think that the buyer has stopped: how many days apart
// they did.
struct Crossing {
  float days_apart = 0;
};

// The stated 90 % interval of a committee's size at the end of one day, against those who have joined by then.
struct SizeRow {
  bool covered = false;
  float width = 0;
};

struct Trace {
  std::vector<EventRow> events;
  std::vector<DayRow> days;
  std::vector<Change> changes;
  std::vector<Crossing> crossings;
  std::vector<SizeRow> sizes;  // of an account; days of groups of one to eight
};

// True stage at each of `evidence`, those after the end left out: what the trained plain model learns from.
std::vector<std::uint8_t> stages_at(const RecordedJourney& journey, std::span<const Evidence> evidence);

Trace follow(const Models& models, const RecordedJourney& journey, std::span<const Evidence> evidence);

std::vector<SizeRow> committee_sizes(const RecordedJourney& journey);

}  // namespace juncture
