#include <algorithm>

#include "inference/step.h"
#include "juncture/core/math.h"
#include "juncture/inference/filter.h"

namespace juncture {
namespace {

using Lanes = StageChain::Lanes;
constexpr std::int64_t kDayMs = 86'400'000;

// What one entry said for `stage` against the mean of the others, in nats, as far as it was believed.
float nats_for(const StageChain& chain, const Evidence& evidence, const TailNote& note, const StageOdds& odds,
               std::size_t stage, float noise) {
  const bool correction =
      evidence.type == SignalType::feedback && evidence.action == FeedbackAction::wrong && evidence.stage < kStages;
  if (!correction && note.weight == 0) return 0;
  Lanes l;
  log_likelihood(chain, evidence, l);
  float others = 0, mass = 0;
  for (std::size_t s = 0; s < kStages; ++s) {
    if (s == stage) continue;
    others += odds[s] * l[s];
    mass += odds[s];
  }
  const float weight = correction ? 1.0F : (1.0F - noise) * static_cast<float>(note.weight) / 255.0F;
  return mass > 0 ? weight * (l[stage] - others / mass) : 0.0F;
}

Moment moment_of(const Evidence& evidence) {
  if (!evidence.has_text) return Moment::unclear;
  const auto* const most = std::max_element(evidence.moments.begin(), evidence.moments.end());
  return static_cast<Moment>(most - evidence.moments.begin());
}

// Entries before it belong to a session that ended without consent.
std::size_t first_of_profile(const Prospect& prospect) {
  std::size_t i = 0;
  while (i < prospect.tail_count && prospect.tail[i].at.time_ms < prospect.head.first_ms) ++i;
  return i;
}

void read_roles(const StageChain& chain, const BeliefState& state, const StageMass& mass, Reading& out) {
  const StageChainParameters& p = chain.parameters();
  std::array<double, kRoles> odds{};
  for (std::size_t s = 0; s < kBuyingStages; ++s) {
    for (std::size_t r = 0; r < kRoles; ++r) odds[r] += static_cast<double>(mass[s]) * p.roles[s][r];
  }
  double sum = 0;
  for (std::size_t r = 0; r < kRoles; ++r) {
    odds[r] = odds[r] * (1 - p.role_unknown) + (r + 1 == kRoles ? p.role_unknown : 1e-3);
    if (state.roles[r] > 0) odds[r] *= exact_exp(static_cast<double>(state.roles[r]));
    sum += odds[r];
  }
  for (std::size_t r = 0; r < kRoles; ++r) out.roles[r] = static_cast<float>(odds[r] / sum);
}

// The quantiles lie within a phase as if each point of it were as likely: a phase has no one place on the way.
void read_progress(const StageChain& chain, const StageChain::Phases& believed, Reading& out) {
  float below = 0, begin = 0;
  out.progress_hi = 100;
  for (std::size_t i = 0; i + 1 < kPhases; ++i) {
    const float mass = believed[i], middle = chain.progress_of(i), end = 2 * middle - begin;
    const auto at = [&](float share) { return begin + (end - begin) * (share - below) / mass; };
    out.progress_mean += mass * middle;
    if (below < .05F && below + mass >= .05F) out.progress_lo = at(.05F);
    if (below < .95F && below + mass >= .95F) out.progress_hi = std::min(at(.95F), 100.0F);
    below += mass;
    begin = end;
  }
}

void read_dwell(const StageChain& chain, const BeliefState& state, std::int64_t now_ms, Reading& out) {
  if (state.signals > 0) {
    out.dwell_days = static_cast<float>(std::max<std::int64_t>(now_ms - state.mode_since_ms, 0)) / kDayMs;
  }
  out.dwell_median_days = static_cast<float>(chain.dwell_median_days(state.mode));
  out.dwell_p90_days = static_cast<float>(chain.dwell_p90_days(state.mode));
}

// Where the most likely stage leads within 14 days if the buyer stays active.
void read_outlook(const StageChain& chain, const BeliefState& state, const StageChain::Phases& believed,
                  const StageMass& now, Reading& out) {
  std::size_t mode = 0;
  for (std::size_t s = 1; s < kBuyingStages; ++s) mode = now[s] > now[mode] ? s : mode;
  StageChain::Phases phases{};
  for (std::size_t i = 0; i + 1 < kPhases; ++i) {
    if (chain.stage_of(i) == mode) phases[i] = believed[i] / now[mode];
  }
  chain.step(phases, 14 * kDayMs / StageChain::kTickMs);
  const StageMass later = stage_mass(chain, phases);
  std::size_t next = mode == 0 ? 1 : 0;
  for (std::size_t s = 0; s < kBuyingStages; ++s) {
    if (s != mode && later[s] > later[next]) next = s;
  }
  out.next_stage = static_cast<Stage>(next);
  out.next_stage_p = std::min(later[next], 1.0F);
  out.stall_p_14d = stalled_within(chain, state, now, 14);

  const StageChainParameters& p = chain.parameters();
  const double alpha = static_cast<double>(state.visits) + p.visit_prior;
  const double beta = static_cast<double>(state.exposure_days) + p.visit_prior_days;
  const double online = visit_rate(chain, state, now) * beta / alpha;
  constexpr double kLn5 = 1.6094379124341003746;  // the .8 quantile: (1 - .8)^(-1/alpha)
  out.next_visit_days = static_cast<float>(beta * (exact_exp(kLn5 / alpha) - 1) / online);
  out.next_visit_p = .8F * state.activity[0];
}

// By what the text model says of each of the newest texts; the belief judges by how they fit a buyer's way.
float none_of(const StageChain& chain, const Prospect& prospect) {
  constexpr float kMemory = .1F;
  auto none = static_cast<float>(chain.parameters().noise_prior);
  for (std::size_t i = first_of_profile(prospect); i < prospect.tail_count; ++i) {
    const float weight = kMemory * static_cast<float>(prospect.notes[i].weight) / 255.0F;
    none += weight * (static_cast<float>(prospect.tail[i].none) / 255.0F - none);
  }
  return none;
}

// But for what lies ahead and how far the way is, and for who it is.
Reading standing(const BeliefState& state, const StageMass& mass, Timestamp now) {
  Reading out;
  out.as_of = now;
  out.stages = stage_odds(state, mass);
  out.moments = state.moments;
  out.device = state.device;
  out.consent = state.consent;
  out.known = state.known;
  out.noise = state.noise;
  out.signals = state.signals;
  out.offline = state.offline;
  out.first_seen = from_ms(state.first_ms);
  out.last_seen = from_ms(state.last_ms);
  out.snoozed_until = from_ms(state.snoozed_until_ms);
  out.dismissed = state.dismissed;
  out.offers.assign(state.offers.begin(), state.offers.begin() + state.offer_count);
  out.consumed.assign(state.consumed.begin(), state.consumed.begin() + state.consumed_count);
  return out;
}

// What one person's signals alone say. `state`: at the instant of the reading.
void read_person(const StageChain& chain, const Prospect& prospect, const BeliefState& state, const StageMass& mass,
                 Reading& out) {
  read_roles(chain, state, mass, out);
  out.noise = std::max(out.noise, none_of(chain, prospect));
  out.course.reserve(prospect.tail_count);
  for (std::size_t i = first_of_profile(prospect); i < prospect.tail_count; ++i) {
    out.course.push_back({prospect.tail[i].at.time_ms, static_cast<Stage>(prospect.notes[i].mode_after)});
  }
}

}  // namespace

Reading read(const StageChain& chain, const BeliefState& state, Timestamp now) {
  const StageChain::Phases believed = phases_of(chain, state);
  const StageMass mass = stage_mass(chain, believed);
  Reading out = standing(state, mass, now);
  read_progress(chain, believed, out);
  read_dwell(chain, state, to_ms(now), out);
  read_outlook(chain, state, believed, mass, out);
  return out;
}

Reading read(const StageChain& chain, const Prospect& prospect, Timestamp now) {
  const BeliefState state = at_time(chain, prospect.head, to_ms(now));
  Reading out = read(chain, state, now);
  read_person(chain, prospect, state, stage_mass(chain, state), out);
  return out;
}

Reading read_for_decision(const StageChain& chain, const Prospect& prospect, Timestamp now) {
  const BeliefState state = at_time(chain, prospect.head, to_ms(now));
  const StageMass mass = stage_mass(chain, state);
  Reading out = standing(state, mass, now);
  read_person(chain, prospect, state, mass, out);
  return out;
}

StageOdds stages_of(const StageChain& chain, const Prospect& prospect) {
  return stage_odds(chain, prospect.head);
}

std::string_view account_of(const Prospect& prospect) {
  if (prospect.head.consent != Consent::granted) return {};
  if (prospect.link.account_size > 0) return prospect.link.account_text();
  return prospect.account.at.time_ms < prospect.head.first_ms ? std::string_view{} : prospect.account.text();
}

AccountBasis account_basis_of(const Prospect& prospect) {
  return prospect.link.account_size > 0 ? AccountBasis::declared : prospect.account.basis;
}

WindowCounts windows_of(const Prospect& prospect, Timestamp now) {
  const BeliefState& head = prospect.head;
  const std::int64_t now_ms = to_ms(now);
  WindowCounts out;
  if (head.signals == 0) return out;
  out.hours36 = head.windows.hours36.total(now_ms);
  out.days14 = head.windows.days14.total(now_ms);
  out.days90 = head.windows.days90.total(now_ms);
  if (now_ms - head.last_ms <= kSessionGap.count()) out.session = head.session_signals;
  return out;
}

std::vector<SeriesEntry> series(const StageChain& chain, const Prospect& prospect, Timestamp now,
                                Timestamp oldest_text) {
  const BeliefState state = at_time(chain, prospect.head, to_ms(now));
  const StageOdds odds = stage_odds(chain, state);
  const std::size_t mode = index_of(most_likely(odds));
  std::vector<SeriesEntry> out;
  for (std::size_t i = first_of_profile(prospect); i < prospect.tail_count; ++i) {
    const Evidence& evidence = prospect.tail[i];
    if (evidence.stripped) continue;
    SeriesEntry entry;
    entry.at = from_ms(evidence.at.time_ms);
    entry.signal = evidence.at.id;
    entry.type = evidence.type;
    entry.moment = moment_of(evidence);
    entry.device = evidence.device;
    entry.form = evidence.form;
    entry.mode_after = static_cast<Stage>(prospect.notes[i].mode_after);
    entry.nats = nats_for(chain, evidence, prospect.notes[i], odds, mode, state.noise);
    for (std::size_t t = 0; t < prospect.text_count; ++t) {
      if (prospect.texts[t].at == evidence.at && entry.at >= oldest_text) entry.text = prospect.texts[t].text();
    }
    out.push_back(entry);
  }
  return out;
}

}  // namespace juncture
