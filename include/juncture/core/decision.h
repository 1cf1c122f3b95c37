// What was decided for a prospect and why: the contributions add up to the score within 1e-6.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "juncture/core/catalog.h"
#include "juncture/core/types.h"

namespace juncture {

enum class Outcome : std::uint8_t { offered, abstained, handed_over };
inline constexpr std::array<std::string_view, 3> kOutcomeNames{"offered", "abstained", "handed_over"};

// Closed sets; the page makes the words from the code and the arguments.
enum class AbstainReason : std::uint8_t { none, uncertain, value, harm, cap, consent, rejected, thin, snoozed, noise };
inline constexpr std::array<std::string_view, 10> kAbstainReasonNames{
    "none", "uncertain", "value", "harm", "cap", "consent", "rejected", "thin", "snoozed", "noise"};

enum class MaskReason : std::uint8_t {
  none,
  tier,
  consent,
  consumed,
  repeat,
  cap,
  length,
  price_early,
  expired,
  rejected,
  language,
  dismissed
};
inline constexpr std::array<std::string_view, 12> kMaskReasonNames{"none",    "tier",     "consent",  "consumed",
                                                                   "repeat",  "cap",      "length",   "price_early",
                                                                   "expired", "rejected", "language", "dismissed"};

enum class Handover : std::uint8_t { none, best_action, ambiguous_late, stage_jump, stall_late, rejected, harm_cap };
inline constexpr std::array<std::string_view, 7> kHandoverNames{
    "none", "best_action", "ambiguous_late", "stage_jump", "stall_late", "rejected", "harm_cap"};

// Signed part of the score. `code` is one of: stage_fit, moment_fit, role_fit, freshness, harm, effort, novelty, ...
struct Contribution {
  std::string_view code;  // a literal
  std::string_view arg;   // a literal or a name of a closed set: which stage, moment, kind
  double value = 0;
  friend bool operator==(const Contribution&, const Contribution&) = default;
};

struct Ranked {
  std::uint32_t item = 0;  // index into Catalog::items
  double score = 0;
  friend bool operator==(const Ranked&, const Ranked&) = default;
};
struct Masked {
  std::uint32_t item = 0;
  MaskReason reason = MaskReason::none;
  friend bool operator==(const Masked&, const Masked&) = default;
};

struct Decision {
  Outcome outcome = Outcome::abstained;
  AbstainReason reason = AbstainReason::thin;
  Handover handover = Handover::none;
  std::vector<Ranked> slate;   // what is offered, best first, at most 3; empty when abstained
  std::vector<Ranked> rivals;  // the best not offered, at most 2; on an abstention the best candidate first
  std::vector<Masked> masked;  // everything held back
  std::vector<Contribution> contributions;  // of slate[0], or of the best candidate; sums to `score`
  double score = 0;
  double threshold = 0;
  double confidence = 0;            // 0..1: odds that the best item helps and does no harm
  double kill_risk = 0;             // 0..1: upper bound of the odds that it ends the opportunity
  double propensity = 1;            // 1 for the deterministic policy of the first version
  int cap_used = 0, cap_limit = 0;  // offers within 36 h
  friend bool operator==(const Decision&, const Decision&) = default;
};

}  // namespace juncture
