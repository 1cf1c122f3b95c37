#include "juncture/ingest/canonical.h"

#include "ingest/scratch.h"
#include "ingest/signal_fields.h"
#include "juncture/core/json_writer.h"
#include "juncture/core/result.h"

namespace juncture {
namespace {

void write_text(JsonWriter& json, std::string_view name, std::string_view text) {
  if (!text.empty()) json.member(name, text);
}

void write_person(JsonWriter& json, const Signal& signal) {
  json.member(signal.anonymous ? JsonKey("anonymous") : JsonKey("prospect"), signal.prospect.text());
  if (!signal.anonymous) write_text(json, "anonymous", signal.alias);
  write_text(json, "account", signal.account.text());
  if (signal.basis != AccountBasis::declared) json.member("basis", name_of(signal.basis));
  if (signal.links) json.member("person", signal.person);
}

void write_control(SignalType type, std::string_view version, Timestamp at, std::optional<std::int64_t> after_offset,
                   std::string& out) {
  JsonWriter json(out);
  json.begin_object();
  json.member("v", 1);
  json.member("type", name_of(type));
  json.member("ts", to_ms(at));
  write_text(json, "version", version);
  if (after_offset) json.member("after_offset", *after_offset);
  json.end_object();
}

}  // namespace

void write_signal(const Signal& signal, Timestamp received_at, std::string& out) {
  JsonWriter json(out);
  json.begin_object();
  json.member("v", 1);
  json.member("type", name_of(signal.type));
  json.member("id", signal.id);
  write_person(json, signal);
  json.member("ts", to_ms(signal.occurred_at));
  json.member("received_at", to_ms(received_at));
  if (signal.clamped) json.member("clamped", true);
  write_text(json, "text", signal.text);
  write_text(json, "url", signal.url);
  write_text(json, "referrer", signal.referrer);
  if (signal.device != Device::unknown) json.member("device", name_of(signal.device));
  if (signal.consent != Consent::absent) json.member("consent", name_of(signal.consent));
  write_text(json, "content", signal.content.text());
  if (signal.action != FeedbackAction::none) json.member("action", name_of(signal.action));
  write_text(json, "decision", signal.decision);
  write_text(json, "reason", signal.reason);
  if (signal.stage) json.member("stage", kStageNames[index_of(*signal.stage)]);
  write_text(json, "actor", signal.actor);
  if (signal.until != Timestamp{}) json.member("until", to_ms(signal.until));
  write_text(json, "source", signal.source);
  if (!signal.properties.empty()) json.key("properties").raw(signal.properties);
  json.end_object();
}

void write_tick(Timestamp at, std::optional<std::int64_t> after_offset, std::string& out) {
  write_control(SignalType::tick, {}, at, after_offset, out);
}

void write_switch(SignalType type, std::string_view version, Timestamp at, std::optional<std::int64_t> after_offset,
                  std::string& out) {
  JUNCTURE_ASSERT(is_control(type) && type != SignalType::tick);
  write_control(type, version, at, after_offset, out);
}

std::optional<Rejection> parse_canonical(Scratch& scratch, std::string_view record, Canonical& out) {
  StrictJson& json = scratch.buffers().json;
  if (auto problem = json.read_object(record, JsonLimits{.bytes = kCanonicalBytesMax}, {})) return problem;
  SignalFields fields;
  if (auto problem = read_fields(json, Trust::ours, fields)) return problem;
  if (auto problem = check_complete(fields)) return problem;
  const SignalType type = fields.record.signal.type;
  if (!fields.times.created) return Rejection{"missing_field", 0, "ts"};
  if (!is_control(type) && fields.record.signal.id.empty()) return Rejection{"missing_field", 0, "id"};
  if (is_control(type) && type != SignalType::tick && fields.record.version.empty()) {
    return Rejection{"missing_field", 0, "version"};
  }
  out = fields.record;
  out.signal.occurred_at = *fields.times.created;
  return std::nullopt;
}

}  // namespace juncture
