// An account as the set of its people, and what one person's signal tells it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "juncture/core/catalog.h"
#include "juncture/core/evidence.h"
#include "juncture/core/prospect.h"
#include "juncture/core/track.h"
#include "juncture/core/types.h"
#include "juncture/core/vocabulary.h"

namespace juncture {

inline constexpr std::size_t kMembersMax = 64;
inline constexpr std::size_t kFormerMax = 384;
inline constexpr float kNatsScale = 16.0F;  // AccountEvidence::roles holds 1/16 nat

using StageShares = std::array<std::uint16_t, kStages>;  // odds of 65,535

// Where a prospect stands. It says all of it, not what is new: the last record of a prospect stands for those before
// it, so that one that is repeated changes nothing.
struct AccountEvidence {
  // left: the account is to forget the prospect. standing: no signal that may be told led to it. signal: this one did.
  // tick: of nobody; time goes on for all accounts of the partition, to recorded_ms.
  enum class Kind : std::uint8_t { left, standing, signal, tick };

  Kind kind = Kind::signal;
  ProspectId prospect;           // a view into what was decoded
  std::int64_t recorded_ms = 0;  // of the log record of the signal; this and what follows is not there for `left`
  EventOrder at;                 // of the signal; zero for `standing`, as are type and form
  SignalType type = SignalType::query;
  Form form = Form::brief;
  bool known = false;                            // has a non-anonymous id
  std::array<std::uint8_t, kMoments> moments{};  // of 255
  std::int64_t first_ms = 0, last_ms = 0;        // of what the prospect did
  std::uint16_t signals = 0;                     // how many count
  StageShares stages{};                          // after the newest signal
  bool has_roles = false;                        // false: nothing hinted at a role yet
  std::array<std::uint8_t, kRoles> roles{};      // nats
  std::uint64_t person = 0;                      // hash of the person whose id this is too; 0: none
  AccountBasis basis = AccountBasis::declared;   // how the account came to be known
  std::uint16_t offline = 0;                     // of `signals`
  Track track;
  friend bool operator==(const AccountEvidence&, const AccountEvidence&) = default;
};

struct Member {
  std::uint64_t prospect = 0;  // hash of the id
  std::int64_t first_ms = 0, last_ms = 0;
  std::uint16_t signals = 0;
  StageShares stages{};
  std::uint64_t person = 0;  // these as in AccountEvidence
  std::uint16_t offline = 0;
  bool known = false;
  AccountBasis basis = AccountBasis::declared;
  bool has_roles = false;
  std::array<std::uint8_t, kRoles> roles{};
  Track track;
  friend bool operator==(const Member&, const Member&) = default;
};

// Everything that is made of an account's signals is a function of its people: who comes and goes again leaves no
// trace.
struct Account {
  std::vector<Member> members;        // by prospect; the 64 seen last
  std::vector<std::uint64_t> former;  // sorted; people seen before those, each still to be told from a new one
  std::uint32_t beyond = 0;           // how often one more could not be remembered even so
  std::int64_t checked_ms = 0;        // these two as of a prospect
  std::uint32_t check_due = 0;

  bool empty() const { return members.empty() && former.empty() && beyond == 0; }
  std::size_t people() const { return members.size() + former.size() + beyond; }
  friend bool operator==(const Account&, const Account&) = default;
};

}  // namespace juncture
