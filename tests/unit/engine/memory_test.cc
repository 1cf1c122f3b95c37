// What is held in memory is bounded by bytes, however large the values and however long the backlog.
#include <random>

#include "engine/state_cache.h"
#include "support.h"

namespace juncture::test {

using engine::StateCache;

TEST_CASE("the cache counts the bytes of what is changed, waits, and is held", "[engine][memory]") {
  const auto stores = make_memory_stores();
  auto store = stores->open("s");
  StateCache cache(1'000'000, 512 * 1024);
  cache.attach(store->get());
  std::mt19937 random(3);
  for (int round = 0; round < 60; ++round) {
    std::map<std::string, std::string> changed;
    for (int i = 0; i < 100; ++i) {
      const std::string key = "key-" + std::to_string(random() % 2000);
      std::string value(random() % 4000, 'v');
      if (random() % 8 == 0) {
        REQUIRE(cache.remove(key));
        value.clear();
      } else {
        REQUIRE(cache.put(key, value));
      }
      changed[key] = value;
    }
    std::size_t bytes = 0;
    for (const auto& [key, value] : changed) bytes += key.size() + value.size();
    CHECK(cache.dirty_bytes() == bytes);
    cache.commit();
    CHECK(cache.dirty_bytes() == 0);
    CHECK(cache.pending_bytes() >= bytes);
    if (round % 3 != 0) continue;  // so that some are changed again while they wait
    for (const StateCache::Index index : cache.take_pending()) {
      const Change change = cache.change(index);
      REQUIRE((*store)->write({&change, 1}, "m"));
      cache.written(index);
    }
    CHECK(cache.pending_bytes() == 0);
    if (!cache.full()) continue;
    cache.evict();
    CHECK(cache.bytes() <= 512 * 1024 / 8 * 7);
  }
  CHECK(cache.bytes() > 256 * 1024);
  cache.clear();
  CHECK(cache.bytes() == 0);
}

TEST_CASE("a transaction that holds much is committed before its time", "[engine][memory]") {
  const auto log = a_log(1);
  const auto stores = make_memory_stores();
  send(*log, 0, 20'000, "in", 20'000);
  EngineOptions how = options();
  how.commit_interval_backlog = Millis{3'600'000};
  how.poll_records_max = 1000;
  how.transaction_bytes_max = 16 * 1024;
  Bench bench(*log, *stores, {fold()}, how);
  REQUIRE(bench.until([&] { return bench.consumed() == 20'000; }));
  // Some 30 bytes a record, of state and of output: by time alone there would be one commit, at the end.
  CHECK(bench.stats().front().commits > 5);
  REQUIRE(bench.worker->finish());
  CHECK(state_of(*stores, 1) == expected(*log));
}

TEST_CASE("committed values go to the store before their time when they are many", "[engine][memory]") {
  const auto log = a_log(1);
  const auto stores = make_memory_stores();
  EngineOptions how = options();
  how.write_behind = Millis{3'600'000};
  how.pending_bytes_max = 4096;
  how.poll_records_max = 100;
  send(*log, 0, 5'000, "in", 5'000);
  Bench bench(*log, *stores, {fold()}, how);
  REQUIRE(bench.until([&] { return bench.committed_to_end(*log) && bench.stats().front().pending < 1000; }));
  CHECK(state_of(*stores, 1).size() > 4000);
  REQUIRE(bench.worker->finish());
  CHECK(state_of(*stores, 1) == expected(*log));
}

}  // namespace juncture::test
