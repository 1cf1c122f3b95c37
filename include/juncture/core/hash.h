// XXH3, the one hash that reaches state, files and ids.
#pragma once

#include <cstdint>
#include <string_view>

namespace juncture {

std::uint64_t hash64(std::string_view bytes, std::uint64_t seed = 0);
inline std::uint32_t hash32(std::string_view bytes) {
  return static_cast<std::uint32_t>(hash64(bytes));
}

}  // namespace juncture
