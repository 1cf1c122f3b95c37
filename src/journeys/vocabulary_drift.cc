#include "vocabulary_drift.h"

#include <algorithm>

#include "juncture/core/chance.h"
#include "juncture/core/hash.h"

namespace juncture::journeys {

std::string drifted(std::string_view text) {
  constexpr std::string_view kConsonants = "bdfgklmnprstvz", kVowels = "aeiou";
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    Chance chance(hash64(word, 0x6472696674ULL));
    if (!word.empty() && chance.uniform() < .33) {
      for (std::size_t syllables = 2 + chance.below(2); syllables > 0; --syllables) {
        out += kConsonants[chance.below(kConsonants.size())];
        out += kVowels[chance.below(kVowels.size())];
      }
    } else {
      out += word;
    }
    if (end < text.size()) out += ' ';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

}  // namespace juncture::journeys
