#include <fmt/format.h>

#include <cstdio>

#include "apps/build_info.h"
#include "apps/cli.h"
#include "apps/load_knowledge.h"
#include "apps/service.h"
#include "apps/setup.h"
#include "apps/wall_clock.h"
#include "juncture/ingest/connector.h"

namespace juncture::apps {

int run_serve(const Invocation& invocation) {
  auto settings = load_settings(invocation);
  if (!settings) return kConfigInvalid;
  Config config = std::move(settings->config);
  if (invocation.port) config.http.listeners.front().port = *invocation.port;
  std::optional<Millis> duration;
  if (!read_duration(invocation, duration)) return kUsage;
  for (const InputConfig& input : config.input) {
    if (find_connector(input.format) == nullptr) {
      return fail_with(
          {Domain::setup, "config_invalid", "input " + input.topic + ": no connector `" + input.format + "`"});
    }
  }
  watch_signals();
  KnowledgeLoad load = load_knowledge(config);
  print_errors(load.warnings);
  if (!load.knowledge) {
    print_errors(load.errors);
    return kConfigInvalid;
  }
  auto service = Service::start(config, load.knowledge, {.unsafe = invocation.unsafe});
  if (!service) return fail_with(service.error());
  fmt::print(stderr, "juncture {} · {} log · {}\n", build_info().juncture, (*service)->node().log().kind(),
             (*service)->url());
  const int signal = wait_for_signal(duration);
  if (Status stopped = (*service)->stop(); !stopped) return fail_with(stopped.error());
  const Totals totals = (*service)->totals();
  fmt::print(stderr, "stopped: {} records read, {} recommendations\n", totals.read, totals.recommendations());
  // Stopping a service by its signal is how it is meant to end.
  return signal == 0 ? kOk : 128 + signal;
}

}  // namespace juncture::apps
