// What one query costs: normalising, features and the whole score; and what training costs.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "juncture/config/taxonomy_load.h"
#include "juncture/text/scorer.h"
#include "juncture/text/train.h"
#include "text/normalise.h"

namespace juncture {
namespace {

constexpr std::array<std::string_view, 6> kQueries{
    "best erp for food manufacturers",
    "softmaster vs aquaflow",
    "how long does it take to get a return on investment from warehouse robots in a site with two shifts",
    "pump distributors near me",
    "negotiate saas renewal uplift cap",
    "weather this weekend"};

std::string file_text(const std::string& name) {
  std::ifstream in(std::string(JUNCTURE_SOURCE_DIR) + "/" + name);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

TextModel shipped_model() {
  const auto taxonomy = load_taxonomy(file_text("config/taxonomy.yaml"), "config/taxonomy.yaml");
  const auto words = load_user_vocabulary(file_text("config/vocabulary.yaml"), "config/vocabulary.yaml");
  if (taxonomy && words) {
    Result<TextModel> model = train(*taxonomy, *words, {});
    if (model) return std::move(*model);
  }
  std::cerr << "config/taxonomy.yaml does not train\n";
  std::exit(1);
}

void normalise(benchmark::State& state) {
  text::Normalised words;
  std::size_t i = 0;
  for (auto _ : state) {
    words.read(kQueries[i++ % kQueries.size()]);
    benchmark::DoNotOptimize(words.words());
  }
}
BENCHMARK(normalise);

void score(benchmark::State& state) {
  static const TextModel model = shipped_model();
  TextScorer scorer(model);
  std::size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(scorer.score(kQueries[i++ % kQueries.size()], Device::desktop));
}
BENCHMARK(score);

void score_landed(benchmark::State& state) {
  static const TextModel model = shipped_model();
  TextScorer scorer(model);
  const Landing landing{"https://www.softmaster-pumps.example/products/water-softeners/pricing?ref=1",
                        "https://www.google.com/search?q=pump"};
  std::size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(scorer.score(kQueries[i++ % kQueries.size()], Device::desktop, landing));
  }
}
BENCHMARK(score_landed);

// Of single calls over the queries in turn; the clock's own cost is in it.
void score_percentiles(benchmark::State& state) {
  static const TextModel model = shipped_model();
  TextScorer scorer(model);
  std::vector<double> nanoseconds;
  nanoseconds.reserve(1'000'000);
  std::size_t i = 0;
  for (auto _ : state) {
    const auto begin = std::chrono::steady_clock::now();
    benchmark::DoNotOptimize(scorer.score(kQueries[i++ % kQueries.size()], Device::desktop));
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
    if (nanoseconds.size() < nanoseconds.capacity()) nanoseconds.push_back(took.count());
  }
  std::sort(nanoseconds.begin(), nanoseconds.end());
  const auto at = [&](double share) {
    return nanoseconds[static_cast<std::size_t>(share * static_cast<double>(nanoseconds.size() - 1))];
  };
  state.counters["p50_ns"] = at(0.5);
  state.counters["p99_ns"] = at(0.99);
  state.counters["model_bytes"] = static_cast<double>(serialize(model).size());
}
BENCHMARK(score_percentiles);

void train_shipped(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(shipped_model().version());
}
BENCHMARK(train_shipped)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace juncture
