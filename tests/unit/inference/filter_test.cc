#include "juncture/inference/filter.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>

#include "inference/step.h"
#include "juncture/core/hash.h"
#include "unit/inference/journey.h"

using namespace juncture;
using namespace juncture::test;

namespace {

constexpr std::size_t kBakeOff = 9;

Prospect series_for(std::size_t stage, int count, std::int64_t gap_ms) {
  Prospect out;
  for (int i = 0; i < count; ++i) {
    const auto id = static_cast<std::uint64_t>(100 + i);
    REQUIRE(absorb(chain(), out, query_for(stage, kStart + i * gap_ms, id)) == Admission::fresh);
  }
  return out;
}

void check_sane(const Reading& r) {
  CHECK(std::accumulate(r.stages.begin(), r.stages.end(), 0.0F) == Approx(1).epsilon(1e-5));
  CHECK(std::accumulate(r.moments.begin(), r.moments.end(), 0.0F) == Approx(1).epsilon(1e-5));
  CHECK(std::accumulate(r.roles.begin(), r.roles.end(), 0.0F) == Approx(1).epsilon(1e-5));
  for (const float x : r.stages) CHECK((x > 0 && x < 1));
  CHECK((r.progress_lo <= r.progress_mean && r.progress_mean <= r.progress_hi && r.progress_hi <= 100));
  CHECK((r.stall_p_14d > 0 && r.stall_p_14d < 1));
  CHECK((r.next_stage_p > 0 && r.next_stage_p < 1));
  CHECK(r.next_visit_days > 0);
  CHECK(r.course.size() <= kTailMax);
}

}  // namespace

TEST_CASE("an unknown prospect reads as the prior", "[filter]") {
  const Reading r = read(chain(), Prospect{}, from_ms(kStart));
  check_sane(r);
  CHECK(r.signals == 0);
  CHECK(r.course.empty());
  CHECK(r.consent == Consent::absent);
  CHECK(r.moments[index_of(Moment::unclear)] == 1.0F);
  CHECK(r.stages[index_of(most_likely(r.stages))] < 0.3F);
  CHECK(r.entitled == Tier::public_);
}

TEST_CASE("a series about the bake-off moves the belief there and says why", "[filter]") {
  const Prospect p = series_for(kBakeOff, 6, kDay);
  const Reading r = read(chain(), p, from_ms(kStart + 5 * kDay + kHour));
  check_sane(r);
  CHECK(most_likely(r.stages) == Stage::bake_off);
  CHECK(r.stages[kBakeOff] > 0.5F);
  CHECK(r.signals == 6);
  CHECK(most_likely(r.moments) == Moment::know);
  CHECK(r.next_stage == Stage::negotiation);
  REQUIRE(r.course.size() == 6);
  CHECK(r.course.front().at_ms == kStart);
  CHECK(r.course.back().mode == Stage::bake_off);
  std::vector<SeriesEntry> why = series(chain(), p, from_ms(kStart + 5 * kDay + kHour));
  CHECK(std::any_of(why.begin(), why.end(), [](const SeriesEntry& entry) { return entry.nats > 0.5F; }));
  CHECK(r.known);
  CHECK(r.progress_mean > 70);
  CHECK(r.dwell_days > 1);
  CHECK(r.dwell_median_days > 10);
  CHECK(r.dwell_p90_days > r.dwell_median_days);
}

TEST_CASE("one query alone leaves doubt, and its repetition in the session adds nothing", "[filter]") {
  Prospect once, twice;
  const Evidence first = query_for(kBakeOff, kStart, 1);
  Evidence again = query_for(kBakeOff, kStart + 5 * kMinute, 2);
  again.text_hash = first.text_hash;
  absorb(chain(), once, first);
  absorb(chain(), twice, first);
  absorb(chain(), twice, again);
  const Reading a = read(chain(), once, from_ms(kStart + 10 * kMinute));
  const Reading b = read(chain(), twice, from_ms(kStart + 10 * kMinute));
  CHECK(a.stages[kBakeOff] < 0.6F);
  CHECK(b.stages[kBakeOff] == Approx(a.stages[kBakeOff]).epsilon(0.01));
  CHECK(b.signals == 2);
}

