#include "juncture/text/train.h"

#include <algorithm>

#include "juncture/text/scorer.h"
#include "text/lexicon.h"
#include "text/parts.h"
#include "unit/text/given.h"

namespace juncture {
namespace {

std::size_t best_stage(TextScorer& scorer, std::string_view text) {
  const TextEvidence said = scorer.score(text, Device::desktop);
  std::size_t best = 0;
  for (std::size_t s = 1; s < kBuyingStages; ++s) {
    if (said.log_ratio[s] > said.log_ratio[best]) best = s;
  }
  return best;
}

TEST_CASE("a trained model knows new phrasings of what it has learnt", "[text]") {
  const TextModel model = trained();
  TextScorer scorer(model);
  CHECK(best_stage(scorer, "pitch deck to persuade our managing director") == index_of(Stage::champion_search));
  CHECK(best_stage(scorer, "softmaster vs aquaflow pros and cons") == index_of(Stage::shortlisting));
  CHECK(best_stage(scorer, "negotiating liability clauses and discounts") == index_of(Stage::negotiation));
  CHECK(best_stage(scorer, "payback and roi of replacing chillers") == index_of(Stage::cost_benefit));
  CHECK(scorer.score("weather tomorrow", Device::mobile).none > 0.5F);
  CHECK(scorer.score("best and final offer request letter", Device::desktop).none < 0.2F);
}

TEST_CASE("a model learns the user's own words", "[text]") {
  UserVocabulary words;
  words.vendors = {"zorbatron", "quixelate"};
  Taxonomy taxonomy = shipped_taxonomy();
  TrainOptions options;
  options.epochs = 2;
  const auto without = train(taxonomy, {}, options), with = train(taxonomy, words, options);
  REQUIRE(without);
  REQUIRE(with);
  CHECK(with->version() != without->version());
  TextScorer scorer(*with);
  CHECK(best_stage(scorer, "zorbatron or quixelate") == index_of(Stage::shortlisting));
}

TEST_CASE("calibration rows move temperatures and never weights", "[text]") {
  const Taxonomy taxonomy = shipped_taxonomy();
  TrainOptions options;
  options.epochs = 2;
  std::vector<LabelledRow> rows;
  for (int i = 0; i < 30; ++i) {
    rows.push_back({"best erp systems", Device::desktop, Form::brief, index_of(Stage::long_listing), Moment::know});
    rows.push_back({"erp roi calculator", Device::desktop, Form::brief, index_of(Stage::sign_off), Moment::buy});
  }
  const auto plain = train(taxonomy, {}, options), fitted = train(taxonomy, {}, options, rows);
  REQUIRE(plain);
  REQUIRE(fitted);
  CHECK(fitted->parts().weights.word == plain->parts().weights.word);
  CHECK(fitted->parts().weights.dense == plain->parts().weights.dense);
  CHECK(fitted->parts().calibration.stage_temperature != plain->parts().calibration.stage_temperature);
}

TEST_CASE("a taxonomy without phrases cannot be learnt from", "[text]") {
  CHECK_FALSE(train(Taxonomy{}, {}, {}));
}

TEST_CASE("every class and moment of the shipped taxonomy has phrases and cues", "[text]") {
  const Taxonomy taxonomy = shipped_taxonomy();
  for (const TaxonomyStage& stage : taxonomy.stages) {
    CHECK(stage.phrases.size() >= 8);
    CHECK(stage.cues.size() >= 20);
    CHECK_FALSE(stage.best_content.empty());
    CHECK_FALSE(stage.label.empty());
  }
  CHECK(taxonomy.noise.size() == 7);
  CHECK(taxonomy.stages[0].dwell_median_days == 30);
  CHECK(taxonomy.stages[11].stall_hazard_per_day == 0.006);
  CHECK(taxonomy.content_kinds[15].tier == Tier::sales_only);
  for (const text::Phrase& phrase : text::make_phrases(taxonomy, shipped_vocabulary())) {
    CHECK_FALSE(phrase.stems.empty());
    CHECK(phrase.stems.find('<') == std::string::npos);
  }
}

TEST_CASE("a taxonomy that does not read says where", "[text]") {
  const auto detail = [](const std::string& yaml) {
    const auto taxonomy = load_taxonomy(yaml, "t.yaml");
    return taxonomy ? std::string("read") : taxonomy.error().detail;
  };
  CHECK(detail("schema: other\n").starts_with("t.yaml:1:1: expected schema: juncture.taxonomy/1"));
  CHECK(detail("schema: [\n").starts_with("t.yaml:2:"));
  CHECK(detail("schema: juncture.taxonomy/1\nversoin: 1\n") == "t.yaml:2:1: unknown key `versoin`");
  std::string yaml = file_text("config/taxonomy.yaml");
  const std::size_t at = yaml.find("tier: 3, effort_min: 30");
  REQUIRE(at != std::string::npos);
  yaml.replace(at, 7, "tier: 9");
  CHECK(detail(yaml).find("must be from 0 to 3") != std::string::npos);
  CHECK_FALSE(load_user_vocabulary("schema: juncture.vocabulary/1\nversion: 1\nproducts: 3\n", "v.yaml"));
}

TEST_CASE("words of the web are read, and a kind that is none is refused with its place", "[text]") {
  const Taxonomy taxonomy = shipped_taxonomy();
  const auto& hosts = taxonomy.web.hosts[index_of(LandingKind::reference)];
  CHECK(std::find(hosts.begin(), hosts.end(), "wikipedia.org") != hosts.end());
  CHECK_FALSE(taxonomy.web.queries[index_of(WebCue::negation)].empty());

  std::string yaml = file_text("config/taxonomy.yaml");
  yaml.replace(yaml.find("    sign_in:"), 12, "    signin:");
  const auto refused = load_taxonomy(yaml, "t.yaml");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().detail.find("unknown name `signin`") != std::string::npos);
}

}  // namespace
}  // namespace juncture
