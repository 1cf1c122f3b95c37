#include "juncture/core/hash.h"

// The same function compiled in: words and letter n-grams are short, and a call into the library costs as much.
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace juncture {

std::uint64_t hash64(std::string_view bytes, std::uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

}  // namespace juncture
