#include "juncture/text/classifier.h"

#include <algorithm>

#include "juncture/core/math.h"
#include "text/learn.h"

namespace juncture {

struct TextClassifier::Parts {
  text::FeatureReader reader;
  text::LinearLearner learner;
  std::size_t classes;
  std::vector<double> odds;
};

namespace {

text::Sample sample_of(text::FeatureReader& reader, std::string_view text) {
  return text::sample_of(reader.read(text));
}

}  // namespace

TextClassifier::TextClassifier(const TextModel& lexicon, std::span<const ClassifierExample> examples,
                               std::size_t classes, const ClassifierOptions& options)
    : parts_(new Parts{{lexicon.parts().phrases, lexicon.parts().matcher, lexicon.parts().web},
                       {classes,
                        {{0, classes}},
                        {.seed = options.seed,
                         .epochs = options.epochs,
                         .rate = options.rate,
                         .l2 = options.l2,
                         .dense_l2 = options.l2}},
                       classes,
                       {}}) {
  std::vector<double> counts(classes);
  for (const ClassifierExample& example : examples) counts[example.label] += static_cast<double>(example.weight);
  std::vector<text::Sample> samples;
  samples.reserve(examples.size());
  for (const ClassifierExample& example : examples) {
    text::Sample sample = sample_of(parts_->reader, example.text);
    sample.labels[0] = static_cast<std::uint16_t>(example.label);
    const double share = counts[example.label] / static_cast<double>(examples.size());
    const double balanced = exact_exp(-options.balance * exact_log(share * static_cast<double>(classes)));
    sample.weight = static_cast<float>(static_cast<double>(example.weight) * balanced);
    samples.push_back(std::move(sample));
  }
  parts_->learner.learn(samples);
}

TextClassifier::TextClassifier(TextClassifier&&) noexcept = default;
TextClassifier::~TextClassifier() = default;

std::span<const double> TextClassifier::odds(std::string_view text) {
  std::vector<double>& z = parts_->odds;
  parts_->learner.score(sample_of(parts_->reader, text), z);
  const std::span<double> out(z.data(), parts_->classes);
  const double top = *std::max_element(out.begin(), out.end());
  double sum = 0;
  for (double& value : out) sum += (value = exact_exp(value - top));
  for (double& value : out) value /= sum;
  return out;
}

std::uint32_t TextClassifier::best(std::string_view text) {
  const std::span<const double> p = odds(text);
  return static_cast<std::uint32_t>(std::max_element(p.begin(), p.end()) - p.begin());
}

}  // namespace juncture
