// Time of one decision, by the size of the catalog and how spread the odds are.
#include <benchmark/benchmark.h>

#include <fstream>
#include <sstream>

#include "juncture/config/load.h"
#include "juncture/core/hash.h"
#include "juncture/decision/decide.h"

namespace juncture {
namespace {

std::string read_file(const std::string& name) {
  std::ifstream file(std::string(JUNCTURE_SOURCE_DIR) + "/" + name);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// The sample catalog, repeated or cut to so many items.
Catalog catalog_of(std::size_t count) {
  const std::string text = read_file("config/catalog.yaml");
  const Catalog sample = load_catalog({.text = text, .filename = "catalog.yaml"}).value;
  Catalog out{.version = sample.version, .items = {}};
  for (std::size_t i = 0; i < count; ++i) {
    ContentItem item = sample.items[i % sample.items.size()];
    item.id += "-" + std::to_string(i);
    item.key = hash32(item.id);
    out.items.push_back(std::move(item));
  }
  return out;
}

Reading reading_of(const Catalog& catalog, std::size_t stages) {
  Reading reading;
  reading.as_of = from_ms(1'795'000'000'000);
  for (std::size_t s = 0; s < stages; ++s) reading.stages[s] = 1.0F / static_cast<float>(stages);
  reading.moments = {0.5F, 0.1F, 0.2F, 0.1F, 0.1F};
  reading.roles.fill(1.0F / kRoles);
  reading.consent = Consent::granted;
  reading.known = true;
  reading.signals = 12;
  for (std::size_t i = 0; i < 8; ++i) {
    const ContentItem& item = catalog.items[i * 3 % catalog.items.size()];
    reading.consumed.push_back(item.key);
    reading.offers.push_back({.content = item.key,
                              .at_ms = to_ms(reading.as_of) - static_cast<std::int64_t>(i + 2) * 172'800'000,
                              .outcome = FeedbackAction::click,
                              .kind = item.kind});
  }
  return reading;
}

void decide_items(benchmark::State& state) {
  const std::string text = read_file("config/policy.yaml");
  const Policy policy = load_policy({.text = text, .filename = "policy.yaml"}).value;
  const Catalog catalog = catalog_of(static_cast<std::size_t>(state.range(0)));
  const Reading reading = reading_of(catalog, static_cast<std::size_t>(state.range(1)));
  for ([[maybe_unused]] auto _ : state) {
    benchmark::DoNotOptimize(decide(catalog, policy, reading, Audience::analyst));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(decide_items)->ArgNames({"items", "stages"})->Args({64, 3})->Args({64, 14})->Args({512, 3});

}  // namespace
}  // namespace juncture

BENCHMARK_MAIN();
