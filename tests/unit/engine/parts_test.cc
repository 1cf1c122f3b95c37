#include <unistd.h>

#include <chrono>
#include <random>
#include <set>
#include <thread>

#include "engine/marker.h"
#include "engine/state_cache.h"
#include "juncture/adapters/rocksdb_stores.h"
#include "support.h"
#include "support/table_file.h"

namespace juncture::test {

using namespace engine;

TEST_CASE("a commit marker reads back as it was written, and any changed byte is noticed", "[engine]") {
  Marker marker{.sequence = 7,
                .previous = 8,
                .content = 9,
                .count = 10,
                .stream_time_ms = -11,
                .next = {{"signals", 12}, {"ticks", 13}},
                .hash = 0};
  const std::string bytes = encode_marker(marker);
  CHECK(*decode_marker(bytes) == marker);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 0x10);
    CHECK_FALSE(decode_marker(changed));
    CHECK_FALSE(decode_marker(bytes.substr(0, i)));
  }
}

TEST_CASE("the store's mark and the commit's metadata are short ASCII and read back", "[engine]") {
  const StoreMark mark{0xfedcba9876543210ULL, 1'234'567'890'123, 42, 0x0123456789abcdefULL, 1'763'784'000'000};
  CHECK(*decode_mark(encode_mark(mark)) == mark);
  for (const char* broken : {"", "j1;", "j2;g=1;n=2;s=3;h=4;t=5", "j1;g=1;n=2;s=3;h=;t=5", "j1;g=1;n=2x;s=3;h=4;t=5"}) {
    CHECK_FALSE(decode_mark(broken));
  }
  Marker marker;
  marker.sequence = 42;
  marker.hash = 0xabcdef;
  CHECK(encode_metadata(marker) == "j1;s=42;h=abcdef");
  CHECK(decode_metadata("j1;s=42;h=abcdef") == std::pair<std::uint64_t, std::uint64_t>{42, 0xabcdef});
  CHECK_FALSE(decode_metadata("set by hand"));
}

TEST_CASE("the cache gives what a plain map gives, through growth, eviction and removal", "[engine]") {
  const auto stores = make_memory_stores();
  auto store = stores->open("s");
  StateCache cache(64);
  cache.attach(store->get());
  std::map<std::string, std::string> plain;
  std::mt19937 random(11);
  for (int i = 0; i < 20'000; ++i) {
    const std::string key = "key-" + std::to_string(random() % 300);
    const auto what = random() % 10;
    if (what == 0) {
      REQUIRE(cache.remove(key));
      plain.erase(key);
    } else if (what < 5) {
      const std::string value(random() % 400, static_cast<char>('a' + random() % 26));
      REQUIRE(cache.put(key, value));
      plain[key] = value;
    } else {
      const auto got = cache.get(key);
      REQUIRE(got);
      REQUIRE(got->has_value() == plain.contains(key));
      if (*got) REQUIRE(**got == plain[key]);
    }
    if (i % 40 != 39) continue;
    cache.commit();
    std::vector<Change> changes;
    const auto round = cache.take_pending();
    for (const auto index : round) changes.push_back(cache.change(index));
    REQUIRE((*store)->write(changes, "m"));
    for (const auto index : round) cache.written(index);
    CHECK(cache.pending() == 0);
    cache.evict();
    CHECK(cache.size() <= 64);
  }
  std::map<std::string, std::string> stored;
  REQUIRE((*store)->scan([&](std::string_view key, std::string_view value) { stored[std::string(key)] = value; }));
  cache.commit();
  for (const auto index : cache.take_pending()) {
    const Change change = cache.change(index);
    if (change.value) {
      stored[std::string(change.key)] = *change.value;
    } else {
      stored.erase(std::string(change.key));
    }
  }
  CHECK(stored == plain);
}

TEST_CASE("a value may be put back as the very view that get gave", "[engine]") {
  StateCache cache(16);
  REQUIRE(cache.put("k", "hello"));
  const auto view = cache.get("k");
  REQUIRE(cache.put("k", (*view)->substr(1)));
  CHECK(**cache.get("k") == "ello");
}

TEST_CASE("keys that are the engine's own are refused", "[engine]") {
  StateCache cache(16);
  CHECK(cache.put(kMarkerKey, "x").error().code == "state_key_reserved");
  CHECK(cache.put("", "x").error().code == "state_key_reserved");
  CHECK(cache.remove(kGenesisKey).error().code == "state_key_reserved");
}

TEST_CASE("state in RocksDB survives a restart, and its loss", "[engine]") {
  const auto folder = std::filesystem::temp_directory_path() / ("juncture-engine-" + std::to_string(::getpid()));
  std::filesystem::remove_all(folder);
  const auto log = a_log();
  std::map<std::string, std::string> before;
  for (int part = 0; part < 2; ++part) {
    auto stores = make_rocksdb_stores({.directory = folder});
    REQUIRE(stores);
    send(*log, part * 500, part * 500 + 500);
    Bench bench(*log, **stores);
    CHECK(bench.until([&] { return bench.committed_to_end(*log); }));
    REQUIRE(bench.worker->finish());
    CHECK(bench.consumed() == 500);
    before = state_of(**stores);
    CHECK(before == expected(*log));
    CHECK((*stores)->usage().sst_bytes == 0);
  }
  std::filesystem::remove_all(folder);
  auto stores = make_rocksdb_stores({.directory = folder});
  REQUIRE(stores);
  {
    Bench bench(*log, **stores);
    CHECK(bench.until([&] { return bench.running(); }));
    REQUIRE(bench.worker->finish());
    CHECK(bench.consumed() == 0);
  }
  CHECK(state_of(**stores) == before);
  CHECK_FALSE(std::filesystem::exists(folder / "fold-0.aside"));
  // A damaged directory is set aside and filled again.
  for (const auto& entry : std::filesystem::directory_iterator(folder / "fold-0")) {
    if (entry.path().filename().string().starts_with("MANIFEST")) std::filesystem::resize_file(entry.path(), 5);
  }
  {
    Bench bench(*log, **stores);
    CHECK(bench.until([&] { return bench.running(); }));
    REQUIRE(bench.worker->finish());
  }
  CHECK(state_of(**stores) == before);
  CHECK(std::filesystem::exists(folder / "fold-0.aside"));
  std::filesystem::remove_all(folder);
}

