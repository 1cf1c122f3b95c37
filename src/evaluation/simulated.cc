// Simulated journeys, where the truth is known: the filter beside plain hidden Markov models and beside silence. An
// account's stream is what all its people did; a person's is judged by the truth of the account.
#include <map>
#include <optional>

#include "evaluation/curves.h"
#include "evaluation/follow.h"
#include "evaluation/journey_figures.h"
#include "evaluation/journey_files.h"
#include "juncture/evaluation/evaluate.h"

namespace juncture {
namespace {

struct Stream {
  std::vector<Evidence> evidence;
  const RecordedJourney* journey = nullptr;
  std::size_t fold = 0;
};

double events_per_day(std::span<const Evidence> evidence) {
  const auto span = static_cast<double>(evidence.back().at.time_ms - evidence.front().at.time_ms);
  return static_cast<double>(evidence.size()) / (span / 86'400'000.0 + 1);
}

// The trained model's transitions are counted on the one half of the accounts of a kind and used on the other.
std::vector<Trace> follow_all(const StageChain& chain, const StageChain* fitted, const std::vector<Stream>& streams) {
  std::map<std::string, std::array<StageCounts, 2>> counts;
  for (const Stream& stream : streams) {
    counts[stream.journey->kind][1 - stream.fold].add(stages_at(*stream.journey, stream.evidence));
  }
  std::vector<Trace> out;
  for (const Stream& stream : streams) {
    const PlainHmm trained = counts[stream.journey->kind][stream.fold].hmm();
    const PlainHmm hmm = hmm_of_priors(chain, events_per_day(stream.evidence));
    out.push_back(follow({chain, fitted, hmm, trained}, *stream.journey, stream.evidence));
  }
  return out;
}

// The product's own fit, of texts and of how it ended: no true stage is told.
Result<std::optional<StageChain>> fitted_chain(const EvaluationInput& input) {
  if (input.train.empty()) return std::nullopt;
  const auto journeys = read_journeys(input.text, input.train);
  if (!journeys) return tl::unexpected<Error>(journeys.error());
  std::vector<Journey> histories;
  for (const RecordedJourney& journey : *journeys) histories.push_back(history_of(journey));
  return StageChain(fit_journeys(input.chain.parameters(), histories).parameters);
}

// What the page shows of the accounts of one kind.
void draw(const std::string& kind, const Traces& traces, EvaluationReport& out) {
  std::vector<double> p, p_hmm, days, days_hmm, stopped, silence, covered_at;
  std::vector<std::uint8_t> right, right_hmm, is_stopped, covered;
  Confusion confusion{.title = kind + ": most likely stage at each signal", .classes = {}, .counts = {}};
  confusion.classes.assign(kStageNames.begin(), kStageNames.begin() + kBuyingStages);
  confusion.counts.assign(kBuyingStages, std::vector<double>(kBuyingStages));
  for (const Trace* trace : traces) {
    for (const EventRow& row : trace->events) {
      const Said &said = row.said[index_of(Model::filter)], &said_hmm = row.said[index_of(Model::hmm)];
      p.push_back(static_cast<double>(said.p_found));
      right.push_back(said.found == row.truth);
      p_hmm.push_back(static_cast<double>(said_hmm.p_found));
      right_hmm.push_back(said_hmm.found == row.truth);
      confusion.counts[row.truth][said.found] += 1;
    }
    for (const Change& change : trace->changes) {
      days.push_back(static_cast<double>(change.days[index_of(Model::filter)]));
      days_hmm.push_back(static_cast<double>(change.days[index_of(Model::hmm)]));
    }
    for (const DayRow& row : trace->days) {
      if (row.stopped_days == 0) {
        covered_at.push_back(static_cast<double>(row.progress));
        covered.push_back(row.covered);
      } else if (row.stopped_days < kStoppedDays) {
        continue;
      }
      stopped.push_back(static_cast<double>(row.stopped));
      silence.push_back(static_cast<double>(row.silence));
      is_stopped.push_back(row.stopped_days > 0);
    }
  }
  const std::string hmm = "plain HMM";
  out.plots.push_back({kind + ": reliability of the most likely stage",
                       "said",
                       "right",
                       true,
                       {reliability("juncture", p, right), reliability(hmm, p_hmm, right_hmm)}});
  out.plots.push_back({kind + ": changes of stage found",
                       "days since",
                       "share",
                       false,
                       {share_within("juncture", days, 59), share_within(hmm, days_hmm, 59)}});
  out.plots.push_back({kind + ": stalled or rejected, ROC",
                       "false alarms",
                       "found",
                       true,
                       {roc("juncture", stopped, is_stopped), roc("days of silence", silence, is_stopped)}});
  out.plots.push_back({kind + ": 90 % interval of progress",
                       "true progress, %",
                       "share that it holds",
                       false,
                       {mean_by_tenth("juncture", covered_at, covered)}});
  out.confusions.push_back(std::move(confusion));
}

}  // namespace

Result<EvaluationReport> evaluate_simulated(const EvaluationInput& input) {
  const auto journeys = read_journeys(input.text, input.files);
  if (!journeys) return tl::unexpected<Error>(journeys.error());
  std::vector<Stream> accounts, people;
  for (std::size_t j = 0; j < journeys->size(); ++j) {
    const RecordedJourney& journey = (*journeys)[j];
    if (std::vector<Evidence> all = merged(journey); !all.empty()) {
      accounts.push_back({std::move(all), &journey, j % 2});
    }
    for (const RecordedPerson& person : journey.people) {
      if (person.of_committee && !person.evidence.empty()) people.push_back({person.evidence, &journey, j % 2});
    }
  }
  const auto fit = fitted_chain(input);
  if (!fit) return tl::unexpected<Error>(fit.error());
  const StageChain* fitted = *fit ? &**fit : nullptr;
  EvaluationReport report{.set = "simulated", .model = input.text.version(), .simulated = true};
  std::vector<Trace> of_accounts = follow_all(input.chain, fitted, accounts);
  const std::vector<Trace> of_people = follow_all(input.chain, fitted, people);
  Traces all;
  std::map<std::string, Traces> groups;
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    of_accounts[i].sizes = committee_sizes(*accounts[i].journey);
    all.push_back(&of_accounts[i]);
    groups[accounts[i].journey->kind].push_back(&of_accounts[i]);
    report.rows += of_accounts[i].events.size();
  }
  for (std::size_t i = 0; i < people.size(); ++i) {
    groups[people[i].journey->kind + ", a person alone"].push_back(&of_people[i]);
  }
  report.figures = figures_of(all, fitted != nullptr);
  for (const auto& [name, traces] : groups) {
    std::size_t rows = 0;
    for (const Trace* trace : traces) rows += trace->events.size();
    report.groups.push_back({name, rows, figures_of(traces, fitted != nullptr)});
    if (name.find(',') == std::string::npos) draw(name, traces, report);
  }
  report.remarks.emplace_back(
      "_hmm: a plain hidden Markov model of the filter's own priors; _hmm_trained: one whose transitions are counted "
      "on "
      "the true stages of the other half of the accounts.");
  if (fitted != nullptr) {
    report.remarks.emplace_back(
        "_fitted: the filter by a chain fitted to the texts and ends of the training files, as train-journeys does.");
  }
  return report;
}

}  // namespace juncture
