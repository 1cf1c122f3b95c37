// The engine's own records and notes: commit markers, the genesis record, the store's mark, the commit's metadata.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "juncture/core/result.h"
#include "juncture/ports/log.h"

namespace juncture::engine {

using namespace std::string_view_literals;  // NOLINT(google-build-using-namespace): keys hold a zero byte

// A changelog key that starts with a zero byte is the engine's own; no state key may.
inline constexpr std::string_view kMarkerKey = "\0commit"sv;
inline constexpr std::string_view kGenesisKey = "\0genesis"sv;
inline bool is_control_key(std::string_view key) {
  return !key.empty() && key.front() == '\0';
}

// Last changelog record of a commit: state up to here is the effect of all input records below `next`.
struct Marker {
  std::uint64_t sequence = 0;
  std::uint64_t previous = 0;  // hash of the marker before
  std::uint64_t content = 0;   // chained hash of the commit's keys and values
  std::uint32_t count = 0;     // records of this commit before the marker
  std::int64_t stream_time_ms = 0;
  bool exactly_once = false;  // then the group's position is part of the same transaction: neither behind nor ahead
  std::uint64_t stale = 0;    // records behind the freshness gate, since the first one
  std::vector<std::pair<std::string, Offset>> next;  // per input topic
  std::uint64_t hash = 0;                            // of all of the above, as encoded
  friend bool operator==(const Marker&, const Marker&) = default;
};

// Sets marker.hash.
std::string encode_marker(Marker& marker);
Result<Marker> decode_marker(std::string_view bytes);

std::string encode_genesis(std::uint64_t id);
Result<std::uint64_t> decode_genesis(std::string_view bytes);

// Continues the chained hash of a commit's content with one change.
std::uint64_t chain_content(std::uint64_t content, std::string_view key, std::optional<std::string_view> value);

// Where a store stands: it holds every change up to the marker at `offset`, and maybe later committed ones.
struct StoreMark {
  std::uint64_t genesis = 0;
  Offset offset = 0;  // of the marker; never above its true offset
  std::uint64_t sequence = 0;
  std::uint64_t hash = 0;
  std::int64_t written_ms = 0;
  friend bool operator==(const StoreMark&, const StoreMark&) = default;
};
std::string encode_mark(const StoreMark& mark);
Result<StoreMark> decode_mark(std::string_view text);

// Beside the committed offset: which marker belongs to it.
std::string encode_metadata(const Marker& marker);
// None if the text is not ours, as when an operator set the offset by hand.
std::optional<std::pair<std::uint64_t, std::uint64_t>> decode_metadata(std::string_view text);

}  // namespace juncture::engine
