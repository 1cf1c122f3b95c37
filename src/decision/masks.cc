#include "decision/masks.h"

#include <algorithm>

namespace juncture {
namespace {

constexpr Millis kNoveltyWindow{14 * 24h};

// An offer that the prospect took up.
bool clicked(const Offer& offer) {
  return offer.outcome == FeedbackAction::click || offer.outcome == FeedbackAction::accept;
}

bool within(const Offer& offer, Timestamp as_of, Millis window) {
  return to_ms(as_of) - offer.at_ms < window.count();
}

// Impressions in one breath are one offer: a slate of three is not three offers.
int offers_within(const Policy& policy, const Reading& reading, Millis window) {
  std::array<std::int64_t, 64> times{};
  std::size_t n = 0;
  for (const Offer& offer : reading.offers) {
    if (within(offer, reading.as_of, window) && n < times.size()) times[n++] = offer.at_ms;
  }
  std::sort(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(n));
  int count = 0;
  std::int64_t last = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (count == 0 || times[i] - last >= policy.offer_gap.count()) {
      ++count;
      last = times[i];
    }
  }
  return count;
}

MaskReason unclicked_mask(const ContentItem& item, const Policy& policy, const Limits& limits) {
  return limits.unclicked[item.kind] >= policy.kind_unclicked_max ? MaskReason::repeat : MaskReason::none;
}

std::uint64_t met_bit(std::uint32_t key) {
  return std::uint64_t{1} << key % 64;
}

MaskReason history_mask(const ContentItem& item, const Policy& policy, const Reading& reading, const Limits& limits) {
  if ((limits.met & met_bit(item.key)) == 0) return unclicked_mask(item, policy, limits);
  if (std::find(reading.consumed.begin(), reading.consumed.end(), item.key) != reading.consumed.end()) {
    return MaskReason::consumed;
  }
  for (const Offer& offer : reading.offers) {
    if (offer.content != item.key) continue;
    const bool refused = offer.outcome == FeedbackAction::dismiss || offer.outcome == FeedbackAction::wrong;
    if (refused) return MaskReason::dismissed;
    if (within(offer, reading.as_of, policy.repeat_window)) return MaskReason::repeat;
  }
  return unclicked_mask(item, policy, limits);
}

}  // namespace

Tier highest_tier(const Policy& policy, const Reading& reading, Audience audience) {
  if (audience == Audience::public_site || reading.consent != Consent::granted) return Tier::public_;
  return std::max(reading.entitled, reading.known ? policy.analyst_known : policy.analyst_anonymous);
}

Limits limits_of(const Policy& policy, const Reading& reading, Audience audience) {
  Limits limits;
  limits.tier = highest_tier(policy, reading, audience);
  if (reading.consent == Consent::denied) {
    limits.none_at_all = AbstainReason::consent;
  } else if (reading.dismissed || reading.snoozed_until > reading.as_of) {
    limits.none_at_all = AbstainReason::snoozed;
  }
  for (const Cap& cap : policy.caps) {
    limits.capped = limits.capped || offers_within(policy, reading, cap.window) >= cap.offers;
  }
  limits.used_in_36h = offers_within(policy, reading, policy.caps[1].window);
  limits.mobile = reading.device == Device::mobile;
  float early = 0;
  for (std::size_t s = 0; s <= index_of(Stage::solution_visualization); ++s) early += reading.stages[s];
  limits.price_early = early > policy.price_early_odds;
  limits.rejected = reading.stages[index_of(Stage::rejected)] > policy.handover.rejected_odds;
  for (const std::uint32_t key : reading.consumed) limits.met |= met_bit(key);
  for (const Offer& offer : reading.offers) {
    limits.met |= met_bit(offer.content);
    if (offer.kind < kContentKinds && !clicked(offer) && within(offer, reading.as_of, kNoveltyWindow)) {
      ++limits.unclicked[offer.kind];
    }
  }
  return limits;
}

MaskReason mask_of(const ContentItem& item, const Policy& policy, const Reading& reading, const Limits& limits) {
  if (limits.none_at_all == AbstainReason::consent) return MaskReason::consent;
  if (item.tier > limits.tier) {
    return reading.consent == Consent::granted ? MaskReason::tier : MaskReason::consent;
  }
  if (limits.none_at_all == AbstainReason::snoozed) return MaskReason::dismissed;
  if (std::find(policy.languages.begin(), policy.languages.end(), item.language) == policy.languages.end()) {
    return MaskReason::language;
  }
  if (reading.as_of < item.valid_from || reading.as_of >= item.valid_until) return MaskReason::expired;
  if (limits.rejected && item.kind != kHumanConversation) return MaskReason::rejected;
  if (const MaskReason past = history_mask(item, policy, reading, limits); past != MaskReason::none) return past;
  if (limits.capped) return MaskReason::cap;
  if (limits.mobile && item.minutes > policy.mobile_minutes_max) return MaskReason::length;
  const bool price = (policy.price_kinds >> item.kind & 1U) != 0;
  return price && limits.price_early ? MaskReason::price_early : MaskReason::none;
}

}  // namespace juncture
