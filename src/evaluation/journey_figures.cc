#include "evaluation/journey_figures.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "juncture/evaluation/measures.h"

namespace juncture {
namespace {

constexpr float kSilentDays = 21;    // the rule of thumb
constexpr double kFalseAlarms = .1;  // share of days on which the warning may be wrong
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

double loss_of(float p_truth) {
  return -std::log(std::max(static_cast<double>(p_truth), 1e-12));
}

// What one model said of the stages.
struct StageMeasures {
  Mean top1, within_one, log_loss;
  Ranked confidence, time_to_detect;
  explicit StageMeasures(std::size_t groups) : top1(groups), within_one(groups), log_loss(groups) {}

  void add(std::uint32_t group, int truth, const Said& said) {
    top1.add(group, said.found == truth ? 1 : 0);
    within_one.add(group, std::abs(said.found - truth) <= 1 ? 1 : 0);
    log_loss.add(group, loss_of(said.p_truth));
    confidence.add(group, static_cast<double>(said.p_found), said.found == truth);
  }
};

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

StageMeasures measures_of(const Traces& traces, Model model) {
  StageMeasures out(traces.size());
  for (std::uint32_t g = 0; g < traces.size(); ++g) {
    for (const EventRow& row : traces[g]->events) out.add(g, row.truth, row.said[index_of(model)]);
    for (const Change& change : traces[g]->changes) {
      out.time_to_detect.add(g, static_cast<double>(change.days[index_of(model)]));
    }
  }
  out.confidence.sort();
  out.time_to_detect.sort();
  return out;
}

void add_stages(const StageMeasures& model, const std::string& suffix, Figures& out) {
  out.add("top1" + suffix, model.top1);
  out.add("within_one" + suffix, model.within_one);
  out.add("log_loss" + suffix, model.log_loss);
  out.add("ece" + suffix, [&](Weights w) { return model.confidence.calibration_error(w); });
  out.add("time_to_detect" + suffix, [&](Weights w) { return model.time_to_detect.quantile(w, .5); });
}

// Of two that know the same.
void add_gain(const StageMeasures& ours, const StageMeasures& plain, const std::string& suffix, Figures& out) {
  out.add("top1_gain" + suffix, [&](Weights w) { return ours.top1(w) - plain.top1(w); });
  out.add("time_to_detect_ratio" + suffix,
          [&](Weights w) { return ours.time_to_detect.quantile(w, .5) / plain.time_to_detect.quantile(w, .5); });
}

void stage_figures(const Traces& traces, bool fitted, Figures& out) {
  const StageMeasures ours = measures_of(traces, Model::filter), hmm = measures_of(traces, Model::hmm),
                      trained = measures_of(traces, Model::hmm_trained);
  add_stages(ours, "", out);
  add_stages(hmm, "_hmm", out);
  add_gain(ours, hmm, "", out);
  add_stages(trained, "_hmm_trained", out);
  add_gain(ours, trained, "_over_trained", out);
  if (fitted) {
    const StageMeasures learnt = measures_of(traces, Model::fitted);
    add_stages(learnt, "_fitted", out);
    add_gain(learnt, trained, "_fitted", out);
  }
  Mean untold(traces.size());
  Ranked noiseless;
  for (std::uint32_t g = 0; g < traces.size(); ++g) {
    for (const EventRow& row : traces[g]->events) untold.add(g, loss_of(row.p_truth_untold));
    for (const Change& change : traces[g]->changes) noiseless.add(g, static_cast<double>(change.noiseless));
  }
  noiseless.sort();
  out.add("time_to_detect_noiseless", [&](Weights w) { return noiseless.quantile(w, .5); });
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

void size_figures(const Traces& traces, Figures& out) {
  Mean covered(traces.size()), width(traces.size());
  bool any = false;
  for (std::uint32_t g = 0; g < traces.size(); ++g) {
    for (const SizeRow& row : traces[g]->sizes) {
      covered.add(g, row.covered ? 1 : 0);
      width.add(g, static_cast<double>(row.width));
      any = true;
    }
  }
  if (!any) return;
  out.add("committee_coverage", covered);
  out.add("committee_width", width);
}

}  // namespace

std::vector<Figure> figures_of(const Traces& traces, bool fitted) {
  Figures out(traces.size());
  stage_figures(traces, fitted, out);
  silence_figures(traces, out);
  warning_figures(traces, out);
  size_figures(traces, out);
  return out.take();
}

}  // namespace juncture
