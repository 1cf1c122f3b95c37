#include "fixture.h"

using namespace juncture;
using namespace juncture::test;

namespace {

// One harmless item that is best for problem_realization, and one to be tried.
Decision decide_with(const ContentItem& item, const Reading& reading, Audience audience = Audience::analyst) {
  return decide(catalog_of({item}), sample_policy(), reading, audience);
}

Offer offer_of(const ContentItem& item, Millis ago, FeedbackAction outcome = FeedbackAction::impression) {
  return {.content = item.key, .at_ms = to_ms(kNow - ago), .outcome = outcome, .kind = item.kind};
}

double sum_of(const Decision& decision) {
  double sum = 0;
  for (const Contribution& part : decision.contributions) sum += part.value;
  return sum;
}

}  // namespace

TEST_CASE("somebody who has just noticed a symptom is offered warning signs first, never a price") {
  const Decision decision =
      decide(sample_catalog(), sample_policy(), reading_at(Stage::problem_realization), Audience::analyst);

  REQUIRE(decision.outcome == Outcome::offered);
  CHECK(kContentKindNames[sample_catalog().items[decision.slate[0].item].kind] == "early_warning_signs");
  for (const Ranked& ranked : decision.slate) {
    const auto kind = kContentKindNames[sample_catalog().items[ranked.item].kind];
    CHECK(kind != "pricing_guide");
    CHECK(kind != "human_conversation");
  }
}

TEST_CASE("contributions add up to the score and each has a name") {
  const Decision decision =
      decide(sample_catalog(), sample_policy(), reading_at(Stage::cost_benefit, Moment::do_), Audience::analyst);

  REQUIRE(decision.outcome == Outcome::offered);
  CHECK(sum_of(decision) == Approx(decision.score).margin(1e-6));
  CHECK(decision.score == decision.slate[0].score);
  for (const Contribution& part : decision.contributions) CHECK_FALSE(part.code.empty());
}

TEST_CASE("a slate mixes kinds when the scores are near") {
  const Decision decision =
      decide(sample_catalog(), sample_policy(), reading_at(Stage::problem_realization), Audience::analyst);

  REQUIRE(decision.slate.size() == 3);
  CHECK(sample_catalog().items[decision.slate[0].item].kind != sample_catalog().items[decision.slate[1].item].kind);
}

TEST_CASE("denied consent means no profile: nothing is scored") {
  Reading reading = reading_at(Stage::problem_realization);
  reading.consent = Consent::denied;

  const Decision decision = decide(sample_catalog(), sample_policy(), reading, Audience::analyst);

  CHECK(decision.outcome == Outcome::abstained);
  CHECK(decision.reason == AbstainReason::consent);
  CHECK(decision.rivals.empty());
  CHECK(decision.contributions.empty());
  CHECK(decision.masked.size() == sample_catalog().items.size());
}

TEST_CASE("without consent only public content is left, and no person is sent") {
  Reading reading = reading_at(Stage::rejected);
  reading.consent = Consent::absent;
  const Decision rejected = decide(sample_catalog(), sample_policy(), reading, Audience::analyst);
  CHECK(rejected.outcome == Outcome::abstained);

  reading.stages = reading_at(Stage::problem_realization).stages;
  const Decision decision = decide(sample_catalog(), sample_policy(), reading, Audience::analyst);
  REQUIRE(decision.outcome == Outcome::offered);
  for (const Ranked& ranked : decision.slate) CHECK(sample_catalog().items[ranked.item].tier == Tier::public_);
}

