#include <catch2/catch.hpp>

#include "juncture/ports/log.h"

using namespace juncture;

TEST_CASE("keys land on the partitions that Kafka's Java client would choose", "[ports]") {
  // Hashes from the Java client's own unit test: murmur2("21") = -973932308, ("foobar") = -790332482, ...
  const std::int32_t hashes[] = {-973932308, -790332482, -985981536, -1486304829, -58897971};
  const std::string_view keys[] = {"21", "foobar", "a-little-bit-long-string", "a-little-bit-longer-string",
                                   "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8"};
  for (std::size_t i = 0; i < 5; ++i) {
    const auto positive = static_cast<std::uint32_t>(hashes[i]) & 0x7fffffffU;
    CHECK(partition_of(keys[i], 7) == static_cast<Partition>(positive % 7));
    CHECK(partition_of(keys[i], 1'000'003) == static_cast<Partition>(positive % 1'000'003));
  }
}
