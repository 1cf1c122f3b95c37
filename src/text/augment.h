// Makes variants of a training phrase: other names in its slots, telegram style, typing errors.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "juncture/core/chance.h"
#include "juncture/core/taxonomy.h"
#include "text/features.h"

namespace juncture::text {

struct Variant {
  std::string text;
  double weight = 1;
};

// The first is the phrase itself at weight 1.
std::vector<Variant> variants_of(const std::string& phrase, const SlotNames& names, FeatureReader& reader,
                                 Chance& chance);

}  // namespace juncture::text
