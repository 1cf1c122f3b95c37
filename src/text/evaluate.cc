#include "juncture/text/evaluate.h"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <span>

#include "juncture/core/json_writer.h"
#include "juncture/core/math.h"
#include "juncture/text/scorer.h"
#include "juncture/text/train.h"
#include "text/augment.h"
#include "text/parts.h"

namespace juncture {
namespace {

constexpr std::size_t kFigures = 8;
constexpr int kResamples = 1000;
constexpr std::uint64_t kResampleSeed = 20261122;
constexpr std::size_t kEceBins = 15;
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// A row and what the model said of it.
struct Scored {
  std::size_t label = 0;
  Moment moment = Moment::unclear;
  std::size_t stage = 0;  // best of the twelve
  std::size_t top = 0;    // best of all 15
  double confidence = 0;  // of `top`
  double loss = 0;        // nats
  double none = 0;
  std::size_t found_moment = 0;
};

using Figures = std::array<double, kFigures>;
using Rows = std::span<const Scored* const>;

template <std::size_t N>
double macro_f1(const std::array<std::array<double, 3>, N>& counts) {  // hits, wrongly found, missed
  double sum = 0;
  int classes = 0;
  for (const auto& [hit, wrong, missed] : counts) {
    if (hit + missed == 0) continue;  // no such row: it has no recall
    sum += 2 * hit / (2 * hit + wrong + missed);
    ++classes;
  }
  return classes == 0 ? kNone : sum / classes;
}

// Share of (none, buyer) pairs in which the none row has the higher p(none); ties count half. `rows` by rising none.
double auc_of(Rows rows) {
  double pairs = 0, nones = 0, buyers = 0;
  for (std::size_t i = 0; i < rows.size();) {
    double tied_none = 0, tied_buyers = 0;
    const double none = rows[i]->none;
    for (; i < rows.size() && rows[i]->none == none; ++i) {
      (rows[i]->label == kNoneClass ? tied_none : tied_buyers) += 1;
    }
    pairs += tied_none * (buyers + tied_buyers / 2);
    nones += tied_none;
    buyers += tied_buyers;
  }
  return nones == 0 || buyers == 0 ? kNone : pairs / (nones * buyers);
}

double ece_of(Rows rows) {
  std::array<std::array<double, 2>, kEceBins> bins{};  // confidence, hits
  for (const Scored* row : rows) {
    auto bin = static_cast<std::size_t>(row->confidence * static_cast<double>(kEceBins));
    bin = std::min(bin, kEceBins - 1);
    bins[bin][0] += row->confidence;
    bins[bin][1] += row->top == row->label ? 1 : 0;
  }
  double sum = 0;
  for (const auto& [confidence, hits] : bins) sum += confidence > hits ? confidence - hits : hits - confidence;
  return rows.empty() ? kNone : sum / static_cast<double>(rows.size());
}

// In the order of LabelledFigures. `rows` by rising none.
Figures figures_of(Rows rows) {
  double stage_rows = 0, hits = 0, near = 0, loss = 0, buyers = 0, moment_hits = 0;
  std::array<std::array<double, 3>, kEvidenceClasses> stages{};
  std::array<std::array<double, 3>, kMoments> moments{};
  for (const Scored* row : rows) {
    loss += row->loss;
    if (row->label < kBuyingStages) {
      ++stage_rows;
      hits += row->stage == row->label ? 1 : 0;
      near += row->stage + 1 >= row->label && row->stage <= row->label + 1 ? 1 : 0;
    }
    stages[row->label][row->top == row->label ? 0 : 2] += 1;
    if (row->top != row->label) stages[row->top][1] += 1;
    if (row->label == kNoneClass || row->moment == Moment::unclear) continue;
    const std::size_t moment = index_of(row->moment);
    ++buyers;
    moment_hits += row->found_moment == moment ? 1 : 0;
    moments[moment][row->found_moment == moment ? 0 : 2] += 1;
    if (row->found_moment != moment) moments[row->found_moment][1] += 1;
  }
  const auto share = [](double part, double of) { return of == 0 ? kNone : part / of; };
  return {share(hits, stage_rows),
          share(near, stage_rows),
          macro_f1(stages),
          auc_of(rows),
          share(loss, static_cast<double>(rows.size())),
          ece_of(rows),
          share(moment_hits, buyers),
          macro_f1(moments)};
}

Estimate estimate(double value, std::vector<double>& resampled) {
  resampled.erase(std::remove_if(resampled.begin(), resampled.end(), [](double v) { return v != v; }), resampled.end());
  if (resampled.empty()) return {value, kNone, kNone};
  std::sort(resampled.begin(), resampled.end());
  const auto at = [&](double share) {
    return resampled[static_cast<std::size_t>(share * static_cast<double>(resampled.size() - 1) + 0.5)];
  };
  return {value, at(0.025), at(0.975)};
}

LabelledFigures measure(std::vector<const Scored*> rows) {
  std::stable_sort(rows.begin(), rows.end(), [](const Scored* a, const Scored* b) { return a->none < b->none; });
  const Figures values = figures_of(rows);
  std::array<std::vector<double>, kFigures> resampled;
  text::Chance chance(kResampleSeed);
  std::vector<std::uint32_t> picks(rows.size());
  std::vector<const Scored*> sample(rows.size());
  for (int i = 0; i < kResamples && !rows.empty(); ++i) {
    for (std::uint32_t& pick : picks) pick = static_cast<std::uint32_t>(chance.below(rows.size()));
    std::sort(picks.begin(), picks.end());  // keeps the sample sorted by none
    for (std::size_t r = 0; r < rows.size(); ++r) sample[r] = rows[picks[r]];
    const Figures figures = figures_of(sample);
    for (std::size_t f = 0; f < kFigures; ++f) resampled[f].push_back(figures[f]);
  }
  std::array<Estimate, kFigures> e;
  for (std::size_t f = 0; f < kFigures; ++f) e[f] = estimate(values[f], resampled[f]);
  return {rows.size(), e[0], e[1], e[2], e[3], e[4], e[5], e[6], e[7]};
}

Scored judge(const TextEvidence& said, const LabelledRow& row, const std::array<float, kEvidenceClasses>& log_prior) {
  Scored out;
  out.label = row.label;
  out.moment = row.moment;
  out.none = static_cast<double>(said.none);
  std::array<double, kEvidenceClasses> log_p{};
  for (std::size_t y = 0; y < kEvidenceClasses; ++y) {
    log_p[y] = static_cast<double>(said.log_ratio[y]) + static_cast<double>(log_prior[y]);
  }
  const auto best = [&](std::size_t n) {
    return static_cast<std::size_t>(std::max_element(log_p.begin(), log_p.begin() + static_cast<std::ptrdiff_t>(n)) -
                                    log_p.begin());
  };
  out.stage = best(kBuyingStages);
  out.top = best(kEvidenceClasses);
  out.confidence = exact_exp(log_p[out.top]);
  out.loss = -log_p[row.label];
  out.found_moment =
      static_cast<std::size_t>(std::max_element(said.moments.begin(), said.moments.end()) - said.moments.begin());
  return out;
}

template <class Names, class Of>
std::vector<std::pair<std::string, LabelledFigures>> by_group(const std::vector<Scored>& scored, const Names& names,
                                                              Of of) {
  std::vector<std::pair<std::string, LabelledFigures>> out;
  for (std::size_t g = 0; g < names.size(); ++g) {
    std::vector<const Scored*> rows;
    for (std::size_t i = 0; i < scored.size(); ++i) {
      if (of(i) == g) rows.push_back(&scored[i]);
    }
    if (!rows.empty()) out.emplace_back(std::string(names[g]), measure(std::move(rows)));
  }
  return out;
}

constexpr std::array<std::string_view, kFigures> kFigureNames{"stage_top1",      "stage_within_one", "stage_macro_f1",
                                                              "none_auc",        "log_loss",         "ece",
                                                              "moment_accuracy", "moment_macro_f1"};

std::array<Estimate, kFigures> list(const LabelledFigures& f) {
  return {f.stage_top1, f.stage_within_one, f.stage_macro_f1, f.none_auc, f.log_loss,
          f.ece,        f.moment_accuracy,  f.moment_macro_f1};
}

void write(JsonWriter& json, const LabelledFigures& figures) {
  json.member("rows", figures.rows);
  const auto estimates = list(figures);
  for (std::size_t f = 0; f < kFigures; ++f) {
    json.key(kFigureNames[f]);
    json.begin_object();
    json.member("value", estimates[f].value);
    json.member("low", estimates[f].low);
    json.member("high", estimates[f].high);
    json.end_object();
  }
}

void write(JsonWriter& json, std::string_view key, const std::vector<std::pair<std::string, LabelledFigures>>& groups) {
  json.key(key);
  json.begin_object();
  for (const auto& [name, figures] : groups) {
    json.key(name);
    json.begin_object();
    write(json, figures);
    json.end_object();
  }
  json.end_object();
}

std::string decimal(double value) {
  if (value != value) return "-";
  std::string out;
  JsonWriter(out).fixed(value, 3);
  return out;
}

void write_row(std::string& out, const std::string& name, const std::vector<std::string>& cells) {
  const auto pad = [&](const std::string& text, std::size_t width) {
    out += text;
    out.append(text.size() < width ? width - text.size() : 1, ' ');
  };
  pad(name, 18);
  for (const std::string& cell : cells) pad(cell, 22);
  while (out.back() == ' ') out.pop_back();
  out += '\n';
}

}  // namespace

Result<LabelledReport> evaluate_labelled(const TextModel& model, std::string_view tsv, std::string_view file) {
  Result<std::vector<LabelledRow>> rows = parse_labelled(tsv, file);
  if (!rows) return tl::unexpected<Error>(rows.error());
  TextScorer scorer(model);
  std::vector<Scored> scored;
  for (const LabelledRow& row : *rows) {
    scored.push_back(judge(scorer.score(row.query, row.device), row, model.parts().log_prior));
  }
  LabelledReport report;
  report.model = model.version();
  std::vector<const Scored*> all;
  for (const Scored& row : scored) all.push_back(&row);
  report.all = measure(std::move(all));
  report.by_device = by_group(scored, kDeviceNames, [&](std::size_t i) { return index_of((*rows)[i].device); });
  report.by_form = by_group(scored, kFormNames, [&](std::size_t i) { return index_of((*rows)[i].form); });
  return report;
}

std::string to_json(const LabelledReport& report) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.member("model", std::string_view(report.model));
  write(json, report.all);
  write(json, "by_device", report.by_device);
  write(json, "by_form", report.by_form);
  json.end_object();
  return out;
}

std::string to_table(const LabelledReport& report) {
  std::vector<std::string> heads{"all"}, counts{std::to_string(report.all.rows)};
  std::vector<std::array<Estimate, kFigures>> columns{list(report.all)};
  for (const auto* groups : {&report.by_device, &report.by_form}) {
    for (const auto& [name, figures] : *groups) {
      heads.push_back(name);
      counts.push_back(std::to_string(figures.rows));
      columns.push_back(list(figures));
    }
  }
  std::string out;
  write_row(out, "model " + report.model, heads);
  write_row(out, "rows", counts);
  for (std::size_t f = 0; f < kFigures; ++f) {
    std::vector<std::string> cells;
    for (const auto& column : columns) {
      const Estimate& e = column[f];
      cells.push_back(decimal(e.value) + " (" + decimal(e.low) + ".." + decimal(e.high) + ")");
    }
    write_row(out, std::string(kFigureNames[f]), cells);
  }
  return out + "in brackets: 95 % bootstrap interval\n";
}

}  // namespace juncture
