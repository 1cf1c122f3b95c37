#include "juncture/ingest/strict_json.h"

#include <simdjson.h>

#include <algorithm>
#include <cstring>

namespace juncture {
namespace {

namespace ondemand = simdjson::ondemand;

std::size_t continuation_bytes(unsigned char lead) {
  if (lead >= 0xc2 && lead <= 0xdf) return 1;
  if (lead >= 0xe0 && lead <= 0xef) return 2;
  if (lead >= 0xf0 && lead <= 0xf4) return 3;
  return 0;
}

// `raw` starts behind the opening quote of a string that is known to be closed.
std::size_t closing_quote(std::string_view raw) {
  std::size_t i = 0;
  while (i < raw.size() && raw[i] != '"') i += raw[i] == '\\' ? 2U : 1U;
  return std::min(i, raw.size());
}

std::optional<std::uint32_t> hex4(std::string_view raw, std::size_t at) {
  if (at + 4 > raw.size()) return std::nullopt;
  std::uint32_t value = 0;
  for (std::size_t i = at; i < at + 4; ++i) {
    const auto c = static_cast<unsigned char>(raw[i]);
    const auto lower = static_cast<unsigned char>(c | 0x20U);
    if (c >= '0' && c <= '9') {
      value = value * 16 + (c - '0');
    } else if (lower >= 'a' && lower <= 'f') {
      value = value * 16 + (lower - 'a' + 10U);
    } else {
      return std::nullopt;
    }
  }
  return value;
}

// Offset of a surrogate escape without its other half; npos if there is none. simdjson 3.0.1 lets some of them pass.
std::size_t lone_surrogate(std::string_view raw) {
  for (std::size_t i = raw.find('\\'); i != std::string_view::npos; i = raw.find('\\', i)) {
    if (i + 1 >= raw.size() || raw[i + 1] != 'u') {
      i += 2;
      continue;
    }
    const std::optional<std::uint32_t> unit = hex4(raw, i + 2);
    if (!unit) return std::string_view::npos;  // simdjson refuses it
    if (*unit >= 0xdc00 && *unit <= 0xdfff) return i;
    if (*unit >= 0xd800 && *unit <= 0xdbff) {
      const bool escaped = raw.substr(std::min(i + 6, raw.size()), 2) == "\\u";
      const std::optional<std::uint32_t> low = escaped ? hex4(raw, i + 8) : std::nullopt;
      if (!low || *low < 0xdc00 || *low > 0xdfff) return i;
      i += 6;
    }
    i += 6;
  }
  return std::string_view::npos;
}

// First control character inside a string, else the end.
std::size_t find_unescaped(std::string_view payload) {
  bool inside = false;
  for (std::size_t i = 0; i < payload.size(); ++i) {
    if (payload[i] == '"') inside = !inside;
    if (inside && payload[i] == '\\') ++i;
    if (i < payload.size() && inside && static_cast<unsigned char>(payload[i]) < 0x20) return i;
  }
  return payload.size();
}

std::string_view trimmed(std::string_view json) {
  while (!json.empty() && std::string_view(" \t\r\n,").find(json.back()) != std::string_view::npos) {
    json.remove_suffix(1);
  }
  return json;
}

}  // namespace

std::size_t find_invalid_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    if (lead < 0x80) {
      ++i;
      continue;
    }
    const std::size_t more = continuation_bytes(lead);
    if (more == 0 || i + more >= text.size()) return i;
    for (std::size_t k = 1; k <= more; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xc0U) != 0x80) return i;
    }
    const auto second = static_cast<unsigned char>(text[i + 1]);
    if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) || (lead == 0xf0 && second < 0x90) ||
        (lead == 0xf4 && second > 0x8f)) {
      return i;
    }
    i += more + 1;
  }
  return std::string_view::npos;
}

struct StrictJson::State {
  ondemand::parser parser;
  std::vector<char> padded;
  std::size_t size = 0;
  JsonLimits limits;
  std::string_view inner_key;
  std::vector<JsonMember> members;
  std::vector<JsonMember> inner;
  std::vector<std::string_view> keys;  // of the open nested objects, one behind the other
  std::size_t position = 0;            // of the token last looked at
  std::optional<Rejection> rejection;

