// The full pipeline drained from a real Kafka: main-job BROKERS SIGNALS WORKERS [PREFIX]. Prints one JSON line.
//
// Synthetic visitors (those of the demo) are written to the canonical topic first; then a node starts from nothing and
// reads them: parse, text, filter, decision, two output topics, changelog, RocksDB. Figures are of the draining alone.
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>

#include "apps/demo_visitors.h"
#include "apps/load_knowledge.h"
#include "apps/node.h"
#include "apps/setup.h"
#include "apps/status_board.h"
#include "juncture/core/embedded.h"
#include "juncture/ingest/canonical.h"

namespace {

using namespace juncture;
using namespace juncture::apps;

struct Used {
  double cpu_seconds = 0;
  long peak_kb = 0;
};

Used used() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return {.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime), .peak_kb = usage.ru_maxrss};
}

int threads_now() {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) count += entry.exists() ? 1 : 0;
  return count;
}

Status fill(const Config& config, std::uint64_t signals) {
  auto log = open_log(config);
  if (!log) return tl::unexpected(log.error());
  const Topics topics(config.log.topics.prefix);
  if (Status made = ensure_topics(**log, config, topics); !made) return made;
  auto sink = SignalSink::open(**log, topics.signals);
  if (!sink) return tl::unexpected(sink.error());
  DemoVisitors visitors(7, embedded("demo-phrases.tsv"));
  // 0.7 s between signals: bursts, sessions and quiet days, as in the demo.
  const Timestamp start = std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now()) -
                          Millis{static_cast<std::int64_t>(signals) * 700};
  Status failed;
  for (std::uint64_t n = 0; n < signals && failed; ++n) {
    visitors.next(start + Millis{static_cast<std::int64_t>(n) * 700}, [&](const Signal& signal) {
      // Ten thousand prospects instead of the demo's few: state is what a stream processor is about.
      KeyedSignal record{.prospect = std::string(signal.prospect.text()) + "-" + std::to_string(n * 2654435761U % 64),
                         .record = {}};
      Signal one = signal;
      one.prospect = ProspectId(record.prospect);
      write_signal(one, one.occurred_at, record.record);
      failed = (*sink)->send(record);
    });
  }
  if (!failed) return failed;
  return (*sink)->flush();
}

bool drained(Node& node, std::uint64_t signals) {
  return totals_of(node, kProspects).read >= signals;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "main-job BROKERS SIGNALS WORKERS [PREFIX]\n");
    return 2;
  }
  const std::uint64_t signals = std::strtoull(argv[2], nullptr, 10);
  Config config;
  config.log.kind = LogKind::kafka;
  config.log.kafka.brokers = argv[1];
  config.log.topics.prefix = argc > 4 ? argv[4] : "bench" + std::to_string(getpid()) + "-";
  config.log.data = std::filesystem::temp_directory_path() / ("juncture-main-job-" + std::to_string(getpid()));
  config.engine.workers = std::atoi(argv[3]);
  if (Status filled = fill(config, signals); !filled) return fail_with(filled.error());
  KnowledgeLoad load = load_knowledge(config);
  if (!load.knowledge) {
    print_errors(load.errors);
    return 3;
  }
  const Used before = used();
  const auto begin = std::chrono::steady_clock::now();
  auto node = Node::start(config, load.knowledge, {.ticks = false, .fresh_within = 30 * kDay});
  if (!node) return fail_with(node.error());
  while (totals_of(**node, kProspects).read == 0) std::this_thread::sleep_for(1ms);
  const auto first = std::chrono::steady_clock::now();
  while (!drained(**node, signals)) std::this_thread::sleep_for(2ms);
  const auto end = std::chrono::steady_clock::now();
  const int threads = threads_now();
  const Totals totals = totals_of(**node, kProspects);
  if (Status stopped = (*node)->stop(); !stopped) return fail_with(stopped.error());
  const Used after = used();
  const double seconds = std::chrono::duration<double>(end - first).count();
  fmt::print(
      "{{\"job\":\"main\",\"signals\":{},\"workers\":{},\"threads\":{},\"events_per_s\":{:.0f},\"start_s\":{:.2f},"
      "\"cpu_s_per_million\":{:.2f},\"peak_mb\":{},\"offered\":{},\"abstained\":{},\"handed_over\":{},\"synthetic\":"
      "true}}\n",
      signals, config.engine.workers, threads, static_cast<double>(signals) / seconds,
      std::chrono::duration<double>(first - begin).count(),
      (after.cpu_seconds - before.cpu_seconds) * 1e6 / static_cast<double>(signals), after.peak_kb / 1024,
      totals.outcomes[0], totals.outcomes[1], totals.outcomes[2]);
  std::error_code ignored;
  std::filesystem::remove_all(config.log.data, ignored);
  return 0;
}
