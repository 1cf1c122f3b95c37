// The filter over one prospect: take evidence in, in any order, and read the belief at any instant.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "juncture/core/evidence.h"
#include "juncture/core/prospect.h"
#include "juncture/core/reading.h"
#include "juncture/core/signal.h"
#include "juncture/core/text_evidence.h"
#include "juncture/inference/stage_chain.h"

namespace juncture {

// The order-free facts of a signal. `kind`: ContentKind of signal.content where the catalog knows it.
Evidence observe(const Signal& signal, const TextEvidence& text, std::uint8_t kind = kNoKind);

enum class Admission : std::uint8_t { fresh, duplicate, late };

// Whether absorb() would take it in. Late: before the fold point, or more than 36 h older than the newest.
Admission admit(const Prospect& prospect, const Evidence& evidence);

// What of a signal's own words may be kept, as the privacy mode has it: verbatim, a hash, or nothing.
struct Keep {
  std::string_view text;
  Millis text_ttl = 24h;
  std::string_view account;
  AccountBasis basis = AccountBasis::declared;  // how that account is known
  bool links = false;                           // the signal says whose the id is:
  std::uint64_t person = 0;                     // hash of that person's id, 0: nobody else's
};

// Takes evidence in; changes nothing unless the answer is fresh. Any order of arrival within 36 h ends in equal values.
Admission absorb(const StageChain& chain, Prospect& prospect, const Evidence& evidence, const Keep& keep = {});

// A value in which everything up to `at` is gone and stays refused. What an erasure leaves.
Prospect erased_at(Timestamp at);

// The belief at `now`; steps a copy. Leaves Reading::entitled at public: who may see what is not inference.
Reading read(const StageChain& chain, const Prospect& prospect, Timestamp now);
// The same but for progress, dwell and forecasts, which no decision looks at.
Reading read_for_decision(const StageChain& chain, const Prospect& prospect, Timestamp now);
// The same of a belief that stands at `now` already, be it of one person or of several: without roles and course.
Reading read(const StageChain& chain, const BeliefState& state, Timestamp now);

// The stage odds as of the newest signal: no step in time is taken, so it costs next to nothing.
StageOdds stages_of(const StageChain& chain, const Prospect& prospect);

// Account of the person to whom the id is linked, else the one that the prospect belongs to; empty without consent.
std::string_view account_of(const Prospect& prospect);
AccountBasis account_basis_of(const Prospect& prospect);

struct WindowCounts {
  std::uint32_t session = 0, hours36 = 0, days14 = 0, days90 = 0;
};
WindowCounts windows_of(const Prospect& prospect, Timestamp now);

// One line of the series that an analyst reads, oldest first.
struct SeriesEntry {
  Timestamp at{};
  std::uint64_t signal = 0;  // hash of its id
  SignalType type = SignalType::query;
  Moment moment = Moment::unclear;
  Device device = Device::unknown;
  Form form = Form::brief;
  Stage mode_after = Stage::problem_realization;
  float nats = 0;         // for the stage most likely now, negative against
  std::string_view text;  // into the prospect; empty if not kept or past its time
};
// `oldest_text`: texts before it are left out, whatever is still stored.
std::vector<SeriesEntry> series(const StageChain& chain, const Prospect& prospect, Timestamp now,
                                Timestamp oldest_text = Timestamp::min());

}  // namespace juncture
