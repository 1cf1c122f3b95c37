#include "juncture/inference/conditions.h"

#include <algorithm>

#include "inference/step.h"

namespace juncture {
namespace {

constexpr double kDayMs = 86'400'000.0;
constexpr std::int64_t kHalfHourMs = 1'800'000;
constexpr std::uint32_t kHalfHoursPerDay = 48;
constexpr double kRiskDays = 30;
// After this nothing moves but what a signal moves: recovery and stall have long balanced each other.
constexpr std::int64_t kSilenceDaysMax = 180;

struct Threshold {
  float enter, leave;
};
constexpr Threshold kWarningSigns{.50F, .35F}, kNoDecisionRisk{.50F, .35F}, kStalled{.50F, .35F}, kRejected{.50F, .30F};

Conditions follow(Conditions before, Condition condition, float likelihood, const Threshold& threshold) {
  const float limit = holds(before, condition) ? threshold.leave : threshold.enter;
  return with(before, condition, likelihood >= limit);
}

// Four signals at least, and three times what was to be expected with two to spare: a Poisson count does that by
// chance in one window of two hundred at most. Over when it is half as much again as usual.
bool is_surge(const Pace& pace, bool before) {
  if (before) return pace.count >= 2 && pace.count >= 1.5 * pace.expected;
  return pace.count >= 4 && pace.count >= 3 * pace.expected + 2;
}

std::uint32_t midnight_after(std::int64_t ms) {
  constexpr std::int64_t kDay = kHalfHourMs * kHalfHoursPerDay;
  return static_cast<std::uint32_t>((std::max<std::int64_t>(ms, 0) / kDay + 1) * kHalfHoursPerDay);
}

}  // namespace

Likelihoods likelihoods_of(const StageChain& chain, const BeliefState& state) {
  Likelihoods out;
  const auto mass = stage_mass(chain, state);
  if (state.signals >= 2) out.warning_signs = mass[index_of(Stage::problem_realization)] * state.activity[0];
  // A closed deal is not at risk any more, and needs nobody's guess.
  if (state.outcome != DealOutcome::none) return out;
  out.stalled = state.activity[1];
  out.silently_rejected = state.activity[2];
  out.no_decision_risk = std::max(stalled_within(chain, state, mass, kRiskDays), out.stalled);
  return out;
}

Likelihoods likelihoods_at(const StageChain& chain, const BeliefState& head, std::int64_t now_ms) {
  BeliefState state = head;
  propagate(chain, state, now_ms);
  return likelihoods_of(chain, state);
}

Pace pace_of(const BeliefState& state, std::int64_t now_ms) {
  constexpr double kWindowDays = 1.5, kPriorDays = 14, kHistoryDays = 3;
  if (state.signals == 0) return {};
  const double recent = state.windows.hours36.total(now_ms), all = state.windows.days90.total(now_ms);
  const double lifetime = std::clamp(static_cast<double>(now_ms - state.first_ms) / kDayMs, kWindowDays, 91.0);
  // Whoever has just come has no usual to differ from.
  if (lifetime < kHistoryDays) return {recent, recent};
  const double daily = (std::max(all - recent, 0.0) + 1) / (lifetime - kWindowDays + kPriorDays);
  return {recent, daily * kWindowDays};
}

Conditions follow_conditions(const Likelihoods& odds, const Pace& pace, Conditions before) {
  Conditions out = follow(before, Condition::warning_signs, odds.warning_signs, kWarningSigns);
  out = follow(out, Condition::no_decision_risk, odds.no_decision_risk, kNoDecisionRisk);
  out = follow(out, Condition::stalled, odds.stalled, kStalled);
  out = follow(out, Condition::silently_rejected, odds.silently_rejected, kRejected);
  return with(out, Condition::surge, is_surge(pace, holds(before, Condition::surge)));
}

Conditions prospect_conditions(const StageChain& chain, const BeliefState& state, std::int64_t now_ms) {
  return follow_conditions(likelihoods_of(chain, state), pace_of(state, now_ms), state.conditions);
}

Conditions conditions_after_silence(const StageChain& chain, const BeliefState& head, std::int64_t now_ms) {
  BeliefState state = head;
  propagate(chain, state, now_ms);
  return prospect_conditions(chain, state, now_ms);
}

Conditions conditions_of(const StageChain& chain, const Prospect& prospect) {
  const BeliefState& head = prospect.head;
  if (head.consent != Consent::granted || !head.started) return 0;
  return prospect.checked_ms > prospect.newest_ms() ? conditions_after_silence(chain, head, prospect.checked_ms)
                                                    : head.conditions;
}

std::uint32_t first_check_after(std::int64_t newest_ms) {
  return midnight_after(newest_ms) + kHalfHoursPerDay;
}

std::uint32_t next_check_after(std::int64_t newest_ms, std::int64_t now_ms, Conditions holding) {
  const bool settled = holds(holding, Condition::stalled) || holds(holding, Condition::silently_rejected);
  const bool open = holds(holding, Condition::surge) || holds(holding, Condition::warning_signs);
  if ((settled && !open) || now_ms - newest_ms > kSilenceDaysMax * 86'400'000) return 0;
  return midnight_after(now_ms);
}

}  // namespace juncture
