#include "apps/cli.h"
#include "apps/build_info.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <numeric>

namespace juncture::apps {
namespace {

using Verb = std::function<int(const Invocation&)>;

// Edits between two words, for "did you mean".
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
    }
  }
  return row.back();
}

std::string nearest(const CLI::App& app, const std::string& word) {
  std::string best;
  std::size_t least = 3;
  const auto consider = [&](const std::string& name) {
    const std::size_t d = distance(word, name);
    if (d < least) {
      least = d;
      best = name;
    }
  };
  for (const CLI::App* sub : app.get_subcommands(nullptr)) consider(sub->get_name());
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) consider("--" + name);
  }
  return best;
}

void add_common(CLI::App& app, Invocation& invocation) {
  app.add_option("-c,--config", invocation.config_files, "Configuration file; may be given again, later ones win");
  app.add_option("--set", invocation.sets, "One setting, as engine.workers=4");
  app.add_option("--data", invocation.data, "Folder of the embedded log and of the state");
}

void add_json(CLI::App& app, Invocation& invocation) {
  app.add_flag("--json", invocation.json, "One JSON object on standard output");
}

struct Verbs {
  std::map<const CLI::App*, Verb> by_app;

  CLI::App& add(CLI::App& parent, Invocation& invocation, const char* name, const char* doc, Verb verb) {
    CLI::App* app = parent.add_subcommand(name, doc);
    add_common(*app, invocation);
    by_app[app] = std::move(verb);
    return *app;
  }
};

void add_running(CLI::App& app, Verbs& verbs, Invocation& in) {
  CLI::App& demo =
      verbs.add(app, in, "demo", "Synthetic visitors, embedded log, live page; needs nothing else", run_demo);
  CLI::App& run = verbs.add(app, in, "run", "Read the log, recommend, serve", run_serve);
  for (CLI::App* verb : {&demo, &run}) {
    verb->add_option("--port", in.port, "Of the first listener; 0 takes a free one")->check(CLI::Range(0, 65535));
    verb->add_option("--duration", in.duration, "Stop by itself after this, as 15s");
  }
  run.add_flag("--unsafe", in.unsafe, "Run although the log's settings break the promise");
  demo.add_option("--seed", in.seed, "Of the synthetic visitors");

  CLI::App& replay = verbs.add(app, in, "replay", "Send files through the same pipeline", run_replay);
  replay.add_option("FILE", in.files, "Files to read, in this order")->required();
  replay.add_option("--format", in.format, "Connector: native or access-log");
  replay.add_option("--speed", in.speed, "max, or a factor of event time such as 10x");
  replay.add_flag("--dry-run", in.dry_run, "Into memory: nothing is kept");
  replay.add_flag("--strict", in.strict, "Exit with 5 when a record was rejected");
  add_json(replay, in);
}

void add_inspecting(CLI::App& app, Verbs& verbs, Invocation& in) {
  CLI::App& validate = verbs.add(app, in, "validate", "Check configuration, catalog, policy and model", run_validate);
  validate.add_flag("--connect", in.connect, "Also the log: reachable, topics, partitions");
  add_json(validate, in);

  CLI::App& explain =
      verbs.add(app, in, "explain", "Why a prospect or an account is where it is, and what was decided", run_explain);
  explain.add_option("ID", in.prospect, "Prospect id; with --account an account")->required();
  explain.add_flag("--account", in.account, "An account: its odds, its committee, its people");
  add_json(explain, in);

  CLI::App* state = app.add_subcommand("state", "Inspect the state on disk")->require_subcommand(1);
  CLI::App& hash = verbs.add(*state, in, "hash", "SHA-256 of sorted keys and values, per partition", run_state_hash);
  hash.add_flag("--dump", in.dump, "Each key and value as a line of JSON");
  add_json(hash, in);

  CLI::App* letters = app.add_subcommand("dead-letters", "Records that could not be read")->require_subcommand(1);
  CLI::App& list = verbs.add(*letters, in, "list", "Newest first, a line each", run_dead_letters_list);
  list.add_option("--limit", in.limit, "At most so many")->check(CLI::Range(1, 100000));
  add_json(list, in);
  CLI::App& show = verbs.add(*letters, in, "show", "One of them, whole", run_dead_letters_show);
  show.add_option("ID", in.letter, "PARTITION:OFFSET as list prints it")->required();
  CLI::App& redrive = verbs.add(*letters, in, "redrive", "Through the connector once more", run_dead_letters_redrive);
  redrive.add_option("ID", in.letter, "PARTITION:OFFSET, or all")->required();
  redrive.add_flag("--dry-run", in.dry_run, "Say what would happen");
}

void add_proving(CLI::App& app, Verbs& verbs, Invocation& in) {
  CLI::App& verify = verbs.add(app, in, "verify",
                               "Recompute state and outputs from the input log, and compare bit for bit", run_verify);
  verify.add_flag("--strict", in.strict, "Let no output be withheld by the freshness gate");
  add_json(verify, in);

  CLI::App& rebuild = verbs.add(app, in, "rebuild",
                                "Write changelog and state anew from the input log, while nothing runs", run_rebuild);
  rebuild.add_flag("--confirm", in.confirm, "Do it; without, say what would be done");
  rebuild.add_flag("--partial", in.partial, "Also where retention has removed records that state was made of");
  for (CLI::App* verb : {&verify, &rebuild}) {
    verb->add_option("--partition", in.partition, "Only this one")->check(CLI::Range(0, 1023));
    verb->add_option("--also", in.also, "Configuration that part of the log was made with; may be given again");
    verb->add_flag("--demo", in.demo, "Of `juncture demo`: its folder, its settings, its mark in each row");
  }
}

