// Whose request it is where proxies stand between: a word of X-Forwarded-For counts only from those that are trusted.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "juncture/core/account_table.h"

namespace juncture::apps {

// Networks of the settings, which have been validated.
std::vector<Network> networks_of(const std::vector<std::string>& texts);

// Address of the client, a view into one of the arguments; empty where a trusted proxy names none that can be read.
// `remote` is the peer's; `forwarded_for` its X-Forwarded-For. Whoever is not trusted is taken for the client itself,
// whatever was sent along; behind a trusted one it is the last address that is no trusted proxy's.
std::string_view client_address(std::string_view remote, std::string_view forwarded_for,
                                const std::vector<Network>& trusted);

}  // namespace juncture::apps
