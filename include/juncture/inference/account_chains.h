// The stage chain of an account, by how it decides: never by how many people work there.
#pragma once

#include <map>
#include <utility>

#include "juncture/core/account_table.h"
#include "juncture/inference/stage_chain.h"

namespace juncture {

// Bureaucracy makes every stage but shortlisting longer or shorter, as the size of a deal does; what hurts is left
// lying less often. Immutable; any thread.
class AccountChains {
 public:
  // Of the structures that occur in `table`, beside the plain chain of those that say nothing.
  AccountChains(const StageChain& plain, const AccountTable& table);
  const StageChain& of(const Structure& structure) const;

 private:
  std::map<std::pair<Degree, Degree>, StageChain> chains_;  // by pain and bureaucracy
};

}  // namespace juncture
