#include "apps/prospect_view.h"

#include <fmt/format.h>

#include <algorithm>

#include "apps/wall_clock.h"
#include "juncture/core/hash.h"
#include "juncture/core/json_writer.h"
#include "juncture/decision/decide.h"
#include "juncture/inference/filter.h"
#include "juncture/pipeline/prospect_pipeline.h"
#include "juncture/pipeline/render.h"
#include "juncture/text/pown.h"

namespace juncture::apps {
namespace {

Reading reading_at(const Knowledge& knowledge, const Prospect& prospect, Timestamp now) {
  Reading reading = read(knowledge.chain, prospect, std::max(now, from_ms(prospect.newest_ms())));
  reading.entitled = entitled_tier(reading);
  return reading;
}

std::vector<SeriesEntry> series_of(const Knowledge& knowledge, const Prospect& prospect, Timestamp now) {
  return series(knowledge.chain, prospect, std::max(now, from_ms(prospect.newest_ms())),
                now - knowledge.retention.text_ttl);
}

void write_series(JsonWriter& json, const std::vector<SeriesEntry>& entries) {
  json.key("series").begin_array();
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    json.begin_object();
    json.member("ts", to_ms(entry->at));
    json.member("class", name_of(entry->type));
    json.member("moment", name_of(entry->moment));
    json.member("device", name_of(entry->device));
    json.member("query", entry->text);
    json.key("pown");
    const auto pown = pown_of(entry->text);
    pown ? json.value(kPownNames[*pown]) : json.null();
    json.member("mode_after", index_of(entry->mode_after) + 1);
    json.key("nats").fixed(static_cast<double>(entry->nats), 3);
    json.end_object();
  }
  json.end_array();
}

void write_masked(JsonWriter& json, const Decision& decision, const Catalog& catalog) {
  json.key("masked").begin_array();
  for (const Masked& masked : decision.masked) {
    json.begin_object();
    json.key("content");
    write_content(json, catalog.items[masked.item], false);
    json.member("code", kMaskReasonNames[index_of(masked.reason)]);
    json.end_object();
  }
  json.end_array();
}

// The same shape whoever asks: nothing here says whether the prospect is known, or what is thought of it.
std::string slate(const Knowledge& knowledge, const SlateRequest& request, Timestamp as_of, Decision decision) {
  if (decision.slate.size() > request.limit) decision.slate.resize(request.limit);
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.member("prospect", request.prospect);
  json.member("stale", request.stale);
  const SlateFacts facts{.decision_id = hash64(std::to_string(to_ms(as_of)), hash64(request.prospect)), .as_of = as_of};
  TokenSigner signer(knowledge.token_key);
  write_public_items(json, request.prospect, facts, decision, knowledge.public_catalog, signer);
  json.end_object();
  return out;
}

}  // namespace

std::string describe(const Knowledge& knowledge, std::string_view id, const Prospect& prospect, Timestamp now,
                     std::string_view row, const AsOf* as_of) {
  const Reading reading = reading_at(knowledge, prospect, now);
  const Decision decision = decide(knowledge.catalog, knowledge.policy, reading, Audience::analyst);
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.member("prospect", id);
  json.key("row");
  row.empty() ? json.null() : json.raw(row);
  json.member("consent", name_of(reading.consent));
  json.member("known", reading.known);
  json.member("account", account_of(prospect));
  json.member("account_basis", name_of(account_basis_of(prospect)));
  json.member("signals", reading.signals);
  json.key("stage").begin_object();
  write_stage_odds(json, reading);
  json.end_object();
  write_series(json, series_of(knowledge, prospect, now));
  write_outlook(json, reading);
  write_offline(json, knowledge.chain, reading);
  const std::int64_t now_ms = to_ms(reading.as_of);
  write_conditions(json, likelihoods_at(knowledge.chain, prospect.head, now_ms), pace_of(prospect.head, now_ms),
                   conditions_of(knowledge.chain, prospect));
  json.member("outcome", kOutcomeNames[index_of(decision.outcome)]);
  json.member("reason_code", kAbstainReasonNames[index_of(decision.reason)]);
  json.member("handover", kHandoverNames[index_of(decision.handover)]);
  json.key("content");
  if (decision.slate.empty()) {
    json.null();
  } else {
    write_content(json, knowledge.catalog.items[decision.slate.front().item], true);
  }
  json.member("score", decision.score);
  json.member("threshold", decision.threshold);
  json.key("confidence").fixed(decision.confidence, 4);
  json.key("kill_risk").fixed(decision.kill_risk, 5);
  write_contributions(json, decision);
  write_rivals(json, decision, knowledge.catalog);
  write_masked(json, decision, knowledge.catalog);
  json.key("offers").begin_array();
  for (const Offer& offer : reading.offers) {
    json.begin_object();
    json.member("content", offer.content);
    json.member("ts", offer.at_ms);
    json.member("outcome", name_of(offer.outcome));
    json.end_object();
  }
  json.end_array();
  json.member("dismissed", reading.dismissed);
  json.member("snoozed_until", to_ms(reading.snoozed_until));
  json.key("caps").begin_object();
  json.member("used", decision.cap_used);
  json.member("limit", decision.cap_limit);
  json.member("window_h", 36);
  json.end_object();
  json.key("changes_if").null();
  json.member("as_of", to_ms(reading.as_of));
  if (as_of != nullptr) {
    json.member("partition", as_of->partition);
    json.member("as_of_offset", as_of->offset);
    json.member("as_of_time", to_ms(as_of->time));
    json.member("stale", as_of->stale);
    json.member("state_sha256", as_of->digest);
  }
  json.member("model", knowledge.model_version);
  json.member("catalog", knowledge.catalog.version);
  json.member("policy", knowledge.policy.version);
  json.end_object();
  return out;
}

