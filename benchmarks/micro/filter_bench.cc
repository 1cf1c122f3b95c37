// Nanoseconds of the filter: one signal in order, one late signal, one reading.
#include <benchmark/benchmark.h>

#include "juncture/inference/filter.h"

namespace juncture {
namespace {

constexpr std::int64_t kHour = 3'600'000, kStart = 1'763'971'200'000;

Evidence query(std::int64_t at_ms, std::uint64_t id) {
  Evidence out;
  out.at = {at_ms, id};
  out.consent = Consent::granted;
  out.has_text = true;
  for (std::size_t y = 0; y < kEvidenceClasses; ++y) {
    out.ratio[y] = static_cast<std::int16_t>((id * 37 + y * 411) % 3000);
    out.ratio[y] = static_cast<std::int16_t>(out.ratio[y] - 1500);
  }
  out.moments = {155, 20, 50, 10, 20};
  out.none = 20;
  out.text_hash = static_cast<std::uint32_t>(id);
  return out;
}

const StageChain& chain() {
  static const StageChain value;
  return value;
}

// range(0): hours between signals. Long gaps cost a step of the activity chain and of the phases.
void absorb_in_order(benchmark::State& bench) {
  Prospect prospect;
  std::int64_t at = kStart;
  std::uint64_t id = 1;
  for (auto _ : bench) {
    at += bench.range(0) * kHour;
    benchmark::DoNotOptimize(absorb(chain(), prospect, query(at, id++), {.text = "rfp scoring sheet", .account = {}}));
  }
}
BENCHMARK(absorb_in_order)->Arg(1)->Arg(5)->Arg(48)->Arg(700);

// range(0): signals within the window; the late one is the oldest of them, so all are folded again.
void absorb_late(benchmark::State& bench) {
  Prospect full;
  for (std::int64_t i = 0; i < bench.range(0); ++i) {
    absorb(chain(), full, query(kStart + kHour + i * 33 * kHour / bench.range(0), static_cast<std::uint64_t>(i + 1)));
  }
  const Evidence late = query(kStart, 1000);
  for (auto _ : bench) {
    Prospect copy = full;
    benchmark::DoNotOptimize(absorb(chain(), copy, late));
  }
}
BENCHMARK(absorb_late)->Arg(4)->Arg(16)->Arg(60);

void reading(benchmark::State& bench) {
  Prospect full;
  for (std::int64_t i = 0; i < bench.range(0); ++i) {
    absorb(chain(), full, query(kStart + i * kHour / 2, static_cast<std::uint64_t>(i + 1)));
  }
  for (auto _ : bench) benchmark::DoNotOptimize(read(chain(), full, from_ms(kStart + 40 * kHour)));
}
BENCHMARK(reading)->Arg(1)->Arg(8)->Arg(60);

void build_chain(benchmark::State& bench) {
  for (auto _ : bench) benchmark::DoNotOptimize(StageChain());
}
BENCHMARK(build_chain);

}  // namespace
}  // namespace juncture
