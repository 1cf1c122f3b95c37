#include "inference/offers.h"

#include <algorithm>

namespace juncture {
namespace {

Offer* find_offer(BeliefState& state, std::uint32_t content) {
  for (std::size_t i = state.offer_count; i-- > 0;) {
    if (state.offers[i].content == content) return &state.offers[i];
  }
  return nullptr;
}

}  // namespace

void consume(BeliefState& state, std::uint32_t content) {
  auto* const end = state.consumed.begin() + state.consumed_count;
  auto* const found = std::find(state.consumed.begin(), end, content);
  if (found != end) {
    std::rotate(found, found + 1, end);
  } else if (state.consumed_count == kConsumedMax) {
    std::rotate(state.consumed.begin(), state.consumed.begin() + 1, state.consumed.end());
    state.consumed.back() = content;
  } else {
    state.consumed[state.consumed_count++] = content;
  }
}

void note_offer(BeliefState& state, const Evidence& evidence) {
  Offer* offer = find_offer(state, evidence.content);
  if (evidence.action == FeedbackAction::impression) {
    // A page that reloads shows the same item again: one offer while it is still the same sitting.
    if (offer != nullptr && evidence.at.time_ms - offer->at_ms <= kSessionGap.count()) return;
    offer = nullptr;
  }
  if (offer != nullptr) {
    offer->outcome = evidence.action;
    return;
  }
  if (state.offer_count == kOffersMax) {
    std::rotate(state.offers.begin(), state.offers.begin() + 1, state.offers.end());
    --state.offer_count;
  }
  state.offers[state.offer_count++] = {evidence.content, evidence.at.time_ms, evidence.action, evidence.kind};
}

}  // namespace juncture