TEST_CASE("sixty days of silence speak for a stall, and a new visit against it", "[filter]") {
  Prospect p = series_for(kBakeOff, 12, 2 * kDay);
  const std::int64_t last = kStart + 22 * kDay;
  const Reading soon = read(chain(), p, from_ms(last + kDay));
  const Reading late = read(chain(), p, from_ms(last + 60 * kDay));
  check_sane(late);
  CHECK(soon.stages[index_of(Stage::stalled)] + soon.stages[index_of(Stage::rejected)] < 0.15F);
  CHECK(late.stages[index_of(Stage::stalled)] > 5 * soon.stages[index_of(Stage::stalled)]);
  CHECK(late.stages[index_of(Stage::stalled)] + late.stages[index_of(Stage::rejected)] > 0.8F);
  absorb(chain(), p, query_for(kBakeOff, last + 60 * kDay, 900));
  absorb(chain(), p, query_for(kBakeOff, last + 61 * kDay, 901));
  absorb(chain(), p, query_for(kBakeOff, last + 62 * kDay, 902));
  const Reading back = read(chain(), p, from_ms(last + 62 * kDay));
  CHECK(back.stages[index_of(Stage::stalled)] < late.stages[index_of(Stage::stalled)] / 2);
}

TEST_CASE("reading changes nothing and does not depend on who read before", "[filter]") {
  Prospect p = series_for(2, 5, kHour);
  const BeliefState before = p.head;
  const Reading a = read(chain(), p, from_ms(kStart + 9 * kDay));
  static_cast<void>(read(chain(), p, from_ms(kStart + 3 * kDay)));
  const Reading b = read(chain(), p, from_ms(kStart + 9 * kDay));
  CHECK(p.head == before);
  CHECK(a.stages == b.stages);
}

TEST_CASE("after a long silence the base is what folding everything before it gives", "[filter]") {
  Dice dice{7};
  for (int n = 0; n < 200; ++n) {
    Prospect p;
    BeliefState folded;
    std::vector<Evidence> all;
    std::int64_t at = kStart;
    for (std::uint64_t id = 1; id <= 1 + dice.below(20); ++id) {
      at += static_cast<std::int64_t>(dice.below(static_cast<std::uint64_t>(20 * kHour)));
      all.push_back(random_evidence(dice, at, id, true));
      fold(chain(), folded, all.back());
    }
    // Neighbours change places on their way.
    for (std::size_t i = 1; i < all.size(); i += 2) {
      if (dice.below(2) == 0) std::swap(all[i - 1], all[i]);
    }
    for (const Evidence& evidence : all) REQUIRE(absorb(chain(), p, evidence) == Admission::fresh);
    absorb(chain(), p, random_evidence(dice, at + 40 * kHour, 1000, true));
    REQUIRE(p.base == folded);
    REQUIRE(p.folded.time_ms == at);
  }
}

TEST_CASE("text without a signal returns the filter to its prior", "[filter]") {
  Prospect p;
  for (int i = 0; i < 60; ++i) {
    Evidence e = query_for(0, kStart + i * kDay / 4, static_cast<std::uint64_t>(i + 1));
    e.ratio.fill(0);
    absorb(chain(), p, e);
  }
  const Reading r = read(chain(), p, from_ms(kStart + 15 * kDay));
  for (std::size_t s = 0; s < kBuyingStages; ++s) CHECK(r.stages[s] < 0.35F);
}

