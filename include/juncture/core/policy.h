// What helps, what harms and what is too much: every number the decision uses. Loaded from YAML by config.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "juncture/core/catalog.h"
#include "juncture/core/types.h"
#include "juncture/core/vocabulary.h"

namespace juncture {

using KindRow = std::array<float, kContentKinds>;

// At most `offers` within `window`. Several items shown at once are one offer.
struct Cap {
  int offers = 0;
  Millis window{0};
};

// When a person should take over.
struct HandoverRules {
  float ambiguous_entropy = 1.8F;  // nats over the 14 conditions
  float late_odds = 0.5F;          // P(stage >= supplier_outreach) for `ambiguous_late` and `harm_cap`
  int jump_stages = 3;             // this many stages forward within `jump_window`
  Millis jump_window{36h};
  float stalled_odds = 0.6F;  // at or after shortlisting
  float rejected_odds = 0.5F;
};

// A default Policy offers nothing: no cell helps, every cell kills.
struct Policy {
  std::string version;  // as written in the file, plus '+' and 8 hex digits of its content hash

  // Cells, by stage and kind: odds that it helps, odds that it ends the opportunity.
  std::array<KindRow, kStages> help{};
  std::array<KindRow, kStages> kill = [] {
    std::array<KindRow, kStages> all{};
    for (KindRow& row : all) row.fill(1.0F);
    return all;
  }();
  float kill_strength = 60;  // pseudo-count behind each kill cell
  float kill_harmless = 0;   // a cell at or below this counts as harmless
  float help_made_for = 0;   // of an item that names the stage, where its kind is not among the best
  float help_other = 0;      // of an item that names other stages

  // Cost of ending the opportunity, in units of one helpful view.
  std::array<float, kStages> kill_cost{};
  float deal_factor = 4;  // by deal size
  bool large_deals = true;
  float known_factor = 1, anonymous_factor = 1.5F;
  std::array<float, kRoles> role_kill{};

  // Factors on the gain, never on the harm.
  std::array<KindRow, kMoments> moment{};
  std::array<KindRow, kRoles> role{};
  float match = 1, mismatch = 1;  // an item that names its moments or roles
  KindRow half_life_hours{};      // 0: does not age
  float fresh_floor = 0.5F;
  float novelty = 0.85F;  // for each offer of the kind within 14 d that was not clicked
  float effort_cost = 0;  // per minute of the reader
  float person_cost = 0;  // of a human conversation: somebody's hour

  // Hard limits.
  std::array<Cap, 3> caps{};  // session, 36 h, 14 d
  Millis offer_gap{60s};      // impressions closer than this are one offer
  Millis repeat_window = Millis{30 * 24h};
  int kind_unclicked_max = 3;
  float mobile_minutes_max = 8;
  float price_early_odds = 0.6F;  // P(stage <= solution_visualization) above which price is too early
  std::uint32_t price_kinds = 0;  // bit set of ContentKind
  std::vector<std::string> languages;
  Tier analyst_known = Tier::public_;  // highest tier an analyst may put before a known prospect
  Tier analyst_anonymous = Tier::public_;

  // Abstaining.
  float show_threshold = 1;  // least score
  float confidence_min = 1;  // least odds of the best group of stages
  float kill_cap = 0;        // greatest kill risk, an upper bound
  float noise_max = 0;
  int signals_min = 1;
  std::array<std::uint8_t, kStages> group{};  // stages that call for the same kind of content share a number
  HandoverRules handover;

  std::size_t slate_max = 3;
  float same_kind_penalty = 0.15F;
  StageOdds default_stages{};  // of a prospect nothing is known about
};

}  // namespace juncture