void add_making(CLI::App& app, Verbs& verbs, Invocation& in) {
  CLI::App& train = verbs.add(app, in, "train", "Learn the text model from taxonomy and vocabulary", run_train);
  train.add_option("--out", in.out, "Model file to write")->required();
  train.add_option("--calibration", in.calibration, "Labelled TSV that temperatures are fitted on");
  train.add_option("--labels", in.labels, "Labelled TSV to learn from beside the taxonomy");
  add_json(train, in);
  CLI::App& labels = verbs.add(app, in, "labels", "Analysts' corrections as labelled queries, for train", run_labels);
  labels.add_option("FILE", in.files, "Records of the topic `signals`, a line each")->required();

  CLI::App& journeys =
      verbs.add(app, in, "train-journeys", "Fit the stage chain to histories with outcomes", run_train_journeys);
  journeys.add_option("FILE", in.files, "CSV: case, time and stage, query or outcome")->required();
  journeys.add_option("--out", in.out, "Model file to write: the configured model with the chain in it")->required();
  add_json(journeys, in);

  CLI::App* model = app.add_subcommand("model", "Look into model files")->require_subcommand(1);
  CLI::App& check = verbs.add(*model, in, "verify", "Checksums, layout and golden queries", run_model_verify);
  check.add_option("FILE", in.files, "Model files")->required();
  CLI::App& dump = verbs.add(*model, in, "dump", "What a file says", run_model_dump);
  dump.add_option("FILE", in.files, "Model file")->required()->expected(1);
  add_json(dump, in);
  CLI::App& diff = verbs.add(*model, in, "diff", "What two files say differently; 1 if they do", run_model_diff);
  diff.add_option("FILE", in.files, "Two model files")->required()->expected(2);

  CLI::App& eval = verbs.add(app, in, "eval", "Measure on files of labelled or recorded data", run_eval);
  eval.add_option("NAME", in.evaluation, evaluations_help() + "\nall: each that the folders have files of")->required();
  eval.add_option("FILE", in.files, "What is measured; of `all`: folders with a folder of files a set");
  eval.add_option("--train", in.train_files, "What may be learnt from");
  eval.add_option("--out", in.out, "Folder for evaluation.html and evaluation.json");
  add_json(eval, in);

  CLI::App& simulate =
      verbs.add(app, in, "simulate", "Write simulated journeys: signals.ndjson and their truth.ndjson", run_simulate);
  simulate.add_option("--out", in.out, "Folder to write to")->required();
  simulate.add_option("--variant", in.variant, "G1 to G6: docs/formats/journeys.md");
  simulate.add_option("--density", in.density, "sparse or dense");
  simulate.add_option("--accounts", in.accounts, "How many journeys")->check(CLI::Range(1, 100'000));
  simulate.add_option("--seed", in.seed, "Of the first journey; the next has the next");
  simulate.add_option("--text-bank", in.text_bank, "TSV with query and stage, instead of the one built in");

  CLI::App* config = app.add_subcommand("config", "Settings")->require_subcommand(1);
  CLI::App& show = verbs.add(*config, in, "show", "All settings as they are in force, as YAML", run_config_show);
  show.add_flag("--origin", in.origin, "Where each value comes from");
  show.add_flag("--defaults", in.defaults, "The defaults instead");
  show.add_flag("--schema", in.schema, "The JSON Schema instead");
  show.add_flag("--markdown", in.markdown, "The reference page instead");
  CLI::App& version = verbs.add(app, in, "version", "Version and libraries", run_version);
  add_json(version, in);
}

int usage_error(const CLI::App& app, const CLI::ParseError& error, int argc, const char* const* argv) {
  std::fprintf(stderr, "juncture: %s\n", error.what());
  // The deepest verb that was recognised is the one whose names may have been meant.
  const CLI::App* at = &app;
  for (auto inner = at->get_subcommands(); !inner.empty(); inner = at->get_subcommands()) at = inner.front();
  for (int i = 1; i < argc; ++i) {
    const std::string word = std::string(argv[i]).substr(0, std::string(argv[i]).find('='));
    const std::string meant = nearest(*at, word);
    if (meant.empty() || meant == word) continue;
    std::fprintf(stderr, "  did you mean `%s` instead of `%s`?\n", meant.c_str(), word.c_str());
    break;
  }
  std::fprintf(stderr, "  try: juncture --help\n");
  return kUsage;
}

}  // namespace

int run_command_line(int argc, const char* const* argv) {
  CLI::App app{"Real-time buyer-signal stream processor.", "juncture"};
  app.require_subcommand(1);
  app.footer("Exit codes: 0 ok, 1 failed, 2 usage, 3 configuration invalid, 4 cannot connect, 5 data rejected.");
  app.set_version_flag("--version", build_info().juncture);
  Invocation invocation;
  Verbs verbs;
  add_running(app, verbs, invocation);
  add_inspecting(app, verbs, invocation);
  add_proving(app, verbs, invocation);
  add_making(app, verbs, invocation);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& done) {
    return app.exit(done);
  } catch (const CLI::ParseError& error) {
    return usage_error(app, error, argc, argv);
  }
  const CLI::App* at = &app;
  for (auto inner = at->get_subcommands(); !inner.empty(); inner = at->get_subcommands()) at = inner.front();
  return verbs.by_app.at(at)(invocation);
}

}  // namespace juncture::apps
