// What an account is told of one of its people: where the prospect stands after a signal.
#pragma once

#include "juncture/core/account.h"
#include "juncture/core/prospect.h"
#include "juncture/inference/stage_chain.h"

namespace juncture {

// False for what was taken in without being believed: it came under a denial, or before the profile began.
bool concerns_account(const Prospect& prospect, const Evidence& evidence);

// Leaves the prospect's id and the record's time to the caller. `evidence` was taken in last.
AccountEvidence standing_of(const StageChain& chain, const Prospect& prospect, const Evidence& evidence);

}  // namespace juncture
