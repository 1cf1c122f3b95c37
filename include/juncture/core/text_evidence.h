// What the text scorer says of one query or title: order-free facts, no history.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "juncture/core/catalog.h"
#include "juncture/core/vocabulary.h"

namespace juncture {

struct TextEvidence {
  // ln( p(y|x) / prior(y) ) in nats for the 14 conditions and "none of them"; all zero for an empty text.
  std::array<float, kEvidenceClasses> log_ratio{};
  MomentOdds moments{0, 0, 0, 0, 1};  // sums to 1; `unclear` takes what the four cannot claim
  std::array<float, kRoles> roles{};  // sums to 1
  float none = 0;                     // p(none|x), calibrated
  Form form = Form::brief;
  std::uint8_t words = 0;
  bool page = false;            // the page said something of the moment
  std::uint64_t text_hash = 0;  // of the normalised text; without one, of the page that said something
};

// One reason inside a text, for explanations: exact for a linear model.
struct TextTerm {
  std::string term;  // a phrase or a word of the text
  float nats = 0;    // weight for the stage asked about against its runner-up
};

}  // namespace juncture
