#include "inference/track.h"

#include <algorithm>

#include "inference/lanes.h"
#include "inference/step.h"
#include "juncture/core/math.h"

namespace juncture {
namespace {

using Lanes = StageChain::Lanes;
constexpr float kLeastRoleWeight = .3F;

std::uint8_t add_saturating(std::uint8_t a, std::uint8_t b) {
  return static_cast<std::uint8_t>(std::min(a + b, 255));
}

// What counts is how much more is said against one condition than against another.
void rebase(std::array<std::uint8_t, kStages>& against) {
  const std::uint8_t least = *std::min_element(against.begin(), against.end());
  for (std::uint8_t& nats : against) nats = static_cast<std::uint8_t>(nats - least);
}

void merge(TrackDay& into, const TrackDay& other) {
  for (std::size_t s = 0; s < kStages; ++s) into.against[s] = add_saturating(into.against[s], other.against[s]);
  rebase(into.against);
  into.signals = add_saturating(into.signals, other.signals);
  into.visits = add_saturating(into.visits, other.visits);
  into.offline = add_saturating(into.offline, other.offline);
  if (into.outcome == DealOutcome::none) into.outcome = other.outcome;
}

void say_against(TrackDay& day, const Lanes& l, float weight) {
  for (std::size_t s = 0; s < kStages; ++s) {
    const float nats = std::min(-l[s] * weight * kAgainstScale + .5F, 255.0F);
    day.against[s] = add_saturating(day.against[s], static_cast<std::uint8_t>(std::max(nats, 0.0F)));
  }
  rebase(day.against);
}

// How much what the text speaks for is this person's business: p(role | stage) against the role's best stage. One where
// nothing hints at a role.
float role_weight(const StageChain& chain, const BeliefState& state, Lanes l) {
  const auto* const top = std::max_element(state.roles.begin(), state.roles.end());
  if (!(*top > 0)) return 1.0F;
  const auto role = static_cast<std::size_t>(top - state.roles.begin());
  const auto& roles = chain.parameters().roles;
  double best = 0;
  for (const auto& stage : roles) best = std::max(best, stage[role]);
  if (best <= 0) return 1.0F;
  lanes::exp_all(l);
  float mass = 0, usual = 0;
  for (std::size_t s = 0; s < kBuyingStages; ++s) {
    mass += l[s];
    usual += l[s] * std::max(static_cast<float>(roles[s][role] / best), kLeastRoleWeight);
  }
  const float sure = 1.0F - exact_expf(-*top);
  return 1.0F - sure + sure * usual / mass;
}

}  // namespace

TrackDay& day_of(Track& track, std::int64_t time_ms) {
  const std::uint32_t day = day_number(time_ms);
  if (track.count > 0 && track.days[track.count - 1U].day >= day) return track.days[track.count - 1U];
  if (track.count == kTrackDays) {
    merge(track.days[1], track.days[0]);
    std::move(track.days.begin() + 1, track.days.end(), track.days.begin());
    --track.count;
  }
  TrackDay& entry = track.days[track.count++];
  entry = TrackDay{};
  entry.day = day;
  return entry;
}

void note_visit(Track& track, const Evidence& evidence, bool session) {
  TrackDay& day = day_of(track, evidence.at.time_ms);
  day.signals = add_saturating(day.signals, 1);
  if (session) day.visits = add_saturating(day.visits, 1);
  if (evidence.type == SignalType::offline) day.offline = add_saturating(day.offline, 1);
}

void note_standing(Track& track, std::int64_t time_ms, const StageOdds& odds) {
  if (track.count == 0) return;
  TrackDay& day = track.days[track.count - 1U];
  if (day.day != day_number(time_ms)) return;  // nothing of that day counts
  float mass = 0, sum = 0;
  for (std::size_t s = 0; s < kBuyingStages; ++s) {
    mass += odds[s];
    sum += odds[s] * static_cast<float>(s);
  }
  day.stage = static_cast<std::uint8_t>(1.5F + 20.0F * sum / mass);
  day.active = static_cast<std::uint8_t>(std::min(mass * 255.0F + .5F, 255.0F));
}

void note_text(const StageChain& chain, BeliefState& state, const Evidence& evidence, const Lanes& l) {
  say_against(day_of(state.track, evidence.at.time_ms), l, role_weight(chain, state, l));
}

void note_correction(const StageChain& chain, Track& track, const Evidence& evidence) {
  Lanes l;
  log_likelihood(chain, evidence, l);
  say_against(day_of(track, evidence.at.time_ms), l, 1.0F);
}

}  // namespace juncture
