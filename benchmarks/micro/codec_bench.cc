// Nanoseconds and bytes of a prospect's value in state.
#include <benchmark/benchmark.h>

#include "juncture/inference/filter.h"
#include "juncture/state/codec.h"

namespace juncture {
namespace {

// range(0): signals taken in, half an hour apart, each with its text.
Prospect prospect_of(std::int64_t signals) {
  static const StageChain chain;
  Prospect out;
  for (std::int64_t i = 0; i < signals; ++i) {
    Evidence evidence;
    evidence.at = {1'763'971'200'000 + i * 1'800'000, static_cast<std::uint64_t>(i + 1)};
    evidence.consent = Consent::granted;
    evidence.has_text = true;
    evidence.moments = {255, 0, 0, 0, 0};
    evidence.text_hash = static_cast<std::uint32_t>(i);
    absorb(chain, out, evidence, {.text = "how do evaluators score rfp responses", .account = "acme.example"});
  }
  return out;
}

void prospect_encode(benchmark::State& bench) {
  const Prospect prospect = prospect_of(bench.range(0));
  std::string bytes;
  for (auto _ : bench) {
    encode(prospect, bytes);
    benchmark::DoNotOptimize(bytes.data());
  }
  bench.counters["bytes"] = static_cast<double>(bytes.size());
}
BENCHMARK(prospect_encode)->Arg(1)->Arg(8)->Arg(30)->Arg(100);

void prospect_decode(benchmark::State& bench) {
  std::string bytes;
  encode(prospect_of(bench.range(0)), bytes);
  Prospect out;
  for (auto _ : bench) {
    benchmark::DoNotOptimize(decode(bytes, out).has_value());
    benchmark::DoNotOptimize(out);
  }
}
BENCHMARK(prospect_decode)->Arg(1)->Arg(8)->Arg(30)->Arg(100);

}  // namespace
}  // namespace juncture