TEST_CASE("each hard limit has its reason") {
  const ContentItem plain = item_of("signs", "early_warning_signs");
  Reading reading = reading_at(Stage::problem_realization);
  REQUIRE(decide_with(plain, reading).outcome == Outcome::offered);

  SECTION("tier") {
    reading.known = false;
    reading.entitled = Tier::public_;
    CHECK(mask_in(decide_with(item_of("s", "case_study", Tier::sales_only), reading), 0) == MaskReason::tier);
    const Decision on_site = decide_with(item_of("g", "case_study", Tier::gated), reading, Audience::public_site);
    CHECK(mask_in(on_site, 0) == MaskReason::tier);
  }
  SECTION("consumed") {
    reading.consumed = {plain.key};
    CHECK(mask_in(decide_with(plain, reading), 0) == MaskReason::consumed);
  }
  SECTION("offered lately") {
    reading.offers = {offer_of(plain, 29 * 24h)};
    CHECK(mask_in(decide_with(plain, reading), 0) == MaskReason::repeat);
    reading.offers = {offer_of(plain, 31 * 24h)};
    CHECK(decide_with(plain, reading).outcome == Outcome::offered);
  }
  SECTION("dismissed by the prospect, however long ago") {
    reading.offers = {offer_of(plain, 90 * 24h, FeedbackAction::dismiss)};
    CHECK(mask_in(decide_with(plain, reading), 0) == MaskReason::dismissed);
  }
  SECTION("a kind that was shown three times and never clicked") {
    const ContentItem other = item_of("other", "early_warning_signs");
    reading.offers = {offer_of(other, 4 * 24h), offer_of(other, 5 * 24h), offer_of(other, 6 * 24h)};
    CHECK(mask_in(decide_with(plain, reading), 0) == MaskReason::repeat);
  }
  SECTION("too long for a phone") {
    ContentItem lengthy = plain;
    lengthy.minutes = 9;
    reading.device = Device::mobile;
    CHECK(mask_in(decide_with(lengthy, reading), 0) == MaskReason::length);
    CHECK(decide_with(plain, reading).outcome == Outcome::offered);
  }
  SECTION("price too early") {
    CHECK(mask_in(decide_with(item_of("p", "pricing_guide"), reading), 0) == MaskReason::price_early);
  }
  SECTION("expired and not yet valid") {
    ContentItem dated = plain;
    dated.valid_until = kNow;
    CHECK(mask_in(decide_with(dated, reading), 0) == MaskReason::expired);
    dated.valid_until = Timestamp::max();
    dated.valid_from = kNow + 1s;
    CHECK(mask_in(decide_with(dated, reading), 0) == MaskReason::expired);
  }
  SECTION("language") {
    ContentItem foreign = plain;
    foreign.language = "de";
    CHECK(mask_in(decide_with(foreign, reading), 0) == MaskReason::language);
  }
  SECTION("rejected: only a person") {
    const Decision decision = decide_with(plain, reading_at(Stage::rejected));
    CHECK(mask_in(decision, 0) == MaskReason::rejected);
    CHECK(decision.handover == Handover::rejected);
  }
}

TEST_CASE("frequency caps count what was shown together once") {
  const ContentItem plain = item_of("signs", "early_warning_signs");
  const ContentItem other = item_of("other", "case_study");
  Reading reading = reading_at(Stage::problem_realization);

  SECTION("one in a session") {
    reading.offers = {offer_of(other, 10min)};
    const Decision decision = decide_with(plain, reading);
    CHECK(decision.reason == AbstainReason::cap);
    CHECK(mask_in(decision, 0) == MaskReason::cap);
  }
  SECTION("a slate of three is one offer") {
    reading.offers = {offer_of(other, 60min), offer_of(other, 60min), offer_of(other, 60min)};
    reading.offers[0].kind = 0xff;  // of unknown kind, so that the rule for unclicked kinds stays out of it
    const Decision decision = decide_with(plain, reading);
    CHECK(decision.outcome == Outcome::offered);
    CHECK(decision.cap_used == 1);
    CHECK(decision.cap_limit == 3);
  }
  SECTION("three within 36 h") {
    reading.offers = {offer_of(other, 35h), offer_of(other, 20h), offer_of(other, 10h)};
    CHECK(decide_with(plain, reading).reason == AbstainReason::cap);
    reading.offers[0].at_ms = to_ms(kNow - 37h);
    CHECK(decide_with(plain, reading).outcome == Outcome::offered);
  }
  SECTION("eight within 14 d") {
    for (int i = 0; i < 8; ++i) reading.offers.push_back(offer_of(other, 38h + i * 30h));
    CHECK(decide_with(plain, reading).reason == AbstainReason::cap);
  }
}

