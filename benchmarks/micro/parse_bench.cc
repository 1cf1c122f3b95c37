// How long one record takes from payload to signal, and from signal to the canonical record.
#include <benchmark/benchmark.h>

#include <string>
#include <string_view>
#include <vector>

#include "juncture/ingest/canonical.h"
#include "juncture/ingest/connector.h"

namespace juncture {
namespace {

constexpr std::string_view kSmall =
    R"({"id":"e-100041","prospect":"p-004711","type":"query","ts":1763783999000,"text":"wms payback template"})";
constexpr std::string_view kFull =
    R"({"id":"e-1001","type":"query","prospect":"crm-4711","account":"halvorsen","ts":"2025-11-22T06:59:58+03:00",)"
    R"("text":"wms payback template finance director","url":"https://shop.example/search?q=wms","device":"desktop",)"
    R"("consent":{"personalization":"granted"},"properties":{"results":0,"filters":["finance"]}})";
constexpr std::string_view kLine =
    R"(203.0.113.7 - - [17/May/2015:10:05:03 +0000] "GET /guides/erp HTTP/1.1" 200 5310 )"
    R"("https://www.google.de/search?hl=de&q=lager" "Mozilla/5.0 (X11; Linux x86_64; rv:27.0) Firefox/27.0")";

void parse(benchmark::State& state, std::string_view connector, std::string_view payload) {
  Scratch scratch;
  std::vector<Signal> signals;
  const Parse parse = find_connector(connector)->parse;
  for (auto _ : state) {
    const ParseOutcome outcome = parse(scratch, payload, {.received_at = from_ms(1763784000000)}, signals);
    benchmark::DoNotOptimize(outcome.kind);
    benchmark::DoNotOptimize(signals.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(payload.size()));
  state.SetItemsProcessed(state.iterations());
}

void canonical(benchmark::State& state, bool write) {
  Scratch scratch;
  std::vector<Signal> signals;
  const ParseContext context{.received_at = from_ms(1763784000000)};
  find_connector("native")->parse(scratch, kSmall, context, signals);
  std::string record;
  write_signal(signals.front(), context.received_at, record);
  const std::string stored = record;
  Scratch second;
  Canonical back;
  for (auto _ : state) {
    if (write) {
      record.clear();
      write_signal(signals.front(), context.received_at, record);
      benchmark::DoNotOptimize(record.data());
    } else {
      benchmark::DoNotOptimize(parse_canonical(second, stored, back));
    }
  }
}

}  // namespace

BENCHMARK_CAPTURE(parse, native_small, "native", kSmall);
BENCHMARK_CAPTURE(parse, native_full, "native", kFull);
BENCHMARK_CAPTURE(parse, access_log, "access-log", kLine);
BENCHMARK_CAPTURE(canonical, write, true);
BENCHMARK_CAPTURE(canonical, parse, false);

}  // namespace juncture
