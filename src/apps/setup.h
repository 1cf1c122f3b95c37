// From an invocation to a configuration, with every complaint printed the same way.
#pragma once

#include <optional>
#include <string_view>

#include "apps/cli.h"
#include "juncture/config/load.h"
#include "juncture/core/result.h"

namespace juncture::apps {

// Settings of files, environment and flags; none after printing everything that is wrong.
std::optional<LoadOutcome> load_settings(const Invocation& invocation, std::vector<std::string> presets = {});

// What `juncture demo` sets before everything else.
std::vector<std::string> demo_presets();

// --duration, none if it was not given; false after saying what is wrong with it.
bool read_duration(const Invocation& invocation, std::optional<Millis>& duration);

// One line each on standard error: "juncture: what (code)".
void print_errors(const std::vector<Error>& errors);
// Prints it and answers with the exit code of its kind.
int fail_with(const Error& error);

// Set by SIGINT and SIGTERM: the number of the signal, 0 before. A second signal ends the process at once.
void watch_signals();
int caught_signal();
// Waits until a signal, or for so long; the number of the signal or 0.
int wait_for_signal(std::optional<Millis> at_most);

}  // namespace juncture::apps
