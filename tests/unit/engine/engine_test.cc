#include "support.h"

namespace juncture::test {

TEST_CASE("the state is the fold of the input, whatever the commit interval and the batch size", "[engine]") {
  const auto log = a_log();
  send(*log, 0, 3000);
  const auto wanted = expected(*log);
  struct Setting {
    int interval;
    std::size_t records_max;
    std::size_t cache;
  };
  for (const Setting setting : {Setting{1, 7, 16}, Setting{1000, 4096, 200'000}, Setting{3, 300, 18}}) {
    const auto stores = make_memory_stores();
    EngineOptions how = options();
    how.application = "app-" + std::to_string(setting.interval);
    how.commit_interval = how.commit_interval_backlog = Millis{setting.interval};
    how.poll_records_max = setting.records_max;
    how.cache_entries_max = setting.cache;
    Bench bench(*log, *stores, {fold()}, how);
    CHECK(bench.until([&] { return bench.committed_to_end(*log); }));
    REQUIRE(bench.worker->finish());
    CHECK(state_of(*stores) == wanted);
    CHECK(bench.consumed() == 3000);
  }
}

TEST_CASE("outputs arrive in the order of the input", "[engine]") {
  const auto log = a_log();
  const auto stores = make_memory_stores();
  send(*log, 0, 500);
  Bench bench(*log, *stores);
  CHECK(bench.until([&] { return bench.committed_to_end(*log); }));

  std::map<std::string, int> seen;
  const auto out = contents(*log, "out");
  REQUIRE(out.size() == 500);
  for (const auto& [partition, key, value, tombstone] : out) {
    CHECK(std::stoi(value) == ++seen[key]);
    CHECK(partition == partition_of(key, 2));
  }
  CHECK(bench.stats().front().emitted + bench.stats().back().emitted == 500);
}

TEST_CASE("a second start goes on exactly where the first one stopped", "[engine]") {
  const auto log = a_log();
  const auto stores = make_memory_stores();
  for (int part = 0; part < 3; ++part) {
    send(*log, part * 400, part * 400 + 400);
    Bench bench(*log, *stores);
    CHECK(bench.until([&] { return bench.committed_to_end(*log); }));
    REQUIRE(bench.worker->finish());
    CHECK(bench.consumed() == 400);
  }
  CHECK(state_of(*stores) == expected(*log));
  CHECK(contents(*log, "out").size() == 1200);
}

TEST_CASE("a worker killed between two commits loses nothing and doubles nothing in the state", "[engine]") {
  const auto log = a_log();
  const auto stores = make_memory_stores();
  send(*log, 0, 2000);
  for (int kill = 0; kill < 12; ++kill) {
    EngineOptions how = options();
    how.poll_records_max = 61;
    // Some are killed with everything uncommitted, some with nothing in the store, some in between.
    how.commit_interval = how.commit_interval_backlog = Millis{kill % 3 == 0 ? 10'000 : kill % 3};
    how.write_behind = Millis{kill % 2 == 0 ? 0 : 10'000};
    Bench bench(*log, *stores, {fold()}, how);
    const std::uint64_t target = 60 + static_cast<std::uint64_t>(kill) * 17;
    CHECK(bench.until([&] { return bench.consumed() > target; }));
  }
  Bench bench(*log, *stores);
  CHECK(bench.until([&] { return bench.running() && bench.committed_to_end(*log); }));
  REQUIRE(bench.worker->finish());
  CHECK(state_of(*stores) == expected(*log));
}

TEST_CASE("a lost state directory comes back byte for byte from the changelog", "[engine]") {
  const auto log = a_log();
  const auto stores = make_memory_stores();
  send(*log, 0, 1500);
  {
    auto producer = log->make_producer({});
    REQUIRE((*producer)->send({.topic = "in", .key = "k3", .value = "forget"}));
    REQUIRE((*producer)->flush());
  }
  {
    Bench bench(*log, *stores);
    CHECK(bench.until([&] { return bench.committed_to_end(*log); }));
    REQUIRE(bench.worker->finish());
  }
  const auto before = state_of(*stores);
  CHECK(before.size() == 16);

  const auto empty = make_memory_stores();
  Bench bench(*log, *empty);
  CHECK(bench.until([&] { return bench.running(); }));
  REQUIRE(bench.worker->finish());
  CHECK(state_of(*empty) == before);
  CHECK(bench.consumed() == 0);
}

TEST_CASE("a store that is behind catches up from its mark, not from the beginning", "[engine]") {
  const auto log = a_log(1);
  const auto stores = make_memory_stores();
  send(*log, 0, 300);
  {
    Bench bench(*log, *stores);
    CHECK(bench.until([&] { return bench.committed_to_end(*log); }));
    REQUIRE(bench.worker->finish());
  }
  send(*log, 300, 310);
  {
    EngineOptions how = options();
    how.write_behind = Millis{100'000};
    Bench bench(*log, *stores, {fold()}, how);
    CHECK(bench.until([&] { return bench.committed_to_end(*log); }));
  }
  CHECK(state_of(*stores, 1) != expected(*log));
  Bench bench(*log, *stores);
  CHECK(bench.until([&] { return bench.running(); }));
  CHECK(bench.stats().front().restored <= 30);
  REQUIRE(bench.worker->finish());
  CHECK(state_of(*stores, 1) == expected(*log));
}

TEST_CASE("a changed changelog is noticed, and only that partition stops", "[engine]") {
  const auto log = a_log();
  const auto stores = make_memory_stores();
  send(*log, 0, 200);
  {
    Bench bench(*log, *stores);
    CHECK(bench.until([&] { return bench.committed_to_end(*log); }));
    REQUIRE(bench.worker->finish());
  }
  const auto copy =
      [&](const std::function<void(std::vector<std::tuple<Partition, std::string, std::string, bool>>&)>& change) {
        auto other = a_log();
        send(*other, 0, 200);
        TopicSpec spec;
        spec.name = "app.fold.changelog";
        spec.partitions = 2;
        spec.compacted = true;
        REQUIRE(other->ensure_topic(spec));
        auto records = contents(*log, spec.name);
        change(records);
        auto producer = other->make_producer({});
        for (const auto& [partition, key, value, tombstone] : records) {
          REQUIRE((*producer)->send(
              {.topic = spec.name, .partition = partition, .key = key, .value = value, .tombstone = tombstone}));
        }
        REQUIRE((*producer)->flush());
        return other;
      };
  const auto state_after = [&](Log& other) {
    const auto empty = make_memory_stores();
    Bench bench(other, *empty);
    CHECK(bench.until([&] {
      const auto all = bench.stats();
      return all.size() == 2 && all.front().state >= TaskState::running && all.back().state == TaskState::running;
    }));
    return bench.stats().front();
  };

  const auto same = copy([](auto&) {});
  CHECK(state_after(*same).state == TaskState::running);
  // One bit of a value; a marker cut short; a record gone.
  const auto flipped = copy([](auto& records) { std::get<2>(records[3])[0] ^= 1; });
  CHECK(state_after(*flipped).error_code == "changelog_damaged");
  CHECK(state_after(*flipped).state == TaskState::suspended);
  const auto cut = copy([](auto& records) {
    for (auto& record : records) {
      if (std::get<1>(record) == engine::kMarkerKey && std::get<0>(record) == 0) std::get<2>(record).pop_back();
    }
  });
  CHECK(state_after(*cut).error_code == "changelog_damaged");
  const auto swapped = copy([](auto& records) { std::swap(std::get<2>(records[2]), std::get<2>(records[3])); });
  CHECK(state_after(*swapped).error_code == "changelog_damaged");
}

TEST_CASE("a changelog that ends before the group's last commit stops the task", "[engine]") {
  const auto log = a_log(1);
  const auto stores = make_memory_stores();
  send(*log, 0, 50);
  {
    Bench bench(*log, *stores);
    CHECK(bench.until([&] { return bench.committed_to_end(*log); }));
    REQUIRE(bench.worker->finish());
  }
  struct Ahead final : AssignmentListener {
    bool here = false;
    void on_assigned(std::span<const TopicPartition>) override { here = true; }
    void on_revoked(std::span<const TopicPartition>) override {}
    void on_lost(std::span<const TopicPartition>) override {}
  } ahead;
  {
    auto consumer = log->make_consumer({.group = "app", .member = ""});
    REQUIRE((*consumer)->subscribe({"in"}, ahead));
    while (!ahead.here) REQUIRE((*consumer)->poll(Millis{1}));
    REQUIRE((*consumer)->commit({{{"in", 0}, {50, "j1;s=999;h=1"}}}));
    REQUIRE((*consumer)->close());
  }
  Bench bench(*log, *stores);
  CHECK(bench.until([&] { return !bench.stats().empty() && !bench.stats().front().error.empty(); }));
  CHECK(bench.stats().front().error_code == "changelog_lost");
  CHECK(bench.stats().front().state == TaskState::suspended);
}

TEST_CASE("a commit that died half-way does not count twice when it is restored later", "[engine]") {
  const auto log = a_log(1);
  const auto stores = make_memory_stores();
  send(*log, 0, 40);
  {
    Bench bench(*log, *stores);
    CHECK(bench.until([&] { return bench.committed_to_end(*log); }));
    REQUIRE(bench.worker->finish());
  }
  {
    // The changes of a commit without its marker.
    auto producer = log->make_producer({});
    REQUIRE((*producer)->send({.topic = "app.fold.changelog", .partition = 0, .key = "k1", .value = "99:torn"}));
    REQUIRE((*producer)->send({.topic = "app.fold.changelog", .partition = 0, .key = "new", .value = "1:torn"}));
    REQUIRE((*producer)->flush());
  }
  {
    Bench bench(*log, *stores);
    CHECK(bench.until([&] { return bench.running(); }));
    send(*log, 40, 60);
    CHECK(bench.until([&] { return bench.committed_to_end(*log); }));
    REQUIRE(bench.worker->finish());
  }
  CHECK(state_of(*stores, 1) == expected(*log));
  const auto empty = make_memory_stores();
  Bench bench(*log, *empty);
  CHECK(bench.until([&] { return bench.running(); }));
  REQUIRE(bench.worker->finish());
  CHECK(state_of(*empty, 1) == expected(*log));
}

TEST_CASE("records far behind the head build state and emit nothing", "[engine]") {
  const auto log = a_log(1);
  const auto stores = make_memory_stores();
  auto producer = log->make_producer({});
  const auto at = [&](const char* value, std::int64_t ms) {
    REQUIRE((*producer)->send({.topic = "in", .key = "a", .value = value, .timestamp = from_ms(ms)}));
    REQUIRE((*producer)->flush());
  };
  at("old", 1'000'000);
  at("older", 900'000);
  at("new", 2'000'000);
  EngineOptions how = options();
  how.poll_records_max = 1;  // so that the head is not in the same batch
  Bench bench(*log, *stores, {fold()}, how);
  CHECK(bench.until([&] { return bench.committed_to_end(*log); }));
  at("newer", 2'010'000);
  at("late but fresh", 1'960'000);
  CHECK(bench.until([&] { return bench.committed_to_end(*log); }));
  REQUIRE(bench.worker->finish());

  CHECK(bench.stats().front().stale == 2);
  CHECK(contents(*log, "out").size() == 3);
  CHECK(state_of(*stores, 1) == expected(*log));
}

TEST_CASE("a task that cannot go on is suspended with its reason while the others run", "[engine]") {
  const auto log = a_log();
  const auto stores = make_memory_stores();
  const auto poison = [](const Record& record) -> Status {
    if (record.value == "77") return fail(Domain::record, "poison", "cannot be told to anyone");
    return {};
  };
  send(*log, 0, 300);
  const Partition bad = partition_of("k" + std::to_string(77 % 17), 2);
  Bench bench(*log, *stores, {fold(poison)});
  CHECK(bench.until([&] {
    const auto position = log->committed("app", {"in", 1 - bad});
    return position && *position && (*position)->next == log->watermarks({"in", 1 - bad})->end;
  }));

  const TaskStats stopped = bench.stats()[static_cast<std::size_t>(bad)];
  CHECK(stopped.state == TaskState::suspended);
  CHECK(stopped.error_code == "poison");
  CHECK(bench.stats()[static_cast<std::size_t>(1 - bad)].state == TaskState::running);
}

TEST_CASE("an output that the log refuses suspends its task and commits nothing of it", "[engine]") {
  const auto log = a_log(1);
  const auto stores = make_memory_stores();
  auto producer = log->make_producer({});
  SubTopology loud = fold();
  struct Loud final : Pipeline {
    Status process(const Record& record, bool, State& state, Output& output) override {
      if (Status put = state.put(record.key, record.value); !put) return put;
      return output.emit(0, record.key, std::string(2U << 20U, 'x'));
    }
  };
  loud.make_pipeline = [](Partition) { return std::make_unique<Loud>(); };
  send(*log, 0, 1);
  Bench bench(*log, *stores, {loud});
  CHECK(bench.until([&] { return !bench.stats().empty() && bench.stats().front().state == TaskState::suspended; }));
  CHECK(bench.stats().front().error_code == "record_too_large");
  CHECK(log->committed("app", {"in", 0}).value().value().next == 0);
  CHECK(state_of(*stores, 1).empty());
}

TEST_CASE("a failure of the environment is tried again from the last commit", "[engine]") {
  const auto log = a_log(1);
  const auto stores = make_memory_stores();
  int failures = 0;
  const auto shaky = [&failures](const Record& record) -> Status {
    if (record.value == "150" && ++failures <= 3) return fail(Domain::environment, "disk", "not now");
    return {};
  };
  send(*log, 0, 300);
  Bench bench(*log, *stores, {fold(shaky)});
  CHECK(bench.until([&] { return bench.committed_to_end(*log); }));
  CHECK(failures == 4);
  REQUIRE(bench.worker->finish());
  CHECK(state_of(*stores, 1) == expected(*log));
}

TEST_CASE("input that retention removed before it was read is an error, not a jump", "[engine]") {
  const auto log = a_log(1);
  const auto stores = make_memory_stores();
  send(*log, 0, 20);
  {
    Bench bench(*log, *stores);
    CHECK(bench.until([&] { return bench.committed_to_end(*log); }));
    REQUIRE(bench.worker->finish());
  }
  auto other = a_log(1);
  TopicSpec spec;
  spec.name = "app.fold.changelog";
  spec.partitions = 1;
  REQUIRE(other->ensure_topic(spec));
  auto producer = other->make_producer({});
  for (const auto& [partition, key, value, tombstone] : contents(*log, spec.name)) {
    REQUIRE((*producer)->send({.topic = spec.name, .partition = 0, .key = key, .value = value}));
  }
  REQUIRE((*producer)->flush());
  send(*other, 0, 5);  // fewer than were read
  const auto empty = make_memory_stores();
  Bench bench(*other, *empty);
  CHECK(bench.until([&] { return !bench.stats().empty() && bench.stats().front().state == TaskState::suspended; }));
  CHECK(bench.stats().front().error_code == "offset_missing");
}

TEST_CASE("the first start begins where it is told, later ones where the last ended", "[engine]") {
  const auto log = a_log(1);
  const auto stores = make_memory_stores();
  send(*log, 0, 100);
  EngineOptions how = options();
  how.start = EngineOptions::Start::time;
  how.start_time = from_ms(1'700'000'000'000 + 90);
  {
    Bench bench(*log, *stores, {fold()}, how);
    CHECK(bench.until([&] { return bench.committed_to_end(*log); }));
    CHECK(bench.consumed() == 10);
  }
  send(*log, 100, 105);
  how.start = EngineOptions::Start::latest;
  Bench bench(*log, *stores, {fold()}, how);
  CHECK(bench.until([&] { return bench.consumed() == 5; }));
}

TEST_CASE("an input that another sub-topology makes is read from its beginning, whatever the start", "[engine]") {
  const auto log = a_log(1);
  const auto stores = make_memory_stores();
  send(*log, 0, 40);
  EngineOptions how = options();
  how.start = EngineOptions::Start::latest;
  SubTopology made = fold();
  made.from_beginning = true;
  Bench bench(*log, *stores, {made}, how);
  CHECK(bench.until([&] { return bench.committed_to_end(*log); }));
  CHECK(bench.consumed() == 40);
}

}  // namespace juncture::test
