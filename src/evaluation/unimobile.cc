// UniMobile: typed mobile queries and the app that the worker would open first. The app stands for a moment, a noisy
// label; rows of apps that stand for none are left out. Measured on tasks that no training row has.
#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <set>

#include "evaluation/table.h"
#include "juncture/core/table.h"
#include "juncture/text/classifier.h"

namespace juncture {
namespace {

// Chosen by 5-fold cross-validation by task inside the train part: slow steps, so that no task is learnt by heart.
constexpr ClassifierOptions kOptions{.seed = 20261122, .epochs = 30, .rate = 0.01, .l2 = 1e-3, .balance = 0.75};
constexpr std::size_t kClasses = 4;
constexpr float kDescriptionWeight = 3;  // of a task, beside its queries at 1
constexpr float kFurtherWeight = 0.5F;   // of all further apps of a query together, beside the first at 1

constexpr std::array<std::string_view, 7> kKnow{"google search", "google chrome", "safari", "bing",
                                                "wikipedia",     "firefox",       "chrome"};
constexpr std::array<std::string_view, 9> kGo{"google maps", "waze",        "yelp",    "foursquare", "uber",
                                              "mapquest",    "tripadvisor", "booking", "airbnb"};
constexpr std::array<std::string_view, 4> kDo{"youtube", "pinterest", "yummly", "vimeo"};
constexpr std::array<std::string_view, 12> kBuy{
    "amazon", "ebay",   "play store", "app store", "google play store", "walmart",
    "macy's", "target", "groupon",    "best buy",  "homedepot",         "play sotre"};

std::optional<Moment> moment_of(std::string_view app) {
  const auto in = [&](const auto& apps) { return std::find(apps.begin(), apps.end(), app) != apps.end(); };
  if (in(kKnow)) return Moment::know;
  if (in(kGo)) return Moment::go;
  if (in(kDo)) return Moment::do_;
  return in(kBuy) ? std::optional(Moment::buy) : std::nullopt;
}

struct Rows {
  std::vector<ClassifierExample> examples;
  std::vector<std::string> tasks;
  std::vector<ClassifierExample> further;  // by the apps that a worker would also use, whatever the first one is
  std::size_t without_moment = 0;
};

bool is_task_list(const DataFile& file) {
  return std::string_view(file.bytes).starts_with("TaskId,TaskDesc");
}

// What a task was said to be is one more text about it: of the moments of its training rows, in their shares. Tasks
// that are only measured teach nothing.
Status add_descriptions(std::span<const DataFile> files, const Rows& rows, std::vector<ClassifierExample>& out) {
  std::map<std::string, std::array<float, kClasses>> counts;
  for (std::size_t r = 0; r < rows.tasks.size(); ++r) counts[rows.tasks[r]][rows.examples[r].label] += 1;
  for (const DataFile& file : files) {
    if (!is_task_list(file)) continue;
    auto tasks = read_table(file, {"TaskId", "TaskDesc"});
    if (!tasks) return tl::unexpected<Error>(tasks.error());
    for (const auto& task : *tasks) {
      const auto found = counts.find(task[0]);
      if (found == counts.end()) continue;
      const float all = std::accumulate(found->second.begin(), found->second.end(), 0.0F);
      for (std::uint32_t label = 0; label < kClasses; ++label) {
        const float share = found->second[label] / all;
        if (share > 0) out.push_back({task[1], label, kDescriptionWeight * share});
      }
    }
  }
  return {};
}

void add_further(const Table& table, std::size_t row, std::size_t query, Rows& out) {
  std::vector<Moment> moments;
  for (std::size_t column = 0; column < table.header().size(); ++column) {
    const std::string& name = table.header()[column];
    if (!name.starts_with("App") || name == "App0") continue;
    if (const auto moment = moment_of(table.at(row, column))) moments.push_back(*moment);
  }
  for (const Moment moment : moments) {
    out.further.push_back({table.at(row, query), static_cast<std::uint32_t>(index_of(moment)),
                           kFurtherWeight / static_cast<float>(moments.size())});
  }
}

Result<Rows> read_rows(std::span<const DataFile> files) {
  Rows out;
  for (const DataFile& file : files) {
    if (is_task_list(file)) continue;
    const auto table = Table::parse(file.bytes, file.name);
    if (!table) return tl::unexpected<Error>(table.error());
    const auto task = table->column("TaskId"), query = table->column("Query"), app = table->column("App0");
    for (const auto& column : {task, query, app}) {
      if (!column) return tl::unexpected<Error>(column.error());
    }
    for (std::size_t row = 0; row < table->rows(); ++row) {
      add_further(*table, row, *query, out);
      const auto moment = moment_of(table->at(row, *app));
      if (!moment) {
        ++out.without_moment;
        continue;
      }
      out.tasks.push_back(table->at(row, *task));
      out.examples.push_back({table->at(row, *query), static_cast<std::uint32_t>(index_of(*moment)), 1});
    }
  }
  return out;
}

}  // namespace

Result<EvaluationReport> evaluate_unimobile(const EvaluationInput& input) {
  const auto train = read_rows(input.train), rows = read_rows(input.files);
  if (!train) return tl::unexpected<Error>(train.error());
  if (!rows) return tl::unexpected<Error>(rows.error());
  if (train->examples.empty()) return fail(Domain::setup, "unimobile", "the training files have no rows with a moment");
  const std::set<std::string> seen(train->tasks.begin(), train->tasks.end());
  std::vector<ClassifierExample> lessons = train->examples;
  lessons.insert(lessons.end(), train->further.begin(), train->further.end());
  for (const auto& files : {input.files, input.train}) {
    if (Status added = add_descriptions(files, *train, lessons); !added) return tl::unexpected<Error>(added.error());
  }
  TextClassifier classifier(input.text, lessons, kClasses, kOptions);
  std::vector<std::uint32_t> truth, found, task;
  std::vector<std::string> tasks;
  std::size_t of_seen = 0;
  for (std::size_t r = 0; r < rows->examples.size(); ++r) {
    truth.push_back(rows->examples[r].label);
    found.push_back(classifier.best(rows->examples[r].text));
    auto at = std::find(tasks.begin(), tasks.end(), rows->tasks[r]);
    if (at == tasks.end()) at = tasks.insert(at, rows->tasks[r]);
    task.push_back(static_cast<std::uint32_t>(at - tasks.begin()));
    of_seen += seen.count(rows->tasks[r]);
  }
  EvaluationReport report{.set = "unimobile", .model = input.text.version(), .rows = truth.size()};
  report.figures = {
      {"macro_f1", bootstrap_by_group(task, [&](Picks p) { return macro_f1(truth, found, p, kClasses); })},
      {"accuracy", bootstrap_by_group(task, [&](Picks p) { return accuracy(truth, found, p); })}};
  report.remarks.push_back("a head of its own learnt from " + std::to_string(train->examples.size()) + " rows of " +
                           std::to_string(seen.size()) + " tasks; " + std::to_string(of_seen) +
                           " of the rows measured are of a task that was trained on; " +
                           std::to_string(rows->without_moment) +
                           " rows left out, their app stands for no moment. "
                           "Intervals are by task.");
  return report;
}

}  // namespace juncture
