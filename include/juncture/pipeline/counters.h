// What the pipelines count, one set per task: written by its worker, read at scrape time.
#pragma once

#include <array>
#include <cstddef>

#include "juncture/core/condition.h"
#include "juncture/core/counters.h"
#include "juncture/core/decision.h"
#include "juncture/core/vocabulary.h"
#include "juncture/ingest/connector.h"

namespace juncture {

// Index of a code or reason in its closed set.
template <std::size_t N>
constexpr std::size_t index_in(const std::array<std::string_view, N>& names, std::string_view name) {
  for (std::size_t i = 0; i < N; ++i) {
    if (names[i] == name) return i;
  }
  return N - 1;
}

struct PipelineCounters {
  Counter read, accepted, bytes, duplicate, late, reordered, denied, left_out, expired, erased, clamped, stale;
  Counter hot_keys;  // prospects over the limit of signals in a minute, once for each such minute
  Counter hot_key;   // hash of the last one
  std::array<Counter, kIgnoredReasons.size()> ignored;
  std::array<Counter, kRejectionCodes.size()> rejected;
  std::array<Counter, kSignalTypes> signals;
  std::array<Counter, kMoments> moments;
  std::array<Counter, kStages> modes;
  std::array<std::array<Counter, kStages>, kStages> transitions;
  std::array<Counter, kOutcomeNames.size()> outcomes;
  std::array<Counter, kAbstainReasonNames.size()> abstained;
  std::array<Counter, kFeedbackActionNames.size()> feedback;
  std::array<std::array<Counter, 2>, kConditions> conditions;  // told: entered, left
  // Health of the models, without labels. Odds are summed in thousandths.
  Counter texts, text_words, text_unknown_words, text_none;
  std::array<Counter, kStages> stage_odds;
  Histogram skew;
};

}  // namespace juncture
