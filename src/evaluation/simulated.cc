// Simulated journeys, where the truth is known: the filter beside a plain hidden Markov model and beside silence. An
// account's stream is what all its people did; a person's is judged by the truth of the account.
#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "evaluation/curves.h"
#include "evaluation/follow.h"
#include "evaluation/journey_files.h"
#include "juncture/evaluation/evaluate.h"

namespace juncture {
namespace {

constexpr std::uint16_t kStoppedDays = 14;  // a stall or rejection counts from there on
constexpr float kSilentDays = 21;           // the rule of thumb
constexpr double kFalseAlarms = .1;         // share of days on which the warning may be wrong
constexpr std::size_t kCalibrationBins = 10;
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// Values in rows that belong to groups, in order of the value once and for all: what weighted ranks are had from.
class Ranked {
 public:
  void add(std::uint32_t group, double value, bool positive = false) { rows_.push_back({value, group, positive}); }
  void sort() {
    std::sort(rows_.begin(), rows_.end(), [](const Row& a, const Row& b) { return a.value < b.value; });
  }
  bool empty() const { return rows_.empty(); }

  double auc(Weights weights) const {
    double pairs = 0, positives = 0, negatives = 0;
    for (std::size_t i = 0; i < rows_.size();) {
      double tied_positive = 0, tied_negative = 0;
      const double value = rows_[i].value;
      for (; i < rows_.size() && rows_[i].value == value; ++i) {
        (rows_[i].positive ? tied_positive : tied_negative) += weights[rows_[i].group];
      }
      pairs += tied_positive * (negatives + tied_negative / 2);
      positives += tied_positive;
      negatives += tied_negative;
    }
    return positives == 0 || negatives == 0 ? kNone : pairs / (positives * negatives);
  }
  double quantile(Weights weights, double share) const {
    double total = 0, seen = 0;
    for (const Row& row : rows_) total += weights[row.group];
    for (const Row& row : rows_) {
      seen += weights[row.group];
      if (seen > 0 && seen >= share * total) return row.value;
    }
    return kNone;
  }
  // `value` a probability, `positive` whether it was right: over bins of equal mass.
  double calibration_error(Weights weights) const {
    double total = 0, sum = 0;
    for (const Row& row : rows_) total += weights[row.group];
    double in_bin = 0, said = 0, came = 0;
    for (const Row& row : rows_) {
      in_bin += weights[row.group];
      said += weights[row.group] * row.value;
      came += row.positive ? weights[row.group] : 0;
      if (in_bin * kCalibrationBins < total) continue;
      sum += std::abs(said - came);
      in_bin = said = came = 0;
    }
    return total == 0 ? kNone : (sum + std::abs(said - came)) / total;
  }

 private:
  struct Row {
    double value;
    std::uint32_t group;
    bool positive;
  };
  std::vector<Row> rows_;
};

// A mean over rows, as sums by group.
class Mean {
 public:
  explicit Mean(std::size_t groups) : sum_(groups), count_(groups) {}
  void add(std::uint32_t group, double value) {
    sum_[group] += value;
    count_[group] += 1;
  }
  double operator()(Weights weights) const {
    double sum = 0, count = 0;
    for (std::size_t g = 0; g < weights.size(); ++g) {
      sum += weights[g] * sum_[g];
      count += weights[g] * count_[g];
    }
    return count == 0 ? kNone : sum / count;
  }

 private:
  std::vector<double> sum_, count_;
};

// What one model said of the stages.
struct StageMeasures {
  Mean top1, within_one, log_loss;
  Ranked confidence, time_to_detect;
  explicit StageMeasures(std::size_t groups) : top1(groups), within_one(groups), log_loss(groups) {}

  void add(std::uint32_t group, int truth, int found, float p_truth, float p_found) {
    top1.add(group, found == truth ? 1 : 0);
    within_one.add(group, std::abs(found - truth) <= 1 ? 1 : 0);
    log_loss.add(group, -std::log(std::max(static_cast<double>(p_truth), 1e-12)));
    confidence.add(group, static_cast<double>(p_found), found == truth);
  }
};

using Traces = std::vector<const Trace*>;

class Figures {
 public:
  explicit Figures(std::size_t groups) : groups_(groups) {}
  template <class Measure>
  void add(const std::string& name, const Measure& measure) {
    figures_.push_back({name, bootstrap_weights(groups_, [&](Weights w) { return measure(w); })});
  }
  std::vector<Figure> take() { return std::move(figures_); }

