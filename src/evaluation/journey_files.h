// Journeys with their truth, as `juncture simulate` writes them (docs/formats/journeys.md), joined and scored.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "juncture/core/evidence.h"
#include "juncture/core/result.h"
#include "juncture/evaluation/evaluate.h"
#include "juncture/learning/fit_journeys.h"
#include "juncture/text/model.h"

namespace juncture {

enum class TrueCondition : std::uint8_t { active, stalled, rejected };

struct TrueDay {
  std::uint8_t stage = 0;
  TrueCondition condition = TrueCondition::active;
  float done = 0;  // of the stage's work, 0..1
};

struct RecordedPerson {
  std::string prospect;
  bool of_committee = true;
  std::int64_t from_ms = 0;        // on the committee since
  std::vector<Evidence> evidence;  // in event order, each id once
};

struct RecordedJourney {
  std::string account, kind;  // kind: "G2 sparse"
  JourneyEnd end = JourneyEnd::open;
  std::int64_t from_ms = 0;  // start of the first day
  std::vector<TrueDay> days;
  std::vector<RecordedPerson> people;
};

// Files in any order and of any number; each line is a signal or a truth. Refused: a signal of nobody whose truth is
// there, days that do not follow on each other.
Result<std::vector<RecordedJourney>> read_journeys(const TextModel& text, std::span<const DataFile> files);

// What all of an account's people did, in event order.
std::vector<Evidence> merged(const RecordedJourney& journey);

// The same as a history that the chain is fitted to: texts and how it ended, no stage of the truth.
Journey history_of(const RecordedJourney& journey);

}  // namespace juncture
