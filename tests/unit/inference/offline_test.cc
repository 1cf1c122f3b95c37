#include <catch2/catch.hpp>

#include "juncture/inference/filter.h"
#include "unit/inference/journey.h"

using namespace juncture;
using namespace juncture::test;

namespace {

Evidence offline(std::string_view kind, std::int64_t at_ms, std::string_view id) {
  Signal signal;
  signal.id = id;
  signal.type = SignalType::offline;
  signal.reason = kind;
  signal.consent = Consent::granted;
  signal.occurred_at = from_ms(at_ms);
  return observe(signal, TextEvidence{});
}

StageOdds after(std::string_view kind) {
  Prospect prospect;
  absorb(chain(), prospect, query_for(3, kStart, 1));
  absorb(chain(), prospect, offline(kind, kStart + kDay, "o-1"));
  return read(chain(), prospect, from_ms(kStart + kDay)).stages;
}

}  // namespace

TEST_CASE("one reported offline event moves the stage to where such things happen", "[offline]") {
  const StageOdds without = after("");
  const auto more = [&](std::string_view kind, Stage stage) {
    return after(kind)[index_of(stage)] > without[index_of(stage)];
  };
  CHECK(more("rfp", Stage::supplier_outreach));
  CHECK(more("rfp", Stage::shortlisting));
  CHECK_FALSE(more("rfp", Stage::problem_realization));
  CHECK(more("peer_reference", Stage::bake_off));
  CHECK(more("approved_supplier_list", Stage::shortlisting));
  CHECK(more("analyst_report", Stage::long_listing));
  CHECK(more("call", Stage::supplier_outreach));
  CHECK(more("meeting", Stage::negotiation));
  CHECK(more("trade_fair", Stage::scoping));
  CHECK(after("a walk in the park") == without);
  // A peer counts for more than a fair.
  CHECK(after("peer_reference")[9] - without[9] > after("trade_fair")[1] - without[1]);
}

TEST_CASE("several offline events of a session each count, and all are counted as offline", "[offline]") {
  Prospect once, twice;
  absorb(chain(), once, offline("rfp", kStart, "o-1"));
  absorb(chain(), twice, offline("rfp", kStart, "o-1"));
  absorb(chain(), twice, offline("call", kStart + kMinute, "o-2"));
  CHECK(read(chain(), twice, from_ms(kStart + kMinute)).offline == 2);
  CHECK(stages_of(chain(), twice)[5] > stages_of(chain(), once)[5]);
  CHECK(twice.notes[1].weight > 0);
}
