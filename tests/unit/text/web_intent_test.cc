// What the shipped words make of queries and pages.
#include <algorithm>

#include "juncture/core/chance.h"
#include "juncture/text/scorer.h"
#include "unit/text/given.h"

namespace juncture {
namespace {

WebIntent intent_of(TextScorer& scorer, std::string_view text, std::string_view url = {}) {
  const WebIntentOdds odds = scorer.web_intent(text, {url, {}});
  float sum = 0;
  for (const float value : odds) sum += value;
  CHECK(sum == Approx(1.0F));
  return static_cast<WebIntent>(std::max_element(odds.begin(), odds.end()) - odds.begin());
}

TEST_CASE("an intent comes from the query, and from the page where the query leaves it open", "[text]") {
  const TextModel model = quickly_trained();
  TextScorer scorer(model);
  CHECK(intent_of(scorer, "what is reverse osmosis") == WebIntent::factual);
  CHECK(intent_of(scorer, "how to descale a boiler") == WebIntent::instrumental);
  CHECK(intent_of(scorer, "download pump curve viewer") == WebIntent::transactional);
  CHECK(intent_of(scorer, "linkedin") == WebIntent::navigational);
  CHECK(intent_of(scorer, "reverse osmosis") == WebIntent::open);
  CHECK(intent_of(scorer, "reverse osmosis", "https://en.wikipedia.org/wiki/Reverse_osmosis") == WebIntent::factual);
  CHECK(intent_of(scorer, "blue river pumps", "https://www.bluriverpumps.example/") == WebIntent::navigational);
  CHECK(intent_of(scorer, "how to pair blue river", "https://www.blueriver.example/") == WebIntent::instrumental);
  CHECK(intent_of(scorer, "pipe insulation", "https://www.wikihow.com/Insulate-Pipes") == WebIntent::instrumental);
}

TEST_CASE("an address that is typed as a query wants the site", "[text]") {
  const TextModel model = quickly_trained();
  TextScorer scorer(model);
  for (const std::string_view query : {"www.blueriver.test", "http://blueriver.test/pumps", "blueriver.com"}) {
    CHECK(intent_of(scorer, query) == WebIntent::navigational);
  }
}

TEST_CASE("a word for an organisation makes a name only where names have it", "[text]") {
  const TextModel model = quickly_trained();
  TextScorer scorer(model);
  for (const std::string_view query :
       {"milford college", "university of milford", "milford county superior court", "cook county court"}) {
    CHECK(intent_of(scorer, query) == WebIntent::navigational);
  }
  for (const std::string_view query : {"university ranking", "hotels in milford", "college dorm bedding"}) {
    CHECK(intent_of(scorer, query) == WebIntent::open);
  }
}

TEST_CASE("the page moves the moment and no stage", "[text]") {
  const TextModel model = quickly_trained();
  TextScorer scorer(model);
  const auto with = [&](std::string_view url, std::string_view referrer = {}) {
    return scorer.score("water softener for hotels", Device::desktop, {url, referrer});
  };
  const TextEvidence alone = with({});
  struct Case {
    std::string_view url;
    Moment moment;
  };
  for (const Case& each :
       {Case{"https://a.example/pricing", Moment::buy}, Case{"https://a.example/contact-us", Moment::go},
        Case{"https://a.example/docs/setup", Moment::do_}, Case{"https://a.example/blog/x", Moment::know},
        Case{"https://a.example/login", Moment::unclear}}) {
    const TextEvidence said = with(each.url);
    CHECK(said.page);
    CHECK(said.moments[index_of(each.moment)] > alone.moments[index_of(each.moment)]);
    CHECK(said.log_ratio == alone.log_ratio);
    CHECK(said.none == alone.none);
  }
  CHECK(with("https://a.example/x").moments == alone.moments);
  CHECK(with({}, "https://www.yelp.com/biz/x").moments[index_of(Moment::go)] > alone.moments[index_of(Moment::go)]);
}

TEST_CASE("a page without a title speaks of the moment and not of the stage", "[text]") {
  const TextModel model = quickly_trained();
  TextScorer scorer(model);
  const TextEvidence said = scorer.score({}, Device::desktop, {"https://a.example/pricing", {}});
  CHECK(said.page);
  CHECK(said.words == 0);
  CHECK(said.log_ratio == TextEvidence{}.log_ratio);
  CHECK(std::max_element(said.moments.begin(), said.moments.end()) - said.moments.begin() == index_of(Moment::buy));
  CHECK(said.text_hash != scorer.score({}, Device::desktop, {"https://a.example/contact", {}}).text_hash);
  CHECK_FALSE(scorer.score({}, Device::desktop, {"https://a.example/x", {}}).page);
}

TEST_CASE("no moment of two words on a phone is above .7, and three words may be", "[text]") {
  const TextModel model = trained();
  const Taxonomy taxonomy = shipped_taxonomy();
  std::vector<std::string> words;
  for (const TaxonomyMoment& moment : taxonomy.moments) {
    for (const std::string& cue : moment.cues) {
      if (cue.find(' ') == std::string::npos) words.push_back(cue);
    }
  }
  REQUIRE(words.size() > 100);
  TextScorer scorer(model);
  Chance chance(11);
  float most = 0, most_of_three = 0;
  for (int i = 0; i < 1000; ++i) {
    const auto word = [&] { return words[chance.below(words.size())]; };
    const std::string two = word() + " " + word();
    const MomentOdds phone = scorer.score(two, Device::mobile).moments;
    most = std::max(most, *std::max_element(phone.begin(), phone.end()));
    const MomentOdds longer = scorer.score(two + " " + word(), Device::mobile).moments;
    most_of_three = std::max(most_of_three, *std::max_element(longer.begin(), longer.end()));
  }
  CHECK(most <= 0.7F);
  CHECK(most > 0.6F);
  CHECK(most_of_three > 0.7F);
  CHECK(scorer.score("follow-up price", Device::mobile).moments[index_of(Moment::buy)] <= 0.7F);
}

TEST_CASE("a text in another language or script is unclear and evidence of no stage", "[text]") {
  const TextModel model = quickly_trained();
  TextScorer scorer(model);
  for (const std::string_view text :
       {"wie viel kostet ein crm system und welche sind gut", "meilleur logiciel crm pour pme",
        "\xD0\xBA\xD1\x83\xD0\xBF\xD0\xB8\xD1\x82\xD1\x8C \xD0\xBD\xD0\xB0\xD1\x81\xD0\xBE\xD1\x81",
        "\xE6\xAF\x94\xE8\xBC\x83"}) {
    const TextEvidence said = scorer.score(text, Device::desktop);
    CHECK(said.log_ratio == TextEvidence{}.log_ratio);
    CHECK(said.moments[index_of(Moment::unclear)] == 1.0F);
    CHECK(said.words > 0);
    CHECK(scorer.explain(text, Device::desktop, Stage::scoping, Stage::sign_off, 3).empty());
  }
  for (const std::string_view text : {"pump dealers las vegas", "caf\xC3\xA9 crm", "erp for le mans"}) {
    CHECK(scorer.score(text, Device::desktop).moments[index_of(Moment::unclear)] < 1.0F);
  }
  const TextEvidence landed =
      scorer.score("meilleur logiciel crm pour pme", Device::desktop, {"https://a.example/pricing", {}});
  CHECK(landed.moments[index_of(Moment::buy)] > 0.3F);
}

}  // namespace
}  // namespace juncture
