// juncture eval: one evaluation on the files given.
#include <fmt/format.h>

#include <algorithm>

#include "apps/cli.h"
#include "apps/load_knowledge.h"
#include "apps/setup.h"
#include "juncture/evaluation/evaluate.h"

namespace juncture::apps {
namespace {

Result<std::vector<DataFile>> read_all(const std::vector<std::string>& names) {
  std::vector<DataFile> out;
  for (const std::string& name : names) {
    auto bytes = read_file(name);
    if (!bytes) return tl::unexpected<Error>(bytes.error());
    out.push_back({name, std::move(*bytes)});
  }
  return out;
}

}  // namespace

std::string evaluations_help() {
  std::string out = "One of:";
  for (const Evaluation& evaluation : evaluations()) out += fmt::format("\n{}: {}", evaluation.name, evaluation.about);
  return out;
}

int run_eval(const Invocation& invocation) {
  const auto all = evaluations();
  const auto evaluation =
      std::find_if(all.begin(), all.end(), [&](const Evaluation& e) { return e.name == invocation.evaluation; });
  if (evaluation == all.end()) {
    fmt::print(stderr, "juncture: there is no evaluation `{}`. {}\n", invocation.evaluation, evaluations_help());
    return kUsage;
  }
  if (evaluation->trains && invocation.train_files.empty()) {
    fmt::print(stderr, "juncture: eval {} learns first: give its training file by --train FILE\n", evaluation->name);
    return kUsage;
  }
  const auto settings = load_settings(invocation, {"log.kind=memory"});
  if (!settings) return kConfigInvalid;
  const auto lessons = load_lessons(settings->config);
  if (!lessons) return fail_with(lessons.error());
  const KnowledgeLoad load = load_knowledge(settings->config);
  if (!load.knowledge) {
    print_errors(load.errors);
    return kConfigInvalid;
  }
  const auto files = read_all(invocation.files), train = read_all(invocation.train_files);
  if (!files) return fail_with(files.error());
  if (!train) return fail_with(train.error());
  const auto report = evaluation->run({.text = load.knowledge->text,
                                       .chain = load.knowledge->chain,
                                       .taxonomy = lessons->taxonomy,
                                       .files = *files,
                                       .train = *train});
  if (!report) return fail_with(report.error());
  fmt::print("{}\n", invocation.json ? to_json(*report) : to_table(*report));
  return kOk;
}

}  // namespace juncture::apps
