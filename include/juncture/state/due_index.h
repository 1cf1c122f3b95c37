// Who is to be looked at, and when: an index in the state itself, so that a replay looks at the same records.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "juncture/core/result.h"
#include "juncture/core/types.h"
#include "juncture/ports/state.h"

namespace juncture {

// Ids by the half hour in which they fall due. What an entry says is checked by whoever visits: it may be outlived.
class DueIndex {
 public:
  static constexpr std::int64_t kUnitMs = 1'800'000;
  static constexpr std::uint32_t kBucketsPerDay = 48;
  using Bucket = std::uint32_t;  // half hours since 1970

  // Moves a registration. `seen`: event time of the oldest signal held; the index starts at the oldest ever seen.
  Status touch(State& state, std::string_view id, std::optional<Bucket> registered, Bucket due, Timestamp seen);
  // Takes a registration out.
  Status drop(State& state, Bucket registered, std::string_view id);

  // Hears of an id whose entry has just been taken out; may register it anew. True: it was removed.
  using Visit = std::function<Result<bool>(std::string_view id, Bucket now)>;

  // Visits what is due by `now`, oldest first; at most `limit` entries a call, the next call goes on from there.
  // Returns how many were removed.
  Result<std::size_t> run_due(State& state, Timestamp now, std::size_t limit, const Visit& visit);

 private:
  struct Cursor {
    std::uint32_t day = 0;  // everything before it is done
    Bucket floor = 0;       // what falls due before it is registered here
    bool ticked = false;
    friend bool operator==(const Cursor&, const Cursor&) = default;
  };
  Result<std::optional<Cursor>> cursor(State& state);
  Status put_cursor(State& state, const Cursor& cursor);
  Status add(State& state, Bucket bucket, std::string_view id);
  Status drop(State& state, Bucket bucket, std::uint16_t shard, std::string_view id);
  Status drop_bucket_bit(State& state, Bucket bucket, std::uint16_t shard);
  Result<std::size_t> run_bucket(State& state, Bucket bucket, Bucket now, std::size_t& budget, const Visit& visit);
  Result<std::string> fetch(State& state);                   // value of key_, empty if missing
  Result<std::vector<std::string>> fetch_ids(State& state);  // the sorted ids under it

  std::string key_;
};

}  // namespace juncture