 private:
  std::size_t groups_;
  std::vector<Figure> figures_;
};

void stage_figures(const Traces& traces, Figures& out) {
  StageMeasures ours(traces.size()), hmm(traces.size());
  Mean untold(traces.size());
  for (std::uint32_t g = 0; g < traces.size(); ++g) {
    for (const EventRow& row : traces[g]->events) {
      ours.add(g, row.truth, row.found, row.p_truth, row.p_found);
      hmm.add(g, row.truth, row.found_hmm, row.p_truth_hmm, row.p_found_hmm);
      untold.add(g, -std::log(std::max(static_cast<double>(row.p_truth_untold), 1e-12)));
    }
    for (const Change& change : traces[g]->changes) {
      ours.time_to_detect.add(g, static_cast<double>(change.days));
      hmm.time_to_detect.add(g, static_cast<double>(change.days_hmm));
    }
  }
  for (StageMeasures* model : {&ours, &hmm}) {
    model->confidence.sort();
    model->time_to_detect.sort();
    const std::string suffix = model == &ours ? "" : "_hmm";
    out.add("top1" + suffix, model->top1);
    out.add("within_one" + suffix, model->within_one);
    out.add("log_loss" + suffix, model->log_loss);
    out.add("ece" + suffix, [&](Weights w) { return model->confidence.calibration_error(w); });
    out.add("time_to_detect" + suffix, [&](Weights w) { return model->time_to_detect.quantile(w, .5); });
  }
  out.add("top1_gain", [&](Weights w) { return ours.top1(w) - hmm.top1(w); });
  out.add("time_to_detect_ratio",
          [&](Weights w) { return ours.time_to_detect.quantile(w, .5) / hmm.time_to_detect.quantile(w, .5); });
  out.add("log_loss_prior", untold);
  out.add("log_loss_over_prior", [&](Weights w) { return ours.log_loss(w) - untold(w); });
}

void silence_figures(const Traces& traces, Figures& out) {
  Ranked stopped, silence, stalled, rule;
  Mean covered(traces.size()), width(traces.size());
  for (std::uint32_t g = 0; g < traces.size(); ++g) {
    for (const DayRow& row : traces[g]->days) {
      stalled.add(g, static_cast<double>(row.stalled), row.final_stall);
      rule.add(g, row.silence >= kSilentDays ? 1 : 0, row.final_stall);
      if (row.stopped_days == 0) {
        covered.add(g, row.covered ? 1 : 0);
        width.add(g, static_cast<double>(row.width));
      } else if (row.stopped_days < kStoppedDays) {
        continue;
      }
      stopped.add(g, static_cast<double>(row.stopped), row.stopped_days > 0);
      silence.add(g, static_cast<double>(row.silence), row.stopped_days > 0);
    }
  }
  for (Ranked* ranked : {&stopped, &silence, &stalled, &rule}) ranked->sort();
  out.add("stall_or_rejection_auc", [&](Weights w) { return stopped.auc(w); });
  out.add("stall_or_rejection_silence_auc", [&](Weights w) { return silence.auc(w); });
  out.add("stall_or_rejection_gain", [&](Weights w) { return stopped.auc(w) - silence.auc(w); });
  out.add("no_decision_auc", [&](Weights w) { return stalled.auc(w); });
  out.add("no_decision_silence_21_auc", [&](Weights w) { return rule.auc(w); });
  out.add("progress_coverage", covered);
  out.add("progress_width", width);
}

// Median days by which the warning comes before the end of a purchase that ends without a decision, where it is given
// at the odds that a tenth of all other days exceed. Zero days where it never comes. And how often a silence is taken
// for the end within a day of when it would be if each signal had told the stage.
void warning_figures(const Traces& traces, Figures& out) {
  Ranked others, apart;
  Mean on_time(traces.size());
  std::vector<std::vector<double>> endings(traces.size());
  for (std::uint32_t g = 0; g < traces.size(); ++g) {
    for (const Crossing& crossing : traces[g]->crossings) {
      on_time.add(g, crossing.days_apart <= 1 ? 1 : 0);
      apart.add(g, static_cast<double>(crossing.days_apart));
    }
    for (const DayRow& row : traces[g]->days) {
      if (row.final_stall) {
        endings[g].push_back(static_cast<double>(row.stalled));
      } else {
        others.add(g, static_cast<double>(row.stalled));
      }
    }
  }
  others.sort();
  apart.sort();
  out.add("stopped_within_a_day", on_time);
  out.add("stopped_days_apart", [&](Weights weights) { return apart.quantile(weights, .5); });
  out.add("no_decision_lead", [&](Weights weights) {
    const double threshold = others.quantile(weights, 1 - kFalseAlarms);
    Ranked leads;
    for (std::uint32_t g = 0; g < endings.size(); ++g) {
      if (endings[g].empty()) continue;
      const auto alarm = std::find_if(endings[g].begin(), endings[g].end(), [&](double p) { return p > threshold; });
      leads.add(g, static_cast<double>(endings[g].end() - alarm));
    }
    leads.sort();
    return leads.quantile(weights, .5);
  });
}

std::vector<Figure> figures_of(const Traces& traces) {
  Figures out(traces.size());
  stage_figures(traces, out);
  silence_figures(traces, out);
  warning_figures(traces, out);
  return out.take();
}

struct Stream {
  std::vector<Evidence> evidence;
  const RecordedJourney* journey = nullptr;
  std::size_t fold = 0;
};

// Transitions are counted on the one half of the accounts of a kind and used on the other.
std::vector<Trace> follow_all(const StageChain& chain, const std::vector<Stream>& streams) {
  std::map<std::string, std::array<PlainHmm, 2>> models;
  for (const Stream& stream : streams) {
    models[stream.journey->kind][1 - stream.fold].learn(stages_at(*stream.journey, stream.evidence));
  }
  std::vector<Trace> out;
  for (const Stream& stream : streams) {
    const PlainHmm& hmm = models[stream.journey->kind][stream.fold];
    out.push_back(follow(chain, hmm, *stream.journey, stream.evidence));
  }
  return out;
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
      p.push_back(static_cast<double>(row.p_found));
      right.push_back(row.found == row.truth);
      p_hmm.push_back(static_cast<double>(row.p_found_hmm));
      right_hmm.push_back(row.found_hmm == row.truth);
      confusion.counts[row.truth][row.found] += 1;
    }
    for (const Change& change : trace->changes) {
      days.push_back(static_cast<double>(change.days));
      days_hmm.push_back(static_cast<double>(change.days_hmm));
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
    accounts.push_back({merged(journey), &journey, j % 2});
    for (const RecordedPerson& person : journey.people) {
      if (person.of_committee && !person.evidence.empty()) people.push_back({person.evidence, &journey, j % 2});
    }
  }
  EvaluationReport report{.set = "simulated", .model = input.text.version(), .simulated = true};
  const std::vector<Trace> of_accounts = follow_all(input.chain, accounts), of_people = follow_all(input.chain, people);
  Traces all;
  std::map<std::string, Traces> groups;
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    all.push_back(&of_accounts[i]);
    groups[accounts[i].journey->kind].push_back(&of_accounts[i]);
    report.rows += of_accounts[i].events.size();
  }
  for (std::size_t i = 0; i < people.size(); ++i) {
    groups[people[i].journey->kind + ", a person alone"].push_back(&of_people[i]);
  }
  report.figures = figures_of(all);
  for (const auto& [name, traces] : groups) {
    std::size_t rows = 0;
    for (const Trace* trace : traces) rows += trace->events.size();
    report.groups.push_back({name, rows, figures_of(traces)});
    if (name.find(',') == std::string::npos) draw(name, traces, report);
  }
  report.remarks.emplace_back(
      "_hmm: a plain hidden Markov model in the same run, its transitions counted on the other half of the accounts.");
  return report;
}

}  // namespace juncture
