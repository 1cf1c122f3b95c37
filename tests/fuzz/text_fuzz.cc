// Any bytes are a text, an address and a referrer: the normaliser holds its bounds and the scorer its promises.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

#include "juncture/core/result.h"
#include "juncture/text/scorer.h"
#include "juncture/text/train.h"
#include "text/normalise.h"

namespace {

juncture::TextModel small_model() {
  juncture::Taxonomy taxonomy;
  taxonomy.stages[0].phrases = {{"pump keeps failing", juncture::Moment::know}};
  taxonomy.stages[0].cues = {"failing", "keeps"};
  taxonomy.stages[4].phrases = {{"best pumps for hotels", juncture::Moment::buy}};
  taxonomy.stages[4].cues = {"best", "list of"};
  taxonomy.noise = {{"off_topic", {"weather"}, {"weather"}}};
  using juncture::index_of;
  taxonomy.web.queries[index_of(juncture::WebCue::task)] = {"make", "set up"};
  taxonomy.web.queries[index_of(juncture::WebCue::name)] = {"face book"};
  taxonomy.web.queries[index_of(juncture::WebCue::negation)] = {"not"};
  taxonomy.web.queries[index_of(juncture::WebCue::foreign)] = {"wie", "und"};
  taxonomy.web.hosts[index_of(juncture::LandingKind::reference)] = {"wikipedia.org"};
  taxonomy.web.paths[index_of(juncture::LandingKind::shop)] = {"pricing", "request a quote"};
  taxonomy.slots = {{"pump", "erp"}, {"aquaflow"}, {"ghent"}};
  juncture::TrainOptions options;
  options.epochs = 1;
  juncture::Result<juncture::TextModel> model = juncture::train(taxonomy, {}, options);
  JUNCTURE_ASSERT(model.has_value());
  return std::move(*model);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const juncture::TextModel model = small_model();
  static juncture::TextScorer scorer(model);
  const std::string_view text(reinterpret_cast<const char*>(data), size);

  juncture::text::Normalised words;
  words.read(text);
  JUNCTURE_ASSERT(words.words() <= juncture::text::kTokensMax);
  JUNCTURE_ASSERT(words.text().front() == ' ' && words.text().back() == ' ');

  const juncture::TextEvidence said = scorer.score(text, juncture::Device::mobile);
  double sum = 0;
  for (const float odds : said.moments) sum += static_cast<double>(odds);
  JUNCTURE_ASSERT(std::fabs(sum - 1) < 1e-4);
  for (const float nats : said.log_ratio) JUNCTURE_ASSERT(std::isfinite(nats));

  for (const juncture::Landing& landing :
       {juncture::Landing{text, text}, juncture::Landing{text.substr(size / 2), {}}}) {
    const juncture::TextEvidence landed = scorer.score(text.substr(0, size / 2), juncture::Device::mobile, landing);
    double all_moments = 0;
    for (const float odds : landed.moments) all_moments += static_cast<double>(odds);
    JUNCTURE_ASSERT(std::fabs(all_moments - 1) < 1e-4);
    for (const float odds : scorer.web_intent(text, landing)) JUNCTURE_ASSERT(odds >= 0 && odds <= 1);
  }

  double explained = 0;
  constexpr auto kStage = juncture::Stage::long_listing, kAgainst = juncture::Stage::problem_realization;
  const std::size_t all = std::numeric_limits<std::size_t>::max();
  const auto terms = scorer.explain(text, juncture::Device::mobile, kStage, kAgainst, all);
  for (const juncture::TextTerm& term : terms) explained += static_cast<double>(term.nats);
  const double gap = static_cast<double>(said.log_ratio[juncture::index_of(kStage)]) -
                     static_cast<double>(said.log_ratio[juncture::index_of(kAgainst)]);
  if (!terms.empty()) JUNCTURE_ASSERT(std::fabs(explained - gap) < 1e-3);
  return 0;
}
