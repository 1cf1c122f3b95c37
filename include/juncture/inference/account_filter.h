// The account's own filter: the same two chains as a prospect's, over what all of its people did, day by day.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "juncture/core/account.h"
#include "juncture/core/condition.h"
#include "juncture/core/reading.h"
#include "juncture/inference/conditions.h"
#include "juncture/inference/stage_chain.h"

namespace juncture {

struct AccountBelief {
  BeliefState state;  // its roles, moments, texts, offers and windows are not used
  float daily = 0;    // decayed count of signals, and the decayed days over which they came
  float over_days = 0;
  std::uint32_t day = 0;  // the newest one with a signal, and its pace
  Pace pace;
  Conditions before = 0;       // as the day with a signal before it ended
  bool by_role = false;        // some day's took who signs: no function of the days alone
  std::int64_t newest_ms = 0;  // of anybody's signal
};

// Of anybody's signal; 0 of an account without any.
std::int64_t newest_ms(const Account& account);

// A function of the people alone: whatever the order of arrival, whoever came and left meanwhile, the same bits. People
// never multiply each other's odds; a day's evidence of all of them is one likelihood, by confidence in who belongs
// here.
AccountBelief account_belief(const StageChain& chain, const Account& account);

// The same bits as account_belief(), sooner: keeps what was folded of the days before an account's newest one, for as
// long as those days are the same. A megabyte and a half; one thread; what it answers does not depend on what it was
// asked before. `key`: hash of the account's id.
class AccountFolds {
 public:
  AccountFolds();
  AccountBelief belief(const StageChain& chain, std::uint64_t key, const Account& account);

  // What holds of the account as long as its value has that checksum: noted, and known until others need the room.
  void note(std::uint64_t key, std::uint64_t value, Conditions holding);
  std::optional<Conditions> holding(std::uint64_t key, std::uint64_t value);

 private:
  static constexpr std::size_t kSets = 256, kWays = 4;
  struct Slot {
    std::uint64_t key = 0, used = 0;
    const StageChain* chain = nullptr;
    std::uint64_t digest = 0;  // of the days before the one that is opened
    std::uint64_t value = 0;
    Conditions holding = 0;
    AccountBelief opened{};  // at its newest day, of which nothing is in it yet
  };
  Slot& slot_of(std::uint64_t key);

  std::vector<Slot> slots_;
  std::uint64_t uses_ = 0;
};

// The odds as they were at those instants, in ascending order, by what is known now: days put together by a full track
// count under the later date.
std::vector<StageOdds> account_history(const StageChain& chain, const Account& account,
                                       const std::vector<std::int64_t>& at_ms);

// What is said of an account at one instant.
struct AccountReading : Reading {
  Likelihoods odds;
  Pace pace;
};

// As read() of a prospect, at `now` or at the newest signal if that is later. No reasons: the people have them.
AccountReading read_account(const StageChain& chain, const AccountBelief& belief, Timestamp now);

// What is on record of the account: after its newest signal, or after the silence that a tick has noticed.
Conditions conditions_of(const StageChain& chain, const Account& account, const AccountBelief& belief);
// The same, had a tick looked at `now_ms`.
Conditions conditions_after_silence(const StageChain& chain, const Account& account, const AccountBelief& belief,
                                    std::int64_t now_ms);

}  // namespace juncture
