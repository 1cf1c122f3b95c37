// What is said of one prospect outside the pipeline: the details of the page, `juncture explain`, the public slate.
#pragma once

#include <string>
#include <string_view>

#include "juncture/core/prospect.h"
#include "juncture/pipeline/knowledge.h"

namespace juncture::apps {

// GET /v1/prospects/{id}. `row` is the latest row of the feed, empty if there is none.
std::string describe(const Knowledge& knowledge, std::string_view id, const Prospect& prospect, Timestamp now,
                     std::string_view row);

// GET /v1/suggestions for a prospect that is known.
std::string public_slate(const Knowledge& knowledge, std::string_view id, const Prospect& prospect, Timestamp now,
                         std::size_t limit);
// The same for one that is not: the same shape, from what is safe for anybody.
std::string default_slate(const Knowledge& knowledge, std::string_view id, Timestamp now, std::size_t limit);

// For people, on a terminal.
std::string explain_text(const Knowledge& knowledge, std::string_view id, const Prospect& prospect, Timestamp now);

}  // namespace juncture::apps
