// What is said of one prospect outside the pipeline: the details of the page, `juncture explain`, the public slate.
#pragma once

#include <string>
#include <string_view>

#include "juncture/core/prospect.h"
#include "juncture/inference/conditions.h"
#include "juncture/pipeline/knowledge.h"
#include "juncture/ports/log.h"

namespace juncture::apps {

// What an answer stands on: the committed state that follows from the records of `partition` before `offset`.
struct AsOf {
  Partition partition = 0;
  Offset offset = 0;
  Timestamp time{};    // stream time
  bool stale = false;  // this process may have lost the partition: there may be newer state elsewhere
  std::string digest;  // SHA-256 of the value's bytes, hex
};

// GET /v1/prospects/{id}. `row` is the latest row of the feed, empty if there is none; `as_of` is null outside a node.
std::string describe(const Knowledge& knowledge, std::string_view id, const Prospect& prospect, Timestamp now,
                     std::string_view row, const AsOf* as_of);

// GET /v1/suggestions for a prospect that is known.
struct SlateRequest {
  std::string_view prospect;
  Timestamp now{};
  std::size_t limit = 0;
  bool stale = false;  // decided without what is known now: says so, and nothing else of it
};
std::string public_slate(const Knowledge& knowledge, const SlateRequest& request, const Prospect& prospect);
// The same for one that is not: the same shape, from what is safe for anybody.
std::string default_slate(const Knowledge& knowledge, const SlateRequest& request);

// For people, on a terminal.
std::string explain_text(const Knowledge& knowledge, std::string_view id, const Prospect& prospect, Timestamp now);

// Parts that accounts have, too: the odds as bars, progress and clock with what is not seen, likelihoods and
// conditions.
std::string odds_text(const StageOdds& stages);
std::string outlook_text(const StageChain& chain, const Reading& reading);
std::string conditions_text(const Likelihoods& odds, Conditions holding);

}  // namespace juncture::apps
