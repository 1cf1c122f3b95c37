// What is wanted of the web at large, by rules of the published kind: words of the query, the page it led to.
#pragma once

#include "text/features.h"
#include "text/landing.h"

namespace juncture::text {

// Probabilities by the query and, where there is one, the page. Weights are general knowledge of how people search,
// after the labelling functions of ORCAS-I; nothing is fitted to rows.
WebIntentOdds web_intent_of(const Features& features, const LandingFacts& page);

// Nats that the page alone adds to each moment; all zero without a page.
std::array<double, kMoments> moment_nats_of(const LandingFacts& page, const Features& features);

}  // namespace juncture::text
