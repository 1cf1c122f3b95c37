#include "text/lexicon.h"

#include <map>

#include "text/features.h"

namespace juncture::text {
namespace {

using Strings = std::vector<std::string>;

void append(Strings& to, const Strings& from) {
  to.insert(to.end(), from.begin(), from.end());
}

class Builder {
 public:
  // Changes the entry of every phrase; one with a placeholder, such as `in <city>`, is no phrase to search for.
  template <class Mark>
  void each(const Strings& phrases, Mark mark) {
    for (const std::string& text : phrases) {
      const std::string stems = text.find('<') == std::string::npos ? stems_of(text) : std::string();
      if (stems.empty()) continue;
      Phrase& phrase = phrases_[stems];
      phrase.stems = stems;
      mark(phrase);
    }
  }
  std::vector<Phrase> take() {
    std::vector<Phrase> out;
    for (auto& [stems, phrase] : phrases_) out.push_back(std::move(phrase));
    return out;
  }

 private:
  std::map<std::string, Phrase> phrases_;
};

}  // namespace

SlotNames all_names(const Taxonomy& taxonomy, const UserVocabulary& vocabulary) {
  SlotNames out = taxonomy.slots;
  append(out.products, vocabulary.products);
  append(out.products, vocabulary.categories);
  append(out.vendors, vocabulary.vendors);
  append(out.vendors, vocabulary.competitors);
  append(out.places, vocabulary.places);
  return out;
}

std::vector<Phrase> make_phrases(const Taxonomy& taxonomy, const UserVocabulary& vocabulary) {
  Builder builder;
  const auto label = [&](const Strings& cues, std::size_t y) {
    builder.each(cues, [y](Phrase& p) { p.labels = static_cast<std::uint16_t>(p.labels | 1U << y); });
  };
  for (std::size_t s = 0; s < kStages; ++s) label(taxonomy.stages[s].cues, s);
  for (const TaxonomyNoise& noise : taxonomy.noise) label(noise.cues, kNoneClass);
  for (std::size_t m = 0; m < taxonomy.moments.size(); ++m) {
    builder.each(taxonomy.moments[m].cues,
                 [m](Phrase& p) { p.moments = static_cast<std::uint8_t>(p.moments | 1U << m); });
  }
  for (std::size_t r = 0; r < kRoles; ++r) {
    builder.each(taxonomy.role_cues[r], [r](Phrase& p) { p.roles = static_cast<std::uint16_t>(p.roles | 1U << r); });
  }
  const SlotNames names = all_names(taxonomy, vocabulary);
  builder.each(names.products, [](Phrase& p) { p.slot = Slot::product; });
  builder.each(names.places, [](Phrase& p) { p.slot = Slot::place; });
  builder.each(names.vendors, [](Phrase& p) { p.slot = Slot::vendor; });
  return builder.take();
}

}  // namespace juncture::text
