// Gathers what a node and its servers count into the text of /metrics.
#pragma once

#include <span>
#include <string>

#include "apps/forwarder.h"
#include "apps/node.h"
#include "apps/status_board.h"
#include "juncture/adapters/http_server.h"
#include "juncture/adapters/sse_hub.h"

namespace juncture::apps {

std::string collect_metrics(const Node& node, const StatusBoard& board, std::span<const HttpStats> http,
                            const Forwarder& forwarder, const SseStats& stream);

}  // namespace juncture::apps
