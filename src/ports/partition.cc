#include "juncture/ports/log.h"

namespace juncture {
namespace {

// Murmur2 as in Kafka's Java client (Austin Appleby's, seed 0x9747b28c), so that keys land where other producers put
// them.
std::uint32_t murmur2(std::string_view key) {
  constexpr std::uint32_t kMultiplier = 0x5bd1e995;
  const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(key[i])); };
  std::uint32_t hash = 0x9747b28cU ^ static_cast<std::uint32_t>(key.size());
  std::size_t i = 0;
  for (; i + 4 <= key.size(); i += 4) {
    std::uint32_t word = byte(i) | byte(i + 1) << 8U | byte(i + 2) << 16U | byte(i + 3) << 24U;
    word *= kMultiplier;
    word ^= word >> 24U;
    word *= kMultiplier;
    hash = hash * kMultiplier ^ word;
  }
  const std::size_t rest = key.size() - i;
  if (rest == 3) hash ^= byte(i + 2) << 16U;
  if (rest >= 2) hash ^= byte(i + 1) << 8U;
  if (rest >= 1) hash = (hash ^ byte(i)) * kMultiplier;
  hash ^= hash >> 13U;
  hash *= kMultiplier;
  hash ^= hash >> 15U;
  return hash;
}

}  // namespace

Partition partition_of(std::string_view key, Partition partitions) {
  if (key.empty() || partitions <= 1) return 0;
  return static_cast<Partition>((murmur2(key) & 0x7fffffffU) % static_cast<std::uint32_t>(partitions));
}

}  // namespace juncture
