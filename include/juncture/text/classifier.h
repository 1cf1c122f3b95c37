// A classifier of texts over labels of any kind: the text model's normaliser, phrases, features and learner, with a
// head of its own. For evaluations and for sets of labels that the text model does not know.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "juncture/text/model.h"

namespace juncture {

struct ClassifierExample {
  std::string text;
  std::uint32_t label = 0;  // below the number of classes
  float weight = 1;
};

struct ClassifierOptions {
  std::uint64_t seed = 20261122;
  int epochs = 20;
  double rate = 0.3;
  double l2 = 1e-4;
  double balance = 0;  // 0: examples count alike; 1: classes do
};

class TextClassifier {
 public:
  // `lexicon` gives phrases and slots and outlives the classifier. Same examples in the same order, same weights.
  TextClassifier(const TextModel& lexicon, std::span<const ClassifierExample> examples, std::size_t classes,
                 const ClassifierOptions& options = {});
  TextClassifier(TextClassifier&&) noexcept;
  TextClassifier& operator=(TextClassifier&&) = delete;
  TextClassifier(const TextClassifier&) = delete;
  TextClassifier& operator=(const TextClassifier&) = delete;
  ~TextClassifier();

  // Probabilities of the classes; valid until the next call.
  std::span<const double> odds(std::string_view text);
  std::uint32_t best(std::string_view text);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace juncture
