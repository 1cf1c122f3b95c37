#include "juncture/text/scorer.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "text/parts.h"
#include "unit/text/given.h"

namespace juncture {
namespace {

const std::string kTexts[] = {"softmaster vs aquaflow which is better",
                              "how to convince my boss to fund a new crm",
                              "sign in",
                              "erp",
                              "h\xC3\xB4tel b\xC3\xA2timent prix",
                              "what is the roi of a heat pump"};

double sum_of(const auto& values) {
  double sum = 0;
  for (const float value : values) sum += static_cast<double>(value);
  return sum;
}

TEST_CASE("every output is a distribution", "[text]") {
  const TextModel model = quickly_trained();
  TextScorer scorer(model);
  for (const std::string& text : kTexts) {
    for (const Device device : {Device::unknown, Device::desktop, Device::mobile, Device::tablet}) {
      const TextEvidence said = scorer.score(text, device);
      CHECK(sum_of(said.moments) == Approx(1.0));
      CHECK(sum_of(said.roles) == Approx(1.0));
      double p = 0;
      for (std::size_t y = 0; y < kEvidenceClasses; ++y) {
        p += std::exp(static_cast<double>(said.log_ratio[y] + model.parts().log_prior[y]));
      }
      CHECK(p == Approx(1.0).epsilon(1e-4));
      CHECK(said.none > 0);
      CHECK(said.none < 1);
    }
  }
}

TEST_CASE("an empty text is evidence of nothing", "[text]") {
  const TextModel model = quickly_trained();
  TextScorer scorer(model);
  for (const std::string_view text : {"", "   ", "?!", "\xFF\xFE"}) {
    const TextEvidence said = scorer.score(text, Device::mobile);
    CHECK(said.log_ratio == TextEvidence{}.log_ratio);
    CHECK(said.moments[index_of(Moment::unclear)] == 1.0F);
    CHECK(said.words == 0);
    CHECK(said.text_hash == 0);
    CHECK(scorer.explain(text, Device::mobile, Stage::scoping, Stage::sign_off, 3).empty());
  }
}

TEST_CASE("garbage is none of them whatever words it holds", "[text]") {
  const TextModel model = quickly_trained();
  TextScorer scorer(model);
  const TextEvidence said = scorer.score("<a href=x>purchase order for crm</a>", Device::desktop);
  CHECK(said.none > 0.95F);
  CHECK(said.log_ratio[kNoneClass] > 0);
  CHECK(said.log_ratio[0] < 0);
  CHECK(said.moments[index_of(Moment::unclear)] == 1.0F);
}

TEST_CASE("arbitrary bytes of any length give finite evidence", "[text]") {
  const TextModel model = quickly_trained();
  TextScorer scorer(model);
  std::uint64_t state = 7;
  for (int i = 0; i < 300; ++i) {
    std::string text;
    const std::size_t size = i == 0 ? 1'000'000 : static_cast<std::size_t>(i) * 3;
    for (std::size_t b = 0; b < size; ++b) {
      state = state * 6364136223846793005ULL + 1442695040888963407ULL;
      text += static_cast<char>(state >> 56U);
    }
    const TextEvidence said = scorer.score(text, Device::unknown);
    for (const float nats : said.log_ratio) CHECK(std::isfinite(nats));
    CHECK(sum_of(said.moments) == Approx(1.0));
  }
}

TEST_CASE("a scorer keeps nothing of the text before", "[text]") {
  const TextModel model = quickly_trained();
  TextScorer used(model);
  for (const std::string& text : kTexts) {
    TextScorer fresh(model);
    const TextEvidence a = used.score(text, Device::desktop), b = fresh.score(text, Device::desktop);
    CHECK(std::memcmp(a.log_ratio.data(), b.log_ratio.data(), sizeof a.log_ratio) == 0);
    CHECK(a.roles == b.roles);
    CHECK(a.text_hash == b.text_hash);
  }
}

TEST_CASE("the device moves the moment and leaves the stage alone", "[text]") {
  const TextModel model = quickly_trained();
  TextScorer scorer(model);
  const TextEvidence desk = scorer.score("water pump distributors", Device::desktop);
  const TextEvidence phone = scorer.score("water pump distributors", Device::mobile);
  CHECK(desk.log_ratio == phone.log_ratio);
  CHECK(phone.moments[index_of(Moment::go)] > desk.moments[index_of(Moment::go)]);
}

TEST_CASE("the terms of an explanation add up to the difference of the two stages", "[text]") {
  const TextModel model = quickly_trained();
  TextScorer scorer(model);
  for (const std::string& text : kTexts) {
    const TextEvidence said = scorer.score(text, Device::desktop);
    for (const Stage against : {Stage::scoping, Stage::sign_off, Stage::rejected}) {
      const auto terms =
          scorer.explain(text, Device::desktop, Stage::shortlisting, against, std::numeric_limits<std::size_t>::max());
      double sum = 0;
      for (const TextTerm& term : terms) sum += static_cast<double>(term.nats);
      CHECK(sum == Approx(static_cast<double>(said.log_ratio[index_of(Stage::shortlisting)] -
                                              said.log_ratio[index_of(against)]))
                       .margin(1e-4));
    }
  }
}

TEST_CASE("an explanation is cut to the strongest terms", "[text]") {
  const TextModel model = quickly_trained();
  TextScorer scorer(model);
  const auto all = scorer.explain(kTexts[0], Device::desktop, Stage::shortlisting, Stage::sign_off, 100);
  const auto two = scorer.explain(kTexts[0], Device::desktop, Stage::shortlisting, Stage::sign_off, 2);
  REQUIRE(two.size() == 2);
  CHECK(two[0].term == all[0].term);
  CHECK(std::fabs(two[0].nats) >= std::fabs(two[1].nats));
}

}  // namespace
}  // namespace juncture
