// What one signal says, without its history: facts that do not depend on the order of arrival. 64 B in state.
#pragma once

#include <array>
#include <compare>
#include <cstdint>

#include "juncture/core/vocabulary.h"

namespace juncture {

inline constexpr float kRatioScale = 1024.0F;         // Evidence::ratio holds 1/1024 nat
inline constexpr std::uint8_t kNoEvidenceStage = 15;  // Evidence::stage of a signal that names none
inline constexpr std::uint8_t kNoRole = 15;           // Evidence::role where the text hints at none
inline constexpr std::uint8_t kNoKind = 0xff;         // Evidence::kind where no content is named

// What became of the deal, by report of an outcome signal.
enum class DealOutcome : std::uint8_t { none, won, lost, no_decision };

// The place of a signal in its prospect's history: event time, then id. Arrival does not count.
struct EventOrder {
  std::int64_t time_ms = 0;
  std::uint64_t id = 0;
  friend auto operator<=>(const EventOrder&, const EventOrder&) = default;
};

struct Evidence {
  EventOrder at;
  std::array<std::int16_t, kEvidenceClasses> ratio{};  // ln(p(y|x)/prior(y)), quantised; zero without text
  std::array<std::uint8_t, kMoments> moments{};        // of 255; sums to 255, or all zero without text
  std::uint8_t none = 0;                               // p(none|x) of 255
  SignalType type = SignalType::query;
  Device device = Device::unknown;
  Form form = Form::brief;
  Consent consent = Consent::absent;  // as this signal carries it
  FeedbackAction action = FeedbackAction::none;
  DealOutcome outcome = DealOutcome::none;
  bool known = false;       // came with a non-anonymous id
  bool by_analyst = false;  // feedback that the prospect did not give
  bool clamped = false;     // the client's clock was wrong
  bool stripped = false;    // counted only: came after a denial of consent
  bool has_text = false;
  std::uint8_t role = kNoRole;
  std::uint8_t role_strength = 0;         // of 15
  std::uint8_t stage = kNoEvidenceStage;  // of feedback `wrong`
  std::uint8_t kind = kNoKind;            // ContentKind of `content`
  std::uint32_t content = 0;              // ContentItem::key, 0 for none
  std::uint32_t text_hash = 0;            // equal texts of one session count once
  std::int64_t until_ms = 0;              // of feedback `snooze`

  friend bool operator==(const Evidence&, const Evidence&) = default;
};

}  // namespace juncture