TEST_CASE("it keeps quiet and says why") {
  const ContentItem plain = item_of("signs", "early_warning_signs");
  Reading reading = reading_at(Stage::problem_realization);

  SECTION("noise") {
    reading.noise = 0.9F;
    CHECK(decide_with(plain, reading).reason == AbstainReason::noise);
  }
  SECTION("thin") {
    reading.signals = 1;
    CHECK(decide_with(plain, reading).reason == AbstainReason::thin);
  }
  SECTION("snoozed") {
    reading.snoozed_until = kNow + 1h;
    CHECK(decide_with(plain, reading).reason == AbstainReason::snoozed);
  }
  SECTION("uncertain, with the best candidate first and explained") {
    reading.stages.fill(1.0F / kStages);
    reading.consent = Consent::granted;
    const Decision decision = decide(sample_catalog(), sample_policy(), reading, Audience::public_site);
    CHECK(decision.reason == AbstainReason::uncertain);
    REQUIRE_FALSE(decision.rivals.empty());
    CHECK(decision.rivals[0].score == decision.score);
    CHECK(sum_of(decision) == Approx(decision.score).margin(1e-6));
  }
  SECTION("of no value") {
    const Decision decision = decide_with(item_of("poc", "poc_guide"), reading);
    CHECK(decision.reason == AbstainReason::value);
  }
  SECTION("of value, but too likely to do harm") {
    reading.stages.fill(0);
    reading.stages[index_of(Stage::problem_realization)] = 0.5F;
    reading.stages[index_of(Stage::long_listing)] = 0;
    reading.stages[index_of(Stage::shortlisting)] = 0.5F;
    Policy policy = sample_policy();
    policy.confidence_min = 0;
    policy.show_threshold = 0;
    policy.kill_cost.fill(1);
    const Decision decision = decide(catalog_of({item_of("e", "explainer")}), policy, reading, Audience::public_site);
    CHECK(decision.reason == AbstainReason::harm);
    CHECK(decision.kill_risk > static_cast<double>(policy.kill_cap));
  }
}

TEST_CASE("a person takes over") {
  const Catalog& catalog = sample_catalog();
  const auto decide_for = [&](const Reading& reading) {
    return decide(catalog, sample_policy(), reading, Audience::analyst);
  };

  SECTION("when talking is the best thing to do") {
    const Decision decision = decide_for(reading_at(Stage::supplier_outreach, Moment::go));
    CHECK(decision.handover == Handover::best_action);
    const ContentItem& item = catalog.items[decision.slate.at(0).item];
    CHECK(kContentKindNames[item.kind] == "human_conversation");
    CHECK(item.tier != Tier::public_);  // one of ours opens it
    CHECK(sum_of(decision) == Approx(decision.slate[0].score).margin(1e-6));
  }
  SECTION("when a late opportunity has stalled") {
    Reading reading = reading_at(Stage::stalled);
    reading.stages[index_of(Stage::stalled)] = 0.7F;
    reading.stages[index_of(Stage::cost_benefit)] = 0.3F;
    CHECK(decide_for(reading).handover == Handover::stall_late);
    reading.stages[index_of(Stage::cost_benefit)] = 0;
    reading.stages[index_of(Stage::scoping)] = 0.3F;
    CHECK(decide_for(reading).handover == Handover::none);
  }
  SECTION("when the stage jumps ahead") {
    Reading reading = reading_at(Stage::cost_benefit);
    reading.course = {{.at_ms = to_ms(kNow - 40h), .mode = Stage::scoping}};
    CHECK(decide_for(reading).handover == Handover::stage_jump);
    reading.course[0].mode = Stage::internal_poc;
    CHECK(decide_for(reading).handover == Handover::none);
  }
  SECTION("when it is late and nothing is clear") {
    Reading reading = reading_at(Stage::cost_benefit);
    reading.stages.fill(0);
    for (std::size_t s = 5; s < 12; ++s) reading.stages[s] = 1.0F / 7;
    CHECK(decide_for(reading).handover == Handover::ambiguous_late);
  }
  SECTION("but never on the public site") {
    const Decision decision = decide(public_view(catalog), sample_policy(),
                                     reading_at(Stage::supplier_outreach, Moment::go), Audience::public_site);
    CHECK(decision.outcome != Outcome::handed_over);
  }
}

