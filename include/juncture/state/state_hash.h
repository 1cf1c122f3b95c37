// What "byte-identical" means: SHA-256 over the sorted keys and values of a store, but for the marks of the clock,
// which goes on while nothing happens (keys::is_clock_mark).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "juncture/core/result.h"
#include "juncture/ports/state.h"

namespace juncture {

struct StateHash {
  std::string hex;
  std::uint64_t keys = 0;
  std::uint64_t prospects = 0;
  std::uint64_t accounts = 0;
  std::uint64_t bytes = 0;
};

// One partition's store.
Result<StateHash> state_hash(const Store& store);
// All partitions, in their order.
StateHash combine(std::span<const StateHash> partitions);

// One line of JSON for a key and its value; a prospect or an account in full, anything else by length and hash.
void dump_state(std::string_view key, std::string_view value, std::string& out);

}  // namespace juncture
