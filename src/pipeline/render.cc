#include "juncture/pipeline/render.h"

#include <array>

#include "juncture/core/hash.h"
#include "juncture/core/token.h"

namespace juncture {
namespace {

constexpr int kUtilityPlaces = 7;  // so that the parts of a score add up to it within 1e-6

void write_identity(JsonWriter& json, const Row& row, const Reading& reading) {
  // A known id names its account; a cookie's account is what the sender believes.
  const bool given = row.basis == AccountBasis::declared;
  const double sure = given ? (reading.known ? 1.0 : 0.7) : kAccountConfidence[index_of(row.basis)] / 255.0;
  const double confidence = row.account.empty() ? 0.0 : sure;
  json.key("identity").begin_object();
  json.member("kind", reading.known ? "known" : "anonymous");
  json.key("account");
  row.account.empty() ? json.null() : json.value(row.account);
  json.member("confidence", confidence);
  json.member("basis", row.account.empty() ? "none" : given ? "given" : name_of(row.basis));
  json.end_object();
}

void write_role(JsonWriter& json, const Reading& reading) {
  std::size_t best = kRoles - 1;
  for (std::size_t r = 0; r + 1 < kRoles; ++r) {
    if (reading.roles[r] > reading.roles[best]) best = r;
  }
  json.key("role").begin_object();
  json.member("name", kRoleNames[best]);
  json.key("p").fixed(static_cast<double>(reading.roles[best]), 4);
  json.end_object();
}

void write_stage(JsonWriter& json, const Row& row, const Reading& reading) {
  const std::size_t mode = index_of(most_likely(reading.stages));
  json.key("stage").begin_object();
  write_stage_odds(json, reading);
  json.key("mode_p").fixed(static_cast<double>(reading.stages[mode]), 5);
  json.key("from");
  row.mode_from < 0 ? json.null() : json.value(row.mode_from + 1);
  json.end_object();
}

void write_signal_part(JsonWriter& json, const Row& row, const Reading& reading) {
  json.key("signal").begin_object();
  json.member("class", name_of(row.type));
  json.member("query", row.query);
  json.member("url", row.url);
  json.member("moment", name_of(most_likely(reading.moments)));
  json.key("moment_p").begin_array();
  for (const float p : reading.moments) json.fixed(static_cast<double>(p), 4);
  json.end_array();
  json.end_object();
  json.key("series").begin_object();
  json.member("queries", row.queries);
  json.member("offline", row.offline);
  json.member("signals", row.signals);
  json.end_object();
}

void write_decision(JsonWriter& json, const Row& row, const Decision& decision, const Catalog& catalog) {
  json.key("decision").begin_object();
  json.member("id", decision_text(row.decision_id));
  json.member("outcome", kOutcomeNames[index_of(decision.outcome)]);
  json.member("reason_code", kAbstainReasonNames[index_of(decision.reason)]);
  json.member("handover", kHandoverNames[index_of(decision.handover)]);
  json.key("content");
  if (decision.slate.empty()) {
    json.null();
  } else {
    write_content(json, catalog.items[decision.slate.front().item], true);
  }
  json.key("slate").begin_array();
  for (const Ranked& ranked : decision.slate) {
    json.begin_object();
    json.member("id", catalog.items[ranked.item].id);
    json.key("score").fixed(ranked.score, kUtilityPlaces);
    json.end_object();
  }
  json.end_array();
  json.key("score").fixed(decision.score, kUtilityPlaces);
  json.key("threshold").fixed(decision.threshold, kUtilityPlaces);
  json.key("confidence").fixed(decision.confidence, 4);
  json.key("kill_risk").fixed(decision.kill_risk, 5);
  json.member("propensity", decision.propensity);
  const Contribution* top = nullptr;
  for (const Contribution& part : decision.contributions) {
    if (top == nullptr || part.value > top->value) top = &part;
  }
  json.key("top_reason");
  if (top == nullptr) {
    json.null();
  } else {
    json.begin_object();
    json.member("code", top->code);
    json.member("arg", top->arg);
    json.key("value").fixed(top->value, kUtilityPlaces);
    json.end_object();
  }
  write_contributions(json, decision);
  write_rivals(json, decision, catalog);
  json.key("caps").begin_object();
  json.member("used", decision.cap_used);
  json.member("limit", decision.cap_limit);
  json.member("window_h", 36);
  json.end_object();
  json.end_object();
}

void write_versions(JsonWriter& json, const Versions& versions) {
  json.member("model", versions.model);
  json.member("catalog", versions.catalog);
  json.member("policy", versions.policy);
}

}  // namespace

std::uint64_t decision_id_of(std::string_view prospect, std::string_view signal_id) {
  return hash64(signal_id, hash64(prospect));
}

std::string decision_text(std::uint64_t id) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text = "d-0000000000000000";
  for (std::size_t i = 0; i < 16; ++i) text[17 - i] = kHex[(id >> (4 * i)) & 0xfU];
  return text;
}

