#include <atomic>

#include "support.h"

namespace juncture::test {
namespace {

std::uint64_t consumed(const Engine& engine) {
  std::uint64_t out = 0;
  for (const TaskStats& task : engine.stats().tasks) out += task.consumed;
  return out;
}

bool at_end(Log& log) {
  for (Partition p = 0; p < 2; ++p) {
    const auto position = log.committed("app", {"in", p});
    if (!position || !*position || (*position)->next != log.watermarks({"in", p})->end) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("an engine becomes ready, reads, stops in time and leaves complete stores", "[engine]") {
  const auto log = a_log();
  const auto stores = make_memory_stores();
  EngineOptions how = options();
  how.workers = 2;
  how.write_behind = Millis{100'000};
  send(*log, 0, 1000);
  auto engine = Engine::start(*log, *stores, {fold()}, how);
  REQUIRE(engine);
  CHECK(eventually([&] { return (*engine)->ready() && at_end(*log); }));
  CHECK((*engine)->assigned("fold") == std::vector<Partition>{0, 1});

  CHECK(eventually([&] {
    const auto value = (*engine)->read("fold", "k5");
    return value && value->value && value->value->starts_with("59:");
  }));
  CHECK((*engine)->read("fold", "k5")->as_of_offset > 0);
  CHECK_FALSE((*engine)->read("fold", "nobody")->value.has_value());
  CHECK((*engine)->read("none", "k5").error().code == "not_here");

  const auto before = std::chrono::steady_clock::now();
  REQUIRE((*engine)->stop());
  CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds(10));
  CHECK(state_of(*stores) == expected(*log));
  CHECK((*engine)->read("fold", "k5").error().code == "not_here");
}

TEST_CASE("readers on other threads see committed values only, and every one they ask for", "[engine]") {
  const auto log = a_log();
  const auto stores = make_memory_stores();
  EngineOptions how = options();
  how.workers = 2;
  how.commit_interval = how.commit_interval_backlog = Millis{1};
  send(*log, 0, 17);
  auto engine = Engine::start(*log, *stores, {fold()}, how);
  REQUIRE(engine);
  CHECK(eventually([&] { return at_end(*log) && (*engine)->read("fold", "k4")->value.has_value(); }));

  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0}, reads{0};
  std::thread reader([&] {
    int last = 0;
    while (!stop.load()) {
      const auto value = (*engine)->read("fold", "k4");
      const int count = value && value->value ? std::stoi(*value->value) : -1;
      if (count < last) ++wrong;
      last = std::max(last, count);
      ++reads;
      static_cast<void>((*engine)->stats());
    }
  });
  for (int i = 1; i < 20; ++i) send(*log, i * 170, i * 170 + 170);
  CHECK(eventually([&] { return at_end(*log) && reads > 100; }));
  stop = true;
  reader.join();
  CHECK(wrong == 0);
  REQUIRE((*engine)->stop());
  CHECK(state_of(*stores) == expected(*log));
}

TEST_CASE("two engines share the partitions, and one takes over when the other goes", "[engine]") {
  const auto log = a_log();
  const auto stores_a = make_memory_stores();
  const auto stores_b = make_memory_stores();
  send(*log, 0, 500);
  auto a = Engine::start(*log, *stores_a, {fold()}, options());
  REQUIRE(a);
  CHECK(eventually([&] { return (*a)->assigned("fold").size() == 2 && consumed(**a) == 500; }));

  auto b = Engine::start(*log, *stores_b, {fold()}, options());
  REQUIRE(b);
  CHECK(eventually([&] { return (*a)->assigned("fold").size() == 1 && (*b)->assigned("fold").size() == 1; }));
  send(*log, 500, 1500);
  CHECK(eventually([&] { return at_end(*log); }));
  CHECK(consumed(**b) > 0);
  CHECK((*a)->stats().rebalances_revoked > 0);

  REQUIRE((*a)->stop());
  send(*log, 1500, 2000);
  CHECK(eventually([&] { return (*b)->assigned("fold").size() == 2 && at_end(*log); }));
  REQUIRE((*b)->stop());
  CHECK(state_of(*stores_b) == expected(*log));
  CHECK(consumed(**a) + consumed(**b) == 2000);
}

TEST_CASE("an engine killed under load leaves nothing lost and nothing doubled", "[engine]") {
  const auto log = a_log();
  const auto stores = make_memory_stores();
  for (int round = 0; round < 6; ++round) {
    send(*log, round * 2000, round * 2000 + 2000);
    auto engine = Engine::start(*log, *stores, {fold()}, options());
    REQUIRE(engine);
    const auto some = static_cast<std::uint64_t>(200 * round);
    CHECK(eventually([&] { return consumed(**engine) > some || at_end(*log); }));
    (*engine)->kill();
  }
  auto engine = Engine::start(*log, *stores, {fold()}, options());
  REQUIRE(engine);
  CHECK(eventually([&] { return (*engine)->ready() && at_end(*log); }));
  REQUIRE((*engine)->stop());
  CHECK(state_of(*stores) == expected(*log));
}

TEST_CASE("what cannot work is refused before the first record", "[engine]") {
  const auto log = a_log();
  const auto stores = make_memory_stores();
  SubTopology missing = fold();
  missing.inputs = {"nowhere"};
  CHECK(Engine::start(*log, *stores, {missing}, options()).error().code == "topic_missing");
  CHECK(Engine::start(*log, *stores, {}, options()).error().code == "engine_options");
  SubTopology again = fold();
  again.name = "again";
  CHECK(Engine::start(*log, *stores, {fold(), again}, options()).error().code == "engine_options");
  TopicSpec wide;
  wide.name = "wide";
  wide.partitions = 5;
  REQUIRE(log->ensure_topic(wide));
  SubTopology uneven = fold();
  uneven.inputs = {"in", "wide"};
  CHECK(Engine::start(*log, *stores, {uneven}, options()).error().code == "partition_count");
}

TEST_CASE("one sub-topology feeds the next in the same engine", "[engine]") {
  const auto log = a_log();
  const auto stores = make_memory_stores();
  struct Forward final : Pipeline {
    Status process(const Record& record, bool, State&, Output& output) override {
      return output.emit(0, record.key, record.value);
    }
  };
  SubTopology intake;
  intake.name = "intake";
  intake.inputs = {"more"};
  intake.outputs = {"in"};
  intake.make_pipeline = [](Partition) { return std::make_unique<Forward>(); };
  auto engine = Engine::start(*log, *stores, {intake, fold()}, options());
  REQUIRE(engine);
  send(*log, 0, 400, "more");
  CHECK(eventually([&] { return contents(*log, "out").size() == 400 && at_end(*log); }));
  REQUIRE((*engine)->stop());
  CHECK(state_of(*stores) == expected(*log, "more"));
}

}  // namespace juncture::test
