// Any bytes can be a dead letter's payload and come back; any bytes can be read as a dead letter without harm.
#include <string>
#include <string_view>
#include <vector>

#include "juncture/core/result.h"
#include "juncture/ingest/dead_letter.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace juncture;
  static Scratch scratch;
  const std::vector<char> exact(data, data + size);
  const std::string_view bytes(exact.data(), exact.size());
  DeadLetter letter;
  static_cast<void>(parse_dead_letter(scratch, bytes, letter));

  letter = {.topic = "t",
            .partition = 3,
            .offset = 1LL << 40,
            .connector = "native",
            .reason = "invalid_json",
            .position = size,
            .detail = bytes,
            .received_at = from_ms(1763784000000),
            .key = bytes.substr(0, size / 2),
            .payload = bytes,
            .payload_bytes = size};
  std::string record;
  write_dead_letter(letter, record);
  DeadLetter back;
  const auto problem = parse_dead_letter(scratch, record, back);
  JUNCTURE_ASSERT(!problem);
  JUNCTURE_ASSERT(back.payload == bytes.substr(0, kPayloadBytesMax) && back.offset == letter.offset);
  JUNCTURE_ASSERT(back.key == letter.key.substr(0, kStringBytesMax) && back.payload_bytes == size);
  return 0;
}
