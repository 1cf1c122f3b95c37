// Which account a signal belongs to, and how surely: declared, by the mail domain, or by the network it came from.
#pragma once

#include <string>
#include <string_view>

#include "ingest/scratch.h"
#include "juncture/core/account_table.h"
#include "juncture/core/signal.h"

namespace juncture {

// What a source knows of the sender beside the signal itself. Neither is kept.
struct SenderHints {
  std::string_view email;    // only what is behind the `@` counts
  std::string_view address;  // of the client, IPv4 or IPv6
};

// The organisation's domain of an address or host name: by the public suffix list, in small letters; empty if there is
// none. "ada@mail.halvorsen.co.uk" is halvorsen.co.uk's.
std::string registrable_domain(std::string_view email_or_host);

// Fills Signal::account and basis, strongest first; leaves both as they are where nothing is known.
void resolve_account(const AccountTable& table, const SenderHints& hints, Signal& signal, Arena& arena);

}  // namespace juncture