void write_stage_odds(JsonWriter& json, const Reading& reading) {
  json.key("p").begin_array();
  for (std::size_t s = 0; s < kBuyingStages; ++s) json.fixed(static_cast<double>(reading.stages[s]), 5);
  json.end_array();
  json.key("stalled").fixed(static_cast<double>(reading.stages[index_of(Stage::stalled)]), 5);
  json.key("rejected").fixed(static_cast<double>(reading.stages[index_of(Stage::rejected)]), 5);
  json.member("mode", index_of(most_likely(reading.stages)) + 1);
}

void write_content(JsonWriter& json, const ContentItem& item, bool with_url) {
  json.begin_object();
  json.member("id", item.id);
  json.member("title", item.title);
  if (with_url) json.member("url", item.url);
  json.member("kind", kContentKindNames[item.kind]);
  json.member("tier", name_of(item.tier));
  json.member("minutes", static_cast<double>(item.minutes));
  json.end_object();
}

void write_contributions(JsonWriter& json, const Decision& decision) {
  json.key("contributions").begin_array();
  for (const Contribution& part : decision.contributions) {
    json.begin_object();
    json.member("code", part.code);
    json.member("arg", part.arg);
    json.key("value").fixed(part.value, kUtilityPlaces);
    json.end_object();
  }
  json.end_array();
}

void write_rivals(JsonWriter& json, const Decision& decision, const Catalog& catalog) {
  json.key("rivals").begin_array();
  for (const Ranked& rival : decision.rivals) {
    json.begin_object();
    json.key("content");
    write_content(json, catalog.items[rival.item], false);
    json.key("score").fixed(rival.score, kUtilityPlaces);
    json.end_object();
  }
  json.end_array();
}

void write_sales_row(std::string& out, const Row& row, const Reading& reading, const Decision& decision,
                     const Catalog& catalog, const Versions& versions) {
  JsonWriter json(out);
  json.begin_object();
  json.member("v", 1);
  json.member("id", decision_text(row.decision_id));
  json.member("ts", to_ms(row.recorded_at));
  json.member("event_ts", to_ms(row.occurred_at));
  json.member("as_of", to_ms(reading.as_of));
  json.member("prospect", row.prospect);
  json.member("type", name_of(row.type));
  json.member("source", row.source);
  json.member("synthetic", row.synthetic);
  write_identity(json, row, reading);
  write_role(json, reading);
  json.member("device", name_of(reading.device));
  json.member("consent", name_of(reading.consent));
  write_signal_part(json, row, reading);
  write_stage(json, row, reading);
  write_decision(json, row, decision, catalog);
  write_versions(json, versions);
  json.end_object();
}

void write_public_items(JsonWriter& json, std::string_view prospect, const SlateFacts& facts, const Decision& decision,
                        const Catalog& public_catalog, TokenSigner& signer) {
  json.key("items").begin_array();
  for (const Ranked& ranked : decision.slate) {
    const ContentItem& item = public_catalog.items[ranked.item];
    if (item.tier != Tier::public_) continue;  // the view holds nothing else; a second wall costs nothing
    json.begin_object();
    json.member("id", item.id);
    json.member("title", item.title);
    json.member("url", item.url);
    json.member("kind", kContentKindNames[item.kind]);
    json.member("token", make_token(signer, {.prospect = std::string(prospect),
                                             .content = item.id,
                                             .decision = facts.decision_id,
                                             .as_of_ms = to_ms(facts.as_of)}));
    json.end_object();
  }
  json.end_array();
}

void write_public_record(std::string& out, std::string_view prospect, const SlateFacts& facts, const Decision& decision,
                         const Catalog& public_catalog, const Versions& versions, TokenSigner& signer) {
  JsonWriter json(out);
  json.begin_object();
  json.member("v", 1);
  json.member("prospect", prospect);
  json.member("as_of", to_ms(facts.as_of));
  write_public_items(json, prospect, facts, decision, public_catalog, signer);
  write_versions(json, versions);
  json.end_object();
}

}  // namespace juncture
