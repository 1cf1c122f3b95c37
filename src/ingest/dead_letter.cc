#include "juncture/ingest/dead_letter.h"

#include <algorithm>
#include <array>

#include "ingest/scratch.h"
#include "juncture/core/json_writer.h"

namespace juncture {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::size_t kDetailBytesMax = 512;

void append_base64(std::string_view bytes, std::string& out) {
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8U | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) out.push_back(k > count ? '=' : kAlphabet[(group >> (18 - 6 * k)) & 63U]);
  }
}

std::optional<std::string_view> read_base64(std::string_view text, Arena& arena) {
  if (text.size() % 4 != 0) return std::nullopt;
  char* const begin = arena.take(text.size() / 4 * 3);
  char* to = begin;
  std::size_t padding = 0;
  for (std::size_t i = 0; i < text.size(); i += 4) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      const char c = text[i + k];
      const std::size_t digit = kAlphabet.find(c);
      const bool last = i + 4 == text.size() && k >= 2;
      if (c == '=' && last) {
        ++padding;
      } else if (digit == std::string_view::npos || padding != 0) {
        return std::nullopt;
      }
      group = group << 6U | (c == '=' ? 0U : static_cast<std::uint32_t>(digit));
    }
    for (std::size_t k = 0; k < 3; ++k) *to++ = static_cast<char>(group >> (16 - 8 * k) & 0xffU);
  }
  return std::string_view(begin, static_cast<std::size_t>(to - begin) - padding);
}

// As text where it is, cut at the start of a character; else as base64 under another name.
void write_bytes(JsonWriter& json, std::string_view name, std::string_view base64_name, std::string_view bytes) {
  if (find_invalid_utf8(bytes) == std::string_view::npos) return json.member(name, bytes);
  std::string encoded;
  append_base64(bytes, encoded);
  json.member(base64_name, encoded);
}

// UTF-8 cut at or before `bytes_max`, without half a character.
std::string_view cut(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  while (bytes_max > 0 && (static_cast<unsigned char>(text[bytes_max]) & 0xc0U) == 0x80) --bytes_max;
  return text.substr(0, bytes_max);
}

struct Target {
  std::string_view name;
  std::string_view DeadLetter::*text = nullptr;
  bool base64 = false;
};
constexpr std::array<Target, 8> kTexts{{{"topic", &DeadLetter::topic},
                                        {"connector", &DeadLetter::connector},
                                        {"reason", &DeadLetter::reason},
                                        {"detail", &DeadLetter::detail},
                                        {"key", &DeadLetter::key},
                                        {"key_base64", &DeadLetter::key, true},
                                        {"payload", &DeadLetter::payload},
                                        {"payload_base64", &DeadLetter::payload, true}}};

std::optional<Rejection> read_number(const JsonMember& member, DeadLetter& out) {
  const std::int64_t number = member.integer;
  if (member.key == "received_at") {
    out.received_at = from_ms(number);
  } else if (member.key == "offset") {
    out.offset = number;
  } else if (number < 0) {
    return Rejection{"number_range", member.position, std::string(member.key)};
  } else if (member.key == "partition") {
    if (number > INT32_MAX) return Rejection{"number_range", member.position, "partition"};
    out.partition = static_cast<std::int32_t>(number);
  } else if (member.key == "position") {
    out.position = static_cast<std::size_t>(number);
  } else if (member.key == "payload_bytes") {
    out.payload_bytes = static_cast<std::size_t>(number);
  } else if (member.key == "v" && number != 1) {
    return Rejection{"unknown_value", member.position, "version of the record's format"};
  }
  return std::nullopt;
}

std::optional<Rejection> read_text(const JsonMember& member, Arena& arena, DeadLetter& out) {
  const auto* const target =
      std::find_if(kTexts.begin(), kTexts.end(), [&](const Target& t) { return t.name == member.key; });
  if (target == kTexts.end()) return std::nullopt;
  if (!target->base64) {
    out.*target->text = member.text;
    return std::nullopt;
  }
  const auto bytes = read_base64(member.text, arena);
  if (!bytes) return Rejection{"unknown_value", member.position, "not base64"};
  out.*target->text = *bytes;
  return std::nullopt;
}

}  // namespace

void write_dead_letter(const DeadLetter& letter, std::string& out) {
  JsonWriter json(out);
  json.begin_object();
  json.member("v", 1);
  json.member("topic", letter.topic);
  json.member("partition", letter.partition);
  json.member("offset", letter.offset);
  json.member("connector", letter.connector);
  json.member("reason", letter.reason);
  json.member("position", letter.position);
  // The detail may quote the payload, so it may be anything.
  const std::size_t valid = find_invalid_utf8(letter.detail);
  json.member("detail", cut(letter.detail.substr(0, valid), kDetailBytesMax));
  json.member("received_at", to_ms(letter.received_at));
  write_bytes(json, "key", "key_base64", letter.key.substr(0, kStringBytesMax));
  json.member("payload_bytes", letter.payload_bytes);
  write_bytes(json, "payload", "payload_base64", letter.payload.substr(0, kPayloadBytesMax));
  json.end_object();
}

std::optional<Rejection> parse_dead_letter(Scratch& scratch, std::string_view record, DeadLetter& out) {
  ScratchBuffers& buffers = scratch.buffers();
  const JsonLimits limits{.bytes = kDeadLetterBytesMax, .string_bytes = kDeadLetterBytesMax};
  if (auto problem = buffers.json.read_object(record, limits, {})) return problem;
  buffers.arena.clear();
  DeadLetter letter;
  for (const JsonMember& member : buffers.json.members()) {
    std::optional<Rejection> problem;
    if (member.kind == JsonKind::integer) problem = read_number(member, letter);
    if (member.kind == JsonKind::string) problem = read_text(member, buffers.arena, letter);
    if (problem) return problem;
  }
  const bool known = std::find(kRejectionCodes.begin(), kRejectionCodes.end(), letter.reason) != kRejectionCodes.end();
  if (!known) return Rejection{"unknown_value", 0, "reason"};
  if (letter.topic.empty() || letter.connector.empty()) return Rejection{"missing_field", 0, "topic and connector"};
  out = letter;
  return std::nullopt;
}

}  // namespace juncture
