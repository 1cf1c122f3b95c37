#include "ingest/signal_fields.h"

#include <array>

namespace juncture {
namespace {

enum class Field : std::uint8_t {
  prospect,
  anonymous,
  type,
  id,
  ts,
  sent_at,
  account,
  text,
  title,
  url,
  referrer,
  device,
  consent,
  properties,
  content,
  action,
  decision,
  token,
  reason,
  stage,
  actor,
  until,
  email,
  ip,
  // Ours alone.
  v,
  received_at,
  clamped,
  source,
  version,
  after_offset,
  person,
  basis,
};
constexpr std::array<std::string_view, 32> kFieldNames{
    "prospect", "anonymous",   "type",     "id",     "ts",      "sent_at",      "account", "text",
    "title",    "url",         "referrer", "device", "consent", "properties",   "content", "action",
    "decision", "token",       "reason",   "stage",  "actor",   "until",        "email",   "ip",
    "v",        "received_at", "clamped",  "source", "version", "after_offset", "person",  "basis"};
constexpr std::size_t kForeignFields = 24;

using Problem = std::optional<Rejection>;

Problem wrong_type(const JsonMember& member, std::string_view wanted) {
  return Rejection{"wrong_type", member.position, std::string(member.key) + " is " + std::string(wanted)};
}

Problem read_string(const JsonMember& member, std::size_t bytes_max, std::string_view& out) {
  if (member.kind != JsonKind::string) return wrong_type(member, "a string");
  if (member.text.size() > bytes_max) {
    return Rejection{"too_long", member.position,
                     std::string(member.key) + " has at most " + std::to_string(bytes_max) + " bytes"};
  }
  out = member.text;
  return std::nullopt;
}

Problem read_id(const JsonMember& member, std::string_view& out) {
  if (Problem problem = read_string(member, kIdBytesMax, out)) return problem;
  for (const char c : out) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) return Rejection{"invalid_id", member.position, "control character"};
  }
  return std::nullopt;
}

// Of persons and accounts: a pseudonym, never an address.
Problem read_pseudonym(const JsonMember& member, Trust trust, std::string_view& out) {
  if (Problem problem = read_id(member, out)) return problem;
  const bool mail = out.find('@') != std::string_view::npos || out.find("%40") != std::string_view::npos;
  if (trust == Trust::foreign && mail) {
    return Rejection{"email_id", member.position, std::string(member.key) + " looks like an e-mail address"};
  }
  return std::nullopt;
}

Problem read_time(const JsonMember& member, Timestamp& out) {
  Problem problem;
  if (member.kind == JsonKind::integer) {
    problem = read_epoch_ms(member.integer, out);
  } else if (member.kind == JsonKind::string) {
    problem = read_iso_time(member.text, out);
  } else {
    return wrong_type(member, "milliseconds or ISO 8601");
  }
  if (problem) problem->position = member.position;
  return problem;
}

// Our own times may be any: the test generators' clocks start at zero.
Problem read_own_time(const JsonMember& member, Timestamp& out) {
  if (member.kind != JsonKind::integer) return wrong_type(member, "milliseconds");
  out = from_ms(member.integer);
  return std::nullopt;
}

template <class Enum, std::size_t N>
Problem read_name(const JsonMember& member, const std::array<std::string_view, N>& names, Enum& out) {
  if (member.kind != JsonKind::string) return wrong_type(member, "a string");
  const std::optional<Enum> value = parse_name<Enum>(names, member.text);
  if (!value) return Rejection{"unknown_value", member.position, std::string(member.text.substr(0, 64))};
  out = *value;
  return std::nullopt;
}

Problem read_type(const JsonMember& member, Trust trust, SignalFields& out) {
  if (member.kind != JsonKind::string) return wrong_type(member, "a string");
  const auto type = parse_name<SignalType>(kSignalTypeNames, member.text);
  if (!type) return Rejection{"unknown_type", member.position, std::string(member.text.substr(0, 64))};
  if (trust == Trust::foreign && is_control(*type)) {
    return Rejection{"reserved_type", member.position, "only juncture itself writes control records"};
  }
  out.record.signal.type = *type;
  out.has_type = true;
  out.type_position = member.position;
  return std::nullopt;
}

