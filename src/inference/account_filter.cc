#include "juncture/inference/account_filter.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "inference/step.h"
#include "juncture/core/hash.h"
#include "juncture/core/math.h"
#include "juncture/inference/committee.h"
#include "juncture/inference/filter.h"

namespace juncture {
namespace {

using Lanes = StageChain::Lanes;
constexpr std::int64_t kDayMs = 86'400'000;
constexpr double kLn2 = 0.69314718055994530942;
constexpr float kDayClip = 8.0F;  // nats, at most, of one day
constexpr std::uint32_t kAllDays = ~std::uint32_t{0};
constexpr double kUsualHalfLifeDays = 28, kUsualPriorDays = 14, kHistoryDays = 3;

struct Piece {
  const TrackDay* day;
  std::uint64_t prospect;
  std::uint32_t confidence;  // of 255
};

// What all people did on one day: sums of integers, so that nobody's place in it matters.
struct Day {
  std::uint32_t day = 0, signals = 0, visits = 0;
  std::array<std::uint32_t, kStages> against{};
  DealOutcome outcome = DealOutcome::none;
};

std::vector<Piece> pieces_of(const Account& account) {
  std::vector<Piece> out;
  for (const Member& member : account.members) {
    const std::uint32_t confidence = kAccountConfidence[index_of(member.basis)];
    for (const TrackDay& day : member.track) out.push_back({&day, member.prospect, confidence});
  }
  std::stable_sort(out.begin(), out.end(), [](const Piece& a, const Piece& b) { return a.day->day < b.day->day; });
  return out;
}

void add(Day& to, const Piece& piece) {
  to.day = piece.day->day;
  to.signals += piece.day->signals;
  to.visits += piece.day->visits;
  for (std::size_t s = 0; s < kStages; ++s) to.against[s] += piece.day->against[s] * piece.confidence;
  // Reports of one day that differ: the one that ends more.
  to.outcome = std::max(to.outcome, piece.day->outcome);
}

Lanes likelihood_of(const Day& day) {
  Lanes l{};
  const std::uint32_t least = *std::min_element(day.against.begin(), day.against.end());
  for (std::size_t s = 0; s < kStages; ++s) {
    const auto nats = static_cast<float>(day.against[s] - least) / (255.0F * kAgainstScale);
    l[s] = -std::min(nats, kDayClip);
  }
  return l;
}

// The usual number of signals a day before this one, with a day in two weeks supposed of an account without history.
Pace keep_pace(AccountBelief& belief, const Day& day, double days) {
  const double memory = exact_exp(-days * kLn2 / kUsualHalfLifeDays);
  belief.daily = static_cast<float>(static_cast<double>(belief.daily) * memory);
  belief.over_days = static_cast<float>(static_cast<double>(belief.over_days) * memory + days);
  Pace pace{static_cast<double>(day.signals), static_cast<double>(day.signals)};
  if (static_cast<double>(belief.over_days) >= kHistoryDays) {
    pace.expected = (static_cast<double>(belief.daily) + 1) / (static_cast<double>(belief.over_days) + kUsualPriorDays);
  }
  belief.daily += static_cast<float>(day.signals);
  return pace;
}

// Split and buying are of the people, the others of the chains. Nobody buys what has been decided.
Conditions joined(Conditions chains, Conditions people, DealOutcome outcome) {
  const bool buying = holds(people, Condition::buying) && outcome == DealOutcome::none;
  return with(with(chains, Condition::split, holds(people, Condition::split)), Condition::buying, buying);
}

// One day, at its noon: where in the day something happened is not known any more, and half a day moves no stage.
void fold_day(const StageChain& chain, const Account& account, AccountBelief& belief, const Day& day) {
  BeliefState& state = belief.state;
  const std::int64_t at_ms = static_cast<std::int64_t>(day.day) * kDayMs + kDayMs / 2;
  const bool first = !state.started;
  const double days = first ? 0.0 : static_cast<double>(at_ms - state.belief_ms) / kDayMs;
  if (first) {
    start(chain, state, at_ms);
    state.first_ms = at_ms;
  }
  propagate(chain, state, at_ms);
  if (day.visits > 0) {
    if (!first) {
      state.activity[1] *= static_cast<float>(chain.parameters().stalled_rate);
      state.activity[2] *= static_cast<float>(chain.parameters().rejected_rate);
    }
    state.visits += state.activity[0];
  }
  state.signals = static_cast<std::uint16_t>(std::min<std::uint32_t>(state.signals + day.signals, 0xffff));
  weigh(chain, state, likelihood_of(day));  // brings the activity's odds back to one, too
  if (day.outcome != DealOutcome::none) take_outcome(state, day.outcome);
  follow_mode(chain, state, at_ms, first);
  belief.pace = keep_pace(belief, day, days);
  belief.day = day.day;
  belief.before = state.conditions;
  const PeopleConditions people =
      people_conditions_on(chain, account, stage_odds(chain, state), day.day, belief.before);
  belief.by_role = belief.by_role || people.by_role;
  const Conditions chains = follow_conditions(likelihoods_of(chain, state), belief.pace, state.conditions);
  state.conditions = joined(chains, people.holding, state.outcome);
}

// What the chains say, and of the people what holds at `now_ms` where `held` did before.
Conditions with_people(const StageChain& chain, const Account& account, const BeliefState& state, Conditions chains,
                       std::int64_t now_ms, Conditions held) {
  return joined(chains, people_conditions(chain, account, stage_odds(chain, state), now_ms, held), state.outcome);
}

// Folds all days up to `last`, from the piece `from` on; returns the first piece behind them.
std::size_t fold_until(const StageChain& chain, const Account& account, const std::vector<Piece>& pieces,
                       std::size_t from, std::uint32_t last, AccountBelief& belief) {
  while (from < pieces.size() && pieces[from].day->day <= last) {
    Day day;
    std::size_t to = from;
    for (; to < pieces.size() && pieces[to].day->day == pieces[from].day->day; ++to) add(day, pieces[to]);
    fold_day(chain, account, belief, day);
    from = to;
  }
  return from;
}

// What is of the people beside their days.
void add_totals(const Account& account, AccountBelief& out) {
  std::uint32_t offline = 0;
  out.state.first_ms = 0;
  for (const Member& member : account.members) {
    if (member.last_ms <= 0) continue;  // nothing of what they did may be told
    out.state.first_ms = out.state.first_ms == 0 ? member.first_ms : std::min(out.state.first_ms, member.first_ms);
    offline += member.offline;
  }
  out.state.last_ms = out.newest_ms = newest_ms(account);
  out.state.offline = static_cast<std::uint16_t>(std::min<std::uint32_t>(offline, 0xffff));
}

// Of the first `count` pieces, bit by bit: what was folded of them holds as long as it is the same.
std::uint64_t digest_of(const std::vector<Piece>& pieces, std::size_t count) {
  std::string bytes;
  bytes.reserve(count * (sizeof(std::uint64_t) + 24));
  for (std::size_t i = 0; i < count; ++i) {
    const TrackDay& day = *pieces[i].day;
    char head[10] = {};
    std::memcpy(head, &day.day, sizeof(day.day));
    head[4] = static_cast<char>(day.signals);
    head[5] = static_cast<char>(day.visits);
    head[6] = static_cast<char>(day.outcome);
    head[7] = static_cast<char>(pieces[i].confidence);
    head[8] = static_cast<char>(day.stage);
    head[9] = static_cast<char>(day.active);
    bytes.append(reinterpret_cast<const char*>(&pieces[i].prospect), sizeof(pieces[i].prospect));
    bytes.append(head, sizeof(head));
    bytes.append(reinterpret_cast<const char*>(day.against.data()), day.against.size());
  }
  return hash64(bytes, count);
}

}  // namespace

std::int64_t newest_ms(const Account& account) {
  std::int64_t newest = 0;
  for (const Member& member : account.members) newest = std::max(newest, member.last_ms);
  return newest;
}

AccountBelief account_belief(const StageChain& chain, const Account& account) {
  AccountBelief out;
  fold_until(chain, account, pieces_of(account), 0, kAllDays, out);
  add_totals(account, out);
  return out;
}

AccountFolds::AccountFolds() : slots_(kSlots) {}

AccountBelief AccountFolds::belief(const StageChain& chain, std::uint64_t key, const Account& account) {
  const std::vector<Piece> pieces = pieces_of(account);
  Slot& slot = slots_[key % kSlots];
  const auto before = [&](std::uint32_t day) {
    return static_cast<std::size_t>(
        std::lower_bound(pieces.begin(), pieces.end(), day,
                         [](const Piece& piece, std::uint32_t wanted) { return piece.day->day < wanted; }) -
        pieces.begin());
  };
  std::size_t from = before(slot.until);
  if (slot.key != key || slot.chain != &chain || slot.base.by_role || slot.digest != digest_of(pieces, from)) {
    slot = {.key = key, .chain = &chain};
    from = 0;
  }
  // Up to the newest day but one: that is where most signals fall.
  const std::uint32_t newest = pieces.empty() ? 0 : pieces.back().day->day;
  const std::size_t to = before(newest);
  if (to > from || slot.until == 0) {
    if (to > 0) fold_until(chain, account, pieces, from, newest - 1, slot.base);
    slot.until = newest;
    slot.digest = digest_of(pieces, to);
  }
  AccountBelief out = slot.base;
  fold_until(chain, account, pieces, before(slot.until), kAllDays, out);
  add_totals(account, out);
  return out;
}

std::vector<StageOdds> account_history(const StageChain& chain, const Account& account,
                                       const std::vector<std::int64_t>& at_ms) {
  std::vector<StageOdds> out;
  const std::vector<Piece> pieces = pieces_of(account);
  AccountBelief belief;
  std::size_t next = 0;
  for (const std::int64_t at : at_ms) {
    next = fold_until(chain, account, pieces, next, day_number(at), belief);
    BeliefState state = belief.state;
    if (!state.started) start(chain, state, at);
    propagate(chain, state, at);
    out.push_back(stage_odds(chain, state));
  }
  return out;
}

Reading read_account(const StageChain& chain, const AccountBelief& belief, Timestamp now) {
  return read(chain, belief.state, std::max(now, from_ms(belief.newest_ms)));
}

AccountOutlook outlook_of(const StageChain& chain, const AccountBelief& belief, std::int64_t now_ms) {
  BeliefState state = belief.state;
  if (!state.started) return {};
  propagate(chain, state, now_ms);
  // A day and a half later nothing of that day is recent.
  Pace pace = belief.pace;
  if (now_ms - static_cast<std::int64_t>(belief.day) * kDayMs > 2 * kDayMs) pace.count = 0;
  return {likelihoods_of(chain, state), pace};
}

Conditions conditions_after_silence(const StageChain& chain, const Account& account, const AccountBelief& belief,
                                    std::int64_t now_ms) {
  if (account.members.empty() || !belief.state.started) return 0;
  const Conditions held =
      with_people(chain, account, belief.state, belief.state.conditions, belief.newest_ms, belief.before);
  const AccountOutlook outlook = outlook_of(chain, belief, now_ms);
  BeliefState state = belief.state;
  propagate(chain, state, now_ms);
  return with_people(chain, account, state, follow_conditions(outlook.odds, outlook.pace, belief.state.conditions),
                     now_ms, held);
}

Conditions conditions_of(const StageChain& chain, const Account& account, const AccountBelief& belief) {
  if (account.members.empty() || !belief.state.started) return 0;
  if (account.checked_ms > belief.newest_ms) {
    return conditions_after_silence(chain, account, belief, account.checked_ms);
  }
  return with_people(chain, account, belief.state, belief.state.conditions, belief.newest_ms, belief.before);
}

}  // namespace juncture
