#include "engine/marker.h"

#include <array>
#include <bit>
#include <charconv>
#include <concepts>

#include "juncture/core/hash.h"

namespace juncture::engine {
namespace {

constexpr char kVersion = 1;
// 1 had neither the delivery nor the stale records.
constexpr char kMarkerVersion = 2;

// Little endian on every machine.
template <std::integral T>
void put(std::string& out, T value) {
  auto bits = static_cast<std::uint64_t>(value);
  for (std::size_t i = 0; i < sizeof(T); ++i, bits >>= 8U) out.push_back(static_cast<char>(bits & 0xffU));
}

// Takes from the front; false at the end of the input.
template <std::integral T>
bool take(std::string_view& in, T& value) {
  if (in.size() < sizeof(T)) return false;
  std::uint64_t bits = 0;
  for (std::size_t i = sizeof(T); i-- > 0;) bits = bits << 8U | static_cast<unsigned char>(in[i]);
  value = static_cast<T>(bits);
  in.remove_prefix(sizeof(T));
  return true;
}

tl::unexpected<Error> damaged(std::string detail) {
  return fail(Domain::environment, "changelog_damaged", std::move(detail));
}

std::string hex(std::uint64_t value) {
  std::array<char, 17> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, 16).ptr;
  return {buffer.data(), end};
}

// The number after `name=` up to the next ';', if it is there and whole.
template <std::integral T>
bool field(std::string_view text, std::string_view name, T& value, int base) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(';', at), text.size());
    const std::string_view part = text.substr(at, end - at);
    if (part.size() > name.size() + 1 && part.starts_with(name) && part[name.size()] == '=') {
      const char* last = part.data() + part.size();
      const auto parsed = std::from_chars(part.data() + name.size() + 1, last, value, base);
      return parsed.ec == std::errc{} && parsed.ptr == last;
    }
    at = end + 1;
  }
  return false;
}

}  // namespace

std::string encode_marker(Marker& marker) {
  std::string out;
  out.reserve(128);
  out.push_back(kMarkerVersion);
  put(out, marker.sequence);
  put(out, marker.previous);
  put(out, marker.content);
  put(out, marker.count);
  put(out, marker.stream_time_ms);
  put(out, static_cast<std::uint8_t>(marker.exactly_once ? 1 : 0));
  put(out, marker.stale);
  put(out, static_cast<std::uint16_t>(marker.next.size()));
  for (const auto& [topic, next] : marker.next) {
    put(out, static_cast<std::uint16_t>(topic.size()));
    out += topic;
    put(out, next);
  }
  marker.hash = hash64(out);
  put(out, marker.hash);
  return out;
}

Result<Marker> decode_marker(std::string_view bytes) {
  if (bytes.empty()) return damaged("a commit marker is empty");
  const char version = bytes.front();
  if (version > kMarkerVersion) {
    return fail(Domain::setup, "format_newer",
                "the changelog was written by a newer version of juncture; run that version or a later one");
  }
  if (version < kVersion) return damaged("a commit marker of an unknown version");
  if (bytes.size() < 1 + sizeof(std::uint64_t)) return damaged("a commit marker is cut short");
  const std::string_view body = bytes.substr(0, bytes.size() - sizeof(std::uint64_t));
  std::string_view in = bytes.substr(1);
  Marker marker;
  std::uint16_t inputs = 0;
  bool whole = take(in, marker.sequence) && take(in, marker.previous) && take(in, marker.content) &&
               take(in, marker.count) && take(in, marker.stream_time_ms);
  if (version >= kMarkerVersion) {
    std::uint8_t delivery = 0;
    whole = whole && take(in, delivery) && take(in, marker.stale);
    marker.exactly_once = delivery == 1;
  }
  whole = whole && take(in, inputs);
  for (std::uint16_t i = 0; whole && i < inputs; ++i) {
    std::uint16_t size = 0;
    Offset next = 0;
    whole = take(in, size) && in.size() >= size;
    if (!whole) break;
    std::string topic(in.substr(0, size));
    in.remove_prefix(size);
    whole = take(in, next);
    marker.next.emplace_back(std::move(topic), next);
  }
  whole = whole && take(in, marker.hash) && in.empty();
  if (!whole || marker.hash != hash64(body)) return damaged("a commit marker does not match its own hash");
  return marker;
}

std::string encode_genesis(std::uint64_t id) {
  std::string out(1, kVersion);
  put(out, id);
  return out;
}

Result<std::uint64_t> decode_genesis(std::string_view bytes) {
  std::uint64_t id = 0;
  if (bytes.size() != 1 + sizeof(id) || bytes.front() != kVersion) return damaged("the genesis record is not one");
  bytes.remove_prefix(1);
  take(bytes, id);
  return id;
}

std::uint64_t chain_content(std::uint64_t content, std::string_view key, std::optional<std::string_view> value) {
  content = hash64(key, content);
  return value ? hash64(*value, content) : content + 1;
}

std::string encode_mark(const StoreMark& mark) {
  return "j1;g=" + hex(mark.genesis) + ";n=" + std::to_string(mark.offset) + ";s=" + std::to_string(mark.sequence) +
         ";h=" + hex(mark.hash) + ";t=" + std::to_string(mark.written_ms);
}

Result<StoreMark> decode_mark(std::string_view text) {
  StoreMark mark;
  const bool whole = text.starts_with("j1;") && field(text, "g", mark.genesis, 16) &&
                     field(text, "n", mark.offset, 10) && field(text, "s", mark.sequence, 10) &&
                     field(text, "h", mark.hash, 16) && field(text, "t", mark.written_ms, 10);
  if (!whole) return fail(Domain::environment, "store_damaged", "the store's mark cannot be read");
  return mark;
}

std::string encode_metadata(const Marker& marker) {
  return "j1;s=" + std::to_string(marker.sequence) + ";h=" + hex(marker.hash);
}

std::optional<std::pair<std::uint64_t, std::uint64_t>> decode_metadata(std::string_view text) {
  std::pair<std::uint64_t, std::uint64_t> out;
  if (!text.starts_with("j1;") || !field(text, "s", out.first, 10) || !field(text, "h", out.second, 16)) {
    return std::nullopt;
  }
  return out;
}

}  // namespace juncture::engine
