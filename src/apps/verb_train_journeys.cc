// juncture train-journeys: fits the stage chain to histories and puts it into a model file.
#include <fmt/format.h>

#include "apps/cli.h"
#include "apps/load_knowledge.h"
#include "apps/setup.h"
#include "juncture/core/json_writer.h"
#include "juncture/inference/chain_file.h"
#include "juncture/learning/fit_journeys.h"
#include "juncture/text/scorer.h"

namespace juncture::apps {
namespace {

Result<std::vector<Journey>> read_journeys(const std::vector<std::string>& files, const TextModel& model) {
  TextScorer scorer(model);
  const EvidenceOf evidence = [&](std::string_view query) { return scorer.score(query, Device::unknown).log_ratio; };
  std::vector<Journey> out;
  for (const std::string& file : files) {
    const auto text = read_file(file);
    if (!text) return tl::unexpected<Error>(text.error());
    auto journeys = parse_journeys(*text, file, evidence);
    if (!journeys) return tl::unexpected<Error>(journeys.error());
    out.insert(out.end(), std::make_move_iterator(journeys->begin()), std::make_move_iterator(journeys->end()));
  }
  return out;
}

std::string json_of(const JourneyFit& fit, const std::string& version) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.member("model", std::string_view(version));
  json.member("journeys", fit.journeys);
  json.member("with_outcome", fit.with_outcome);
  json.member("marks", fit.marks);
  json.member("texts", fit.texts);
  json.member("dynamics", fit.dynamics);
  json.key("objective");
  json.begin_array();
  for (const double value : fit.objective) json.value(value);
  json.end_array();
  json.end_object();
  return out;
}

}  // namespace

int run_train_journeys(const Invocation& invocation) {
  const auto settings = load_settings(invocation, {"log.kind=memory"});
  if (!settings) return kConfigInvalid;
  const KnowledgeLoad load = load_knowledge(settings->config);
  if (!load.knowledge) {
    print_errors(load.errors);
    return kConfigInvalid;
  }
  const auto journeys = read_journeys(invocation.files, load.knowledge->text);
  if (!journeys) return fail_with(journeys.error());
  const JourneyFit fit = fit_journeys(chain_parameters(load.lessons.taxonomy), *journeys);
  const auto model = with_chain(load.knowledge->text, encode_chain(fit.parameters));
  if (!model) return fail_with(model.error());
  if (Status written = write_file(invocation.out, serialize(*model)); !written) return fail_with(written.error());
  if (invocation.json) {
    fmt::print("{}\n", json_of(fit, model->version()));
    return kOk;
  }
  fmt::print("{} from {} journeys, {} with an outcome, {} marks, {} texts, {} iterations, to {}\n", model->version(),
             fit.journeys, fit.with_outcome, fit.marks, fit.texts, fit.objective.size(), invocation.out);
  if (!fit.dynamics) {
    fmt::print("Fewer than {} with an outcome: dwell times, jumps and hazards stay as the taxonomy has them.\n",
               JourneyFitOptions{}.least_journeys);
  }
  return kOk;
}

}  // namespace juncture::apps
