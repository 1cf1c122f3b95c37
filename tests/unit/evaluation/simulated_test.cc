#include <algorithm>

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

Result<EvaluationReport> evaluated(const std::vector<DataFile>& files) {
  static const StageChain chain;
  static const Taxonomy taxonomy = shipped_taxonomy();
  return evaluate_simulated({.text = model(), .chain = chain, .taxonomy = taxonomy, .files = files, .train = {}});
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
  const Trace unseen = follow(chain, PlainHmm(), journey, evidence);
  REQUIRE(unseen.changes.size() == 1);
  CHECK(unseen.changes[0].days_hmm == kNotFound);

  for (int d = 32; d < 60; ++d) say(d, 4);
  const Trace seen = follow(chain, PlainHmm(), journey, evidence);
  REQUIRE(seen.changes.size() == 1);
  CHECK(seen.changes[0].days >= 2);
  CHECK(seen.changes[0].days < 12);
  CHECK(seen.changes[0].days_hmm < 12);
  CHECK(seen.events.size() == evidence.size());
  CHECK(seen.days.size() == 60);
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