std::optional<Consent> consent_of(const JsonMember& member) {
  if (member.kind == JsonKind::null) return Consent::absent;
  if (member.kind == JsonKind::boolean) return member.flag ? Consent::granted : Consent::denied;
  if (member.kind != JsonKind::string) return std::nullopt;
  if (member.text == "granted" || member.text == "GRANTED") return Consent::granted;
  if (member.text == "denied" || member.text == "DENIED") return Consent::denied;
  if (member.text == "absent" || member.text == "unknown") return Consent::absent;
  return std::nullopt;
}

// Of an object of purposes the one we need decides; else all must be granted. An empty object grants nothing.
Problem read_consent(const JsonMember& member, const std::vector<JsonMember>& purposes, Consent& out) {
  if (member.kind != JsonKind::object) {
    const std::optional<Consent> consent = consent_of(member);
    if (!consent) return Rejection{"invalid_consent", member.position, "granted or denied, or an object of purposes"};
    out = *consent;
    return std::nullopt;
  }
  std::optional<Consent> ours;
  bool all = !purposes.empty();
  for (const JsonMember& purpose : purposes) {
    const std::optional<Consent> consent = consent_of(purpose);
    if (!consent) return Rejection{"invalid_consent", purpose.position, "each purpose is granted or denied"};
    if (purpose.key == "personalization" || purpose.key == "personalisation") ours = consent;
    all = all && *consent == Consent::granted;
  }
  out = ours.value_or(all ? Consent::granted : Consent::denied);
  return std::nullopt;
}

Problem read_device(const JsonMember& member, Device& out) {
  if (member.kind != JsonKind::string) return wrong_type(member, "a string");
  out = parse_name<Device>(kDeviceNames, member.text).value_or(Device::unknown);
  return std::nullopt;
}

Problem read_properties(const JsonMember& member, std::string_view& out) {
  if (member.kind != JsonKind::object) return wrong_type(member, "an object");
  out = member.text;
  return std::nullopt;
}

Problem read_own(Field field, const JsonMember& member, SignalFields& out) {
  switch (field) {
    case Field::received_at:
      return read_own_time(member, out.record.received_at);
    case Field::clamped:
      if (member.kind != JsonKind::boolean) return wrong_type(member, "true or false");
      out.record.signal.clamped = member.flag;
      return std::nullopt;
    case Field::source:
      return read_id(member, out.record.signal.source);
    case Field::version:
      return read_id(member, out.record.version);
    case Field::after_offset:
      if (member.kind != JsonKind::integer) return wrong_type(member, "an offset");
      out.record.after_offset = member.integer;
      return std::nullopt;
    case Field::person:
      out.record.signal.links = true;
      return read_id(member, out.record.signal.person);
    case Field::basis:
      return read_name(member, kAccountBasisNames, out.record.signal.basis);
    default:
      if (member.kind == JsonKind::integer && member.integer == 1) return std::nullopt;
      return Rejection{"unknown_value", member.position, "version of the record's format"};
  }
}

Problem read_field(Field field, const JsonMember& member, Trust trust, const StrictJson& json, SignalFields& out) {
  Signal& signal = out.record.signal;
  std::string_view text;
  Problem problem;
  switch (field) {
    case Field::prospect:
      return read_pseudonym(member, trust, out.prospect);
    case Field::anonymous:
      return read_pseudonym(member, trust, out.anonymous);
    case Field::account:
      problem = read_pseudonym(member, trust, text);
      signal.account = AccountId(text);
      return problem;
    case Field::type:
      return read_type(member, trust, out);
    case Field::id:
      return read_id(member, signal.id);
    case Field::ts:
      return trust == Trust::ours ? read_own_time(member, out.times.created.emplace())
                                  : read_time(member, out.times.created.emplace());
    case Field::sent_at:
      return read_time(member, out.times.sent.emplace());
    case Field::text:
      return read_string(member, kSignalTextBytesMax, signal.text);
    case Field::title:
      return read_string(member, kSignalTextBytesMax, out.title);
    case Field::url:
      return read_string(member, kStringBytesMax, signal.url);
    case Field::referrer:
      return read_string(member, kStringBytesMax, signal.referrer);
    case Field::device:
      return read_device(member, signal.device);
    case Field::consent:
      return read_consent(member, json.inner(), signal.consent);
    case Field::properties:
      return read_properties(member, signal.properties);
    case Field::content:
      problem = read_id(member, text);
      signal.content = ContentId(text);
      return problem;
    case Field::action:
      return read_name(member, kFeedbackActionNames, signal.action);
    case Field::decision:
    case Field::token:
      return read_string(member, kSignalTextBytesMax, signal.decision);
    case Field::reason:
      return read_id(member, signal.reason);
    case Field::stage:
      return read_name(member, kStageNames, signal.stage.emplace());
    case Field::actor:
      return read_id(member, signal.actor);
    case Field::email:
      return read_string(member, kStringBytesMax, out.email);
    case Field::ip:
      return read_string(member, kStringBytesMax, out.address);
    case Field::until:
      out.has_until = true;
      return trust == Trust::ours ? read_own_time(member, signal.until) : read_time(member, signal.until);
    default:
      return read_own(field, member, out);
  }
}

