#include "juncture/state/account_clock.h"

#include <string>

#include "juncture/state/keys.h"
#include "state/bytes.h"

namespace juncture {

Result<bool> new_minute(State& state, Timestamp now) {
  constexpr std::int64_t kMinuteMs = 60'000;
  const std::int64_t minute = to_ms(now) / kMinuteMs;
  std::string key, value;
  keys::meta(keys::kAccountMinute, key);
  const auto found = state.get(key);
  if (!found) return tl::unexpected(found.error());
  if (*found) {
    ByteReader in(**found);
    const auto told = in.take<std::int64_t>();
    if (!in.ok() || !in.at_end()) {
      return fail(Domain::environment, "state_corrupt", "the minute last told to accounts is damaged");
    }
    if (minute <= told) return false;
  }
  ByteWriter(value).put(minute);
  if (Status put = state.put(key, value); !put) return tl::unexpected(put.error());
  return true;
}

}  // namespace juncture