TEST_CASE("texts that are hardly a buyer's say less, and are named noise", "[filter]") {
  Prospect clean, noisy;
  for (int i = 0; i < 12; ++i) {
    Evidence e = query_for(kBakeOff, kStart + i * kDay, static_cast<std::uint64_t>(i + 1), 1.2F);
    e.none = 10;
    absorb(chain(), clean, e);
    for (std::size_t y = 0; y < kStages; ++y) e.ratio[y] = static_cast<std::int16_t>(e.ratio[y] - 2 * kRatioScale);
    e.none = 240;
    e.ratio[kNoneClass] = static_cast<std::int16_t>(1.4F * kRatioScale);
    absorb(chain(), noisy, e);
  }
  const Timestamp now = from_ms(kStart + 12 * kDay);
  CHECK(read(chain(), clean, now).noise < 0.2F);
  CHECK(read(chain(), noisy, now).noise > 0.6F);
  CHECK(read(chain(), noisy, now).stages[kBakeOff] < 0.75F * read(chain(), clean, now).stages[kBakeOff]);
}

TEST_CASE("texts about anything are believed no more, and the filter is back where it was without them", "[filter]") {
  Dice dice{5};
  Prospect aimless, aimed, mute;
  for (int i = 0; i < 300; ++i) {
    const std::int64_t at = kStart + i * kDay;
    const auto id = static_cast<std::uint64_t>(i + 1);
    Evidence e = query_for(dice.below(kBuyingStages), at, id, 1.5F);
    absorb(chain(), aimless, e);
    e.has_text = false;
    absorb(chain(), mute, e);
    absorb(chain(), aimed, query_for(static_cast<std::size_t>(i / 25), at, id, 1.5F));
  }
  const Timestamp now = from_ms(kStart + 300 * kDay);
  const Reading back = read(chain(), aimless, now), untold = read(chain(), mute, now);
  CHECK(back.noise > .97F);
  CHECK(read(chain(), aimed, now).noise < .1F);
  double apart = 0;
  for (std::size_t s = 0; s < kBuyingStages; ++s) {
    apart += std::abs(static_cast<double>(back.stages[s] - untold.stages[s])) / 2;
  }
  CHECK(apart < .08);

  // What an analyst says of the stage holds, whatever the texts were like.
  Evidence correction;
  correction.at = {kStart + 300 * kDay, 1000};
  correction.type = SignalType::feedback;
  correction.consent = Consent::granted;
  correction.action = FeedbackAction::wrong;
  correction.by_analyst = true;
  correction.stage = kBakeOff;
  absorb(chain(), aimless, correction);
  CHECK(read(chain(), aimless, now).stages[kBakeOff] > .6F);
}

TEST_CASE("a duplicate and a late signal are named and change nothing", "[filter]") {
  Prospect p = series_for(3, 3, kHour);
  const BeliefState before = p.head;
  CHECK(absorb(chain(), p, query_for(3, kStart + kHour, 101)) == Admission::duplicate);
  CHECK(absorb(chain(), p, query_for(3, kStart - 36 * kHour + kHour, 7)) == Admission::late);
  CHECK(p.head == before);
  CHECK(p.tail_count == 3);
  CHECK(absorb(chain(), p, query_for(3, kStart - 30 * kHour, 8)) == Admission::fresh);
  CHECK(p.tail[0].at.id == 8);
}

TEST_CASE("a tail of more than 64 folds its oldest early", "[filter]") {
  Prospect p;
  for (int i = 0; i < 100; ++i)
    absorb(chain(), p, query_for(3, kStart + i * kMinute, static_cast<std::uint64_t>(i + 1)));
  CHECK(p.tail_count == kTailMax);
  CHECK(p.tail[0].at.id == 37);
  CHECK(p.folded.id == 36);
  CHECK(p.head.signals == 100);
  CHECK(absorb(chain(), p, query_for(3, kStart + 5 * kMinute, 500)) == Admission::late);
}

TEST_CASE("without consent a profile lasts one session", "[filter]") {
  Prospect p;
  Evidence e = query_for(kBakeOff, kStart, 1);
  e.consent = Consent::absent;
  Keep keep{.text = "rfp scoring sheet", .account = "acme.example"};
  absorb(chain(), p, e, keep);
  e = query_for(kBakeOff, kStart + 10 * kMinute, 2);
  e.consent = Consent::absent;
  absorb(chain(), p, e, keep);
  CHECK(read(chain(), p, from_ms(kStart + 10 * kMinute)).signals == 2);
  CHECK(account_of(p).empty());
  e = query_for(0, kStart + 60 * kMinute, 3);
  e.consent = Consent::absent;
  absorb(chain(), p, e, {.text = "pump seal keeps failing", .account = {}});
  const Timestamp now = from_ms(kStart + 60 * kMinute);
  CHECK(read(chain(), p, now).signals == 1);
  CHECK(read(chain(), p, now).consent == Consent::absent);
  CHECK(windows_of(p, now).days90 == 1);
  const auto shown = series(chain(), p, now);
  REQUIRE(shown.size() == 1);
  CHECK(shown[0].text == "pump seal keeps failing");
}

