// Expected utility of an item for a reading, in parts that can be shown: what it gains and what it may cost.
#pragma once

#include <array>

#include "juncture/core/catalog.h"
#include "juncture/core/policy.h"
#include "juncture/core/reading.h"

namespace juncture {

struct Limits;

// What all items of a kind share, worked out once for each decision.
struct KindTerms {
  double gain = 0;       // sum over stages of P(s) * help
  double elsewhere = 0;  // the same as if an item named none of them
  double harm = 0;       // sum over stages of P(s) * cost(s) * kill
  double kill_risk = 0;  // upper bound of the odds to end the opportunity
  double moment = 1, role = 1, novelty = 1;
};

struct Terms {
  std::array<KindTerms, kContentKinds> kinds{};
  Stage stage = Stage::problem_realization;
  Moment moment = Moment::unclear;
  std::size_t role = kRoles - 1;
};

// One item's score and its factors; score = gain * moment * role * fresh * novelty - harm - effort - person.
struct Utility {
  double gain = 0, moment = 1, role = 1, fresh = 1, novelty = 1;
  double harm = 0, effort = 0, person = 0;
  double score = 0;
  double kill_risk = 0;
};

Terms terms_of(const Policy& policy, const Reading& reading, const Limits& limits);
Utility utility_of(const ContentItem& item, const Policy& policy, const Reading& reading, const Terms& terms);

// Odds that the prospect is in a stage the item is made for and not harmful in.
double fit_of(const ContentItem& item, const Policy& policy, const StageOdds& stages);

}  // namespace juncture
