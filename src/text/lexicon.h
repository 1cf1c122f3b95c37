// Gathers the phrases of taxonomy and vocabulary into one list without repeats.
#pragma once

#include <vector>

#include "juncture/core/taxonomy.h"
#include "text/phrases.h"

namespace juncture::text {

// Sorted by stems.
std::vector<Phrase> make_phrases(const Taxonomy& taxonomy, const UserVocabulary& vocabulary);

// Names of both, for slot substitution.
SlotNames all_names(const Taxonomy& taxonomy, const UserVocabulary& vocabulary);

}  // namespace juncture::text
