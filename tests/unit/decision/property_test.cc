#include <set>

#include "fixture.h"
#include "juncture/core/json_writer.h"

using namespace juncture;
using namespace juncture::test;

namespace {

constexpr std::uint64_t kSeed = 20'261;

// The public answer as a website gets it.
std::string public_answer(const Catalog& view, const Decision& decision) {
  std::string out;
  JsonWriter json(out);
  json.begin_array();
  for (const Ranked& ranked : decision.slate) {
    const ContentItem& item = view.items.at(ranked.item);
    json.begin_object();
    json.member("id", std::string_view(item.id));
    json.member("title", std::string_view(item.title));
    json.member("url", std::string_view(item.url));
    json.member("kind", kContentKindNames[item.kind]);
    json.end_object();
  }
  json.end_array();
  return out;
}

void check_sound(const Catalog& catalog, const Decision& decision, const Reading& reading) {
  double sum = 0;
  for (const Contribution& part : decision.contributions) sum += part.value;
  REQUIRE(std::abs(sum - decision.score) < 1e-6);
  std::set<std::uint32_t> masked;
  for (const Masked& m : decision.masked) {
    REQUIRE(m.reason != MaskReason::none);
    REQUIRE(masked.insert(m.item).second);
  }
  std::set<std::uint32_t> seen;
  for (const std::vector<Ranked>* list : {&decision.slate, &decision.rivals}) {
    for (const Ranked& ranked : *list) {
      REQUIRE(ranked.item < catalog.items.size());
      REQUIRE(masked.count(ranked.item) == 0);
      REQUIRE(seen.insert(ranked.item).second);
    }
  }
  REQUIRE(decision.slate.size() <= 3);
  REQUIRE(decision.rivals.size() <= 2);
  REQUIRE(decision.kill_risk >= 0);
  REQUIRE(decision.kill_risk <= 1);
  REQUIRE(decision.confidence >= 0);
  REQUIRE(decision.confidence <= 1);
  if (decision.outcome == Outcome::abstained) {
    REQUIRE(decision.slate.empty());
    REQUIRE(decision.reason != AbstainReason::none);
    REQUIRE(decision.handover == Handover::none);
    return;
  }
  REQUIRE(reading.consent != Consent::denied);
  REQUIRE(decision.reason == AbstainReason::none);
  REQUIRE((decision.outcome == Outcome::handed_over) == (decision.handover != Handover::none));
  if (decision.outcome != Outcome::offered) return;
  REQUIRE_FALSE(decision.slate.empty());
  for (const Ranked& ranked : decision.slate) REQUIRE(ranked.score >= decision.threshold);
  REQUIRE(decision.kill_risk <= static_cast<double>(sample_policy().kill_cap));
}

}  // namespace

TEST_CASE("in 10,000 random readings the parts sum to the score and nothing masked is served") {
  Random random(kSeed);
  std::array<int, 3> outcomes{};
  for (int i = 0; i < 10'000; ++i) {
    INFO("seed " << kSeed << " round " << i);
    const Catalog catalog = i % 2 == 0 ? random_catalog(random) : sample_catalog();
    const Reading reading = random_reading(random, catalog);
    const Audience audience = i % 3 == 0 ? Audience::public_site : Audience::analyst;
    const Decision decision = decide(catalog, sample_policy(), reading, audience);
    check_sound(catalog, decision, reading);
    ++outcomes[index_of(decision.outcome)];
  }
  for (const int count : outcomes) CHECK(count > 100);  // otherwise the readings would not try all three
}

TEST_CASE("both decisions of a reading are those that are made one at a time") {
  Random random(kSeed + 7);
  int slates = 0;
  for (int i = 0; i < 5'000; ++i) {
    INFO("round " << i);
    const Catalog catalog = random_catalog(random), view = public_view(catalog);
    const Reading reading = random_reading(random, catalog);
    const Decisions both = decide_for_both(catalog, view, sample_policy(), reading);
    CHECK(both.analyst == decide(catalog, sample_policy(), reading, Audience::analyst));
    CHECK(both.site == decide(view, sample_policy(), reading, Audience::public_site));
    if (!both.site.slate.empty()) ++slates;
  }
  CHECK(slates > 30);
}

TEST_CASE("in 100,000 random public requests there is no byte of a sales-only item") {
  Random random(kSeed + 1);
  const std::string mark = "SALES-CANARY";
  int offered = 0;
  int sales_items = 0;
  for (int i = 0; i < 100'000; ++i) {
    const Catalog catalog = random_catalog(random, mark);
    const Catalog view = public_view(catalog);
    const Reading reading = random_reading(random, catalog);
    const Decision decision = i % 10 == 0 ? safe_default(view, sample_policy(), kNow)
                                          : decide(view, sample_policy(), reading, Audience::public_site);
    for (const ContentItem& item : catalog.items) sales_items += item.tier == Tier::sales_only ? 1 : 0;
    for (const ContentItem& item : view.items) {
      const bool leaked = (item.id + item.title + item.url).find(mark) != std::string::npos;
      if (leaked || item.tier != Tier::public_) FAIL("seed " << kSeed + 1 << " round " << i << ": " << item.id);
    }
    const std::string answer = public_answer(view, decision);
    if (answer.find(mark) != std::string::npos) FAIL("seed " << kSeed + 1 << " round " << i << ": " << answer);
    offered += decision.outcome == Outcome::offered ? 1 : 0;
  }
  CHECK(sales_items > 100'000);
  CHECK(offered > 1000);
}

TEST_CASE("asked with the whole catalog by mistake, the public site still gets public items only") {
  Random random(kSeed + 2);
  for (int i = 0; i < 5000; ++i) {
    const Catalog catalog = random_catalog(random);
    const Decision decision = decide(catalog, sample_policy(), random_reading(random, catalog), Audience::public_site);
    for (const Ranked& ranked : decision.slate) REQUIRE(catalog.items[ranked.item].tier == Tier::public_);
  }
}

TEST_CASE("the same reading gives the same decision") {
  Random random(kSeed + 3);
  for (int i = 0; i < 500; ++i) {
    const Catalog catalog = random_catalog(random);
    const Reading reading = random_reading(random, catalog);
    const Decision a = decide(catalog, sample_policy(), reading, Audience::analyst);
    const Decision b = decide(catalog, sample_policy(), reading, Audience::analyst);
    REQUIRE(a.score == b.score);
    REQUIRE(a.slate.size() == b.slate.size());
    for (std::size_t s = 0; s < a.slate.size(); ++s) REQUIRE(a.slate[s].item == b.slate[s].item);
  }
}