TEST_CASE("an item that names a stage counts there, but stays harmful where its kind is") {
  ContentItem item = item_of("made", "how_to");
  item.stages = 1U << index_of(Stage::sign_off);
  ContentItem harmful = item_of("bad", "early_warning_signs");
  harmful.stages = 1U << index_of(Stage::sign_off);

  CHECK(decide_with(item, reading_at(Stage::scoping)).reason == AbstainReason::value);
  CHECK(decide_with(harmful, reading_at(Stage::sign_off)).outcome == Outcome::abstained);
}

TEST_CASE("a default policy offers nothing") {
  const Decision decision = decide(sample_catalog(), Policy{}, reading_at(Stage::scoping), Audience::analyst);
  CHECK(decision.outcome == Outcome::abstained);
  CHECK(safe_default(public_view(sample_catalog()), Policy{}).slate.empty());
}

TEST_CASE("an empty catalog is an abstention") {
  const Decision decision = decide(Catalog{}, sample_policy(), reading_at(Stage::scoping), Audience::analyst);
  CHECK(decision.outcome == Outcome::abstained);
  CHECK(decision.contributions.empty());
  CHECK(decision.score == 0);
}

TEST_CASE("the offer to a stranger is public and harmless at any stage") {
  const Catalog view = public_view(sample_catalog());
  const Decision decision = safe_default(view, sample_policy(), kNow);

  REQUIRE(decision.outcome == Outcome::offered);
  REQUIRE(decision.slate.size() == 3);
  for (const Ranked& ranked : decision.slate) {
    const ContentItem& item = view.items.at(ranked.item);
    for (std::size_t s = 0; s < kStages; ++s) {
      CHECK(sample_policy().kill[s][item.kind] <= sample_policy().kill_harmless);
    }
  }
}

TEST_CASE("every cell of the sample catalog has a safe item, and a gap is found when one is made") {
  for (const Audience audience : {Audience::analyst, Audience::public_site}) {
    CHECK(uncovered_cells(sample_catalog(), sample_policy(), kNow, audience).empty());
  }
  Catalog little = catalog_of({item_of("signs", "early_warning_signs")});
  const std::vector<Cell> gaps = uncovered_cells(little, sample_policy(), kNow);
  CHECK(std::find(gaps.begin(), gaps.end(), Cell{Moment::know, Stage::negotiation}) != gaps.end());
  CHECK(std::find(gaps.begin(), gaps.end(), Cell{Moment::know, Stage::problem_realization}) == gaps.end());
}

TEST_CASE("what the public site offers is harmless in every cell") {
  const Catalog view = public_view(sample_catalog());
  int offered = 0;
  for (std::size_t s = 0; s < kStages; ++s) {
    for (std::size_t m = 0; m < index_of(Moment::unclear); ++m) {
      Reading reading = reading_at(static_cast<Stage>(s), static_cast<Moment>(m));
      reading.known = false;
      const Decision decision = decide(view, sample_policy(), reading, Audience::public_site);
      INFO(kStageNames[s] << " " << kMomentNames[m]);
      CHECK(decision.outcome != Outcome::handed_over);
      for (const Ranked& ranked : decision.slate) {
        CHECK(sample_policy().kill[s][view.items[ranked.item].kind] <= sample_policy().kill_harmless);
      }
      offered += decision.outcome == Outcome::offered ? 1 : 0;
    }
  }
  CHECK(offered >= 30);
}

TEST_CASE("every cell has an answer: a harmless offer or a person") {
  for (std::size_t s = 0; s < kStages; ++s) {
    for (std::size_t m = 0; m < index_of(Moment::unclear); ++m) {
      const Reading reading = reading_at(static_cast<Stage>(s), static_cast<Moment>(m));
      const Decision decision = decide(sample_catalog(), sample_policy(), reading, Audience::analyst);
      INFO(kStageNames[s] << " " << kMomentNames[m] << " " << kAbstainReasonNames[index_of(decision.reason)]);
      CHECK(decision.outcome != Outcome::abstained);
      REQUIRE_FALSE(decision.slate.empty());
      const ContentItem& item = sample_catalog().items[decision.slate[0].item];
      CHECK(sample_policy().kill[s][item.kind] <= sample_policy().kill_harmless);
    }
  }
}
