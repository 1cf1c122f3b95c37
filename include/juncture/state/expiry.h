// Who is due to be forgotten, and when: an index in the state itself, so that a replay forgets at the same records.
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

namespace juncture {

struct Lifetimes {
  Millis prospect = 400 * 24h;  // after the last signal; rounded up to a day
  Millis session_idle = 30min;  // without consent; rounded up to 30 minutes
  Millis tombstone = 30 * 24h;  // after an erasure; rounded up to a day
};

class Expiry {
 public:
  static constexpr std::int64_t kUnitMs = 1'800'000;
  using Bucket = std::uint32_t;  // 30-minute units since 1970

  explicit Expiry(const Lifetimes& lifetimes) : lifetimes_(lifetimes) {}

  // First unit at which the prospect, or the tombstone, is to go.
  Bucket due(const Prospect& prospect) const;
  Bucket due_tombstone(Timestamp erased_at) const;

  // Moves the registration. `seen`: event time of the oldest signal held; the index starts at the oldest ever seen.
  Status touch(State& state, ProspectId id, std::optional<Bucket> registered, Bucket due, Timestamp seen);

  // Hears of a prospect that is gone, and of the account that it belonged to, empty if none.
  using Gone = std::function<Status(ProspectId, AccountId)>;

  // Removes what is due by `now`, oldest first, and calls `each` for it once it is gone; at most `limit` entries a
  // call, the next call goes on from there. Returns how many were removed.
  Result<std::size_t> run_due(State& state, Timestamp now, std::size_t limit, const Gone& each);

 private:
  struct Cursor {
    std::uint32_t day = 0;  // everything before it is done
    Bucket floor = 0;       // what falls due before it is registered here
    bool ticked = false;
    friend bool operator==(const Cursor&, const Cursor&) = default;
  };
  Result<std::optional<Cursor>> cursor(State& state);
  Status put_cursor(State& state, const Cursor& cursor);
  Status add(State& state, Bucket bucket, ProspectId id);
  Status drop(State& state, Bucket bucket, std::uint16_t shard, std::string_view id);
  Status drop_bucket_bit(State& state, Bucket bucket, std::uint16_t shard);
  Result<bool> is_due(State& state, ProspectId id, Bucket now, std::string& account);
  Result<std::size_t> run_bucket(State& state, Bucket bucket, Bucket now, std::size_t& budget, const Gone& each);
  Result<std::string> fetch(State& state);  // value of key_, empty if missing

  Lifetimes lifetimes_;
  std::string key_;
};

}  // namespace juncture
