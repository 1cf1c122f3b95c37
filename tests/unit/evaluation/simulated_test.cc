#include <algorithm>
#include <cmath>

#include "evaluation/follow.h"
#include "juncture/evaluation/evaluate.h"
#include "juncture/ingest/canonical.h"
#include "juncture/journeys/journey.h"
#include "unit/text/given.h"

namespace juncture {
namespace {

using journeys::Density;
using journeys::Variant;

const TextModel& model() {
  static const TextModel value = trained();
  return value;
}

struct Files {
  std::string signals, truth;
};

Files simulated(Variant variant, std::uint64_t seed, std::uint64_t count) {
  const auto bank = journeys::parse_text_bank(file_text("config/journey-phrases.tsv"), "bank");
  REQUIRE(bank);
  const journeys::Plan plan{.variant = variant, .density = Density::dense};
  Files out;
  std::string scratch;
  for (std::uint64_t k = 0; k < count; ++k) {
    const journeys::Journey journey = journeys::journey_of(plan, *bank, seed + k);
    for (const journeys::Deed& deed : journey.deeds) {
      write_signal(signal_of(journey, deed, scratch), from_ms(deed.received_ms), out.signals);
      out.signals += '\n';
    }
    write_truth(plan, journey, out.truth);
  }
  return out;
}

Result<EvaluationReport> evaluated(const std::vector<DataFile>& files, const std::vector<DataFile>& train = {}) {
  static const StageChain chain;
  static const Taxonomy taxonomy = shipped_taxonomy();
  return evaluate_simulated({.text = model(), .chain = chain, .taxonomy = taxonomy, .files = files, .train = train});
}

double value_of(const std::vector<Figure>& figures, const std::string& name) {
  const auto found = std::find_if(figures.begin(), figures.end(), [&](const Figure& f) { return f.name == name; });
  REQUIRE(found != figures.end());
  return found->estimate.value;
}

TEST_CASE("simulated journeys are judged beside the plain model and beside silence", "[evaluation]") {
  const Files files = simulated(Variant::g2, 0, 24);
  const auto report = evaluated({{"signals", files.signals}, {"truth", files.truth}});
  INFO((report ? std::string() : report.error().detail));
  REQUIRE(report);
  CHECK(report->simulated);
  CHECK(report->rows > 1000);
  REQUIRE(report->groups.size() == 2);
  CHECK(report->groups[0].name == "G2 dense");
  CHECK(report->groups[1].name == "G2 dense, a person alone");

  // What holds of any seed by a wide margin: more than chance, better than the plain model, better than silence.
  CHECK(value_of(report->figures, "top1") > 0.35);
  CHECK(value_of(report->figures, "log_loss") < value_of(report->figures, "log_loss_hmm"));
  CHECK(value_of(report->figures, "log_loss_over_prior") < -0.3);
  CHECK(value_of(report->figures, "stall_or_rejection_gain") > 0.04);
  CHECK(value_of(report->figures, "no_decision_auc") > value_of(report->figures, "no_decision_silence_21_auc"));
  CHECK(value_of(report->figures, "no_decision_lead") > 14);
  CHECK(report->plots.size() == 4);
  REQUIRE(report->confusions.size() == 1);
  CHECK(report->confusions[0].counts.size() == kBuyingStages);
  CHECK(value_of(report->figures, "top1_gain") ==
        Approx(value_of(report->figures, "top1") - value_of(report->figures, "top1_hmm")));
  CHECK(value_of(report->figures, "top1_gain_over_trained") ==
        Approx(value_of(report->figures, "top1") - value_of(report->figures, "top1_hmm_trained")));
  CHECK(value_of(report->figures, "top1_hmm_trained") != value_of(report->figures, "top1_hmm"));
  CHECK(value_of(report->figures, "time_to_detect_noiseless") <= value_of(report->figures, "time_to_detect"));
  CHECK(value_of(report->figures, "committee_coverage") > 0.8);
  CHECK(value_of(report->figures, "committee_width") < 5);
  const auto has = [&](const std::vector<Figure>& figures, const std::string& name) {
    return std::any_of(figures.begin(), figures.end(), [&](const Figure& f) { return f.name == name; });
  };
  CHECK_FALSE(has(report->groups[1].figures, "committee_coverage"));
  CHECK_FALSE(has(report->figures, "top1_fitted"));
  for (const Figure& figure : report->figures) {
    INFO(figure.name);
    CHECK(figure.estimate.low <= figure.estimate.value);
    CHECK(figure.estimate.value <= figure.estimate.high);
  }

  // Which line stands where, and in which file, is all the same.
  const auto joined = evaluated({{"all", files.truth + files.signals}});
  REQUIRE(joined);
  CHECK(value_of(joined->figures, "top1") == value_of(report->figures, "top1"));
}

TEST_CASE("a change is found once the most likely stage is one of those since", "[evaluation]") {
  // Thirty days of scoping, then thirty of long-listing that nobody sees: nothing finds it.
  RecordedJourney journey;
  journey.account = "a";
  for (int d = 0; d < 60; ++d) journey.days.push_back({.stage = static_cast<std::uint8_t>(d < 30 ? 1 : 4)});
  std::vector<Evidence> evidence;
  const auto say = [&](int day, std::size_t y) {
    Evidence one;
    one.at = {day * 86'400'000LL + 1000, static_cast<std::uint64_t>(day) + 1};
    one.consent = Consent::granted;
    one.has_text = true;
    one.text_hash = static_cast<std::uint32_t>(day);
    for (auto& r : one.ratio) r = -2048;
    one.ratio[y] = 3072;
    evidence.push_back(one);
  };
  for (int d = 0; d < 30; ++d) say(d, 1);
  const StageChain chain;
  const PlainHmm hmm = hmm_of_priors(chain, 1), untrained = StageCounts().hmm();
  const Models models{chain, nullptr, hmm, untrained};
  const Trace unseen = follow(models, journey, evidence);
  REQUIRE(unseen.changes.size() == 1);
  CHECK(unseen.changes[0].days[index_of(Model::hmm)] == kNotFound);
  CHECK(unseen.changes[0].days[index_of(Model::hmm_trained)] == kNotFound);

  for (int d = 32; d < 60; ++d) say(d, 4);
  const Trace seen = follow(models, journey, evidence);
  REQUIRE(seen.changes.size() == 1);
  for (const Model model : {Model::filter, Model::hmm, Model::hmm_trained}) {
    CHECK(seen.changes[0].days[index_of(model)] >= 2);
    CHECK(seen.changes[0].days[index_of(model)] < 12);
  }
  CHECK(seen.changes[0].noiseless >= 2);
  CHECK(seen.changes[0].noiseless <= seen.changes[0].days[index_of(Model::filter)]);
  CHECK(seen.events.size() == evidence.size());
  CHECK(seen.days.size() == 60);
}

TEST_CASE("the plain model of the priors leaves a stage after its mean dwell of events", "[evaluation]") {
  const StageChain chain;
  const double days = mean_dwell_days(chain.parameters(), 3), per_day = .25;
  const PlainHmm hmm = hmm_of_priors(chain, per_day);
  Evidence nothing;
  nothing.ratio.fill(0);
  // Of those that begin in a stage, what is there one event later; nobody comes back to the third within one event.
  PlainHmm::Odds odds{};
  odds[3] = 1;
  hmm.step(nothing, odds);
  CHECK(odds[3] == Approx(std::exp(-1 / (days * per_day))).margin(1e-9));
  CHECK(odds[4] > odds[2]);
  double sum = 0;
  for (const double x : odds) sum += x;
  CHECK(sum == Approx(1));
  // Behind the last stage another purchase begins.
  odds = {};
  odds[kBuyingStages - 1] = 1;
  hmm.step(nothing, odds);
  CHECK(odds[0] > .01);
}

TEST_CASE("a fit of other journeys' texts and ends is measured beside the priors", "[evaluation]") {
  const Files files = simulated(Variant::g2, 0, 6), train = simulated(Variant::g2, 100, 30);
  const auto report = evaluated({{"all", files.truth + files.signals}}, {{"train", train.truth + train.signals}});
  INFO((report ? std::string() : report.error().detail));
  REQUIRE(report);
  CHECK(value_of(report->figures, "top1_gain_fitted") ==
        Approx(value_of(report->figures, "top1_fitted") - value_of(report->figures, "top1_hmm_trained")));
  CHECK(value_of(report->figures, "top1_fitted") != value_of(report->figures, "top1"));
  CHECK(value_of(report->figures, "top1_fitted") > .3);
}

TEST_CASE("a committee's stated size is held against those who have joined by then", "[evaluation]") {
  RecordedJourney journey;
  for (int d = 0; d < 40; ++d) journey.days.push_back({});
  constexpr std::int64_t kDay = 86'400'000;
  for (std::uint64_t p = 0; p < 3; ++p) {
    Evidence seen;
    seen.at = {kDay / 2, p + 1};
    journey.people.push_back({.prospect = "p" + std::to_string(p), .evidence = {seen}});
  }
  const auto covered = [&] {
    double share = 0;
    const std::vector<SizeRow> rows = committee_sizes(journey);
    for (const SizeRow& row : rows) share += row.covered ? 1.0 / static_cast<double>(rows.size()) : 0;
    return share;
  };
  CHECK(committee_sizes(journey).size() == 40);
  CHECK(covered() == Approx(1));
  // Three ids are no group of eight.
  for (int p = 0; p < 5; ++p) journey.people.push_back({.prospect = "unseen", .from_ms = 20 * kDay});
  CHECK(covered() == Approx(.5));
  // A ninth: not of one to eight from then on.
  journey.people.push_back({.prospect = "unseen", .from_ms = 30 * kDay});
  CHECK(committee_sizes(journey).size() == 30);
}

TEST_CASE("files that are no journeys are refused by line", "[evaluation]") {
  const auto message = [](const std::string& text) {
    const auto report = evaluated({{"f", text}});
    REQUIRE_FALSE(report);
    return report.error().detail;
  };
  CHECK(message(
            "{\"truth\":\"journey\",\"account\":\"a\",\"from\":0}\n{\"truth\":\"day\",\"account\":\"a\",\"from\":5}\n")
            .find("f:2: a day's stage") != std::string::npos);
  CHECK(message("{\"truth\":\"ride\",\"account\":\"a\"}\n") == "f:1: truth is journey, person or day");
  CHECK(message("not json\n").starts_with("f:1: "));
  CHECK(message("{\"truth\":\"journey\",\"account\":\"a\",\"from\":0}\n").find("no day of account a") !=
        std::string::npos);
  const Files files = simulated(Variant::g1, 1, 1);
  CHECK(message(files.signals).find("no truth about prospect") != std::string::npos);
}

}  // namespace
}  // namespace juncture
