// Who is due to be forgotten or looked at, and when; a replay forgets at the same records.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "juncture/core/prospect.h"
#include "juncture/core/result.h"
#include "juncture/core/types.h"
#include "juncture/ports/state.h"
#include "juncture/state/due_index.h"

namespace juncture {

struct Lifetimes {
  Millis prospect = 400 * 24h;  // after the last signal; rounded up to a day
  Millis session_idle = 30min;  // without consent; rounded up to 30 minutes
  Millis tombstone = 30 * 24h;  // after an erasure; rounded up to a day
};

class Expiry {
 public:
  static constexpr std::int64_t kUnitMs = DueIndex::kUnitMs;
  using Bucket = DueIndex::Bucket;

  explicit Expiry(const Lifetimes& lifetimes) : lifetimes_(lifetimes) {}

  // First unit at which the prospect is to be looked at: to be checked, or to go.
  Bucket due(const Prospect& prospect) const;
  // First unit at which the prospect, or the tombstone, is to go.
  Bucket expires(const Prospect& prospect) const;
  Bucket due_tombstone(Timestamp erased_at) const;

  // Moves the registration. `seen`: event time of the oldest signal held; the index starts at the oldest ever seen.
  Status touch(State& state, ProspectId id, std::optional<Bucket> registered, Bucket due, Timestamp seen);

  // Hears of a prospect that is gone, and of the account that it belonged to, empty if none.
  using Gone = std::function<Status(ProspectId, AccountId)>;
  // Looks into somebody's silence; saves the prospect with another Prospect::check_due.
  using Check = std::function<Status(ProspectId)>;

  // Removes what is due to go by `now`, oldest first, and calls `each` for it once it is gone; at most `limit` entries
  // a call, the next call goes on from there. Returns how many were removed.
  Result<std::size_t> run_due(State& state, Timestamp now, std::size_t limit, const Gone& each, const Check& check);

 private:
  Result<bool> visit(State& state, ProspectId id, Bucket now, const Gone& each, const Check& check);

  Lifetimes lifetimes_;
  DueIndex index_;
  Prospect prospect_;
  std::string key_;
};

}  // namespace juncture
