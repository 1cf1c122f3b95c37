// Copies of others' state: up to date, of whole commits only, handed to the task that takes the partition over.
#include <unistd.h>

#include "engine/standby.h"
#include "juncture/adapters/rocksdb_stores.h"
#include "support.h"
#include "support/table_file.h"

namespace juncture::test {
namespace {

EngineOptions with_standby() {
  EngineOptions out = options();
  out.standby = true;
  out.standby_after = Millis{0};
  return out;
}

const TaskStats* task_of(const std::vector<TaskStats>& all, Partition partition) {
  const auto at = std::find_if(all.begin(), all.end(), [&](const TaskStats& t) { return t.partition == partition; });
  return at == all.end() ? nullptr : &*at;
}

bool copied(const Engine& engine, Log& log) {
  const auto copies = engine.stats().standbys;
  return !copies.empty() && std::all_of(copies.begin(), copies.end(), [&](const StandbyStats& copy) {
    const auto marks = log.watermarks({changelog_topic("app", "fold"), copy.partition});
    return copy.error_code.empty() && copy.end > 0 && copy.lag == 0 && copy.position == marks->end;
  });
}

bool read_all(Log& log) {
  std::uint64_t end = 0, read = 0;
  for (Partition p = 0; p < 2; ++p) {
    end += static_cast<std::uint64_t>(log.watermarks({"in", p})->end);
    const auto position = log.committed("app", {"in", p});
    read += *position ? static_cast<std::uint64_t>((*position)->next) : 0;
  }
  return read == end;
}

}  // namespace

TEST_CASE("who keeps a copy takes a partition over without reading its changelog again", "[engine][standby]") {
  const auto log = a_log();
  const auto first_stores = make_memory_stores(), second_stores = make_memory_stores();
  auto first = Engine::start(*log, *first_stores, {fold()}, options());
  REQUIRE(first);
  auto second = Engine::start(*log, *second_stores, {fold()}, with_standby());
  REQUIRE(second);
  REQUIRE(eventually([&] {
    return (*first)->assigned("fold").size() == 1 && (*second)->assigned("fold").size() == 1 && (*second)->ready();
  }));
  const Partition theirs = (*first)->assigned("fold").front();
  for (int round = 0; round < 20; ++round) {
    send(*log, round * 200, round * 200 + 200);
    std::this_thread::sleep_for(Millis{10});
  }
  REQUIRE(eventually([&] { return read_all(*log); }));
  REQUIRE(eventually([&] { return copied(**second, *log); }));

  (*first)->kill();
  REQUIRE(eventually([&] { return (*second)->assigned("fold").size() == 2 && (*second)->ready(); }));
  const auto tasks = (*second)->stats().tasks;
  const TaskStats* taken = task_of(tasks, theirs);
  REQUIRE(taken != nullptr);
  // Only the last commit is read, to certify it, and not the thousands of records before it.
  const auto marks = log->watermarks({changelog_topic("app", "fold"), theirs});
  REQUIRE(marks->end > 150);
  CHECK(taken->restored < 60);
  CHECK((*second)->stats().standbys.empty());

  send(*log, 4000, 4100);
  REQUIRE(eventually([&] { return read_all(*log); }));
  REQUIRE((*second)->stop());
  CHECK(state_of(*second_stores) == expected(*log));
}

TEST_CASE("a copy is taken up again when its partition goes to another process", "[engine][standby]") {
  const auto log = a_log();
  const auto first_stores = make_memory_stores(), second_stores = make_memory_stores();
  auto first = Engine::start(*log, *first_stores, {fold()}, with_standby());
  REQUIRE(first);
  REQUIRE(eventually([&] { return (*first)->ready() && (*first)->assigned("fold").size() == 2; }));
  send(*log, 0, 500);
  CHECK((*first)->stats().standbys.empty());
  auto second = Engine::start(*log, *second_stores, {fold()}, with_standby());
  REQUIRE(second);
  REQUIRE(eventually([&] { return (*first)->assigned("fold").size() == 1 && (*second)->ready(); }));
  send(*log, 500, 1000);
  REQUIRE(eventually([&] { return (*first)->stats().standbys.size() == 1 && copied(**first, *log); }));
  REQUIRE((*first)->stop());
  REQUIRE(eventually([&] { return (*second)->assigned("fold").size() == 2 && read_all(*log); }));
  REQUIRE((*second)->stop());
  CHECK(state_of(*second_stores) == expected(*log));
}

TEST_CASE("a copy holds whole commits only", "[engine][standby]") {
  const auto log = a_log(1);
  const auto stores = make_memory_stores(), copies = make_memory_stores();
  send(*log, 0, 100);
  Bench bench(*log, *stores);
  REQUIRE(bench.until([&] { return bench.running() && bench.committed_to_end(*log); }));
  const auto whole = expected(*log);

  const EngineOptions how = with_standby();
  engine::Standby standby({*log, *copies, how});
  standby.add("fold", 1);
  while (standby.step()) {
  }
  // A process dies between the changes of a commit and its marker, where delivery is at least once.
  auto producer = log->make_producer({});
  REQUIRE(producer);
  REQUIRE((*producer)->send({.topic = changelog_topic("app", "fold"), .partition = 0, .key = "k0", .value = "torn"}));
  REQUIRE((*producer)->flush());
  while (standby.step()) {
  }
  CHECK(standby.stats().at(0).position == log->watermarks({changelog_topic("app", "fold"), 0})->end);
  REQUIRE(standby.let_go("fold", 0));
  CHECK(state_of(*copies, 1) == whole);
  CHECK(standby.stats().empty());
}

TEST_CASE("a copy whose files are damaged is made anew", "[engine][standby]") {
  const auto folder = std::filesystem::temp_directory_path() / ("juncture-copy-damaged-" + std::to_string(::getpid()));
  std::filesystem::remove_all(folder);
  const auto log = a_log(1);
  const auto stores = make_memory_stores();
  send(*log, 0, 2000, "in", 2000);
  Bench bench(*log, *stores);
  REQUIRE(bench.until([&] { return bench.running() && bench.committed_to_end(*log); }));
  const EngineOptions how = with_standby();
  {
    const auto copies = make_rocksdb_stores({.directory = folder});
    REQUIRE(copies);
    engine::Standby standby({*log, **copies, how});
    standby.add("fold", 1);
    while (standby.step()) {
    }
    REQUIRE(standby.let_go("fold", 0));
  }
  const auto file = table_file(folder / "fold-0");
  const auto size = std::filesystem::file_size(file);
  REQUIRE(size > 32U << 10U);  // several blocks: the one that is hit is not the mark's
  flip_bit(file, size / 2);
  const auto copies = make_rocksdb_stores({.directory = folder});
  REQUIRE(copies);
  engine::Standby standby({*log, **copies, how});
  standby.add("fold", 1);
  int sent = 2000;
  REQUIRE(eventually([&] {
    send(*log, sent, sent + 1, "in", 2000);
    ++sent;
    static_cast<void>(bench.until([&] { return bench.committed_to_end(*log); }));
    standby.step();
    return std::filesystem::exists(folder / "fold-0.aside");
  }));
  REQUIRE(eventually([&] {
    standby.step();
    const StandbyStats stats = standby.stats().at(0);
    return stats.error_code.empty() && stats.lag == 0 && stats.end > 0;
  }));
  REQUIRE(standby.let_go("fold", 0));
  CHECK(state_of(**copies, 1) == expected(*log));
  std::filesystem::remove_all(folder);
}

TEST_CASE("a copy of a damaged changelog says so and stops nothing", "[engine][standby]") {
  const auto log = a_log(1);
  const auto copies = make_memory_stores();
  const std::string topic = changelog_topic("app", "fold");
  TopicSpec spec;
  spec.name = topic;
  spec.partitions = 1;
  REQUIRE(log->ensure_topic(spec));
  const EngineOptions how = with_standby();
  engine::Standby standby({*log, *copies, how});
  standby.add("fold", 1);
  // Nothing was committed yet: there is nothing to say.
  CHECK_FALSE(standby.step());
  CHECK(standby.stats().at(0).error_code.empty());

  auto producer = log->make_producer({});
  REQUIRE(producer);
  REQUIRE((*producer)->send({.topic = topic, .partition = 0, .key = "k", .value = "no genesis record before it"}));
  REQUIRE((*producer)->flush());
  standby.take_up("fold", 0);  // looks at once
  CHECK_FALSE(standby.step());
  CHECK(standby.stats().at(0).error_code == "changelog_damaged");
  CHECK(standby.let_go("fold", 0));
}

}  // namespace juncture::test
