// Makes variants of a training phrase: other names in its slots, telegram style, typing errors.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "juncture/core/taxonomy.h"
#include "text/features.h"

namespace juncture::text {

// The one source of chance in training; a counter under a mixer, so the same on every machine.
class Chance {
 public:
  explicit Chance(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31U);
  }
  std::size_t below(std::size_t n) { return next() % n; }

 private:
  std::uint64_t state_;
};

struct Variant {
  std::string text;
  double weight = 1;
};

// The first is the phrase itself at weight 1.
std::vector<Variant> variants_of(const std::string& phrase, const SlotNames& names, FeatureReader& reader,
                                 Chance& chance);

}  // namespace juncture::text
