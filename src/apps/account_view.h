// What is said of one account outside the pipeline, for people on a terminal.
#pragma once

#include <string>
#include <string_view>

#include "juncture/core/account.h"
#include "juncture/pipeline/knowledge.h"

namespace juncture::apps {

// `juncture explain --account`: its odds, outlook, conditions, committee and people at `now`.
std::string explain_account(const Knowledge& knowledge, std::string_view id, const Account& account, Timestamp now);

}  // namespace juncture::apps
