// Accounts and what they are told, as bytes: docs/formats/accounts.md has every one of them.
#pragma once

#include <string>
#include <string_view>

#include "juncture/core/account.h"
#include "juncture/core/result.h"

namespace juncture {

inline constexpr std::uint16_t kAccountVersion = 3;  // 1 and 2 are still read, as is such evidence
inline constexpr std::uint8_t kAccountEvidenceVersion = 3;
inline constexpr std::size_t kAccountValueBytesMax = 40960;  // 64 people with 20 days each

// Equal accounts give equal bytes. Replaces what `out` holds.
void encode(const Account& account, std::string& out);
// What is not exactly an encoding is refused: Domain::environment, `state_corrupt`; a later version's: Domain::setup,
// `format_newer`. `out` is then undefined.
Status decode(std::string_view bytes, Account& out);
// The checksum in such bytes, unchecked: equal for equal accounts.
std::uint64_t checksum_of(std::string_view bytes);

void encode(const AccountEvidence& evidence, std::string& out);
// `out` keeps views into `bytes`. Bytes of a later version: Domain::environment, `evidence_newer`; anything else that
// is not an encoding: Domain::record, `evidence_unreadable`.
Status decode(std::string_view bytes, AccountEvidence& out);

}  // namespace juncture
