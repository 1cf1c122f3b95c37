#include "juncture/state/prospect_store.h"

#include <algorithm>

#include "juncture/inference/filter.h"
#include "juncture/state/codec.h"
#include "juncture/state/keys.h"

namespace juncture {
namespace {

Timestamp oldest_held(const Prospect& prospect) {
  return from_ms(prospect.tail_count > 0 ? prospect.tail[0].at.time_ms : prospect.folded.time_ms);
}

}  // namespace

Result<ProspectStore::Found> ProspectStore::load(State& state, ProspectId id, Prospect& out) {
  keys::prospect(id, key_);
  auto value = state.get(key_);
  if (!value) return tl::unexpected(value.error());
  if (!*value) {
    out = Prospect{};
    return Found{};
  }
  if (const auto at = decode_tombstone(**value)) {
    out = erased_at(*at);
    return Found{true, true, expiry_.due_tombstone(*at)};
  }
  if (auto decoded = decode(**value, out); !decoded) return tl::unexpected(decoded.error());
  return Found{true, false, expiry_.due(out)};
}

Status ProspectStore::save(State& state, ProspectId id, const Prospect& prospect, const Found& found) {
  encode(prospect, value_);
  keys::prospect(id, key_);
  if (auto put = state.put(key_, value_); !put) return put;
  return expiry_.touch(state, id, found.due, expiry_.due(prospect), oldest_held(prospect));
}

Status ProspectStore::erase(State& state, ProspectId id, Timestamp at) {
  auto found = load(state, id, scratch_);
  std::optional<Expiry::Bucket> registered;
  if (found) {
    registered = found->due;
    if (found->exists) at = std::max(at, from_ms(scratch_.newest_ms()));
  } else if (found.error().code != "state_corrupt") {
    return tl::unexpected(found.error());
  }
  encode_tombstone(at, value_);
  keys::prospect(id, key_);
  if (auto put = state.put(key_, value_); !put) return put;
  return expiry_.touch(state, id, registered, expiry_.due_tombstone(at), at);
}

}  // namespace juncture
