#include "juncture/inference/account_filter.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string_view>
#include <type_traits>
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
constexpr double kUsualHalfLifeDays = 28, kUsualPriorDays = 14, kHistoryDays = 3;

// What all people did on one day: sums of integers, so that nobody's place in it matters.
struct Day {
  std::uint32_t day = 0, signals = 0, visits = 0;
  std::array<std::uint32_t, kStages> against{};
  DealOutcome outcome = DealOutcome::none;
};

void add(Day& to, const TrackDay& day, AccountBasis basis) {
  const std::uint32_t confidence = kAccountConfidence[index_of(basis)];
  to.signals += day.signals;
  to.visits += day.visits;
  for (std::size_t s = 0; s < kStages; ++s) to.against[s] += day.against[s] * confidence;
  // Reports of one day that differ: the one that ends more.
  to.outcome = std::max(to.outcome, day.outcome);
}

// The first day of somebody's that is not before that one.
const TrackDay* first_from(const Track& track, std::uint32_t day) {
  const TrackDay* at = track.end();
  while (at != track.begin() && std::prev(at)->day >= day) --at;
  return at;
}

// The days of all people from one on, in their order.
class Days {
 public:
  Days(const Account& account, std::uint32_t from) : members_(account.members) {
    for (std::size_t i = 0; i < members_.size(); ++i) {
      next_[i] = static_cast<std::uint8_t>(first_from(members_[i].track, from) - members_[i].track.begin());
    }
  }
  std::optional<std::uint32_t> next() const {
    std::uint32_t out = kNoDay;
    for (std::size_t i = 0; i < members_.size(); ++i) {
      if (next_[i] < members_[i].track.count) out = std::min(out, members_[i].track.days[next_[i]].day);
    }
    return out == kNoDay ? std::nullopt : std::optional(out);
  }
  Day take(std::uint32_t day) {
    Day out{.day = day};
    for (std::size_t i = 0; i < members_.size(); ++i) {
      const Track& track = members_[i].track;
      if (next_[i] < track.count && track.days[next_[i]].day == day)
        add(out, track.days[next_[i]++], members_[i].basis);
    }
    return out;
  }

 private:
  static constexpr std::uint32_t kNoDay = ~std::uint32_t{0};
  const std::vector<Member>& members_;
  std::array<std::uint8_t, kMembersMax> next_{};
};

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
Pace pace_of(const AccountBelief& belief, const Day& day) {
  Pace pace{static_cast<double>(day.signals), static_cast<double>(day.signals)};
  if (static_cast<double>(belief.over_days) >= kHistoryDays) {
    pace.expected = (static_cast<double>(belief.daily) + 1) / (static_cast<double>(belief.over_days) + kUsualPriorDays);
  }
  return pace;
}

void forget_pace(AccountBelief& belief, double days) {
  const double memory = exact_exp(-days * kLn2 / kUsualHalfLifeDays);
  belief.daily = static_cast<float>(static_cast<double>(belief.daily) * memory);
  belief.over_days = static_cast<float>(static_cast<double>(belief.over_days) * memory + days);
}

// Split and buying are of the people, the others of the chains. Nobody buys what has been decided.
Conditions joined(Conditions chains, Conditions people, DealOutcome outcome) {
  const bool buying = holds(people, Condition::buying) && outcome == DealOutcome::none;
  return with(with(chains, Condition::split, holds(people, Condition::split)), Condition::buying, buying);
}

// A day is taken in at its noon: where in the day something happened is not known any more, and half a day moves no
// stage. This much does not depend on what happened on it.
void open_day(const StageChain& chain, const Account& account, AccountBelief& belief, std::uint32_t day) {
  BeliefState& state = belief.state;
  const std::int64_t at_ms = static_cast<std::int64_t>(day) * kDayMs + kDayMs / 2;
  if (!state.started) {
    start(chain, state, at_ms);
    state.first_ms = at_ms;
  } else {
    // What held of the people as the day before ended.
    const PeopleConditions people =
        people_conditions_on(chain, account, stage_odds(chain, state), belief.day, belief.before);
    belief.by_role = belief.by_role || people.by_role;
    state.conditions = joined(state.conditions, people.holding, state.outcome);
    forget_pace(belief, static_cast<double>(at_ms - state.belief_ms) / kDayMs);
    propagate(chain, state, at_ms);
  }
  belief.before = state.conditions;
  belief.day = day;
}

// Of the conditions, those of the people stay as they were before: conditions_of() knows better.
void close_day(const StageChain& chain, AccountBelief& belief, const Day& day) {
  BeliefState& state = belief.state;
  const bool first = state.belief_ms == state.first_ms;
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
  follow_mode(chain, state, state.belief_ms, first);
  belief.pace = pace_of(belief, day);
  belief.daily += static_cast<float>(day.signals);
  state.conditions = follow_conditions(likelihoods_of(chain, state), belief.pace, state.conditions);
}

