// juncture eval: one evaluation on the files given, or all of them on folders of sets.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "apps/cli.h"
#include "apps/load_knowledge.h"
#include "apps/setup.h"
#include "juncture/core/json_writer.h"
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

// Folders that the public sets of data come in, where they are not called as the evaluation is.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kOtherFolders{
    {{"orcas", "orcas-i"},
     {"uci", "uci-online-shoppers"},
     {"bpi12", "process-logs"},
     {"olist", "olist-funnel"},
     {"notices", "uk-contracts-finder"}}};

struct SetFiles {
  std::vector<std::string> measured, train;
};

// The files of the first folder that holds a folder of the set, those in folders below it too, sorted.
std::vector<std::filesystem::path> paths_of_set(const std::vector<std::string>& folders, std::string_view name) {
  namespace fs = std::filesystem;
  std::vector<fs::path> out;
  for (const std::string& folder : folders) {
    fs::path place = fs::path(folder) / name;
    for (const auto& [set, other] : kOtherFolders) {
      if (set == name && !fs::is_directory(place)) place = fs::path(folder) / other;
    }
    std::error_code ignored;
    for (const auto& entry : fs::recursive_directory_iterator(place, ignored)) {
      if (entry.is_regular_file()) out.push_back(entry.path());
    }
    if (!out.empty()) break;
  }
  std::sort(out.begin(), out.end());
  return out;
}

// What has `train` in its name is learnt from. Of the rest, where any is called test or public, those are measured and
// what is of the same kind is learnt from, too; else all are measured. `calibration` is for neither.
SetFiles files_of_set(const std::vector<std::string>& folders, std::string_view name) {
  const auto has = [](const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; };
  const auto is_train = [&](const std::string& file) { return has(file, ".train.") || file.starts_with("train"); };
  const auto is_test = [&](const std::string& file) { return has(file, "public") || has(file, "test"); };
  std::string kind;  // of the files called test or public
  const std::vector<std::filesystem::path> paths = paths_of_set(folders, name);
  for (const auto& path : paths) {
    const std::string file = path.filename().string();
    if (!is_train(file) && is_test(file)) kind = path.extension().string();
  }
  SetFiles out;
  for (const auto& path : paths) {
    const std::string file = path.filename().string();
    if (!is_train(file) && has(file, "calibration")) continue;
    if (!is_train(file) && (kind.empty() || is_test(file))) {
      out.measured.push_back(path.string());
    } else if (is_train(file) || path.extension() == kind) {
      out.train.push_back(path.string());
    }
  }
  return out;
}

class Measuring {
 public:
  Measuring(const Knowledge& knowledge, const Taxonomy& taxonomy) : knowledge_(knowledge), taxonomy_(taxonomy) {}

  Status measure(const Evaluation& evaluation, const SetFiles& names) {
    const auto files = read_all(names.measured), train = read_all(names.train);
    if (!files) return tl::unexpected(files.error());
    if (!train) return tl::unexpected(train.error());
    auto report = evaluation.run(
        {.text = knowledge_.text, .chain = knowledge_.chain, .taxonomy = taxonomy_, .files = *files, .train = *train});
    if (!report) return tl::unexpected(report.error());
    reports_.push_back(std::move(*report));
    return {};
  }
  void skip(const std::string& what) {
    fmt::print(stderr, "juncture: not measured: {}\n", what);
    skipped_.push_back(what);
  }

  void print(bool json) const {
    if (json && reports_.size() == 1) {
      fmt::print("{}\n", to_json(reports_.front()));
    } else if (json) {
      fmt::print("{}\n", all_json());
    } else {
      for (const EvaluationReport& report : reports_) fmt::print("{}\n", to_table(report));
    }
  }
  Status write(const std::string& folder) const {
    if (Status written = write_file(folder + "/evaluation.html", to_html(reports_, skipped_)); !written) return written;
    return write_file(folder + "/evaluation.json", all_json() + "\n");
  }
  bool empty() const { return reports_.empty(); }

 private:
  // {"SET": {...}, ...}
  std::string all_json() const {
    std::string out;
    JsonWriter json(out);
    json.begin_object();
    for (const EvaluationReport& report : reports_) json.key(report.set).raw(to_json(report));
    json.end_object();
    return out;
  }

  const Knowledge& knowledge_;
  const Taxonomy& taxonomy_;
  std::vector<EvaluationReport> reports_;
  std::vector<std::string> skipped_;
};

// False if a set that is there could not be measured; the others are all the same.
bool measure_all(Measuring& measuring, const std::vector<std::string>& folders) {
  bool good = true;
  for (const Evaluation& evaluation : evaluations()) {
    const SetFiles files = files_of_set(folders, evaluation.name);
    if (files.measured.empty()) {
      measuring.skip(fmt::format("{}: no files in {}", evaluation.name, fmt::join(folders, ", ")));
    } else if (evaluation.trains && files.train.empty()) {
      measuring.skip(fmt::format("{}: no training file", evaluation.name));
    } else if (const Status done = measuring.measure(evaluation, files); !done) {
      measuring.skip(fmt::format("{}: {} ({})", evaluation.name, done.error().detail, done.error().code));
      good = false;
    }
  }
  return good;
}

int usage(const std::string& why) {
  fmt::print(stderr, "juncture: {}\n", why);
  return kUsage;
}

}  // namespace

std::string evaluations_help() {
  std::string out = "One of:";
  for (const Evaluation& evaluation : evaluations()) out += fmt::format("\n{}: {}", evaluation.name, evaluation.about);
  return out;
}

int run_eval(const Invocation& invocation) {
  const auto known = evaluations();
  const bool all = invocation.evaluation == "all";
  const auto evaluation =
      std::find_if(known.begin(), known.end(), [&](const Evaluation& e) { return e.name == invocation.evaluation; });
  if (!all && evaluation == known.end()) {
    return usage(fmt::format("there is no evaluation `{}`. {}", invocation.evaluation, evaluations_help()));
  }
  if (all && invocation.files.empty()) return usage("eval all needs FOLDER, with a folder of files a set in it");
  if (!all && invocation.files.empty()) return usage(fmt::format("eval {} needs FILE", evaluation->name));
  if (!all && evaluation->trains && invocation.train_files.empty()) {
    return usage(fmt::format("eval {} learns first: give its training file by --train FILE", evaluation->name));
  }
  const auto settings = load_settings(invocation, {"log.kind=memory"});
  if (!settings) return kConfigInvalid;
  const KnowledgeLoad load = load_knowledge(settings->config);
  if (!load.knowledge) {
    print_errors(load.errors);
    return kConfigInvalid;
  }
  Measuring measuring(*load.knowledge, load.lessons.taxonomy);
  bool good = true;
  if (all) {
    good = measure_all(measuring, invocation.files);
    if (measuring.empty())
      return usage(fmt::format("no set could be measured in {}", fmt::join(invocation.files, ", ")));
  } else if (const Status done = measuring.measure(*evaluation, {invocation.files, invocation.train_files}); !done) {
    return fail_with(done.error());
  }
  measuring.print(invocation.json);
  const std::string folder = invocation.out.empty() && all ? "evaluation" : invocation.out;
  if (folder.empty()) return kOk;
  if (const Status written = measuring.write(folder); !written) return fail_with(written.error());
  fmt::print(stderr, "juncture: written: {}/evaluation.html and evaluation.json\n", folder);
  return good ? kOk : kFailed;
}

}  // namespace juncture::apps
