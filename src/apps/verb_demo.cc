#include <fmt/format.h>

#include <condition_variable>
#include <cstdio>
#include <filesystem>
#include <mutex>
#include <thread>

#include "apps/build_info.h"
#include "apps/cli.h"
#include "apps/demo_visitors.h"
#include "apps/load_knowledge.h"
#include "apps/service.h"
#include "apps/setup.h"
#include "apps/wall_clock.h"
#include "juncture/core/embedded.h"
#include "juncture/ingest/canonical.h"

namespace juncture::apps {
namespace {

constexpr Millis kSignalEvery{330};

// Feeds the synthetic visitors into the node until told to stop.
class VisitorThread {
 public:
  VisitorThread(Node& node, std::uint64_t seed) : node_(node), visitors_(seed, embedded("demo-phrases.tsv")) {}

  // History first, unless the folder already has one.
  Status begin(bool returning) {
    Status failed;
    if (!returning) {
      visitors_.history(wall_now(), [&](const Signal& signal) {
        if (Status sent = send(signal); !sent && failed) failed = sent;
      });
      if (Status flushed = node_.sink().flush(); !flushed) return flushed;
    }
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
    return failed;
  }

 private:
  Status send(const Signal& signal) {
    KeyedSignal record{.prospect = std::string(signal.prospect.text()), .record = {}};
    write_signal(signal, wall_now(), record.record);
    return node_.sink().send(record);
  }

  void run(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    while (!wake.wait_for(lock, stop, kSignalEvery, [&] { return stop.stop_requested(); }) && !stop.stop_requested()) {
      // What fails here shows as an error of the log; a synthetic signal is not worth a retry.
      visitors_.next(wall_now(), [&](const Signal& signal) { static_cast<void>(send(signal)); });
      static_cast<void>(node_.sink().flush());
    }
  }

  Node& node_;
  DemoVisitors visitors_;
  std::jthread thread_;
};

void print_addresses(const Service& service, const Config& config) {
  fmt::print(
      "juncture {} · demo: synthetic visitors, embedded log in {}, no Kafka\n"
      "  live page    {}\n"
      "  suggestions  {}v1/suggestions?prospect=ada\n"
      "  metrics      {}metrics\n"
      "Try it: curl -sd '{{\"prospect\":\"ada\",\"type\":\"query\",\"text\":\"payback period for warehouse software\","
      "\"consent\":\"granted\"}}' {}v1/signals\n"
      "Query texts are kept verbatim for 24 h. Ctrl-C stops. Your own broker: juncture run -c FILE\n",
      build_info().juncture, config.log.data, service.url(), service.url(), service.url(), service.url());
  std::fflush(stdout);
}

void print_summary(const Service& service, double seconds) {
  const Totals totals = service.totals();
  fmt::print(
      "stopped after {:.0f} s (synthetic visitors): {} records read, {} offered, {} abstained, {} handed over, "
      "{} stage changes, {} rejected\n",
      seconds, totals.read, totals.outcomes[0], totals.outcomes[1], totals.outcomes[2],
      [&] {
        std::uint64_t changes = 0;
        for (const auto& row : totals.transitions) {
          for (const std::uint64_t n : row) changes += n;
        }
        return changes;
      }(),
      [&] {
        std::uint64_t rejected = 0;
        for (const std::uint64_t n : totals.rejected) rejected += n;
        return rejected;
      }());
}

}  // namespace

int run_demo(const Invocation& invocation) {
  auto settings = load_settings(invocation, demo_presets());
  if (!settings) return kConfigInvalid;
  Config config = std::move(settings->config);
  if (invocation.port) config.http.listeners.front().port = *invocation.port;
  std::optional<Millis> duration;
  if (!read_duration(invocation, duration)) return kUsage;
  watch_signals();
  KnowledgeLoad load = load_knowledge(config);
  if (!load.knowledge) {
    print_errors(load.errors);
    return kConfigInvalid;
  }
  load.knowledge->synthetic = true;
  const bool returning = std::filesystem::exists(config.log.data + "/log");
  auto service = Service::start(config, load.knowledge);
  if (!service) return fail_with(service.error());
  print_addresses(**service, config);
  const Timestamp began = wall_now();
  int signal = 0;
  {
    VisitorThread visitors((*service)->node(), invocation.seed);
    if (Status begun = visitors.begin(returning); !begun) return fail_with(begun.error());
    signal = wait_for_signal(duration);
  }
  const Status stopped = (*service)->stop();
  print_summary(**service, static_cast<double>((wall_now() - began).count()) / 1000.0);
  if (!stopped) return fail_with(stopped.error());
  return signal == 0 ? kOk : 128 + signal;
}

}  // namespace juncture::apps
