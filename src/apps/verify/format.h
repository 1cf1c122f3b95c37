// The changelog's bytes as docs/formats/changelog.md has them, read here without any of the engine's code.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "juncture/ports/log.h"

namespace juncture::apps::verify {

inline constexpr std::string_view kCommitKey("\0commit", 7);
inline constexpr std::string_view kGenesisKey("\0genesis", 8);

struct Commit {
  std::uint64_t sequence = 0, previous = 0, content = 0, hash = 0;
  std::uint32_t count = 0;
  std::int64_t stream_time_ms = 0;
  bool exactly_once = false;                         // the group's offset was committed with it
  std::optional<std::uint64_t> stale;                // records behind the freshness gate so far; version 1 does not say
  std::vector<std::pair<std::string, Offset>> next;  // per input topic

  std::optional<Offset> next_of(std::string_view topic) const;
};

// None: not an encoding, or it does not match its own hash.
std::optional<Commit> read_commit(std::string_view bytes);
std::optional<std::uint64_t> read_genesis(std::string_view bytes);

// The store's own note of how far it reaches.
struct Mark {
  std::uint64_t genesis = 0, sequence = 0, hash = 0;
  Offset offset = 0;
};
std::optional<Mark> read_mark(std::string_view text);

// Which commit a group's offset belongs to.
struct Certificate {
  std::uint64_t sequence = 0, hash = 0;
};
std::optional<Certificate> read_certificate(std::string_view metadata);

// The same, written: by `juncture rebuild`. A commit's hash is set.
std::string write_commit(Commit& commit);
std::string write_genesis(std::uint64_t id);
std::string write_mark(const Mark& mark, std::int64_t written_ms);
std::string write_certificate(const Commit& commit);

// `content` with one more change; no value: a removal.
std::uint64_t add_change(std::uint64_t content, std::string_view key, std::optional<std::string_view> value);

}  // namespace juncture::apps::verify
