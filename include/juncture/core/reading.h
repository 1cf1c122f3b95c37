// What inference says about one prospect at one instant: all that a decision may look at.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "juncture/core/types.h"
#include "juncture/core/vocabulary.h"

namespace juncture {

// One item already put before the prospect.
struct Offer {
  std::uint32_t content = 0;  // ContentItem::key
  std::int64_t at_ms = 0;
  FeedbackAction outcome = FeedbackAction::impression;
  std::uint8_t kind = 0xff;
  friend bool operator==(const Offer&, const Offer&) = default;
};

// Where the belief stood once a signal had been taken in.
struct StageSeen {
  std::int64_t at_ms = 0;
  Stage mode = Stage::problem_realization;
};

struct Reading {
  Timestamp as_of{};
  StageOdds stages{};             // sums to 1
  MomentOdds moments{};           // sums to 1; of the last signal, carried by recency
  std::array<float, 15> roles{};  // sums to 1, order of kRoleNames
  Device device = Device::unknown;
  Consent consent = Consent::absent;
  bool known = false;             // has a non-anonymous id
  Tier entitled = Tier::public_;  // highest tier this prospect may be offered without a person's say
  float noise = 0;                // odds that the texts are no buyer's, or say nothing of the stage
  std::uint16_t signals = 0;      // how many count
  std::uint16_t offline = 0;
  Timestamp first_seen{}, last_seen{};
  Timestamp snoozed_until{};
  bool dismissed = false;                                     // by an analyst, and nothing new since
  std::vector<Offer> offers;                                  // newest last, at most 16
  std::vector<std::uint32_t> consumed;                        // ContentItem::key of what was read, at most 16
  std::vector<StageSeen> course;                              // of the newest signals, oldest first, at most 64
  float progress_mean = 0, progress_lo = 0, progress_hi = 0;  // 0..100, 90 % interval
  float dwell_days = 0, dwell_median_days = 0, dwell_p90_days = 0;
  Stage next_stage = Stage::scoping;
  float next_stage_p = 0, stall_p_14d = 0;
  float next_visit_days = 0, next_visit_p = 0.8F;
};

constexpr Stage most_likely(const StageOdds& odds) {
  std::size_t best = 0;
  for (std::size_t s = 1; s < kStages; ++s) {
    if (odds[s] > odds[best]) best = s;
  }
  return static_cast<Stage>(best);
}
constexpr Moment most_likely(const MomentOdds& odds) {
  std::size_t best = 0;
  for (std::size_t m = 1; m < kMoments; ++m) {
    if (odds[m] > odds[best]) best = m;
  }
  return static_cast<Moment>(best);
}

}  // namespace juncture
