// The full pipeline drained from a real Kafka: main-job BROKERS SIGNALS WORKERS. Prints one JSON line.
//
// Synthetic visitors (those of the demo) are written to the canonical topic first; then a node starts from nothing and
// reads them: parse, text, filter, decision, two output topics, changelog, RocksDB; and the account records that come
// of them. Figures are of the draining alone; CPU time is of all of it, and given by the names of threads too, as `top
// -H` has them. Properties of librdkafka may be given as NAME=VALUE behind the rest.
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <span>
#include <string>
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
  long switches = 0;
  long peak_kb = 0;
};

Used used() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return {.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime),
          .switches = usage.ru_nvcsw + usage.ru_nivcsw,
          .peak_kb = usage.ru_maxrss};
}

struct Threads {
  int count = 0;
  double cpu_seconds = 0;
};

// By name, digits left out; a library's threads of one kind count as one.
std::map<std::string, Threads> threads_now() {
  std::map<std::string, Threads> out;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string name;
    std::getline(std::ifstream(entry.path() / "comm"), name);
    std::erase_if(name, [](char c) { return c == '-' || (c >= '0' && c <= '9'); });
    std::uint64_t nanoseconds = 0;
    std::ifstream(entry.path() / "schedstat") >> nanoseconds;
    Threads& threads = out[name];
    ++threads.count;
    threads.cpu_seconds += static_cast<double>(nanoseconds) / 1e9;
  }
  return out;
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
      // Ten thousand prospects and 1,536 accounts instead of the demo's few: state is what a stream processor is about.
      const std::string copy = "-" + std::to_string(n * 2654435761U % 64);
      KeyedSignal record{.prospect = std::string(signal.prospect.text()) + copy, .record = {}};
      Signal one = signal;
      one.prospect = ProspectId(record.prospect);
      if (!signal.account.empty()) one.account = AccountId(std::string(signal.account.text()) + copy);
      write_signal(one, one.occurred_at, record.record);
      failed = (*sink)->send(record);
    });
  }
  if (!failed) return failed;
  return (*sink)->flush();
}

// When the last account record was taken in: there is no more of them, and no more come.
std::chrono::steady_clock::time_point wait_for_accounts(Node& node) {
  auto last = std::chrono::steady_clock::now();
  std::uint64_t read = 0;
  const auto behind = [&node] {
    for (const TaskStats& task : node.engine().stats().tasks) {
      if (task.sub_topology == kAccounts && task.inputs.front().lag > 0) return true;
    }
    return false;
  };
  while (std::chrono::steady_clock::now() - last < 2s || behind()) {
    if (const std::uint64_t now = totals_of(node, kAccounts).read; std::exchange(read, now) != now) {
      last = std::chrono::steady_clock::now();
    }
    std::this_thread::sleep_for(10ms);
  }
  return last;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "main-job BROKERS SIGNALS WORKERS [NAME=VALUE]...\n");
    return 2;
  }
  const std::uint64_t signals = std::strtoull(argv[2], nullptr, 10);
  Config config;
  config.log.kind = LogKind::kafka;
  config.log.kafka.brokers = argv[1];
  config.log.topics.prefix = "bench" + std::to_string(getpid()) + "-";
  config.log.data = std::filesystem::temp_directory_path() / ("juncture-main-job-" + std::to_string(getpid()));
  config.engine.workers = std::atoi(argv[3]);
  for (const std::string_view property : std::span(argv + 4, argv + argc)) {
    const std::size_t split = property.find('=');
    config.log.kafka.properties.emplace(property.substr(0, split), property.substr(split + 1));
  }
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
  while (totals_of(**node, kProspects).read < signals) std::this_thread::sleep_for(10ms);
  const auto end = std::chrono::steady_clock::now();
  const auto accounts_end = wait_for_accounts(**node);
  const std::map<std::string, Threads> threads = threads_now();
  if (Status stopped = (*node)->stop(); !stopped) return fail_with(stopped.error());
  const Used after = used();
  const Totals totals = totals_of(**node, kProspects);
  const auto per_second = [&](std::chrono::steady_clock::time_point until) {
    return static_cast<double>(signals) / std::chrono::duration<double>(until - first).count();
  };
  const double millions = static_cast<double>(signals) / 1e6;
  std::string by_thread;
  int count = 0;
  for (const auto& [name, kind] : threads) {
    fmt::format_to(std::back_inserter(by_thread), "{}\"{}\":[{},{:.2f}]", by_thread.empty() ? "" : ",", name,
                   kind.count, kind.cpu_seconds / millions);
    count += kind.count;
  }
  std::uint64_t commits = 0;
  for (const TaskStats& task : (*node)->engine().stats().tasks) commits += task.commits;
  fmt::print(
      "{{\"job\":\"main\",\"signals\":{},\"workers\":{},\"threads\":{},\"events_per_s\":{:.0f},\"with_accounts_per_s\":"
      "{:.0f},\"start_s\":{:.2f},"
      "\"cpu_s_per_million\":{:.2f},\"switches_per_thousand\":{:.0f},\"commits\":{},\"account_records\":{},"
      "\"peak_mb\":{},\"offered\":{},\"abstained\":{},\"handed_over\":{},\"synthetic\":true,"
      "\"threads_and_cpu_s_per_million\":{{{}}}}}\n",
      signals, config.engine.workers, count, per_second(end), per_second(accounts_end),
      std::chrono::duration<double>(first - begin).count(), (after.cpu_seconds - before.cpu_seconds) / millions,
      static_cast<double>(after.switches - before.switches) / millions / 1e3, commits,
      totals_of(**node, kAccounts).read, after.peak_kb / 1024, totals.outcomes[0], totals.outcomes[1],
      totals.outcomes[2], by_thread);
  std::error_code ignored;
  std::filesystem::remove_all(config.log.data, ignored);
  return 0;
}