  bool reject(std::string_view code, std::size_t at, std::string detail = {}) {
    rejection = Rejection{code, std::min(at, size), std::move(detail)};
    return false;
  }
  bool reject(simdjson::error_code error);
  // Copies behind a margin that simdjson may read into: a record's payload has none.
  std::optional<ondemand::document> open(std::string_view payload);
  std::size_t offset_of(const char* at) const { return static_cast<std::size_t>(at - padded.data()); }
  bool at_end(ondemand::document& document);
  std::string_view until_end(const char* begin) const { return {begin, size - std::min(size, offset_of(begin))}; }
  bool walk_object(ondemand::object object, std::size_t depth, std::vector<JsonMember>* into);
  bool walk_array(ondemand::array array, std::size_t depth);
  bool read_key(ondemand::field& field, JsonMember& member);
  bool read_value(ondemand::value value, std::size_t depth, JsonMember& member);
  bool read_scalar(ondemand::value& value, JsonMember& member);
  bool take_elements(ondemand::array array, Elements& out);
  bool split_object(ondemand::object object, Elements& out);
};

bool StrictJson::State::reject(simdjson::error_code error) {
  switch (error) {
    case simdjson::UTF8_ERROR: {
      const std::size_t at = find_invalid_utf8({padded.data(), size});
      return reject("invalid_utf8", at == std::string_view::npos ? size : at);
    }
    case simdjson::UNESCAPED_CHARS:
      return reject("invalid_json", find_unescaped({padded.data(), size}), "control character inside a string");
    case simdjson::EMPTY:
      return reject("empty", 0);
    case simdjson::UNCLOSED_STRING:
      return reject("invalid_json", size, "a string is not closed");
    default:
      return reject("invalid_json", position, simdjson::error_message(error));
  }
}

std::optional<ondemand::document> StrictJson::State::open(std::string_view payload) {
  rejection.reset();
  members.clear();
  inner.clear();
  keys.clear();
  position = 0;
  size = payload.size();
  if (payload.size() > limits.bytes) {
    reject("too_large", limits.bytes, "at most " + std::to_string(limits.bytes) + " bytes");
    return std::nullopt;
  }
  if (payload.substr(0, 3) == "\xef\xbb\xbf") {
    reject("invalid_json", 0, "starts with a byte order mark");
    return std::nullopt;
  }
  if (padded.size() < payload.size() + simdjson::SIMDJSON_PADDING) {
    padded.resize(payload.size() + simdjson::SIMDJSON_PADDING);
  }
  if (!payload.empty()) std::memcpy(padded.data(), payload.data(), payload.size());
  std::fill_n(padded.begin() + static_cast<std::ptrdiff_t>(payload.size()), simdjson::SIMDJSON_PADDING, ' ');
  ondemand::document document;
  if (const auto error = parser.iterate(padded.data(), size, padded.size()).get(document)) {
    reject(error);
    return std::nullopt;
  }
  return document;
}

bool StrictJson::State::at_end(ondemand::document& document) {
  const char* rest = nullptr;
  if (document.current_location().get(rest) != simdjson::SUCCESS) return true;
  return reject("trailing_content", offset_of(rest));
}

bool StrictJson::State::read_key(ondemand::field& field, JsonMember& member) {
  const char* raw = field.key().raw();
  position = offset_of(raw) - 1;
  member.key = until_end(raw);
  member.key = member.key.substr(0, closing_quote(member.key));
  member.key_escaped = member.key.find('\\') != std::string_view::npos;
  if (member.key.size() > limits.string_bytes) return reject("too_long", position);
  if (!member.key_escaped) return true;
  if (const std::size_t at = lone_surrogate(member.key); at != std::string_view::npos) {
    return reject("lone_surrogate", position + 1 + at);
  }
  if (const auto error = field.unescaped_key().get(member.key)) return reject(error);
  return true;
}

