// The JSON of the output topics: docs/formats/recommendations.md and accounts.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "juncture/core/account.h"
#include "juncture/core/catalog.h"
#include "juncture/core/decision.h"
#include "juncture/core/json_writer.h"
#include "juncture/core/reading.h"
#include "juncture/core/signal.h"
#include "juncture/core/token.h"
#include "juncture/inference/account_filter.h"
#include "juncture/pipeline/knowledge.h"

namespace juncture {

struct Versions {
  std::string_view model, catalog, policy;
};

// Everything one row of the live page says.
struct Row {
  std::string_view prospect;
  std::string_view account;
  AccountBasis basis = AccountBasis::declared;  // of the account
  std::uint64_t decision_id = 0;
  Timestamp recorded_at{};  // of the log record
  Timestamp occurred_at{};
  SignalType type = SignalType::query;
  std::string_view source;
  std::string_view query, url;  // as far as privacy allows
  std::uint16_t queries = 0, offline = 0, signals = 0;
  int mode_from = -1;  // most likely stage before this signal, -1 when it did not move
  bool synthetic = false;
};

// Decision id of that signal of that prospect: stable under replay.
std::uint64_t decision_id_of(std::string_view prospect, std::string_view signal_id);
std::string decision_text(std::uint64_t id);

void write_sales_row(std::string& out, const Row& row, const Reading& reading, const Decision& decision,
                     const Catalog& catalog, const Versions& versions);

// What a slate was decided on.
struct SlateFacts {
  std::uint64_t decision_id = 0;
  Timestamp as_of{};
};

// `"items":[...]` of a slate that a website may show, each with a token that feedback names.
void write_public_items(JsonWriter& json, std::string_view prospect, const SlateFacts& facts, const Decision& decision,
                        const Catalog& public_catalog, TokenSigner& signer);
void write_public_record(std::string& out, std::string_view prospect, const SlateFacts& facts, const Decision& decision,
                         const Catalog& public_catalog, const Versions& versions, TokenSigner& signer);

// The parts that GET /v1/prospects/{id} adds to a row.
// Members of an open object: p, stalled, rejected, mode.
void write_stage_odds(JsonWriter& json, const Reading& reading);
void write_content(JsonWriter& json, const ContentItem& item, bool with_url);
void write_contributions(JsonWriter& json, const Decision& decision);
void write_rivals(JsonWriter& json, const Decision& decision, const Catalog& catalog);

// Members of an open object: progress, dwell, forecast.
void write_outlook(JsonWriter& json, const Reading& reading);

// Members of an open object: likelihoods, surge, conditions.
void write_conditions(JsonWriter& json, const Likelihoods& odds, const Pace& pace, Conditions holding);
// What is not seen here at all: the share of a stage's work that is usually done offline, by the odds of the stages.
double unobserved_share(const StageChain& chain, const StageOdds& stages);
// Member of an open object: offline, with that share.
void write_offline(JsonWriter& json, const StageChain& chain, const Reading& reading);

// Members of an open object: an account as a whole, as it was read, and what holds of it.
void write_account(JsonWriter& json, const AccountRules& rules, std::string_view id, const Account& account,
                   const AccountReading& reading, Conditions holding);
// The same, and its people one by one.
void write_account_people(JsonWriter& json, const AccountRules& rules, std::string_view id, const Account& account,
                          const AccountReading& reading, Conditions holding);

}  // namespace juncture