TEST_CASE("a denial wipes the profile, is counted after, and holds until consent comes with a signal", "[filter]") {
  Prospect p;
  absorb(chain(), p, query_for(kBakeOff, kStart, 1), {.text = "rfp scoring sheet", .account = "acme.example"});
  CHECK(account_of(p) == "acme.example");
  Evidence denial = query_for(kBakeOff, kStart + kHour, 2);
  denial.consent = Consent::denied;
  CHECK(absorb(chain(), p, denial, {.text = "more words", .account = {}}) == Admission::fresh);
  CHECK(absorb(chain(), p, denial) == Admission::duplicate);
  CHECK(p.tail_count == 0);
  CHECK(p.text_count == 0);
  CHECK(account_of(p).empty());
  Evidence quiet = query_for(kBakeOff, kStart + 2 * kHour, 3);
  quiet.consent = Consent::absent;
  absorb(chain(), p, quiet, {.text = "still here", .account = "acme.example"});
  Reading r = read(chain(), p, from_ms(kStart + 3 * kHour));
  CHECK(r.consent == Consent::denied);
  CHECK(r.signals == 0);
  CHECK(p.head.counted == 1);
  CHECK(p.text_count == 0);
  CHECK(p.tail[0].ratio == Evidence{}.ratio);
  CHECK(r.stages == read(chain(), Prospect{}, from_ms(kStart + 3 * kHour)).stages);
  absorb(chain(), p, query_for(kBakeOff, kStart + 4 * kHour, 4), {.text = "scripted demo", .account = {}});
  r = read(chain(), p, from_ms(kStart + 4 * kHour));
  CHECK(r.consent == Consent::granted);
  CHECK(r.signals == 1);
}

TEST_CASE("a denial is honoured however late it comes", "[filter]") {
  Prospect p = series_for(kBakeOff, 10, kDay);
  Evidence denial = query_for(0, kStart + kHour, 77);
  denial.consent = Consent::denied;
  CHECK(absorb(chain(), p, denial) == Admission::fresh);
  CHECK(p.base.consent == Consent::denied);
  CHECK(read(chain(), p, from_ms(kStart + 9 * kDay)).signals == 2);  // those of the last 36 h carry consent
  CHECK(p.tail_count == 2);
  CHECK(absorb(chain(), p, denial) == Admission::duplicate);
}

TEST_CASE("an erased prospect refuses what was before and starts anew after", "[filter]") {
  Prospect p = erased_at(from_ms(kStart));
  CHECK(absorb(chain(), p, query_for(1, kStart, 1)) == Admission::late);
  CHECK(absorb(chain(), p, query_for(1, kStart + 1, 2)) == Admission::fresh);
  CHECK(read(chain(), p, from_ms(kStart + 1)).signals == 1);
}