bool StrictJson::State::walk_object(ondemand::object object, std::size_t depth, std::vector<JsonMember>* into) {
  if (depth > kJsonDepthMax) return reject("too_deep", position);
  const std::size_t base = keys.size();
  for (auto item : object) {
    ondemand::field field;
    if (const auto error = std::move(item).get(field)) return reject(error);
    JsonMember member;
    if (!read_key(field, member)) return false;
    if (keys.size() - base >= kJsonMembersMax) return reject("too_many_fields", position);
    if (std::find(keys.begin() + static_cast<std::ptrdiff_t>(base), keys.end(), member.key) != keys.end()) {
      return reject("duplicate_key", position, std::string(member.key.substr(0, 64)));
    }
    keys.push_back(member.key);
    if (!read_value(field.value(), depth, member)) return false;
    if (into != nullptr) into->push_back(member);
  }
  keys.resize(base);
  return true;
}

bool StrictJson::State::walk_array(ondemand::array array, std::size_t depth) {
  if (depth > kJsonDepthMax) return reject("too_deep", position);
  for (auto item : array) {
    ondemand::value value;
    if (const auto error = std::move(item).get(value)) return reject(error);
    JsonMember element;
    if (!read_value(value, depth, element)) return false;
  }
  return true;
}

bool StrictJson::State::read_value(ondemand::value value, std::size_t depth, JsonMember& member) {
  const char* begin = nullptr;
  if (const auto error = value.current_location().get(begin)) return reject(error);
  position = member.position = offset_of(begin);
  if (member.position >= size) return reject("invalid_json", size, "the value is missing");
  if (*begin != '{' && *begin != '[') return read_scalar(value, member);
  bool walked = false;
  if (*begin == '{') {
    member.kind = JsonKind::object;
    ondemand::object object;
    if (const auto error = value.get_object().get(object)) return reject(error);
    const bool expand = depth == 1 && !inner_key.empty() && member.key == inner_key;
    walked = walk_object(object, depth + 1, expand ? &inner : nullptr);
  } else {
    member.kind = JsonKind::array;
    ondemand::array array;
    if (const auto error = value.get_array().get(array)) return reject(error);
    walked = walk_array(array, depth + 1);
  }
  if (!walked) return false;
  const char* end = nullptr;
  if (const auto error = value.current_location().get(end)) return reject(error);
  member.text = trimmed({begin, static_cast<std::size_t>(end - begin)});
  return true;
}

bool StrictJson::State::read_scalar(ondemand::value& value, JsonMember& member) {
  const std::string_view rest = until_end(padded.data() + member.position);
  const char first = rest.front();
  if (first == '"') {
    member.kind = JsonKind::string;
    const std::string_view raw = rest.substr(1, closing_quote(rest.substr(1)));
    if (const std::size_t at = lone_surrogate(raw); at != std::string_view::npos) {
      return reject("lone_surrogate", member.position + 1 + at);
    }
    if (const auto error = value.get_string().get(member.text)) return reject(error);
    return member.text.size() <= limits.string_bytes || reject("too_long", member.position);
  }
  if (first == 't' || first == 'f') {
    member.kind = JsonKind::boolean;
    const auto error = value.get_bool().get(member.flag);
    return error == simdjson::SUCCESS || reject("invalid_json", member.position, "not a literal of JSON");
  }
  if (first == 'n') {
    bool null = false;
    const auto error = value.is_null().get(null);
    return (error == simdjson::SUCCESS && null) || reject("invalid_json", member.position, "not a literal of JSON");
  }
  if (first != '-' && (first < '0' || first > '9')) return reject("invalid_json", member.position, "not a value");
  ondemand::number number;
  if (value.get_number().get(number) != simdjson::SUCCESS) {
    const std::size_t length = rest.find_first_not_of("-+.0123456789eE");
    const bool digits = rest.substr(0, length).find_first_of(".eE+") == std::string_view::npos;
    const bool big = (digits && length > 18) || rest.substr(0, length).find_first_of("eE") != std::string_view::npos;
    return reject(big ? "number_range" : "invalid_json", member.position, "not a number within 64 bits");
  }
  member.kind = number.is_int64() ? JsonKind::integer : JsonKind::number;
  if (number.is_int64()) member.integer = number.get_int64();
  return true;
}