std::string public_slate(const Knowledge& knowledge, const SlateRequest& request, const Prospect& prospect) {
  const Reading reading = reading_at(knowledge, prospect, request.now);
  Decision decision = decide(knowledge.public_catalog, knowledge.policy, reading, Audience::public_site);
  // Somebody whom we know too little of still wants to see something; somebody who said no does not.
  if (decision.slate.empty() &&
      (decision.reason == AbstainReason::thin || decision.reason == AbstainReason::uncertain)) {
    return default_slate(knowledge, request);
  }
  return slate(knowledge, request, reading.as_of, std::move(decision));
}

std::string default_slate(const Knowledge& knowledge, const SlateRequest& request) {
  return slate(knowledge, request, request.now, safe_default(knowledge.public_catalog, knowledge.policy, request.now));
}

std::string odds_text(const StageOdds& stages) {
  std::string out = "stage odds\n";
  for (std::size_t s = 0; s < kStages; ++s) {
    const int width = static_cast<int>(stages[s] * 40.0F);
    out += fmt::format("  {:>2} {:<23} {:5.1f} % {}\n", s + 1, kStageNames[s], static_cast<double>(stages[s]) * 100,
                       std::string(static_cast<std::size_t>(width), '#'));
  }
  return out;
}

std::string outlook_text(const StageChain& chain, const Reading& reading) {
  return fmt::format(
      "progress {:.0f} % (90 % interval {:.0f} to {:.0f})  in stage {:.0f} days, usual {:.0f}\n"
      "within 14 days: {} {:.0f} %; not seen here: {:.0f} % of the work of these stages, {} offline events reported\n",
      static_cast<double>(reading.progress_mean), static_cast<double>(reading.progress_lo),
      static_cast<double>(reading.progress_hi), static_cast<double>(reading.dwell_days),
      static_cast<double>(reading.dwell_median_days), name_of(reading.next_stage),
      static_cast<double>(reading.next_stage_p) * 100, unobserved_share(chain, reading.stages) * 100, reading.offline);
}

std::string conditions_text(const Likelihoods& odds, Conditions holding) {
  std::string out = fmt::format(
      "likely: stalled {:.0f} %, no decision within 30 days {:.0f} %, silently rejected {:.0f} %\nconditions:",
      static_cast<double>(odds.stalled) * 100, static_cast<double>(odds.no_decision_risk) * 100,
      static_cast<double>(odds.silently_rejected) * 100);
  for (std::size_t c = 0; c < kConditions; ++c) {
    if (holds(holding, static_cast<Condition>(c))) out += fmt::format(" {}", kConditionNames[c]);
  }
  return out += holding == 0 ? " none\n" : "\n";
}

std::string explain_text(const Knowledge& knowledge, std::string_view id, const Prospect& prospect, Timestamp now) {
  const Reading reading = reading_at(knowledge, prospect, now);
  const Decision decision = decide(knowledge.catalog, knowledge.policy, reading, Audience::analyst);
  std::string out =
      fmt::format("{}  as of {}  consent {}  {} signals  account {}\n", id, utc_text(reading.as_of),
                  name_of(reading.consent), reading.signals, account_of(prospect).empty() ? "-" : account_of(prospect));
  out += odds_text(reading.stages);
  out += outlook_text(knowledge.chain, reading) + "series\n";
  for (const SeriesEntry& entry : series_of(knowledge, prospect, now)) {
    out += fmt::format("  {}  {:<8} {:<7} {:+.2f} nats -> {:<23} {}\n", utc_text(entry.at), name_of(entry.type),
                       name_of(entry.moment), static_cast<double>(entry.nats), name_of(entry.mode_after), entry.text);
  }
  out += conditions_text(likelihoods_at(knowledge.chain, prospect.head, to_ms(reading.as_of)),
                         conditions_of(knowledge.chain, prospect));
  out += fmt::format("decision: {}", kOutcomeNames[index_of(decision.outcome)]);
  if (decision.outcome == Outcome::abstained)
    out += fmt::format(" ({})", kAbstainReasonNames[index_of(decision.reason)]);
  if (decision.outcome == Outcome::handed_over)
    out += fmt::format(" ({})", kHandoverNames[index_of(decision.handover)]);
  if (!decision.slate.empty()) {
    const ContentItem& item = knowledge.catalog.items[decision.slate.front().item];
    out += fmt::format("  {} [{}, {}] {}", item.title, kContentKindNames[item.kind], name_of(item.tier), item.url);
  }
  out += "\n";
  for (const Contribution& part : decision.contributions) {
    out += fmt::format("  {:+.4f}  {} {}\n", part.value, part.code, part.arg);
  }
  out += fmt::format("  {:+.4f}  score, offered from {:+.2f}; confidence {:.0f} %\n", decision.score,
                     decision.threshold, decision.confidence * 100);
  out += fmt::format("model {}  catalog {}  policy {}\n", knowledge.model_version, knowledge.catalog.version,
                     knowledge.policy.version);
  return out;
}

}  // namespace juncture::apps
