// Hard limits, before any score: who may see an item, and what is too much, too long or too soon.
#pragma once

#include <vector>

#include "juncture/core/catalog.h"
#include "juncture/core/decision.h"
#include "juncture/core/policy.h"
#include "juncture/core/reading.h"
#include "juncture/decision/decide.h"

namespace juncture {

inline constexpr ContentKind kHumanConversation = 16;
static_assert(kContentKindNames[kHumanConversation] == "human_conversation");

// Facts about the prospect that do not depend on the item.
struct Limits {
  Tier tier = Tier::public_;                        // highest that may be offered
  AbstainReason none_at_all = AbstainReason::none;  // then every item is masked
  int used_in_36h = 0;
  bool capped = false;
  bool mobile = false;
  bool price_early = false;
  bool rejected = false;
  std::uint64_t met = 0;                       // bit key % 64 set: an item of that key may have been met before
  std::array<int, kContentKinds> unclicked{};  // offers of the kind within 14 d that were not clicked
};

// The highest tier that may be put before this audience.
Tier highest_tier(const Policy& policy, const Reading& reading, Audience audience);

// But for the tier, the same for every audience.
Limits limits_of(const Policy& policy, const Reading& reading, Audience audience);
MaskReason mask_of(const ContentItem& item, const Policy& policy, const Reading& reading, const Limits& limits);

}  // namespace juncture
