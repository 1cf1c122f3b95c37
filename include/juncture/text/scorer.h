// Scores one query or title with a TextModel. One scorer a thread; it owns the scratch and allocates nothing later.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "juncture/core/text_evidence.h"
#include "juncture/core/web.h"
#include "juncture/text/model.h"

namespace juncture {

namespace text {
class FeatureReader;
}

class TextScorer {
 public:
  explicit TextScorer(const TextModel& model);  // `model` outlives the scorer
  TextScorer(TextScorer&&) noexcept;
  TextScorer& operator=(TextScorer&&) = delete;
  TextScorer(const TextScorer&) = delete;
  TextScorer& operator=(const TextScorer&) = delete;
  ~TextScorer();

  // Any bytes of any length; the same bits on every CPU. The page moves moments only, never stages: what a page is for
  // says what is to be done next, not how far the purchase is.
  TextEvidence score(std::string_view text, Device device, const Landing& landing = {});

  // What is wanted of the web at large; sums to 1.
  WebIntentOdds web_intent(std::string_view text, const Landing& landing = {});

  // Of the text scored last: words that the model gives no weight of their own, rare slots of its table apart.
  std::size_t unknown_words() const;

  // Why `stage` rather than `against`: at most `n` terms, strongest first. With no limit they add up to
  // log_ratio[stage] - log_ratio[against]; "(base)" is what holds for any text.
  std::vector<TextTerm> explain(std::string_view text, Device device, Stage stage, Stage against, std::size_t n);

 private:
  const text::ModelParts& parts_;
  std::unique_ptr<text::FeatureReader> reader_;
};

}  // namespace juncture
