// Made-up evidence for tests: a counter-based generator and signals that speak for a stage.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "juncture/core/evidence.h"
#include "juncture/core/types.h"
#include "juncture/inference/filter.h"

namespace juncture::test {

struct Dice {
  std::uint64_t state;
  std::uint64_t next() {
    std::uint64_t z = state += 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31U);
  }
  std::uint64_t below(std::uint64_t n) { return next() % n; }
  double unit() { return static_cast<double>(next() >> 11U) / 9007199254740992.0; }
};

// The chain of the default parameters, made once.
inline const StageChain& chain() {
  static const StageChain value;
  return value;
}

inline constexpr std::int64_t kMinute = 60'000, kHour = 60 * kMinute, kDay = 24 * kHour;
inline constexpr std::int64_t kStart = 1'763'971'200'000;  // Monday 2025-11-24 08:00 UTC

// A query that speaks `nats` for the class.
inline Evidence query_for(std::size_t y, std::int64_t at_ms, std::uint64_t id, float nats = 2.0F) {
  Evidence out;
  out.at = {at_ms, id};
  out.type = SignalType::query;
  out.consent = Consent::granted;
  out.device = Device::desktop;
  out.known = true;
  out.has_text = true;
  for (auto& r : out.ratio) r = static_cast<std::int16_t>(-0.5F * kRatioScale);
  out.ratio[y] = static_cast<std::int16_t>(nats * kRatioScale);
  out.moments = {155, 20, 50, 10, 20};
  out.none = 20;
  out.text_hash = static_cast<std::uint32_t>(id * 2654435761U + 1);
  return out;
}

// Anything a prospect may send, at random.
inline Evidence random_evidence(Dice& dice, std::int64_t at_ms, std::uint64_t id, bool consents) {
  Evidence out = query_for(dice.below(kEvidenceClasses), at_ms, id, static_cast<float>(dice.unit() * 3));
  const auto kind = dice.below(20);
  out.consent = consents ? Consent::granted : Consent::absent;
  out.device = static_cast<Device>(dice.below(4));
  out.text_hash = static_cast<std::uint32_t>(dice.below(6));
  out.none = static_cast<std::uint8_t>(dice.below(256));
  if (dice.below(4) == 0) {
    out.role = static_cast<std::uint8_t>(dice.below(14));
    out.role_strength = static_cast<std::uint8_t>(dice.below(16));
  }
  if (kind < 4) {
    out.type = SignalType::page;
    out.content = static_cast<std::uint32_t>(dice.below(20));
  } else if (kind == 4) {
    out.type = SignalType::offline;
  } else if (kind < 9) {
    Evidence feedback;
    feedback.at = out.at;
    feedback.consent = out.consent;
    feedback.type = SignalType::feedback;
    feedback.action = static_cast<FeedbackAction>(1 + dice.below(6));
    feedback.by_analyst = dice.below(2) == 0;
    feedback.content = static_cast<std::uint32_t>(1 + dice.below(20));
    feedback.kind = static_cast<std::uint8_t>(dice.below(18));
    if (feedback.action == FeedbackAction::snooze) feedback.until_ms = at_ms + kDay;
    if (feedback.action == FeedbackAction::wrong) feedback.stage = static_cast<std::uint8_t>(dice.below(kStages));
    return feedback;
  } else if (kind == 9 && dice.below(6) == 0) {
    Evidence outcome;
    outcome.at = out.at;
    outcome.consent = out.consent;
    outcome.type = SignalType::outcome;
    outcome.outcome = static_cast<DealOutcome>(dice.below(4));
    return outcome;
  }
  return out;
}

}  // namespace juncture::test
