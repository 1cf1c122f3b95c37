#include <algorithm>

#include "inference/offline.h"
#include "juncture/core/hash.h"
#include "juncture/inference/filter.h"

namespace juncture {
namespace {

constexpr std::int64_t kLatestMs = 95'617'584'000'000;  // year 5000: the state holds no later time

std::int16_t quantise(float nats) {
  const float scaled = std::clamp(nats, -30.0F, 30.0F) * kRatioScale;
  return static_cast<std::int16_t>(scaled + (scaled < 0 ? -0.5F : 0.5F));
}

// Shares of 255 that add up to 255: rounding goes to the largest.
void quantise_moments(const MomentOdds& odds, std::array<std::uint8_t, kMoments>& out) {
  int rest = 255;
  for (std::size_t m = 0; m < kMoments; ++m) {
    const float share = odds[m] > 0 ? std::min(odds[m], 1.0F) : 0.0F;
    out[m] = static_cast<std::uint8_t>(std::min(rest, static_cast<int>(share * 255.0F)));
    rest -= out[m];
  }
  std::uint8_t& most = *std::max_element(out.begin(), out.end());
  most = static_cast<std::uint8_t>(most + rest);
}

void hint_role(const TextEvidence& text, Evidence& out) {
  std::size_t best = 0;
  for (std::size_t r = 1; r < kRoles; ++r) {
    if (text.roles[r] > text.roles[best]) best = r;
  }
  constexpr std::size_t kUnknownRole = kRoles - 1;
  if (best == kUnknownRole || !(text.roles[best] > 0.2F)) return;
  out.role = static_cast<std::uint8_t>(best);
  out.role_strength = static_cast<std::uint8_t>(std::min(text.roles[best], 1.0F) * 15.0F);
}

DealOutcome parse_outcome(std::string_view reason) {
  if (reason == "won") return DealOutcome::won;
  if (reason == "lost") return DealOutcome::lost;
  return reason == "no_decision" ? DealOutcome::no_decision : DealOutcome::none;
}

void observe_text(const TextEvidence& text, Evidence& out) {
  out.has_text = true;
  for (std::size_t y = 0; y < kEvidenceClasses; ++y) {
    const float nats = text.log_ratio[y];
    out.ratio[y] = nats == nats ? quantise(nats) : std::int16_t{0};
  }
  quantise_moments(text.moments, out.moments);
  out.none = static_cast<std::uint8_t>(text.none > 0 ? std::min(text.none, 1.0F) * 255.0F + 0.5F : 0.0F);
  out.form = text.form;
  out.text_hash = static_cast<std::uint32_t>(text.text_hash ^ (text.text_hash >> 32U));
  hint_role(text, out);
}

}  // namespace

Evidence observe(const Signal& signal, const TextEvidence& text, std::uint8_t kind) {
  Evidence out;
  out.at = {std::clamp<std::int64_t>(to_ms(signal.occurred_at), 0, kLatestMs), hash64(signal.id)};
  out.type = signal.type;
  out.device = signal.device;
  out.consent = signal.consent;
  out.known = !signal.anonymous;
  out.clamped = signal.clamped;
  if (!signal.content.empty()) {
    out.content = hash32(signal.content.text());
    out.kind = kind;
  }
  if (signal.type == SignalType::feedback) {
    out.action = signal.action;
    out.by_analyst = !signal.actor.empty() && signal.actor != "prospect";
    if (signal.stage) out.stage = static_cast<std::uint8_t>(*signal.stage);
    if (signal.action == FeedbackAction::snooze)
      out.until_ms = std::clamp<std::int64_t>(to_ms(signal.until), 0, kLatestMs);
  } else if (signal.type == SignalType::outcome) {
    out.outcome = parse_outcome(signal.reason);
  } else if ((!signal.text.empty() && text.words > 0) || text.page) {
    observe_text(text, out);
  }
  if (signal.type == SignalType::offline) observe_offline(signal.reason, out);
  return out;
}

}  // namespace juncture
