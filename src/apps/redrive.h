// A dead letter read once more, as its source would read it today.
#pragma once

#include <optional>
#include <vector>

#include "apps/signal_sink.h"
#include "juncture/config/config.h"
#include "juncture/ingest/dead_letter.h"
#include "juncture/pipeline/knowledge.h"

namespace juncture::apps {

// Its signals, ready for the topic `signals`; none where it is still rejected, cut short, or not a connector's. With
// the consent that the configuration gives its source, and the accounts and made-up ids that intake gives now.
std::optional<std::vector<KeyedSignal>> redriven(Scratch& scratch, const DeadLetter& letter, const Config& config,
                                                 const Knowledge& knowledge);

}  // namespace juncture::apps
