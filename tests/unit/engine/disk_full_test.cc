// A disk without space: the partition stops, says why, and goes on by itself when there is space again.
#include "juncture/adapters/rocksdb_stores.h"
#include "support.h"
#include "support/small_disk.h"

namespace juncture::test {
namespace {

constexpr std::size_t kBuffer = std::size_t{256} << 10U;

std::unique_ptr<Stores> stores_on(const SmallDisk& disk) {
  auto stores = make_rocksdb_stores({.directory = disk.folder() / "state", .write_buffer_bytes = kBuffer});
  REQUIRE(stores);
  return std::move(*stores);
}

}  // namespace

TEST_CASE("a full disk refuses writes, and an opened store after it has room again", "[engine][disk]") {
  const SmallDisk disk(32);
  if (!disk.available()) return;
  const auto stores = stores_on(disk);
  auto opened = stores->open("a");
  REQUIRE(opened);
  std::unique_ptr<Store> store = std::move(*opened);
  REQUIRE(store->write({}, "first"));
  REQUIRE(store->flush());
  disk.fill();

  const std::string value(4096, 'v');
  Status written;
  // RocksDB must not go on collecting in memory what it cannot write: 64 buffers are far too many.
  for (int i = 0; written && i < 4096; ++i) {
    const std::string key = "k" + std::to_string(i);
    const Change change{key, value};
    written = store->write({&change, 1}, "mark " + std::to_string(i));
    if (i % 16 == 0) std::this_thread::sleep_for(Millis{1});
  }
  REQUIRE_FALSE(written);
  CHECK(written.error().code == "disk_full");
  CHECK(written.error().domain == Domain::environment);

  store.reset();
  disk.fill();  // what closing has given back
  const auto refused = stores->open("a");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == "disk_full");

  disk.make_room();
  auto again = stores->open("a");
  REQUIRE(again);
  // What had not reached the disk is gone, and the mark says so.
  const std::string mark = (*again)->mark().value();
  CHECK((mark == "first" || mark.starts_with("mark ")));
  CHECK((*again)->write({}, "second"));
  CHECK((*again)->flush());
}

TEST_CASE("a store that is open already is not taken for a damaged one", "[engine][disk]") {
  const SmallDisk disk(32);
  if (!disk.available()) return;
  const auto stores = stores_on(disk);
  const auto first = stores->open("a");
  REQUIRE(first);
  const auto second = stores->open("a");
  REQUIRE_FALSE(second);
  CHECK(second.error().code == "store_in_use");
}

TEST_CASE("a partition whose disk is full is suspended and comes back by itself", "[engine][disk]") {
  const SmallDisk disk(32);
  if (!disk.available()) return;
  const auto stores = stores_on(disk);
  const auto log = a_log(1);
  send(*log, 0, 100);
  {
    Bench bench(*log, *stores);
    REQUIRE(bench.until([&] { return bench.running() && bench.committed_to_end(*log); }));
    disk.fill();
    const auto suspended = [&] {
      const auto all = bench.stats();
      return std::any_of(all.begin(), all.end(), [](const TaskStats& task) {
        return task.state == TaskState::suspended && task.error_code == "disk_full";
      });
    };
    int sent = 100;
    REQUIRE(bench.until([&] {
      send(*log, sent, sent + 2000, "in", 5000);
      sent += 2000;
      disk.fill();  // what a closed store has given back
      return suspended();
    }));
    // It stays so, and takes no records, as long as the disk is full.
    const std::uint64_t consumed = bench.consumed();
    const auto until = std::chrono::steady_clock::now() + Millis{200};
    REQUIRE(bench.until([&] { return std::chrono::steady_clock::now() > until; }));
    CHECK(suspended());
    CHECK(bench.consumed() == consumed);

    disk.make_room();
    REQUIRE(bench.until([&] { return bench.running() && bench.committed_to_end(*log); }));
    REQUIRE(bench.worker->finish());
  }
  CHECK(state_of(*stores, 1) == expected(*log));
}

}  // namespace juncture::test