TEST_CASE("offers, what was read, snooze and dismissal follow the reports", "[filter]") {
  Prospect p = series_for(4, 2, kHour);
  const auto feedback = [&](FeedbackAction action, std::int64_t at, std::uint64_t id, std::uint32_t content,
                            bool analyst) {
    Evidence e;
    e.at = {at, id};
    e.type = SignalType::feedback;
    e.consent = Consent::granted;
    e.action = action;
    e.content = content;
    e.kind = 7;
    e.by_analyst = analyst;
    if (action == FeedbackAction::snooze) e.until_ms = at + kDay;
    return absorb(chain(), p, e);
  };
  feedback(FeedbackAction::impression, kStart + 2 * kHour, 1, 42, false);
  feedback(FeedbackAction::impression, kStart + 2 * kHour + kMinute, 2, 42, false);
  feedback(FeedbackAction::impression, kStart + 4 * kHour, 3, 43, false);
  feedback(FeedbackAction::click, kStart + 4 * kHour + kMinute, 4, 43, false);
  Reading r = read(chain(), p, from_ms(kStart + 5 * kHour));
  REQUIRE(r.offers.size() == 2);
  CHECK(r.offers[0].content == 42);
  CHECK(r.offers[0].outcome == FeedbackAction::impression);
  CHECK(r.offers[1].outcome == FeedbackAction::click);
  CHECK(r.offers[1].kind == 7);
  CHECK(r.consumed == std::vector<std::uint32_t>{43});
  feedback(FeedbackAction::dismiss, kStart + 6 * kHour, 5, 42, true);
  feedback(FeedbackAction::snooze, kStart + 6 * kHour, 6, 0, true);
  r = read(chain(), p, from_ms(kStart + 6 * kHour));
  CHECK(r.dismissed);
  CHECK(r.offers[0].outcome == FeedbackAction::dismiss);
  CHECK(r.snoozed_until == from_ms(kStart + 6 * kHour + kDay));
  absorb(chain(), p, query_for(4, kStart + 7 * kHour, 7));
  CHECK_FALSE(read(chain(), p, from_ms(kStart + 7 * kHour)).dismissed);
}

TEST_CASE("an analyst's correction moves the belief", "[filter]") {
  Prospect p = series_for(4, 3, kHour);
  Evidence e;
  e.at = {kStart + 5 * kHour, 1};
  e.type = SignalType::feedback;
  e.consent = Consent::granted;
  e.action = FeedbackAction::wrong;
  e.by_analyst = true;
  e.stage = kBakeOff;
  const float before = read(chain(), p, from_ms(kStart + 5 * kHour)).stages[kBakeOff];
  absorb(chain(), p, e);
  const Reading after = read(chain(), p, from_ms(kStart + 5 * kHour));
  CHECK(after.stages[kBakeOff] > 5 * before);
  e.at = {kStart + 6 * kHour, 2};
  e.stage = index_of(Stage::stalled);
  absorb(chain(), p, e);
  CHECK(read(chain(), p, from_ms(kStart + 6 * kHour)).stages[index_of(Stage::stalled)] > 0.3F);
}

TEST_CASE("an outcome is taken as said", "[filter]") {
  for (const auto& [outcome, stage] :
       {std::pair{DealOutcome::lost, Stage::rejected}, {DealOutcome::no_decision, Stage::stalled}}) {
    Prospect p = series_for(kBakeOff, 4, kDay);
    Evidence e;
    e.at = {kStart + 4 * kDay, 1};
    e.type = SignalType::outcome;
    e.consent = Consent::granted;
    e.outcome = outcome;
    absorb(chain(), p, e);
    CHECK(most_likely(read(chain(), p, from_ms(kStart + 4 * kDay)).stages) == stage);
  }
}

TEST_CASE("the last eight texts are kept, cut between characters, until their time is over", "[filter]") {
  Prospect p;
  for (int i = 0; i < 12; ++i) {
    const std::string text = "query " + std::to_string(i);
    absorb(chain(), p, query_for(1, kStart + i * kHour, static_cast<std::uint64_t>(i + 1)),
           {.text = text, .account = {}});
  }
  CHECK(p.text_count == 8);
  CHECK(p.texts[0].text() == "query 4");
  std::string wide(119, 'a');
  wide += "\xc3\xa9 and more";
  absorb(chain(), p, query_for(1, kStart + 12 * kHour, 50), {.text = wide, .account = {}});
  CHECK(p.texts[7].text() == std::string(119, 'a'));
  absorb(chain(), p, query_for(1, kStart + 14 * kHour, 51), {.text = "last", .text_ttl = 3h, .account = {}});
  CHECK(p.text_count == 3);
  const auto shown = series(chain(), p, from_ms(kStart + 14 * kHour), from_ms(kStart + 13 * kHour));
  REQUIRE(shown.size() == 14);
  CHECK(shown.back().text == "last");
  CHECK(shown[12].text.empty());
}

