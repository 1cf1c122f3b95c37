// A prospect's value as bytes: versioned, little endian, canonical. docs/formats/state.md has every byte.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "juncture/core/prospect.h"
#include "juncture/core/result.h"

namespace juncture {

inline constexpr std::uint16_t kProspectVersion = 3;  // 1 and 2 are still read
inline constexpr std::size_t kProspectBytesMax = 8192;
inline constexpr std::size_t kEvidenceBytes = 64;

// Equal prospects give equal bytes. Replaces what `out` holds.
void encode(const Prospect& prospect, std::string& out);

// What is not exactly an encoding is refused: Domain::environment, `state_corrupt`. `out` is then undefined.
Status decode(std::string_view bytes, Prospect& out);

// What stays of a prospect that was erased.
void encode_tombstone(Timestamp erased_at, std::string& out);
std::optional<Timestamp> decode_tombstone(std::string_view bytes);

}  // namespace juncture
