// A log of cases, as the loan process of BPI 2012: by a forecast fitted on the training file, after each step from the
// second one on, the next activity (ends are not predicted) and whether the step was the last.
#include <algorithm>
#include <map>

#include "evaluation/curves.h"
#include "juncture/core/table.h"
#include "juncture/evaluation/evaluate.h"
#include "juncture/learning/process_forecast.h"

namespace juncture {
namespace {

constexpr std::size_t kFirstPrefix = 2;

struct Log {
  std::vector<ProcessCase> cases;  // in order of their first row
};

// `activities` grows by names not seen before.
Status read_log(const DataFile& file, std::map<std::string, std::uint32_t>& activities, Log& out) {
  const Result<Table> table = Table::parse(file.bytes, file.name);
  if (!table) return tl::unexpected<Error>(table.error());
  const auto name = table->column("CaseID"), activity = table->column("ActivityID"),
             time = table->column("CompleteTimestamp");
  for (const auto* column : {&name, &activity, &time}) {
    if (!*column) return tl::unexpected<Error>(column->error());
  }
  std::map<std::string, std::size_t> case_of;
  for (std::size_t r = 0; r < table->rows(); ++r) {
    const Result<std::int64_t> at = table->time_ms(r, *time);
    if (!at) return tl::unexpected<Error>(at.error());
    const auto [known, fresh] = case_of.try_emplace(table->at(r, *name), out.cases.size());
    if (fresh) out.cases.emplace_back();
    const auto id = activities.try_emplace(table->at(r, *activity), static_cast<std::uint32_t>(activities.size()));
    out.cases[known->second].push_back({id.first->second, *at});
  }
  for (ProcessCase& steps : out.cases) {
    std::stable_sort(steps.begin(), steps.end(),
                     [](const ProcessStep& a, const ProcessStep& b) { return a.at_ms < b.at_ms; });
  }
  return {};
}

Result<Log> read_logs(std::span<const DataFile> files, std::map<std::string, std::uint32_t>& activities) {
  Log out;
  for (const DataFile& file : files) {
    if (Status read = read_log(file, activities, out); !read) return tl::unexpected<Error>(read.error());
  }
  return out;
}

// What was said at the prefixes, a column each, and which case they are of.
struct Said {
  std::vector<std::uint32_t> next_case, next, found, chain, markov;
  std::vector<std::uint32_t> end_case;
  std::vector<double> last, chain_last, share;
  std::vector<std::uint8_t> ended;
};

Confusion confusion_of(const std::map<std::string, std::uint32_t>& activities, const Said& said) {
  const std::size_t n = activities.size();
  Confusion out{"Next activity", std::vector<std::string>(n), std::vector(n, std::vector<double>(n))};
  for (const auto& [name, id] : activities) out.classes[id] = name;
  for (std::size_t r = 0; r < said.next.size(); ++r) out.counts[said.next[r]][said.found[r]] += 1;
  return out;
}

std::uint32_t most(const double* odds, std::size_t n) {
  return static_cast<std::uint32_t>(std::max_element(odds, odds + n) - odds);
}

}  // namespace

Result<EvaluationReport> evaluate_bpi12(const EvaluationInput& input) {
  std::map<std::string, std::uint32_t> activities;
  const Result<Log> known = read_logs(input.train, activities);
  if (!known) return tl::unexpected<Error>(known.error());
  const Result<Log> asked = read_logs(input.files, activities);
  if (!asked) return tl::unexpected<Error>(asked.error());
  const std::size_t n = activities.size();
  const ProcessForecast forecast = ProcessForecast::fit(known->cases, n, {});
  const auto odds_of = forecast.read(asked->cases), by_chain = forecast.chain().read(asked->cases);
  // Beside it: the most frequent successor of the activity, and how often a case ends with it.
  std::vector<double> follows(n * n), seen(n, 1.0), ends(n, 0.1);
  for (const ProcessCase& steps : known->cases) {
    for (std::size_t k = 0; k + 1 < steps.size(); ++k) follows[steps[k].activity * n + steps[k + 1].activity] += 1;
    for (std::size_t k = kFirstPrefix - 1; k < steps.size(); ++k) seen[steps[k].activity] += 1;
    if (steps.size() >= kFirstPrefix) ends[steps.back().activity] += 1;
  }
  Said said;
  for (std::uint32_t c = 0; c < asked->cases.size(); ++c) {
    const ProcessCase& steps = asked->cases[c];
    const std::vector<ProcessOdds>& odds = odds_of[c];
    for (std::size_t k = kFirstPrefix - 1; k < steps.size(); ++k) {
      const std::uint32_t now = steps[k].activity;
      said.end_case.push_back(c);
      said.last.push_back(odds[k].last);
      said.chain_last.push_back(by_chain[c][k].last);
      said.share.push_back(ends[now] / seen[now]);
      said.ended.push_back(k + 1 == steps.size() ? 1 : 0);
      if (k + 1 == steps.size()) continue;
      said.next_case.push_back(c);
      said.next.push_back(steps[k + 1].activity);
      said.found.push_back(most(odds[k].next.data(), n));
      said.chain.push_back(most(by_chain[c][k].next.data(), n));
      said.markov.push_back(most(&follows[now * n], n));
    }
  }
  const auto right = [&](const std::vector<std::uint32_t>& found) {
    return bootstrap_by_group(said.next_case, [&](Picks picks) { return accuracy(said.next, found, picks); });
  };
  const auto order = [&](const std::vector<double>& odds) {
    return bootstrap_by_group(said.end_case, [&](Picks picks) { return roc_auc(odds, said.ended, picks); });
  };
  const auto off = [&](const std::vector<double>& odds) {
    return bootstrap_by_group(said.end_case, [&](Picks picks) { return brier(odds, said.ended, picks); });
  };
  EvaluationReport report{.set = "bpi12", .model = "process forecast", .rows = said.end_case.size()};
  report.figures = {{"next_stage_accuracy", right(said.found)},
                    {"stall_auc", order(said.last)},
                    {"brier", off(said.last)},
                    {"chain_next_stage_accuracy", right(said.chain)},
                    {"chain_stall_auc", order(said.chain_last)},
                    {"chain_brier", off(said.chain_last)},
                    {"markov_next_stage_accuracy", right(said.markov)},
                    {"last_stage_stall_auc", order(said.share)},
                    {"last_stage_brier", off(said.share)}};
  report.plots = plots_of_odds(
      "Last step", {{"juncture", said.last}, {"chain alone", said.chain_last}, {"share of ends", said.share}},
      said.ended);
  report.confusions.push_back(confusion_of(activities, said));
  report.remarks.emplace_back("intervals: cases are drawn, not steps. Rows: prefixes of two steps or more.");
  return report;
}

}  // namespace juncture
