// The body of POST /v1/feedback: what an analyst or a website says of an offer.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "juncture/core/signal.h"
#include "juncture/ingest/connector.h"

namespace juncture::apps {

struct FeedbackBody {
  std::string id;  // idempotency key, or made from decision, item and action: a repeat counts once
  std::string prospect, decision, content, reason, actor;
  FeedbackAction action = FeedbackAction::none;
  std::optional<Stage> stage;
  std::optional<Timestamp> until;
  bool from_token = false;

  // Views into this body.
  Signal to_signal(Timestamp now) const;
};

// `token_key` checks a token; with one, prospect, item and decision are the token's, whatever else the body says.
std::optional<Rejection> read_feedback(std::string_view body, std::string_view token_key, FeedbackBody& out);

}  // namespace juncture::apps
