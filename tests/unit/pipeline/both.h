// Prospects and accounts together, as the repartition topic joins them.
#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "juncture/core/account.h"
#include "juncture/ingest/canonical.h"
#include "juncture/pipeline/account_pipeline.h"
#include "juncture/pipeline/prospect_pipeline.h"
#include "juncture/state/account_codec.h"
#include "juncture/state/keys.h"
#include "support/knowledge.h"
#include "unit/pipeline/support.h"

namespace juncture::test {

inline constexpr std::int64_t kNow = 1'763'784'000'000;
inline constexpr std::int64_t kDayMs = 86'400'000;

inline const StageChain& chain() {
  return shipped_knowledge()->chain;
}

// The second sub-topology.
struct Accounts {
  void take(std::string_view account, std::string_view value, std::int64_t appended_at = kNow, bool fresh = true) {
    REQUIRE(pipeline->process({.topic = "accounts.evidence",
                               .partition = 0,
                               .offset = offset++,
                               .timestamp = from_ms(appended_at),
                               .key = account,
                               .value = value},
                              fresh, state, output));
  }
  void take(std::string_view account, const AccountEvidence& evidence) {
    std::string value;
    encode(evidence, value);
    take(account, value, evidence.recorded_ms);
  }
  Account of(std::string_view account) const {
    std::string key;
    keys::account(AccountId(account), key);
    Account out;
    const auto found = state.values.find(key);
    if (found != state.values.end()) REQUIRE(decode(found->second, out));
    return out;
  }

  // Accounts held; of the index only what they are to be looked at for may be there beside them.
  std::size_t count() const {
    std::size_t accounts = 0;
    for (const auto& [key, value] : state.values) accounts += keys::account_of(key) ? 1U : 0U;
    if (accounts == 0) CHECK(state.values.size() <= 1);  // its cursor
    return accounts;
  }

  PipelineCounters counters;
  MapState state;
  ListOutput output;
  std::unique_ptr<Pipeline> pipeline = make_account_pipeline(*shipped_knowledge(), Millis{60'000}, counters);
  Offset offset = 0;
};

// Both, joined as the log would.
struct Both {
  Both() : pipeline(make_prospect_pipeline(*knowledge, counters)) {}

  void send(const std::string& prospect, const std::string& account, std::int64_t at,
            Consent consent = Consent::granted, SignalType type = SignalType::query, bool fresh = true) {
    const std::string id = prospect + "-" + std::to_string(at) + (type == SignalType::erase ? "-erase" : "");
    Signal signal;
    signal.id = id;
    signal.prospect = ProspectId(prospect);
    signal.account = AccountId(account);
    signal.type = type;
    signal.text = at % 2 == 0 ? "payback period for erp" : "pilot plan";
    signal.consent = consent;
    signal.occurred_at = from_ms(at);
    signal.source = "test";
    std::string record;
    write_signal(signal, from_ms(at), record);
    process(prospect, record, at, fresh);
  }
  void tick(std::int64_t at) {
    std::string record;
    write_tick(from_ms(at), std::nullopt, record);
    process({}, record, at, true);
  }
  void process(std::string_view key, std::string_view value, std::int64_t at, bool fresh) {
    REQUIRE(pipeline->process(
        {.topic = "signals", .partition = 0, .offset = offset++, .timestamp = from_ms(at), .key = key, .value = value},
        fresh, state, output));
    const auto evidence = output.of(3);
    for (; rolled < evidence.size(); ++rolled) accounts.take(evidence[rolled].key, evidence[rolled].value, at);
  }
  std::vector<AccountEvidence> evidence() {
    kept = output.of(3);
    std::vector<AccountEvidence> out(kept.size());
    for (std::size_t i = 0; i < kept.size(); ++i) REQUIRE(decode(kept[i].value, out[i]));
    std::erase_if(out, [](const AccountEvidence& one) { return one.kind == AccountEvidence::Kind::tick; });
    return out;
  }

  std::shared_ptr<const Knowledge> knowledge = shipped_knowledge();
  PipelineCounters counters;
  MapState state;
  ListOutput output;
  std::unique_ptr<Pipeline> pipeline;
  Offset offset = 0;
  Accounts accounts;
  std::size_t rolled = 0;
  std::vector<Emitted> kept;
};

}  // namespace juncture::test