bool StrictJson::State::take_elements(ondemand::array array, Elements& out) {
  for (auto item : array) {
    ondemand::value value;
    if (const auto error = std::move(item).get(value)) return reject(error);
    std::string_view json;
    const char* begin = nullptr;
    if (const auto error = value.current_location().get(begin)) return reject(error);
    position = offset_of(begin);
    if (out.items.size() == kBatchEventsMax) {
      return reject("too_many_events", position, "at most " + std::to_string(kBatchEventsMax));
    }
    ondemand::object object;
    if (position < size && *begin == '{') {
      if (const auto error = value.get_object().get(object)) return reject(error);
      if (const auto error = object.raw_json().get(json)) return reject(error);
    } else if (position < size && *begin == '[') {
      return reject("not_an_object", position, "an element of a batch is an object");
    } else {
      json = value.raw_json_token();
    }
    out.items.push_back(trimmed(json));
  }
  return true;
}

bool StrictJson::State::split_object(ondemand::object object, Elements& out) {
  for (auto item : object) {
    ondemand::field field;
    if (const auto error = std::move(item).get(field)) return reject(error);
    JsonMember member;
    if (!read_key(field, member)) return false;
    if (member.key == "batch") {
      if (out.batch) return reject("duplicate_key", position, "batch");
      out.batch = true;
      ondemand::array array;
      if (field.value().get_array().get(array) != simdjson::SUCCESS) return reject("wrong_type", position, "batch");
      if (!take_elements(array, out)) return false;
    } else if (member.key == "sent_at") {
      out.sent_at = trimmed(field.value().raw_json_token());
    }
  }
  return true;
}

StrictJson::StrictJson() : state_(std::make_unique<State>()) {}
StrictJson::~StrictJson() = default;
const std::vector<JsonMember>& StrictJson::members() const {
  return state_->members;
}
const std::vector<JsonMember>& StrictJson::inner() const {
  return state_->inner;
}

std::optional<Rejection> StrictJson::read_object(std::string_view payload, const JsonLimits& limits,
                                                 std::string_view inner_key) {
  state_->limits = limits;
  state_->inner_key = inner_key;
  std::optional<ondemand::document> document = state_->open(payload);
  if (!document) return state_->rejection;
  ondemand::object object;
  if (const auto error = document->get_object().get(object)) {
    const std::size_t first = payload.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos || payload[first] == '{') {
      state_->position = payload.size();
      state_->reject(error);
    } else {
      state_->reject("not_an_object", first);
    }
    return state_->rejection;
  }
  if (state_->walk_object(object, 1, &state_->members)) state_->at_end(*document);
  return state_->rejection;
}

std::optional<Rejection> StrictJson::split(std::string_view body, Elements& out) {
  out.batch = false;
  out.sent_at = {};
  out.items.clear();
  state_->limits = JsonLimits{.bytes = kBatchBytesMax, .string_bytes = kBatchBytesMax};
  std::optional<ondemand::document> document = state_->open(body);
  if (!document) return state_->rejection;
  const std::size_t first = body.find_first_not_of(" \t\r\n");
  const char opening = first == std::string_view::npos ? ' ' : body[first];
  bool done = false;
  if (opening == '[') {
    out.batch = true;
    ondemand::array array;
    const auto error = document->get_array().get(array);
    done = error == simdjson::SUCCESS ? state_->take_elements(array, out) : state_->reject(error);
  } else if (opening == '{') {
    ondemand::object object;
    const auto error = document->get_object().get(object);
    done = error == simdjson::SUCCESS ? state_->split_object(object, out) : state_->reject(error);
  } else {
    state_->reject(first == std::string_view::npos ? "empty" : "not_an_object", 0);
  }
  if (done) state_->at_end(*document);
  return state_->rejection;
}

}  // namespace juncture
