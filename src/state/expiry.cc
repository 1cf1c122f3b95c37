#include "juncture/state/expiry.h"

#include <algorithm>

#include "juncture/inference/filter.h"
#include "juncture/state/codec.h"
#include "juncture/state/keys.h"

namespace juncture {
namespace {

std::uint32_t bucket_from(std::int64_t ms, std::uint32_t multiple) {
  const std::int64_t width = DueIndex::kUnitMs * multiple;
  return static_cast<std::uint32_t>((std::max<std::int64_t>(ms, 0) + width - 1) / width * multiple);
}

}  // namespace

Expiry::Bucket Expiry::expires(const Prospect& prospect) const {
  // A denial is remembered as long as a profile is, or the next signal would count as never asked.
  const bool long_lived = prospect.head.consent == Consent::granted || prospect.has_denial;
  return long_lived ? bucket_from(prospect.newest_ms() + lifetimes_.prospect.count(), DueIndex::kBucketsPerDay)
                    : bucket_from(prospect.newest_ms() + lifetimes_.session_idle.count(), 1);
}

Expiry::Bucket Expiry::due(const Prospect& prospect) const {
  const Bucket end = expires(prospect);
  return prospect.check_due != 0 ? std::min(prospect.check_due, end) : end;
}

Expiry::Bucket Expiry::due_tombstone(Timestamp erased_at) const {
  return bucket_from(to_ms(erased_at) + lifetimes_.tombstone.count(), DueIndex::kBucketsPerDay);
}

Status Expiry::touch(State& state, ProspectId id, std::optional<Bucket> registered, Bucket due, Timestamp seen) {
  return index_.touch(state, id.text(), registered, due, seen);
}

// The index may hold an entry that a later registration outlived; the value itself decides.
Result<bool> Expiry::visit(State& state, ProspectId id, Bucket now, const Gone& each, const Check& check) {
  keys::prospect(id, key_);
  auto value = state.get(key_);
  if (!value) return tl::unexpected(value.error());
  if (!*value) return false;
  AccountId account;
  if (const auto erased_at = decode_tombstone(**value)) {
    if (due_tombstone(*erased_at) > now) return false;
  } else {
    if (auto decoded = decode(**value, prospect_); !decoded) return tl::unexpected(decoded.error());
    if (expires(prospect_) > now) {
      if (prospect_.check_due == 0 || prospect_.check_due > now) return false;
      if (auto checked = check(id); !checked) return tl::unexpected(checked.error());
      return false;
    }
    account = AccountId(account_of(prospect_));
  }
  if (auto removed = state.remove(key_); !removed) return tl::unexpected(removed.error());
  if (auto told = each(id, account); !told) return tl::unexpected(told.error());
  return true;
}

Result<std::size_t> Expiry::run_due(State& state, Timestamp now, std::size_t limit, const Gone& each,
                                    const Check& check) {
  return index_.run_due(state, now, limit, [&](std::string_view id, Bucket bucket) {
    return visit(state, ProspectId(id), bucket, each, check);
  });
}

}  // namespace juncture
