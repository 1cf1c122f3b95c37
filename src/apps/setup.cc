#include "apps/setup.h"

#include "apps/logging.h"
#include "apps/wall_clock.h"

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <thread>

extern char** environ;  // NOLINT: POSIX has no other way to list the environment

namespace juncture::apps {
namespace {

std::atomic<int> caught{0};  // NOLINT: a signal handler has nothing else to write to

void on_signal(int number) {
  if (caught.exchange(number) != 0) _exit(128 + number);
}

std::map<std::string, std::string> environment() {
  std::map<std::string, std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos) all.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return all;
}

}  // namespace

std::optional<LoadOutcome> load_settings(const Invocation& invocation, std::vector<std::string> presets) {
  LoadRequest request{.files = invocation.config_files, .env = environment(), .sets = std::move(presets)};
  request.sets.insert(request.sets.end(), invocation.sets.begin(), invocation.sets.end());
  if (invocation.data) request.sets.push_back("log.data=" + *invocation.data);
  LoadOutcome outcome = load_config(request);
  print_errors(outcome.warnings);
  start_logging(outcome.config.logging);
  if (outcome.ok()) return outcome;
  print_errors(outcome.errors);
  return std::nullopt;
}

std::vector<std::string> demo_presets() {
  return {"log.kind=embedded", "log.data=./juncture-demo", "privacy.text=verbatim", "privacy.text_ttl=24h"};
}

bool read_duration(const Invocation& invocation, std::optional<Millis>& duration) {
  if (invocation.duration.empty()) return true;
  duration = parse_duration(invocation.duration);
  if (duration) return true;
  std::fprintf(stderr, "juncture: --duration %s: a number with its unit is needed, as 15s\n",
               invocation.duration.c_str());
  return false;
}

void print_errors(const std::vector<Error>& errors) {
  for (const Error& error : errors) {
    std::fprintf(stderr, "juncture: %s (%.*s)\n", error.detail.c_str(), static_cast<int>(error.code.size()),
                 error.code.data());
  }
}

int fail_with(const Error& error) {
  print_errors({error});
  if (error.domain == Domain::setup) return kConfigInvalid;
  const bool unreachable = error.code == "unreachable" || error.code == "log_unreachable" || error.code == "connect";
  return unreachable ? kCannotConnect : kFailed;
}

void watch_signals() {
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  std::signal(SIGPIPE, SIG_IGN);
}

int caught_signal() {
  return caught.load();
}

int wait_for_signal(std::optional<Millis> at_most) {
  const auto begin = std::chrono::steady_clock::now();
  while (caught_signal() == 0) {
    if (at_most && std::chrono::steady_clock::now() - begin >= *at_most) return 0;
    std::this_thread::sleep_for(20ms);
  }
  return caught_signal();
}

}  // namespace juncture::apps
