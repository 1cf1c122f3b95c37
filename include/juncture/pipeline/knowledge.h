// What every record is judged by: models, catalog and policy with their versions. Immutable; shared by all tasks.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "juncture/core/account_table.h"
#include "juncture/core/catalog.h"
#include "juncture/core/policy.h"
#include "juncture/core/types.h"
#include "juncture/inference/account_chains.h"
#include "juncture/inference/stage_chain.h"
#include "juncture/text/model.h"

namespace juncture {

// Raised whenever the same records and files would give other bytes of state or outputs.
inline constexpr std::uint32_t kPipelineRevision = 4;

// What is kept, and for how long.
struct Retention {
  TextPrivacy text = TextPrivacy::verbatim;
  Millis text_ttl = 24h;
  Millis prospect_ttl = 400 * 24h;
  Millis session_idle = 30min;
};

// Looks a view up without making a string of it.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};
using ItemByText = std::unordered_map<std::string, std::uint32_t, TextHash, std::equal_to<>>;

struct Knowledge {
  explicit Knowledge(TextModel model) : text(std::move(model)) {}

  TextModel text;
  StageChain chain;
  Catalog catalog;
  Catalog public_catalog;  // tier public only: nothing else is loaded into it
  Policy policy;
  AccountTable accounts;
  AccountChains account_chains{StageChain{}, AccountTable{}};  // made of both, as index_accounts() does
  Retention retention;
  std::string model_version;
  std::uint64_t version = 0;  // hash of everything here that state or outputs depend on; 0: switches are not noted
  std::uint32_t hot_key_signals = 0;  // of one prospect in a minute of stream time: more are reported; 0: never
  std::string token_key;              // signs the tokens of offered items; the same in every process
  bool synthetic = false;             // all input is made by the demo's generator
  ItemByText content_by_url;          // url without scheme, query and fragment -> item index
  std::unordered_set<std::string, TextHash, std::equal_to<>>
      leave_out;             // ids and accounts that are no prospects of ours
  ItemByText content_by_id;  // id -> item index
};

// By which an account is judged: its structure where the table has it.
struct AccountRules {
  const StageChain& chain;
  Responsibility responsibility = Responsibility::unknown;
};
AccountRules rules_of(const Knowledge& knowledge, AccountId account);

// Fills what is derived from the chain and the accounts.
void index_accounts(Knowledge& knowledge);

// Fills what is derived from the catalog: the public view and the look-ups.
void index_catalog(Knowledge& knowledge);

}  // namespace juncture
