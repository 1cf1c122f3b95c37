// Any bytes as a prospect's value: refused, or a prospect that encodes to the same bytes and can be worked with.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "juncture/core/hash.h"
#include "juncture/inference/filter.h"
#include "juncture/state/codec.h"

namespace {

using namespace juncture;

void exercise(std::string_view bytes, Prospect& prospect) {
  static const StageChain chain;
  static_cast<void>(decode_tombstone(bytes));
  if (!decode(bytes, prospect)) return;
  std::string again;
  encode(prospect, again);
  if (again != bytes) std::abort();
  Evidence evidence;
  evidence.at = {prospect.newest_ms() + 3'600'000, bytes.size()};
  evidence.has_text = true;
  evidence.moments[0] = 255;
  absorb(chain, prospect, evidence, {.text = "fuzz", .account = "fuzz"});
  static_cast<void>(read(chain, prospect, from_ms(evidence.at.time_ms + 86'400'000)));
  static_cast<void>(series(chain, prospect, from_ms(evidence.at.time_ms)));
  encode(prospect, again);
}

// The checksum would stop nearly every mutation: here it is made right, so that the fields are what is tested.
std::string with_checksum(std::string bytes) {
  const auto flags = static_cast<unsigned char>(bytes[2]);
  const std::uint64_t sum = hash64(std::string_view(bytes).substr(12), std::uint64_t{kProspectVersion} << 16U | flags);
  bytes[0] = static_cast<char>(kProspectVersion);
  bytes[1] = bytes[3] = '\0';
  for (std::size_t i = 0; i < 8; ++i) bytes[4 + i] = static_cast<char>(sum >> (8 * i));
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Prospect prospect;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  exercise(bytes, prospect);
  if (size >= 12) exercise(with_checksum(bytes), prospect);
  return 0;
}
