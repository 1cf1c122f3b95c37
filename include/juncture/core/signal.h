// One thing a buyer did, as every connector delivers it and as the topic `signals` carries it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "juncture/core/types.h"
#include "juncture/core/vocabulary.h"

namespace juncture {

// The text fields are views into the parser's scratch: valid until its next parse.
struct Signal {
  std::string_view id;     // unique within the source; a connector makes one where the source has none
  ProspectId prospect;     // known id, else the anonymous id: the key of the topic
  bool anonymous = false;  // true when only an anonymous id was given
  AccountId account;       // may be empty
  AccountBasis basis = AccountBasis::declared;  // how that account is known
  SignalType type = SignalType::query;
  Timestamp occurred_at{};  // corrected by sent_at, clamped to the record's time + 5 min
  bool clamped = false;     // the client's clock was wrong
  std::string_view text;    // verbatim query, title or note; at most 1,024 bytes of valid UTF-8
  std::string_view url;
  std::string_view referrer;
  Device device = Device::unknown;
  Consent consent = Consent::absent;
  // Of type content and feedback, and of page views that match a catalog url: the item.
  ContentId content;
  FeedbackAction action = FeedbackAction::none;
  std::string_view decision;    // feedback: the decision_id (or token) it answers
  std::string_view reason;      // feedback: reason code; outcome: won, lost, no_decision
  std::optional<Stage> stage;   // feedback `wrong`: the stage the analyst says it is
  std::string_view actor;       // feedback: prospect, or the analyst's name
  Timestamp until{};            // feedback `snooze`: hold back until then
  std::string_view source;      // connector name, for metrics and the page
  std::string_view properties;  // raw JSON object of the rest, empty if none; never interpreted here
  // identify, keyed by an anonymous id: whose it is, or nobody's any more where that is empty.
  bool links = false;
  std::string_view person;
  std::string_view alias;  // identify: the anonymous id that this known prospect had until now; may be empty
};

}  // namespace juncture
