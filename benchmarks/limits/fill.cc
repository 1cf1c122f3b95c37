// The backlog of benchmarks/memory-limit.sh: limits-fill BROKERS PREFIX PARTITIONS PROSPECTS SIGNALS.
//
// Simulated queries in `signals`, spread over the prospects so that no two in a row are of the same: the worst that a
// cache can meet. Prints its progress.
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "apps/node.h"
#include "apps/setup.h"
#include "juncture/core/embedded.h"
#include "juncture/ingest/canonical.h"

namespace {

using namespace juncture;
using namespace juncture::apps;

constexpr std::uint64_t kScatter = 2'654'435'761U;  // prime, and so without a common factor with the count

// The last column of the demo's phrases.
std::vector<std::string_view> phrases() {
  std::vector<std::string_view> out;
  std::string_view rest = embedded("demo-phrases.tsv");
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const std::size_t tab = line.rfind('\t');
    if (!line.empty() && line.front() != '#' && tab != std::string_view::npos) out.push_back(line.substr(tab + 1));
  }
  return out;
}

Status fill(const Config& config, std::uint64_t prospects, std::uint64_t signals) {
  auto log = open_log(config);
  if (!log) return tl::unexpected(log.error());
  const Topics topics(config.log.topics.prefix);
  if (Status made = ensure_topics(**log, config, topics); !made) return made;
  auto sink = SignalSink::open(**log, topics.signals);
  if (!sink) return tl::unexpected(sink.error());
  const std::vector<std::string_view> texts = phrases();
  const auto now = std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now());
  const Millis span = 2h;
  for (std::uint64_t n = 0; n < signals; ++n) {
    const std::string prospect = fmt::format("p-{}", n * kScatter % prospects), id = fmt::format("m-{}", n);
    Signal signal;
    signal.id = id;
    signal.prospect = ProspectId(prospect);
    signal.type = SignalType::query;
    signal.consent = Consent::granted;
    signal.text = texts[n * 7 % texts.size()];
    signal.occurred_at =
        now - span +
        Millis{span.count() * static_cast<std::int64_t>(n / 1000) / static_cast<std::int64_t>(signals / 1000 + 1)};
    KeyedSignal record{.prospect = prospect, .record = {}};
    write_signal(signal, signal.occurred_at, record.record);
    if (Status sent = (*sink)->send(record); !sent) return sent;
    if ((n + 1) % 500'000 == 0) fmt::print("written {} of {} signals\n", n + 1, signals);
    if ((n + 1) % 500'000 == 0) std::fflush(stdout);
  }
  return (*sink)->flush();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) {
    std::fprintf(stderr, "limits-fill BROKERS PREFIX PARTITIONS PROSPECTS SIGNALS\n");
    return 2;
  }
  Config config;
  config.log.kind = LogKind::kafka;
  config.log.kafka.brokers = argv[1];
  config.log.topics.prefix = argv[2];
  config.log.topics.partitions = std::atoi(argv[3]);
  const Status filled = fill(config, std::strtoull(argv[4], nullptr, 10), std::strtoull(argv[5], nullptr, 10));
  return filled ? 0 : fail_with(filled.error());
}
