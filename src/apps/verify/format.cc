#include "apps/verify/format.h"

#include <fmt/format.h>

#include <charconv>
#include <map>

#include "juncture/core/hash.h"

namespace juncture::apps::verify {
namespace {

// Little-endian integers from the front; `good` stays false once the bytes did not reach.
struct Bytes {
  std::string_view rest;
  bool good = true;

  template <class T>
  T number() {
    if (rest.size() < sizeof(T)) {
      good = false;
      return 0;
    }
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) bits |= std::uint64_t{static_cast<unsigned char>(rest[i])} << (8 * i);
    rest.remove_prefix(sizeof(T));
    return static_cast<T>(bits);
  }
  std::string text(std::size_t size) {
    if (rest.size() < size) {
      good = false;
      return {};
    }
    std::string out(rest.substr(0, size));
    rest.remove_prefix(size);
    return out;
  }
};

template <class T>
void append(std::string& out, T number) {
  auto bits = static_cast<std::uint64_t>(number);
  for (std::size_t i = 0; i < sizeof(T); ++i, bits >>= 8U) out.push_back(static_cast<char>(bits & 0xffU));
}

// `j1;name=value;name=value`; none if it is not that.
std::optional<std::map<std::string, std::string, std::less<>>> read_notes(std::string_view text) {
  if (!text.starts_with("j1;")) return std::nullopt;
  text.remove_prefix(3);
  std::map<std::string, std::string, std::less<>> notes;
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find(';'));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    notes.emplace(part.substr(0, equals), part.substr(equals + 1));
  }
  return notes;
}

template <class T>
bool note(const std::map<std::string, std::string, std::less<>>& notes, std::string_view name, int base, T& out) {
  const auto found = notes.find(name);
  if (found == notes.end()) return false;
  const std::string& text = found->second;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), out, base);
  return read.ec == std::errc{} && read.ptr == text.data() + text.size();
}

}  // namespace

std::optional<Offset> Commit::next_of(std::string_view topic) const {
  for (const auto& [name, offset] : next) {
    if (name == topic) return offset;
  }
  return std::nullopt;
}

std::optional<Commit> read_commit(std::string_view bytes) {
  Bytes in{bytes};
  Commit out;
  const auto version = in.number<std::uint8_t>();
  if (version < 1 || version > 2) return std::nullopt;
  out.sequence = in.number<std::uint64_t>();
  out.previous = in.number<std::uint64_t>();
  out.content = in.number<std::uint64_t>();
  out.count = in.number<std::uint32_t>();
  out.stream_time_ms = in.number<std::int64_t>();
  if (version == 2) {
    out.exactly_once = in.number<std::uint8_t>() == 1;
    out.stale = in.number<std::uint64_t>();
  }
  const auto inputs = in.number<std::uint16_t>();
  for (std::uint16_t i = 0; in.good && i < inputs; ++i) {
    const auto size = in.number<std::uint16_t>();
    std::string topic = in.text(size);
    const auto next = in.number<std::int64_t>();
    out.next.emplace_back(std::move(topic), next);
  }
  const std::size_t hashed = bytes.size() - in.rest.size();
  out.hash = in.number<std::uint64_t>();
  if (!in.good || !in.rest.empty() || out.hash != hash64(bytes.substr(0, hashed))) return std::nullopt;
  return out;
}

std::optional<std::uint64_t> read_genesis(std::string_view bytes) {
  Bytes in{bytes};
  if (in.number<std::uint8_t>() != 1) return std::nullopt;
  const auto id = in.number<std::uint64_t>();
  if (!in.good || !in.rest.empty()) return std::nullopt;
  return id;
}

std::optional<Mark> read_mark(std::string_view text) {
  const auto notes = read_notes(text);
  Mark out;
  const bool whole = notes && note(*notes, "g", 16, out.genesis) && note(*notes, "n", 10, out.offset) &&
                     note(*notes, "s", 10, out.sequence) && note(*notes, "h", 16, out.hash);
  return whole ? std::optional(out) : std::nullopt;
}

std::optional<Certificate> read_certificate(std::string_view metadata) {
  const auto notes = read_notes(metadata);
  Certificate out;
  const bool whole = notes && note(*notes, "s", 10, out.sequence) && note(*notes, "h", 16, out.hash);
  return whole ? std::optional(out) : std::nullopt;
}

std::string write_commit(Commit& commit) {
  std::string out(1, '\2');
  append(out, commit.sequence);
  append(out, commit.previous);
  append(out, commit.content);
  append(out, commit.count);
  append(out, commit.stream_time_ms);
  append(out, static_cast<std::uint8_t>(commit.exactly_once ? 1 : 0));
  append(out, commit.stale.value_or(0));
  append(out, static_cast<std::uint16_t>(commit.next.size()));
  for (const auto& [topic, next] : commit.next) {
    append(out, static_cast<std::uint16_t>(topic.size()));
    out += topic;
    append(out, next);
  }
  commit.hash = hash64(out);
  append(out, commit.hash);
  return out;
}

std::string write_genesis(std::uint64_t id) {
  std::string out(1, '\1');
  append(out, id);
  return out;
}

std::string write_mark(const Mark& mark, std::int64_t written_ms) {
  return fmt::format("j1;g={:x};n={};s={};h={:x};t={}", mark.genesis, mark.offset, mark.sequence, mark.hash,
                     written_ms);
}

std::string write_certificate(const Commit& commit) {
  return fmt::format("j1;s={};h={:x}", commit.sequence, commit.hash);
}

std::uint64_t add_change(std::uint64_t content, std::string_view key, std::optional<std::string_view> value) {
  const std::uint64_t with_key = hash64(key, content);
  return value ? hash64(*value, with_key) : with_key + 1;
}

}  // namespace juncture::apps::verify