// What the chains say, and of the people what holds at `now_ms` where `held` did before.
Conditions with_people(const StageChain& chain, const Account& account, const BeliefState& state, Conditions chains,
                       std::int64_t now_ms, Conditions held) {
  return joined(chains, people_conditions(chain, account, stage_odds(chain, state), now_ms, held), state.outcome);
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

bool has_day(const Account& account, std::uint32_t day) {
  return std::any_of(account.members.begin(), account.members.end(), [&](const Member& member) {
    const TrackDay* const at = first_from(member.track, day);
    return at != member.track.end() && at->day == day;
  });
}

template <class T>
std::string_view bytes_of(const T* from, std::size_t count) {
  static_assert(std::has_unique_object_representations_v<T>);
  return {reinterpret_cast<const char*>(from), count * sizeof(T)};
}

// Of what people did before that day, bit by bit: what was folded of it holds as long as it is the same.
std::uint64_t digest_of(const Account& account, std::uint32_t before) {
  std::uint64_t out = before;
  for (const Member& member : account.members) {
    const TrackDay* const end = first_from(member.track, before);
    if (end == member.track.begin()) continue;
    const auto count = static_cast<std::size_t>(end - member.track.begin());
    const std::array<std::uint64_t, 4> parts{out, member.prospect, index_of(member.basis),
                                             hash64(bytes_of(member.track.begin(), count))};
    out = hash64(bytes_of(parts.data(), parts.size()));
  }
  return out;
}

// A day and a half later nothing of that day is recent.
Pace pace_at(const AccountBelief& belief, std::int64_t now_ms) {
  Pace out = belief.pace;
  if (now_ms - static_cast<std::int64_t>(belief.day) * kDayMs > 2 * kDayMs) out.count = 0;
  return out;
}

}  // namespace

std::int64_t newest_ms(const Account& account) {
  std::int64_t newest = 0;
  for (const Member& member : account.members) newest = std::max(newest, member.last_ms);
  return newest;
}

AccountBelief account_belief(const StageChain& chain, const Account& account) {
  AccountBelief out;
  Days days(account, 0);
  while (const auto day = days.next()) {
    open_day(chain, account, out, *day);
    close_day(chain, out, days.take(*day));
  }
  add_totals(account, out);
  return out;
}

AccountFolds::AccountFolds() : slots_(kSets * kWays) {}

AccountFolds::Slot& AccountFolds::slot_of(std::uint64_t key) {
  const auto first = slots_.begin() + static_cast<std::ptrdiff_t>(key % kSets * kWays), last = first + kWays;
  auto found = std::find_if(first, last, [&](const Slot& slot) { return slot.key == key; });
  if (found == last) {
    found = std::min_element(first, last, [](const Slot& a, const Slot& b) { return a.used < b.used; });
    *found = Slot{.key = key};
  }
  found->used = ++uses_;
  return *found;
}

AccountBelief AccountFolds::belief(const StageChain& chain, std::uint64_t key, const Account& account) {
  Slot& slot = slot_of(key);
  const std::uint32_t kept = slot.opened.day;
  if (slot.chain != &chain || !has_day(account, kept) || slot.digest != digest_of(account, kept)) {
    slot.chain = &chain;
    slot.opened = AccountBelief{};
    slot.digest = 0;
  }
  AccountBelief out = slot.opened;
  Days days(account, out.day);
  std::optional<std::uint32_t> day = days.next();
  if (day && !out.state.started) open_day(chain, account, out, *day);
  while (day) {
    // Up to the newest day: that is where most signals fall.
    if (*day != slot.opened.day && !out.by_role) slot.opened = out;
    close_day(chain, out, days.take(*day));
    day = days.next();
    if (day) open_day(chain, account, out, *day);
  }
  if (slot.opened.day != kept) slot.digest = digest_of(account, slot.opened.day);
  add_totals(account, out);
  return out;
}

std::optional<Conditions> AccountFolds::holding(std::uint64_t key, std::uint64_t value) {
  const Slot& slot = slot_of(key);
  return slot.value == value ? std::optional(slot.holding) : std::nullopt;
}

void AccountFolds::note(std::uint64_t key, std::uint64_t value, Conditions holding) {
  Slot& slot = slot_of(key);
  slot.value = value;
  slot.holding = holding;
}

std::vector<StageOdds> account_history(const StageChain& chain, const Account& account,
                                       const std::vector<std::int64_t>& at_ms) {
  std::vector<StageOdds> out;
  AccountBelief belief;
  Days days(account, 0);
  for (const std::int64_t at : at_ms) {
    for (auto day = days.next(); day && *day <= day_number(at); day = days.next()) {
      open_day(chain, account, belief, *day);
      close_day(chain, belief, days.take(*day));
    }
    out.push_back(stage_odds(chain, at_time(chain, belief.state, at)));
  }
  return out;
}

AccountReading read_account(const StageChain& chain, const AccountBelief& belief, Timestamp now) {
  const Timestamp at = std::max(now, from_ms(belief.newest_ms));
  const BeliefState state = at_time(chain, belief.state, to_ms(at));
  AccountReading out{read(chain, state, at), {}, {}};
  if (belief.state.started) {
    out.odds = likelihoods_of(chain, state);
    out.pace = pace_at(belief, to_ms(at));
  }
  return out;
}

Conditions conditions_after_silence(const StageChain& chain, const Account& account, const AccountBelief& belief,
                                    std::int64_t now_ms) {
  if (account.members.empty() || !belief.state.started) return 0;
  const Conditions held =
      with_people(chain, account, belief.state, belief.state.conditions, belief.newest_ms, belief.before);
  const BeliefState state = at_time(chain, belief.state, now_ms);
  const Conditions chains =
      follow_conditions(likelihoods_of(chain, state), pace_at(belief, now_ms), belief.state.conditions);
  return with_people(chain, account, state, chains, now_ms, held);
}

Conditions conditions_of(const StageChain& chain, const Account& account, const AccountBelief& belief) {
  if (account.members.empty() || !belief.state.started) return 0;
  if (account.checked_ms > belief.newest_ms) {
    return conditions_after_silence(chain, account, belief, account.checked_ms);
  }
  return with_people(chain, account, belief.state, belief.state.conditions, belief.newest_ms, belief.before);
}

}  // namespace juncture