TEST_CASE("damage to a value that nobody asks for is found", "[engine]") {
  const auto folder = std::filesystem::temp_directory_path() / ("juncture-scrub-" + std::to_string(::getpid()));
  std::filesystem::remove_all(folder);
  const auto scrubbed = [](RocksdbStores& stores) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (stores.usage().scrub_pending > 0 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    return stores.usage().scrub_pending == 0;
  };
  {
    auto stores = make_rocksdb_stores({.directory = folder});
    REQUIRE(stores);
    auto store = (*stores)->open("fold-0");
    REQUIRE(store);
    const std::string value(100, 'v');
    for (int i = 0; i < 5'000; ++i) {
      const std::string key = "k" + std::to_string(i);
      REQUIRE((*store)->write(std::vector<Change>{{.key = key, .value = value}}, "m"));
    }
    REQUIRE((*store)->flush());
  }
  const auto file = table_file(folder / "fold-0");
  const auto size = std::filesystem::file_size(file);
  {
    auto stores = make_rocksdb_stores({.directory = folder});
    auto store = (*stores)->open("fold-0");
    REQUIRE(store);
    CHECK(scrubbed(**stores));
    CHECK((*stores)->usage().scrubbed_bytes == size);
    CHECK((*store)->write({}, "m"));
  }
  // All but the table of contents at the end, which opening reads.
  for (std::uintmax_t at = 10; at < size * 9 / 10; at += size / 7) {
    flip_bit(file, at);
    {
      auto stores = make_rocksdb_stores({.directory = folder});
      auto store = (*stores)->open("fold-0");
      REQUIRE(store);
      CHECK(scrubbed(**stores));
      const Status said = (*store)->write({}, "m");
      REQUIRE_FALSE(said);
      CHECK(said.error().code == "store_damaged");
      CHECK(said.error().detail.find(file.filename().string()) != std::string::npos);
    }
    flip_bit(file, at);
  }
  std::filesystem::remove_all(folder);
}

TEST_CASE("a copy of open stores is whole, and a new node reads on from it", "[engine]") {
  const auto folder = std::filesystem::temp_directory_path() / ("juncture-copy-" + std::to_string(::getpid()));
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  const auto log = a_log();
  send(*log, 0, 500);
  auto stores = make_rocksdb_stores({.directory = folder / "state"});
  REQUIRE(stores);
  {
    Bench bench(*log, **stores);
    CHECK(bench.until([&] { return bench.committed_to_end(*log); }));
    const auto copied = (*stores)->checkpoint(folder / "copy");
    REQUIRE(copied);
    CHECK(*copied == 2);
    CHECK((*stores)->checkpoint(folder / "copy").error().code == "store_failed");  // it is there already
    send(*log, 500, 600);
    CHECK(bench.until([&] { return bench.committed_to_end(*log); }));
    REQUIRE(bench.worker->finish());
  }
  stores = make_rocksdb_stores({.directory = folder / "copy"});
  REQUIRE(stores);
  {
    Bench bench(*log, **stores);
    CHECK(bench.until([&] { return bench.running(); }));
    REQUIRE(bench.worker->finish());
    CHECK(bench.consumed() == 0);
  }
  CHECK(state_of(**stores) == expected(*log));
  CHECK_FALSE(std::filesystem::exists(folder / "copy" / "fold-0.aside"));
  std::filesystem::remove_all(folder);
}

TEST_CASE("a store that somebody has open is left alone", "[engine]") {
  const auto folder = std::filesystem::temp_directory_path() / ("juncture-busy-" + std::to_string(::getpid()));
  std::filesystem::remove_all(folder);
  const auto log = a_log(1);
  send(*log, 0, 100);
  auto stores = make_rocksdb_stores({.directory = folder});
  REQUIRE(stores);
  auto held = (*stores)->open(store_name("fold", 0));
  REQUIRE(held);
  {
    Bench bench(*log, **stores);
    CHECK(bench.until([&] {
      const auto tasks = bench.stats();
      return !tasks.empty() && tasks.front().state == TaskState::suspended;
    }));
    CHECK(bench.stats().front().error_code == "store_in_use");
    held->reset();
    CHECK(bench.until([&] { return bench.committed_to_end(*log); }));
    REQUIRE(bench.worker->finish());
  }
  CHECK_FALSE(std::filesystem::exists(folder / "fold-0.aside"));
  CHECK(state_of(**stores, 1) == expected(*log));
  std::filesystem::remove_all(folder);
}

}  // namespace juncture::test
