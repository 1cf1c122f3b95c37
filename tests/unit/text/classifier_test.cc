#include "juncture/text/classifier.h"

#include "unit/text/given.h"

namespace juncture {
namespace {

std::vector<ClassifierExample> examples() {
  std::vector<ClassifierExample> out;
  for (const std::string room : {"kitchen", "office", "garage", "hall"}) {
    out.push_back({"switch the lights on in the " + room, 0, 1});
    out.push_back({"play some jazz in the " + room, 1, 1});
    out.push_back({"wake me at seven in the " + room, 2, 1});
  }
  return out;
}

TEST_CASE("a classifier learns labels that the text model does not know", "[text]") {
  const TextModel lexicon = quickly_trained();
  TextClassifier classifier(lexicon, examples(), 3);
  CHECK(classifier.best("lights on in the cellar please") == 0);
  CHECK(classifier.best("jazz music play") == 1);
  CHECK(classifier.best("wake up at seven") == 2);
  double sum = 0;
  for (const double p : classifier.odds("something else")) sum += p;
  CHECK(sum == Approx(1.0));
}

TEST_CASE("the same examples teach the same, to the bit", "[text]") {
  const TextModel lexicon = quickly_trained();
  TextClassifier a(lexicon, examples(), 3), b(lexicon, examples(), 3);
  const std::span<const double> x = a.odds("lights in the hall"), y = b.odds("lights in the hall");
  CHECK(std::equal(x.begin(), x.end(), y.begin(), y.end()));
}

TEST_CASE("balance gives a rare class its say", "[text]") {
  const TextModel lexicon = quickly_trained();
  std::vector<ClassifierExample> rows;
  for (int i = 0; i < 40; ++i) rows.push_back({"pump " + std::string(static_cast<std::size_t>(i % 7) + 1, 'x'), 0, 1});
  rows.push_back({"pump seal", 1, 1});
  TextClassifier plain(lexicon, rows, 2, {.epochs = 3}), balanced(lexicon, rows, 2, {.epochs = 3, .balance = 1});
  CHECK(balanced.odds("pump")[1] > plain.odds("pump")[1]);
}

}  // namespace
}  // namespace juncture
