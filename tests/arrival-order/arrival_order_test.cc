// State is a function of the signals, not of how they arrived: through the real pipeline, engine and stores.
#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <random>
#include <thread>

#include "juncture/adapters/memory_log.h"
#include "juncture/adapters/memory_stores.h"
#include "juncture/engine/engine.h"
#include "juncture/ingest/canonical.h"
#include "juncture/pipeline/account_pipeline.h"
#include "juncture/pipeline/prospect_pipeline.h"
#include "juncture/state/state_hash.h"
#include "support/knowledge.h"

using namespace juncture;

namespace {

constexpr Partition kPartitions = 2;
constexpr std::int64_t kStart = 1'760'000'000'000;

struct Event {
  std::string prospect;
  std::int64_t at = 0;
  std::string record;
};

Event event_of(const std::string& prospect, int n, std::int64_t at, std::mt19937_64& random) {
  static const std::vector<std::string> texts{"why does payroll fail",       "payroll requirements template",
                                              "business case payroll",       "payroll vendors",
                                              "supplier comparison payroll", "pilot test script",
                                              "payback period calculator",   "negotiate discount",
                                              "purchase order approval",     "weather"};
  const std::string id = prospect + "-" + std::to_string(n);
  Signal signal;
  signal.id = id;
  signal.prospect = ProspectId(prospect);
  signal.occurred_at = from_ms(at);
  const auto kind = random() % 10;
  signal.type = kind < 6   ? SignalType::query
                : kind < 8 ? SignalType::page
                : kind < 9 ? SignalType::offline
                           : SignalType::feedback;
  signal.text = texts[random() % texts.size()];
  if (signal.type == SignalType::feedback) {
    signal.action = static_cast<FeedbackAction>(1 + random() % 6);
    signal.content = ContentId("x");
    signal.decision = "d-1";
  }
  signal.device = random() % 3 == 0 ? Device::mobile : Device::desktop;
  signal.consent = random() % 12 == 0 ? Consent::absent : Consent::granted;
  const std::string account = "a-" + std::to_string(std::stoi(prospect.substr(2)) % 60);
  signal.account = AccountId(random() % 2 == 0 ? std::string_view(account) : "");
  signal.source = "test";
  Event event{.prospect = prospect, .at = at, .record = {}};
  write_signal(signal, signal.occurred_at, event.record);
  return event;
}

// 1,000 prospects, up to 30 signals each, bursts and gaps of days; never more than the kept tail within 36 h.
std::vector<Event> journeys(std::mt19937_64& random) {
  std::vector<Event> events;
  for (int p = 0; p < 1000; ++p) {
    std::int64_t at = kStart + static_cast<std::int64_t>(random() % 86'400'000);
    const int count = 2 + static_cast<int>(random() % 29);
    for (int n = 0; n < count; ++n) {
      at += random() % 3 == 0 ? static_cast<std::int64_t>(random() % (9 * 86'400'000ULL))
                              : static_cast<std::int64_t>(random() % 1'200'000);
      events.push_back(event_of("p-" + std::to_string(p), n, at, random));
    }
  }
  std::stable_sort(events.begin(), events.end(), [](const Event& a, const Event& b) { return a.at < b.at; });
  return events;
}

// Each signal arrives up to 36 h after it happened, some of them twice.
std::vector<Event> shuffled(const std::vector<Event>& events, std::mt19937_64& random) {
  std::vector<std::pair<std::int64_t, const Event*>> arrivals;
  for (const Event& event : events) {
    const auto delay = static_cast<std::int64_t>(random() % (36 * 3'600'000ULL));
    arrivals.emplace_back(event.at + delay, &event);
    if (random() % 10 == 0) arrivals.emplace_back(event.at + delay + 1, &event);
  }
  std::stable_sort(arrivals.begin(), arrivals.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Event> out;
  for (const auto& [when, event] : arrivals) out.push_back(*event);
  return out;
}

// Accounts read what prospects have committed: done when all of both is.
void wait_until_settled(Log& log, const std::string& application) {
  const auto settled = [&] {
    for (const std::string topic : {"signals", "evidence"}) {
      for (Partition p = 0; p < kPartitions; ++p) {
        const auto position = log.committed(application, {topic, p});
        const auto marks = log.watermarks({topic, p});
        if (!position || !marks || !*position || (*position)->next != marks->end) return false;
      }
    }
    return true;
  };
  for (int i = 0; i < 60'000 && !settled(); ++i) std::this_thread::sleep_for(1ms);
  REQUIRE(settled());
}

std::string hash_after(const std::vector<Event>& events, std::size_t batch) {
  const auto knowledge = test::shipped_knowledge();
  const auto log = make_memory_log();
  const auto stores = make_memory_stores();
  for (const std::string topic : {"signals", "sales", "public", "dead", "evidence", "conditions", "accounts"}) {
    REQUIRE(log->ensure_topic({.name = topic, .partitions = kPartitions}));
  }
  auto producer = log->make_producer({});
  REQUIRE(producer);
  for (const Event& event : events) {
    REQUIRE((*producer)->send({.topic = "signals", .key = event.prospect, .value = event.record}));
  }
  REQUIRE((*producer)->flush());
  std::array<PipelineCounters, kPartitions> counters, account_counters;
  SubTopology prospects;
  prospects.name = "prospects";
  prospects.inputs = {"signals"};
  prospects.outputs = {"sales", "public", "dead", "evidence", "conditions", "signals"};
  prospects.stateful = true;
  prospects.make_pipeline = [&](Partition p) {
    return make_prospect_pipeline(*knowledge, counters[static_cast<std::size_t>(p)]);
  };
  SubTopology accounts;
  accounts.name = "accounts";
  accounts.inputs = {"evidence"};
  accounts.outputs = {"accounts", "dead", "conditions"};
  accounts.stateful = true;
  accounts.from_beginning = true;
  accounts.make_pipeline = [&](Partition p) {
    return make_account_pipeline(*knowledge, Millis{1'000'000'000'000}, account_counters[static_cast<std::size_t>(p)]);
  };
  EngineOptions options;
  options.poll_records_max = batch;
  options.fresh_within = Millis{1'000'000'000'000};
  auto engine = Engine::start(*log, *stores, {prospects, accounts}, options);
  REQUIRE(engine);
  const auto done = [&] {
    std::uint64_t read = 0;
    for (const PipelineCounters& one : counters) read += one.read.value();
    return read == events.size();
  };
  for (int i = 0; i < 60'000 && !done(); ++i) std::this_thread::sleep_for(1ms);
  REQUIRE(done());
  wait_until_settled(*log, options.application);
  REQUIRE((*engine)->stop());
  std::vector<StateHash> hashes;
  for (const std::string sub : {"prospects", "accounts"}) {
    for (Partition p = 0; p < kPartitions; ++p) {
      const auto store = stores->open(store_name(sub, p));
      REQUIRE(store);
      auto hash = state_hash(**store);
      REQUIRE(hash);
      hashes.push_back(*hash);
    }
  }
  const StateHash all = combine(hashes);
  REQUIRE(all.prospects == 1000);
  REQUIRE(all.accounts > 50);
  return all.hex;
}

}  // namespace

TEST_CASE("1,000 journeys end in the same bytes in any arrival order within 36 h and any batch size", "[journeys]") {
  std::mt19937_64 random(20261122);
  const std::vector<Event> in_order = journeys(random);
  const std::string expected = hash_after(in_order, 4096);

  CHECK(hash_after(in_order, 1) == expected);
  for (const std::size_t batch : {7UL, 500UL}) CHECK(hash_after(shuffled(in_order, random), batch) == expected);
  auto other = in_order;
  other.pop_back();
  CHECK(hash_after(other, 4096) != expected);
}
