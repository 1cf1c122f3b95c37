#include "inference/step.h"

#include <algorithm>

#include "inference/activity.h"
#include "inference/lanes.h"
#include "inference/normalise.h"
#include "inference/offers.h"
#include "inference/track.h"
#include "juncture/core/math.h"
#include "juncture/inference/conditions.h"

namespace juncture {
namespace {

using Lanes = StageChain::Lanes;
constexpr double kLn2 = 0.69314718055994530942;
constexpr double kDayMs = 86'400'000.0;

void add_saturating(std::uint16_t& counter) {
  if (counter < 0xffff) ++counter;
}

std::array<double, 3> as_double(const std::array<float, 3>& x) {
  return {static_cast<double>(x[0]), static_cast<double>(x[1]), static_cast<double>(x[2])};
}

// What pulls at the activity chain, averaged over the stages; without the visits.
ActivityRates hazards(const StageChain& chain, const StageMass& mass) {
  const StageChainParameters& p = chain.parameters();
  ActivityRates rates{0, 0, 0, kLn2 / p.recovery_days, p.stalled_rate, p.rejected_rate};
  for (std::size_t s = 0; s < kBuyingStages; ++s) {
    rates.stall += static_cast<double>(mass[s]) * p.stall_per_day[s];
    rates.reject += static_cast<double>(mass[s]) * p.rejection_per_day[s];
  }
  return rates;
}

bool is_visit(const Evidence& evidence) {
  switch (evidence.type) {
    case SignalType::feedback:
      return !evidence.by_analyst &&
             (evidence.action == FeedbackAction::click || evidence.action == FeedbackAction::accept);
    case SignalType::identify:
      return evidence.known;  // of an anonymous id it only says whose it is
    case SignalType::outcome:
    case SignalType::erase:
    case SignalType::tick:
    case SignalType::catalog:
    case SignalType::policy:
    case SignalType::model:
      return false;
    default:
      return true;
  }
}

// Moves one part of the odds to `share` and the others to the rest, each keeping its proportions.
template <std::size_t N, class InPart>
void set_share(std::array<float, N>& odds, std::size_t count, float share, const InPart& in_part) {
  float inside = 0, outside = 0;
  for (std::size_t i = 0; i < count; ++i) (in_part(i) ? inside : outside) += odds[i];
  for (std::size_t i = 0; i < count; ++i) odds[i] *= in_part(i) ? share / inside : (1 - share) / outside;
}

// An analyst has seen more than the texts: the word counts as the new odds, not as one more likelihood.
void correct_stage(const StageChain& chain, BeliefState& state, std::size_t stage) {
  const auto own = static_cast<float>(chain.parameters().analyst_own);
  const std::size_t condition = stage < kBuyingStages ? 0 : stage - kBuyingStages + 1;
  if (stage < kBuyingStages) {
    state.phases = phases_of(chain, state);
    state.noise = 0;
    set_share(state.phases, kPhases - 1, own, [&](std::size_t p) { return chain.stage_of(p) == stage; });
    normalise(state.phases);
  }
  if (condition > 0 || state.activity[0] < own) {
    set_share(state.activity, 3, own, [&](std::size_t i) { return i == condition; });
    normalise(state.activity);
  }
}

void take_feedback(const StageChain& chain, BeliefState& state, const Evidence& evidence) {
  if (evidence.content != 0 && evidence.action != FeedbackAction::none && evidence.action != FeedbackAction::wrong &&
      evidence.action != FeedbackAction::snooze) {
    note_offer(state, evidence);
    if (evidence.action == FeedbackAction::click) consume(state, evidence.content);
  }
  if (evidence.action == FeedbackAction::snooze) {
    state.snoozed_until_ms = std::max(state.snoozed_until_ms, evidence.until_ms);
  } else if (evidence.action == FeedbackAction::dismiss && evidence.by_analyst) {
    state.dismissed = true;
  } else if (evidence.action == FeedbackAction::wrong && evidence.stage < kStages) {
    correct_stage(chain, state, evidence.stage);
    note_correction(chain, state.track, evidence);
  }
}

// A new session is a visit: it multiplies the odds by how often each condition comes.
void take_visit(const StageChain& chain, BeliefState& state, const Evidence& evidence, bool first) {
  const bool session = first || evidence.at.time_ms - state.last_ms > kSessionGap.count();
  if (session) {
    state.session_ms = evidence.at.time_ms;
    state.session_signals = 0;
    state.session_text_count = 0;
    state.session_texts.fill(0);
    if (!first) {
      state.activity[1] *= static_cast<float>(chain.parameters().stalled_rate);
      state.activity[2] *= static_cast<float>(chain.parameters().rejected_rate);
      normalise(state.activity);
    }
    state.visits += state.activity[0];
  }
  state.windows.add(evidence.at.time_ms, first);
  note_visit(state.track, evidence, session);
  add_saturating(state.signals);
  if (evidence.type == SignalType::offline) add_saturating(state.offline);
  if (first) state.first_ms = evidence.at.time_ms;
  state.last_ms = evidence.at.time_ms;
  if (evidence.device != Device::unknown) state.device = evidence.device;
  state.known = state.known || evidence.known;
  state.dismissed = false;
  if (evidence.content != 0) consume(state, evidence.content);
}

// eta with its discounts: bursts, repeated texts, pages, and questions that our own content may have put.
float text_weight(const StageChain& chain, BeliefState& state, const Evidence& evidence) {
  const StageChainParameters& p = chain.parameters();
  auto* const end = state.session_texts.begin() + state.session_text_count;
  if (std::find(state.session_texts.begin(), end, evidence.text_hash) != end) return 0.0F;
  if (state.session_text_count == kSessionTextsMax) {
    std::rotate(state.session_texts.begin(), state.session_texts.begin() + 1, state.session_texts.end());
    state.session_texts.back() = evidence.text_hash;
  } else {
    state.session_texts[state.session_text_count++] = evidence.text_hash;
  }
  const double nth = state.session_signals;
  add_saturating(state.session_signals);
  double eta = p.eta / (1.0 + p.burst * nth);
  if (evidence.type == SignalType::page || evidence.type == SignalType::content) eta *= p.page_eta;
  for (std::size_t i = 0; i < state.offer_count; ++i) {
    const Offer& offer = state.offers[i];
    if (offer.outcome == FeedbackAction::click && evidence.at.time_ms - offer.at_ms <= kSessionGap.count()) {
      eta *= 0.5;
      break;
    }
  }
  return static_cast<float>(eta);
}

void take_text(const StageChain& chain, BeliefState& state, const Evidence& evidence, TailNote& note) {
  const float eta = std::min(text_weight(chain, state, evidence), 1.0F);
  note.weight = static_cast<std::uint8_t>(eta * 255.0F + 0.5F);
  if (note.weight == 0) return;
  Lanes l;
  log_likelihood(chain, evidence, l);
  for (float& x : l) x *= eta;
  note_text(chain, state, evidence, l);
  weigh(chain, state, l);
  const float keep = .4F;
  float sum = 0;
  for (std::size_t m = 0; m < kMoments; ++m) {
    state.moments[m] = keep * state.moments[m] + (1 - keep) * static_cast<float>(evidence.moments[m]) / 255.0F;
    sum += state.moments[m];
  }
  for (float& m : state.moments) m /= sum;
  if (evidence.role < kRoles) {
    float& role = state.roles[evidence.role];
    role = std::min(role + eta * static_cast<float>(evidence.role_strength) / 15.0F, 4.0F);
  }
}

// Without consent a profile lasts one session; once denied, only signals with consent of their own count.
bool take_consent(BeliefState& state, const Evidence& evidence) {
  if (evidence.consent == Consent::denied) {
    state = denied_state();
    return false;
  }
  if (evidence.stripped || (state.strict && evidence.consent != Consent::granted)) {
    add_saturating(state.counted);
    return false;
  }
  if (state.started && state.consent == Consent::absent && is_visit(evidence) && state.signals > 0 &&
      evidence.at.time_ms - state.last_ms > kSessionGap.count()) {
    state = BeliefState{};
  }
  if (evidence.consent == Consent::granted) state.consent = Consent::granted;
  return true;
}

}  // namespace

void weigh(const StageChain& chain, BeliefState& state, Lanes l) {
  lanes::exp_all(l);
  float told = 0, untold = 0;
  for (std::size_t p = 0; p + 1 < kPhases; ++p) {
    const float x = l[chain.stage_of(p)];
    told += state.phases[p] * x;
    state.phases[p] *= x;
  }
  normalise(state.phases);
  for (std::size_t s = 0; s < kBuyingStages; ++s) untold += l[s] / kBuyingStages;
  const StageChainParameters& p = chain.parameters();
  const float mean = state.noise * untold + (1.0F - state.noise) * told;
  state.noise = state.noise * untold / mean;
  state.noise += static_cast<float>(p.aimless_change) * (static_cast<float>(p.aimless_prior) - state.noise);
  state.activity[0] *= mean;
  state.activity[1] *= .5F * l[kBuyingStages] + .5F * mean;
  state.activity[2] *= .5F * l[kBuyingStages + 1] + .5F * mean;
  normalise(state.activity);
}

void take_outcome(BeliefState& state, DealOutcome outcome) {
  constexpr float kSure = 20.0F;
  state.outcome = outcome;
  if (outcome == DealOutcome::won) state.activity[0] *= kSure;
  if (outcome == DealOutcome::no_decision) state.activity[1] *= kSure * kSure;
  if (outcome == DealOutcome::lost) state.activity[2] *= kSure * kSure;
  normalise(state.activity);
}

void follow_mode(const StageChain& chain, BeliefState& state, std::int64_t at_ms, bool first) {
  const auto mass = stage_mass(chain, state);
  std::size_t best = 0;
  for (std::size_t s = 1; s < kBuyingStages; ++s) {
    if (mass[s] > mass[best]) best = s;
  }
  if (best == state.mode && !first) {
    state.challenges = 0;
    return;
  }
  state.challenges = best == state.challenger && state.challenges < 2 ? static_cast<std::uint8_t>(state.challenges + 1)
                                                                      : std::uint8_t{1};
  state.challenger = static_cast<std::uint8_t>(best);
  if (first || mass[best] - mass[state.mode] >= .10F || state.challenges >= 2) {
    state.mode = static_cast<std::uint8_t>(best);
    state.mode_since_ms = at_ms;
    state.challenges = 0;
  }
}

BeliefState denied_state() {
  BeliefState out;
  out.consent = Consent::denied;
  out.strict = true;
  return out;
}

void start(const StageChain& chain, BeliefState& state, std::int64_t at_ms) {
  state.started = true;
  state.phases = chain.prior();
  normalise(state.phases);
  for (std::size_t i = 0; i < 3; ++i) state.activity[i] = static_cast<float>(chain.parameters().activity_prior[i]);
  state.noise = static_cast<float>(chain.parameters().aimless_prior);
  state.moments = {0, 0, 0, 0, 1};
  state.belief_ms = at_ms;
}

double visit_rate(const StageChain& chain, const BeliefState& state, const StageMass& mass) {
  const StageChainParameters& p = chain.parameters();
  float online = 0;
  for (std::size_t s = 0; s < kBuyingStages; ++s) online += mass[s] * chain.online_factor(s);
  return (static_cast<double>(state.visits) + p.visit_prior) /
         (static_cast<double>(state.exposure_days) + p.visit_prior_days) * static_cast<double>(online);
}

float stalled_within(const StageChain& chain, const BeliefState& state, const StageMass& mass, double days) {
  return static_cast<float>(silence(hazards(chain, mass), days, as_double(state.activity))[1]);
}

void propagate(const StageChain& chain, BeliefState& state, std::int64_t to_ms) {
  if (to_ms <= state.belief_ms) return;
  const StageChainParameters& p = chain.parameters();
  const std::int64_t gap_ms = to_ms - state.belief_ms;
  const float active_before = state.activity[0];
  if (gap_ms > kSessionGap.count()) {
    const StageMass mass = stage_mass(chain, state);
    ActivityRates rates = hazards(chain, mass);
    rates.visit = visit_rate(chain, state, mass);
    const auto after = silence(rates, chain.clock().days(state.belief_ms, to_ms), as_double(state.activity));
    for (std::size_t i = 0; i < 3; ++i) state.activity[i] = static_cast<float>(after[i]);
  }
  const float active = (active_before + state.activity[0]) / 2;
  const double days = static_cast<double>(gap_ms) / kDayMs;
  const double memory = exact_exp(-days * kLn2 / p.visit_half_life_days);
  state.visits = static_cast<float>(static_cast<double>(state.visits) * memory);
  state.exposure_days =
      static_cast<float>(static_cast<double>(state.exposure_days) * memory + days * static_cast<double>(active));

  // The stage clock runs in active time only.
  const auto tick = [](std::int64_t ms) { return CountRing<1, StageChain::kTickMs>::bucket_of(ms); };
  const std::int64_t ticks = std::min(tick(to_ms) - tick(state.belief_ms), StageChain::kTicksMax);
  const std::int64_t share = gap_ms > 2 * 86'400'000 ? static_cast<std::int64_t>(active * 65536.0F) : 65536;
  const std::int64_t exact = ticks * share + state.residual;
  state.residual = static_cast<std::uint32_t>(exact & 0xffff);
  if (exact >> 16 > 0) {
    chain.step(state.phases, exact >> 16);
    normalise(state.phases);
  }
  // A moment fades into unclear: nobody knows what they want two days later.
  const auto fresh = static_cast<float>(exact_exp(-days / 1.5));
  for (float& m : state.moments) m *= fresh;
  state.moments[index_of(Moment::unclear)] += 1.0F - fresh;
  state.belief_ms = to_ms;
}

BeliefState at_time(const StageChain& chain, const BeliefState& head, std::int64_t now_ms) {
  BeliefState state = head;
  if (!state.started) start(chain, state, now_ms);
  propagate(chain, state, now_ms);
  return state;
}

void log_likelihood(const StageChain& chain, const Evidence& evidence, Lanes& out) {
  const StageChainParameters& p = chain.parameters();
  if (evidence.type == SignalType::feedback) {
    const double other = (1.0 - p.analyst_own) / (kStages - 1);
    const auto against = static_cast<float>(exact_log(other / p.analyst_own));
    for (std::size_t s = 0; s < out.size(); ++s) out[s] = s == evidence.stage ? 0.0F : against;
    return;
  }
  Lanes b{};
  for (std::size_t y = 0; y < kEvidenceClasses; ++y) b[y] = static_cast<float>(evidence.ratio[y]) / kRatioScale;
  lanes::exp_all(b);
  Lanes sum{};
  for (std::size_t y = 0; y < kStages; ++y) {
    const Lanes& column = chain.kernel_column(y);
    for (std::size_t s = 0; s < sum.size(); ++s) sum[s] += column[s] * b[y];
  }
  // What says nothing of the stage is no buyer's at all, or a buyer's about anything.
  const auto noise = static_cast<float>(p.noise_prior);
  const float none = noise * (.3F * b[kNoneClass] + .7F);
  float most = 0;
  for (std::size_t s = 0; s < kStages; ++s) {
    sum[s] = (1.0F - noise) * sum[s] + none;
    most = std::max(most, sum[s]);
  }
  for (std::size_t s = 0; s < sum.size(); ++s) sum[s] = s < kStages ? sum[s] / most : 1.0F;
  lanes::log_all(sum);
  const bool page = evidence.type == SignalType::page || evidence.type == SignalType::content;
  const auto clip = static_cast<float>(-(page ? p.page_clip : p.clip));
  for (std::size_t s = 0; s < sum.size(); ++s) out[s] = std::clamp(sum[s], clip, 0.0F);
}

StageOdds stage_odds(const BeliefState& state, const StageMass& mass) {
  StageOdds out{};
  float sum = 0;
  for (std::size_t s = 0; s < kBuyingStages; ++s) out[s] = mass[s] * state.activity[0];
  out[index_of(Stage::stalled)] = state.activity[1];
  out[index_of(Stage::rejected)] = state.activity[2];
  for (const float x : out) sum += x;
  for (float& x : out) x /= sum;
  return out;
}

TailNote fold(const StageChain& chain, BeliefState& state, const Evidence& evidence) {
  TailNote note;
  if (!take_consent(state, evidence)) return note;
  const bool first = !state.started;
  if (first) start(chain, state, evidence.at.time_ms);
  const bool visit = is_visit(evidence);
  // Impressions must not cut a silence into pieces too short to count.
  if (visit || evidence.type == SignalType::outcome || evidence.action == FeedbackAction::wrong) {
    propagate(chain, state, evidence.at.time_ms);
  }
  if (visit) take_visit(chain, state, evidence, state.signals == 0);
  if (evidence.type == SignalType::feedback) {
    take_feedback(chain, state, evidence);
  } else if (evidence.type == SignalType::outcome) {
    take_outcome(state, evidence.outcome);
    day_of(state.track, evidence.at.time_ms).outcome = evidence.outcome;
  } else if (evidence.has_text) {
    take_text(chain, state, evidence, note);
  }
  follow_mode(chain, state, evidence.at.time_ms, first);
  if (visit || evidence.type == SignalType::outcome || evidence.action == FeedbackAction::wrong) {
    state.conditions = prospect_conditions(chain, state, evidence.at.time_ms);
  }
  const StageOdds odds = stage_odds(chain, state);
  note.mode_after = static_cast<std::uint8_t>(most_likely(odds));
  note_standing(state.track, evidence.at.time_ms, odds);
  return note;
}

}  // namespace juncture