// Indices into kFieldNames by length of the name, each list closed by kNoField: a name is compared with seven at most.
constexpr std::size_t kNameBytesMax = 12;
constexpr std::size_t kSameLengthMax = 8;
constexpr std::uint8_t kNoField = 0xff;
using FieldIndex = std::array<std::array<std::uint8_t, kSameLengthMax>, kNameBytesMax + 1>;

constexpr FieldIndex make_field_index() {
  FieldIndex index{};
  for (auto& same_length : index) same_length.fill(kNoField);
  for (std::size_t field = 0; field < kFieldNames.size(); ++field) {
    std::size_t at = 0;
    while (index.at(kFieldNames[field].size()).at(at) != kNoField) ++at;
    index.at(kFieldNames[field].size()).at(at) = static_cast<std::uint8_t>(field);
  }
  return index;
}
constexpr FieldIndex kFieldIndex = make_field_index();

std::optional<Field> find_field(std::string_view key, std::size_t count) {
  if (key.size() > kNameBytesMax) return std::nullopt;
  for (const std::uint8_t field : kFieldIndex[key.size()]) {
    if (field == kNoField) return std::nullopt;
    if (kFieldNames[field] != key) continue;
    return field < count ? std::optional(static_cast<Field>(field)) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

std::span<const std::string_view> foreign_field_names() {
  return std::span(kFieldNames).first(kForeignFields);
}

std::optional<Rejection> read_fields(const StrictJson& json, Trust trust, SignalFields& out) {
  const std::size_t known = trust == Trust::ours ? kFieldNames.size() : kForeignFields;
  for (const JsonMember& member : json.members()) {
    const std::optional<Field> field = find_field(member.key, known);
    if (!field) continue;
    if (member.key_escaped) return Rejection{"escaped_key", member.position, std::string(member.key)};
    if (member.kind == JsonKind::null) continue;
    if (Problem problem = read_field(*field, member, trust, json, out)) return problem;
  }
  Signal& signal = out.record.signal;
  if (signal.text.empty()) signal.text = out.title;
  signal.anonymous = out.prospect.empty();
  signal.prospect = ProspectId(signal.anonymous ? out.anonymous : out.prospect);
  if (signal.type == SignalType::identify && !signal.anonymous) signal.alias = out.anonymous;
  return std::nullopt;
}

std::optional<Rejection> check_complete(const SignalFields& fields) {
  const Signal& signal = fields.record.signal;
  const auto missing = [&](std::string_view what) {
    return Rejection{"missing_field", fields.type_position,
                     std::string(name_of(signal.type)) + " needs " + std::string(what)};
  };
  if (!fields.has_type) return Rejection{"missing_type", 0, "type: one of query, page, content, ..."};
  if (is_control(signal.type)) return std::nullopt;
  if (signal.prospect.empty()) return Rejection{"missing_prospect", 0, "prospect or anonymous"};
  if (signal.type == SignalType::query && signal.text.empty()) return missing("text");
  if (signal.type == SignalType::identify && signal.anonymous && !signal.links && signal.reason != kUnlink) {
    return missing("prospect, or reason: unlink");
  }
  if (signal.type == SignalType::content && signal.content.empty() && signal.url.empty()) {
    return missing("content or url");
  }
  if (signal.type == SignalType::feedback) {
    if (signal.action == FeedbackAction::none) return missing("action");
    if (signal.action == FeedbackAction::snooze && !fields.has_until) return missing("until");
  }
  if (signal.type == SignalType::outcome && signal.reason != "won" && signal.reason != "lost" &&
      signal.reason != "no_decision") {
    return missing("reason: won, lost or no_decision");
  }
  return std::nullopt;
}

}  // namespace juncture