TEST_CASE("windows agree with a count by hand", "[filter]") {
  Dice dice{3};
  for (int round = 0; round < 20; ++round) {
    std::vector<std::int64_t> times;
    Windows windows;
    std::int64_t at = kStart;
    for (int i = 0; i < 150; ++i) {
      at += static_cast<std::int64_t>(dice.below(static_cast<std::uint64_t>(40 * kHour)));
      const std::int64_t t = at - static_cast<std::int64_t>(dice.below(static_cast<std::uint64_t>(30 * kHour)));
      windows.add(t, times.empty());
      times.push_back(t);
    }
    const std::int64_t now = *std::max_element(times.begin(), times.end());
    const auto count = [&](std::int64_t width, std::int64_t buckets) {
      std::uint32_t n = 0;
      for (const std::int64_t t : times) n += t / width > now / width - buckets ? 1U : 0U;
      return n;
    };
    CHECK(windows.hours36.total(now) == count(3 * kHour, 12));
    CHECK(windows.days14.total(now) == count(kDay, 14));
    CHECK(windows.days90.total(now) == count(7 * kDay, 13));
  }
  Windows full;
  for (int i = 0; i < 1000; ++i) full.add(kStart, i == 0);
  CHECK(full.days14.total(kStart) == 255);
}

TEST_CASE("five thousand signals leave finite numbers that sum to one", "[filter]") {
  Dice dice{5};
  Prospect p;
  std::int64_t at = kStart;
  for (int i = 0; i < 5000; ++i) {
    at += static_cast<std::int64_t>(dice.below(static_cast<std::uint64_t>(i % 50 == 0 ? 40 * kDay : 3 * kHour)));
    absorb(chain(), p, random_evidence(dice, at, static_cast<std::uint64_t>(i + 1), true));
    float sum = 0;
    for (const float x : p.head.phases) sum += x;
    REQUIRE(sum == Approx(1).epsilon(1e-5));
    REQUIRE(p.head.activity[0] + p.head.activity[1] + p.head.activity[2] == Approx(1).epsilon(1e-5));
    REQUIRE(std::isfinite(p.head.visits + p.head.exposure_days + p.head.noise));
  }
  check_sane(read(chain(), p, from_ms(at + kDay)));
}

TEST_CASE("what a signal says is kept without its history", "[filter]") {
  Signal signal;
  signal.id = "e-1";
  signal.occurred_at = from_ms(kStart);
  signal.text = "rfp scoring sheet";
  signal.consent = Consent::granted;
  signal.device = Device::mobile;
  signal.content = ContentId("pricing");
  signal.clamped = true;
  TextEvidence text;
  text.words = 3;
  text.log_ratio[kBakeOff] = 1.5F;
  text.log_ratio[0] = -2.25F;
  text.moments = {.3F, .1F, .4F, .1F, .1F};
  text.none = .25F;
  text.roles[4] = .8F;
  text.text_hash = 0x123456789abcdef0ULL;
  const Evidence e = observe(signal, text, 7);
  CHECK(e.at.id == hash64("e-1"));
  CHECK(e.ratio[kBakeOff] == 1536);
  CHECK(e.ratio[0] == -2304);
  CHECK(std::accumulate(e.moments.begin(), e.moments.end(), 0) == 255);
  CHECK(e.none == 64);
  CHECK(e.role == 4);
  CHECK(e.role_strength == 12);
  CHECK(e.content == hash32("pricing"));
  CHECK(e.kind == 7);
  CHECK(e.known);
  CHECK(e.clamped);
  CHECK(e.device == Device::mobile);
  signal.type = SignalType::feedback;
  signal.action = FeedbackAction::wrong;
  signal.stage = Stage::stalled;
  signal.actor = "kim";
  const Evidence f = observe(signal, text);
  CHECK(f.stage == index_of(Stage::stalled));
  CHECK(f.by_analyst);
  CHECK_FALSE(f.has_text);
}
