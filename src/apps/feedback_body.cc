#include "apps/feedback_body.h"

#include "juncture/core/hash.h"
#include "juncture/core/token.h"
#include "juncture/ingest/strict_json.h"
#include "juncture/pipeline/render.h"

namespace juncture::apps {
namespace {

std::optional<Rejection> reject(std::string_view code, std::size_t position, std::string detail) {
  return Rejection{.code = code, .position = position, .detail = std::move(detail)};
}

// Sets the field that the member names; unknown members are nobody's business.
std::optional<Rejection> take(const JsonMember& member, FeedbackBody& out, std::string& token, std::string& key) {
  struct Field {
    std::string_view name;
    std::string* to;
  };
  const Field fields[] = {{"prospect", &out.prospect}, {"decision_id", &out.decision}, {"content", &out.content},
                          {"reason", &out.reason},     {"actor", &out.actor},          {"token", &token},
                          {"idempotency_key", &key}};
  for (const Field& field : fields) {
    if (field.name != member.key) continue;
    if (member.kind == JsonKind::null) return std::nullopt;
    if (member.kind != JsonKind::string) return reject("wrong_type", member.position, std::string(member.key));
    if (member.text.size() > 1024) return reject("too_long", member.position, std::string(member.key));
    *field.to = member.text;
    return std::nullopt;
  }
  if (member.key == "action" || member.key == "kind") {
    const auto action = parse_name<FeedbackAction>(kFeedbackActionNames, member.text);
    if (!action || *action == FeedbackAction::none) {
      return reject("unknown_value", member.position, "action: impression, click, accept, dismiss, snooze or wrong");
    }
    out.action = *action;
  } else if (member.key == "stage" && member.kind == JsonKind::string) {
    out.stage = parse_name<Stage>(kStageNames, member.text);
    if (!out.stage) return reject("unknown_value", member.position, "stage");
  } else if (member.key == "until" && member.kind == JsonKind::integer) {
    out.until = from_ms(member.integer);
  }
  return std::nullopt;
}

}  // namespace

std::optional<Rejection> read_feedback(std::string_view body, std::string_view token_key, FeedbackBody& out) {
  StrictJson json;
  if (auto rejection = json.read_object(body, {.bytes = 16 * 1024}, "properties")) return rejection;
  std::string token, key;
  for (const JsonMember& member : json.members()) {
    if (auto rejection = take(member, out, token, key)) return rejection;
  }
  if (!token.empty()) {
    const auto facts = read_token(token_key, token);
    if (!facts) return reject("invalid_token", 0, "the token was not made here");
    out.from_token = true;
    out.prospect = facts->prospect;
    out.content = facts->content;
    out.decision = decision_text(facts->decision);
    out.actor = "prospect";
  }
  if (out.action == FeedbackAction::none) return reject("missing_field", 0, "action");
  if (out.prospect.empty() || out.prospect.size() > kIdBytesMax) return reject("missing_prospect", 0, "prospect");
  if (out.decision.empty()) return reject("missing_field", 0, "decision_id or token");
  if (out.action == FeedbackAction::wrong && !out.stage && out.reason.empty()) {
    return reject("missing_field", 0, "wrong needs a stage or a reason");
  }
  if (out.actor.empty()) out.actor = "analyst";
  if (key.empty()) {
    key = out.decision + "|" + out.content + "|" + std::string(name_of(out.action));
    key = "f-" + decision_text(hash64(key, hash64(out.prospect))).substr(2);
  }
  out.id = key;
  return std::nullopt;
}

Signal FeedbackBody::to_signal(Timestamp now) const {
  Signal signal;
  signal.id = id;
  signal.prospect = ProspectId(prospect);
  signal.anonymous = true;  // says nothing about who it is
  signal.type = SignalType::feedback;
  signal.occurred_at = now;
  signal.content = ContentId(content);
  signal.action = action;
  signal.decision = decision;
  signal.reason = reason;
  signal.stage = stage;
  signal.actor = actor;
  if (until) signal.until = *until;
  signal.source = from_token ? "website" : "console";
  return signal;
}

}  // namespace juncture::apps
