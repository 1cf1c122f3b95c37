// Which catalog item a signal is about: named outright, or by its url.
#pragma once

#include "juncture/core/signal.h"
#include "juncture/pipeline/knowledge.h"

namespace juncture {

// Null if it is about none of ours.
const ContentItem* match_content(const Knowledge& knowledge, const Signal& signal);

}  // namespace juncture
