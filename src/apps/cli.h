// The command line: verbs, options, exit codes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace juncture::apps {

// 130 and 143 follow a signal after a clean stop.
enum ExitCode : int { kOk = 0, kFailed = 1, kUsage = 2, kConfigInvalid = 3, kCannotConnect = 4, kDataRejected = 5 };

struct Invocation {
  std::vector<std::string> config_files, sets;
  std::optional<std::string> data;  // folder of the embedded log and of the state
  bool json = false;

  std::optional<std::int64_t> port;       // demo, run
  std::string duration;                   // demo, run: stop by itself after this; empty: never
  bool unsafe = false;                    // run
  std::uint64_t seed = 1;                 // demo, simulate
  std::vector<std::string> files;         // replay, eval, labels, train-journeys, model
  std::string format = "native";          // replay
  std::string speed = "max";              // replay: "max" or a factor of event time, "10x"
  bool dry_run = false, strict = false;   // replay; strict: verify too
  std::optional<std::int64_t> partition;  // verify
  bool demo = false;                      // verify: the folder is a demo's
  std::vector<std::string> also;          // verify: configurations of earlier versions
  bool confirm = false, partial = false;  // rebuild
  bool connect = false;                   // validate
  bool origin = false, defaults = false, schema = false, markdown = false;  // config show
  bool account = false;                                                     // explain: the id is an account's
  bool dump = false;                                                        // state hash
  std::string prospect;                                                     // explain
  std::string out, calibration, labels;                                     // train; out: simulate, eval
  std::string evaluation;                                                   // eval
  std::vector<std::string> train_files;                                     // eval
  std::string variant = "G1", density = "dense", text_bank;                 // simulate
  std::int64_t accounts = 100;                                              // simulate
  std::string letter;       // dead-letters show, redrive: PARTITION:OFFSET or "all"
  std::int64_t limit = 50;  // dead-letters list
};

int run_command_line(int argc, const char* const* argv);

// One function a verb, each in its own file.
int run_demo(const Invocation& invocation);
int run_serve(const Invocation& invocation);
int run_validate(const Invocation& invocation);
int run_replay(const Invocation& invocation);
int run_explain(const Invocation& invocation);
int run_verify(const Invocation& invocation);
int run_rebuild(const Invocation& invocation);
int run_train(const Invocation& invocation);
int run_labels(const Invocation& invocation);
int run_train_journeys(const Invocation& invocation);
int run_model_verify(const Invocation& invocation);
int run_model_dump(const Invocation& invocation);
int run_model_diff(const Invocation& invocation);
int run_eval(const Invocation& invocation);
int run_simulate(const Invocation& invocation);
std::string evaluations_help();  // the names that `eval` knows
int run_state_hash(const Invocation& invocation);
int run_dead_letters_list(const Invocation& invocation);
int run_dead_letters_show(const Invocation& invocation);
int run_dead_letters_redrive(const Invocation& invocation);
int run_config_show(const Invocation& invocation);
int run_version(const Invocation& invocation);

}  // namespace juncture::apps
