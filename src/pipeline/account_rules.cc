#include "juncture/pipeline/knowledge.h"

namespace juncture {

AccountRules rules_of(const Knowledge& knowledge, AccountId account) {
  const AccountEntry* entry = knowledge.accounts.entries().empty() ? nullptr : knowledge.accounts.by_id(account.text());
  const Structure structure = entry != nullptr ? entry->structure : Structure{};
  return {.chain = knowledge.account_chains.of(structure), .responsibility = structure.responsibility};
}

void index_accounts(Knowledge& knowledge) {
  knowledge.account_chains = AccountChains(knowledge.chain, knowledge.accounts);
}

}  // namespace juncture
