// HWU64 (CC BY 4.0): 64 intents of spoken commands, learnt from its own train part; and the four moments, by the odds
// of the intents that are one and by a head that knows nothing else. Options were chosen by 5-fold cross-validation
// inside the train part.
#include <algorithm>
#include <map>
#include <optional>

#include "evaluation/table.h"
#include "juncture/text/classifier.h"

namespace juncture {
namespace {

constexpr ClassifierOptions kOptions{.seed = 20261122, .epochs = 12, .rate = 0.5, .l2 = 5e-5, .balance = 0.5};
constexpr ClassifierOptions kMomentOptions{.seed = 20261122, .epochs = 12, .rate = 0.5, .l2 = 5e-5, .balance = 1};
constexpr std::size_t kMomentClasses = 4;

// Most intents are commands to a device and no moment.
std::optional<Moment> moment_of(std::string_view intent) {
  constexpr std::array<std::string_view, 4> kGo{"transport_query", "transport_taxi", "transport_traffic",
                                                "recommendation_locations"};
  if (std::find(kGo.begin(), kGo.end(), intent) != kGo.end()) return Moment::go;
  if (intent == "takeaway_order" || intent == "transport_ticket") return Moment::buy;
  if (intent == "cooking_recipe") return Moment::do_;
  if (intent.starts_with("qa_") || intent == "news_query" || intent == "weather_query") return Moment::know;
  return std::nullopt;
}

class Intents {
 public:
  // None where the name is new and may not be added.
  std::optional<std::uint32_t> id_of(const std::string& name, bool may_add) {
    const auto found = ids_.find(name);
    if (found != ids_.end()) return found->second;
    if (!may_add) return std::nullopt;
    const auto id = static_cast<std::uint32_t>(ids_.size());
    ids_.emplace(name, id);
    moments_.push_back(moment_of(name));
    return id;
  }
  std::size_t size() const { return moments_.size(); }
  std::optional<Moment> moment(std::uint32_t id) const { return moments_[id]; }

  // By two opinions: the sums of the intents' odds, and those of a head that tells moments alone apart.
  std::uint32_t best_moment(std::span<const double> intents, std::span<const double> moments) const {
    std::array<double, kMomentClasses> sums{};
    for (std::size_t i = 0; i < moments_.size(); ++i) {
      if (moments_[i]) sums[index_of(*moments_[i])] += intents[i];
    }
    for (std::size_t m = 0; m < sums.size(); ++m) sums[m] *= moments[m];
    return static_cast<std::uint32_t>(std::max_element(sums.begin(), sums.end()) - sums.begin());
  }

 private:
  std::map<std::string, std::uint32_t> ids_;
  std::vector<std::optional<Moment>> moments_;
};

Result<std::vector<ClassifierExample>> read_rows(std::span<const DataFile> files, Intents& intents, bool train) {
  std::vector<ClassifierExample> out;
  for (const DataFile& file : files) {
    auto rows = read_table(file, {"text", "intent"});
    if (!rows) return tl::unexpected<Error>(rows.error());
    for (auto& row : *rows) {
      const auto intent = intents.id_of(row[1], train);
      if (!intent) return fail(Domain::setup, "hwu64", file.name + ": no training row has the intent `" + row[1] + "`");
      out.push_back({std::move(row[0]), *intent, 1});
    }
  }
  return out;
}

std::vector<ClassifierExample> rows_of_moments(const std::vector<ClassifierExample>& rows, const Intents& intents) {
  std::vector<ClassifierExample> out;
  for (const ClassifierExample& row : rows) {
    if (const auto of = intents.moment(row.label))
      out.push_back({row.text, static_cast<std::uint32_t>(index_of(*of)), 1});
  }
  return out;
}

}  // namespace

Result<EvaluationReport> evaluate_hwu64(const EvaluationInput& input) {
  Intents intents;
  const auto train = read_rows(input.train, intents, true);
  if (!train) return tl::unexpected<Error>(train.error());
  if (train->empty()) return fail(Domain::setup, "hwu64", "the training files have no rows");
  const auto rows = read_rows(input.files, intents, false);
  if (!rows) return tl::unexpected<Error>(rows.error());
  TextClassifier classifier(input.text, *train, intents.size(), kOptions);
  TextClassifier moments(input.text, rows_of_moments(*train, intents), kMomentClasses, kMomentOptions);
  std::vector<std::uint32_t> truth, found, moment, found_moment;
  for (const ClassifierExample& row : *rows) {
    const std::span<const double> odds = classifier.odds(row.text);
    truth.push_back(row.label);
    found.push_back(static_cast<std::uint32_t>(std::max_element(odds.begin(), odds.end()) - odds.begin()));
    if (const auto of = intents.moment(row.label)) {
      moment.push_back(static_cast<std::uint32_t>(index_of(*of)));
      found_moment.push_back(intents.best_moment(odds, moments.odds(row.text)));
    }
  }
  EvaluationReport report{.set = "hwu64", .model = input.text.version(), .rows = truth.size()};
  report.figures = {
      {"accuracy", bootstrap(truth.size(), [&](Picks p) { return accuracy(truth, found, p); })},
      {"macro_f1", bootstrap(truth.size(), [&](Picks p) { return macro_f1(truth, found, p, intents.size()); })},
      {"moment_accuracy", bootstrap(moment.size(), [&](Picks p) { return accuracy(moment, found_moment, p); })},
      {"moment_macro_f1",
       bootstrap(moment.size(), [&](Picks p) { return macro_f1(moment, found_moment, p, kMomentClasses); })}};
  report.remarks.push_back("a head of its own learnt from " + std::to_string(train->size()) + " rows; " +
                           std::to_string(moment.size()) + " rows have a moment.");
  return report;
}

}  // namespace juncture
