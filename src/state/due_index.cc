#include "juncture/state/due_index.h"

#include <algorithm>
#include <vector>

#include "juncture/core/hash.h"
#include "juncture/state/keys.h"
#include "state/bytes.h"

namespace juncture {
namespace {

// A bucket has 1,024 shards by hash of the id: one list stays short whatever falls due at once.
constexpr std::uint16_t kShards = 1024;
constexpr std::size_t kDaysPerCall = 4096;

std::uint16_t shard_of(std::string_view id) {
  return static_cast<std::uint16_t>(hash64(id) % kShards);
}

tl::unexpected<Error> corrupt() {
  return fail(Domain::environment, "state_corrupt", "the expiry index of this task's state is damaged");
}

// Sorted ids, each with a length before it.
bool unpack(std::string_view list, std::vector<std::string>& ids) {
  ByteReader in(list);
  while (in.ok() && !in.at_end()) {
    const auto size = in.take<std::uint16_t>();
    ids.emplace_back(in.take_bytes(size));
  }
  return in.ok();
}

std::string pack(const std::vector<std::string>& ids) {
  std::string out;
  ByteWriter writer(out);
  for (const std::string& id : ids) {
    writer.put(static_cast<std::uint16_t>(id.size()));
    writer.put(std::string_view(id));
  }
  return out;
}

bool test(std::string_view bits, std::size_t i) {
  return i / 8 < bits.size() && (static_cast<unsigned>(static_cast<unsigned char>(bits[i / 8])) >> (i % 8) & 1U) != 0;
}

void assign(std::string& bits, std::size_t size, std::size_t i, bool on) {
  bits.resize(size / 8, '\0');
  const auto mask = static_cast<unsigned char>(1U << (i % 8));
  const auto old = static_cast<unsigned char>(bits[i / 8]);
  bits[i / 8] = static_cast<char>(on ? old | mask : old & ~mask);
}

bool none(std::string_view bits) {
  return std::all_of(bits.begin(), bits.end(), [](char c) { return c == 0; });
}

}  // namespace

Result<std::string> DueIndex::fetch(State& state) {
  auto value = state.get(key_);
  if (!value) return tl::unexpected(value.error());
  return *value ? std::string(**value) : std::string();
}

Result<std::vector<std::string>> DueIndex::fetch_ids(State& state) {
  auto list = fetch(state);
  if (!list) return tl::unexpected(list.error());
  std::vector<std::string> ids;
  if (!unpack(*list, ids)) return corrupt();
  return ids;
}

Result<std::optional<DueIndex::Cursor>> DueIndex::cursor(State& state) {
  keys::meta(keys::kDueCursor, key_);
  auto value = fetch(state);
  if (!value) return tl::unexpected(value.error());
  if (value->empty()) return std::optional<Cursor>();
  ByteReader in(*value);
  Cursor out;
  out.day = in.take<std::uint32_t>();
  out.floor = in.take<std::uint32_t>();
  out.ticked = in.take_bool();
  if (!in.ok() || !in.at_end()) return corrupt();
  return std::optional(out);
}

Status DueIndex::put_cursor(State& state, const Cursor& cursor) {
  std::string value;
  ByteWriter out(value);
  out.put(cursor.day);
  out.put(cursor.floor);
  out.put(static_cast<std::uint8_t>(cursor.ticked));
  keys::meta(keys::kDueCursor, key_);
  return state.put(key_, value);
}

Status DueIndex::add(State& state, Bucket bucket, std::string_view id) {
  const std::uint16_t shard = shard_of(id);
  keys::expiry_shard(bucket, shard, key_);
  auto list = fetch_ids(state);
  if (!list) return tl::unexpected(list.error());
  std::vector<std::string>& ids = *list;
  const auto place = std::lower_bound(ids.begin(), ids.end(), id);
  if (place != ids.end() && *place == id) return {};
  const bool fresh = ids.empty();
  ids.insert(place, std::string(id));
  if (auto put = state.put(key_, pack(ids)); !put || !fresh) return put;

  keys::expiry_bucket(bucket, key_);
  auto shards = fetch(state);
  if (!shards) return tl::unexpected(shards.error());
  const bool fresh_bucket = shards->empty();
  assign(*shards, kShards, shard, true);
  if (auto put = state.put(key_, *shards); !put || !fresh_bucket) return put;

  keys::expiry_day(bucket / kBucketsPerDay, key_);
  auto buckets = fetch(state);
  if (!buckets) return tl::unexpected(buckets.error());
  assign(*buckets, kBucketsPerDay, bucket % kBucketsPerDay, true);
  return state.put(key_, *buckets);
}

Status DueIndex::drop(State& state, Bucket bucket, std::uint16_t shard, std::string_view id) {
  keys::expiry_shard(bucket, shard, key_);
  auto list = fetch_ids(state);
  if (!list) return tl::unexpected(list.error());
  std::vector<std::string>& ids = *list;
  const auto place = std::lower_bound(ids.begin(), ids.end(), id);
  if (place == ids.end() || *place != id) return {};
  ids.erase(place);
  if (!ids.empty()) return state.put(key_, pack(ids));
  if (auto removed = state.remove(key_); !removed) return removed;
  return drop_bucket_bit(state, bucket, shard);
}

Status DueIndex::drop(State& state, Bucket registered, std::string_view id) {
  return drop(state, registered, shard_of(id), id);
}

Status DueIndex::drop_bucket_bit(State& state, Bucket bucket, std::uint16_t shard) {
  keys::expiry_bucket(bucket, key_);
  auto shards = fetch(state);
  if (!shards) return tl::unexpected(shards.error());
  assign(*shards, kShards, shard, false);
  if (!none(*shards)) return state.put(key_, *shards);
  if (auto removed = state.remove(key_); !removed) return removed;
  keys::expiry_day(bucket / kBucketsPerDay, key_);
  auto buckets = fetch(state);
  if (!buckets) return tl::unexpected(buckets.error());
  assign(*buckets, kBucketsPerDay, bucket % kBucketsPerDay, false);
  return none(*buckets) ? state.remove(key_) : state.put(key_, *buckets);
}

Status DueIndex::touch(State& state, std::string_view id, std::optional<Bucket> registered, Bucket due,
                       Timestamp seen) {
  auto found = cursor(state);
  if (!found) return tl::unexpected(found.error());
  const auto day = static_cast<std::uint32_t>(std::max<std::int64_t>(to_ms(seen), 0) / (kUnitMs * kBucketsPerDay));
  Cursor at = found->value_or(Cursor{day, 0, false});
  if (!at.ticked) at.day = std::min(at.day, day);
  if (*found != std::optional(at)) {
    if (auto put = put_cursor(state, at); !put) return put;
  }
  if (registered == due) return {};
  if (registered) {
    if (auto gone = drop(state, *registered, shard_of(id), id); !gone) return gone;
  }
  return add(state, std::max(due, at.floor), id);
}

Result<std::size_t> DueIndex::run_bucket(State& state, Bucket bucket, Bucket now, std::size_t& budget,
                                         const Visit& visit) {
  std::size_t removed = 0;
  keys::expiry_bucket(bucket, key_);
  const auto shards = fetch(state);
  if (!shards) return tl::unexpected(shards.error());
  for (std::uint16_t shard = 0; shard < kShards && budget > 0; ++shard) {
    if (!test(*shards, shard)) continue;
    keys::expiry_shard(bucket, shard, key_);
    const auto ids = fetch_ids(state);
    if (!ids) return tl::unexpected(ids.error());
    for (const std::string& id : *ids) {
      if (budget == 0) break;
      --budget;
      if (auto done = drop(state, bucket, shard, id); !done) return tl::unexpected(done.error());
      const auto gone = visit(id, now);
      if (!gone) return tl::unexpected(gone.error());
      removed += *gone ? 1U : 0U;
    }
  }
  return removed;
}

Result<std::size_t> DueIndex::run_due(State& state, Timestamp now, std::size_t limit, const Visit& visit) {
  const auto last = static_cast<Bucket>(std::max<std::int64_t>(to_ms(now), 0) / kUnitMs);
  auto found = cursor(state);
  if (!found) return tl::unexpected(found.error());
  Cursor at = found->value_or(Cursor{last / kBucketsPerDay, 0, false});
  at.ticked = true;
  at.floor = std::max(at.floor, last + 1);
  std::size_t removed = 0, budget = limit;
  for (std::size_t days = 0; days < kDaysPerCall && at.day <= last / kBucketsPerDay && budget > 0; ++days) {
    keys::expiry_day(at.day, key_);
    const auto buckets = fetch(state);
    if (!buckets) return tl::unexpected(buckets.error());
    for (std::uint32_t i = 0; i < kBucketsPerDay && budget > 0; ++i) {
      const Bucket bucket = at.day * kBucketsPerDay + i;
      if (!test(*buckets, i) || bucket > last) continue;
      const auto count = run_bucket(state, bucket, last, budget, visit);
      if (!count) return tl::unexpected(count.error());
      removed += *count;
    }
    if (budget == 0 || at.day == last / kBucketsPerDay) break;
    ++at.day;
  }
  if (*found != std::optional(at)) {
    if (auto put = put_cursor(state, at); !put) return tl::unexpected(put.error());
  }
  return removed;
}

}  // namespace juncture
