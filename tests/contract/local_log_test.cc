// What the logs inside the process promise beyond the contract: transactions, retention, durability.
#include <sys/wait.h>

#include <csignal>

#include "adapters/embedded/rocks_storage.h"
#include "adapters/memory/local_log.h"
#include "contract/log_support.h"

using namespace juncture;
using namespace juncture::testing;

namespace {

// Over either storage, with a clock of the test's own and cleaning only when asked.
struct Local {
  explicit Local(bool durable) {
    LocalLogOptions options;
    options.retention_check = 0ms;
    options.now = [this] { return now; };
    options.on_dropped_unread = [this](const DroppedUnread& d) { dropped.push_back(d); };
    std::unique_ptr<LocalStorage> storage =
        durable ? must(open_rocks_storage({folder.path(), Fsync::never, {}})) : make_memory_storage();
    log = must(LocalLog::open(std::move(storage), std::move(options)));
  }

  TemporaryFolder folder;
  Timestamp now = from_ms(1'700'000'000'000);
  std::vector<DroppedUnread> dropped;
  std::unique_ptr<LocalLog> log;
};

std::string values(const std::vector<Got>& records) {
  std::string out;
  for (const Got& record : records) out += record.value;
  return out;
}

TopicSpec spec_of(const std::string& name, Partition partitions) {
  TopicSpec spec;
  spec.name = name;
  spec.partitions = partitions;
  return spec;
}

}  // namespace

TEST_CASE("a transaction's records and offsets become visible together", "[contract]") {
  Local local(GENERATE(false, true));
  Log& log = *local.log;
  must(log.ensure_topic(spec_of("in", 1)));
  must(log.ensure_topic(spec_of("out", 2)));
  Member member(log, "g");
  member.subscribe("in");
  member.step(0ms);
  std::unique_ptr<Producer> producer = must(log.make_producer({"tx-1", 5ms}));
  must(producer->begin_transaction());
  must(producer->send({"out", 0, "k", "a"}));
  must(producer->send({"out", 1, "k", "b"}));
  must(producer->send_offsets({{{"in", 0}, {7, "mark"}}}, must(member.consumer->membership()), 1s));
  must(producer->flush());

  CHECK(must(log.watermarks({"out", 0})).end == 0);
  CHECK(!must(log.committed("g", {"in", 0})));
  must(producer->commit_transaction(1s));

  CHECK(must(log.watermarks({"out", 0})).end == 1);
  CHECK(must(log.watermarks({"out", 1})).end == 1);
  CHECK(must(log.committed("g", {"in", 0}))->next == 7);
  CHECK(must(log.committed("g", {"in", 0}))->metadata == "mark");
}

TEST_CASE("an aborted transaction leaves nothing", "[contract]") {
  Local local(GENERATE(false, true));
  Log& log = *local.log;
  must(log.ensure_topic(spec_of("out", 1)));
  std::unique_ptr<Producer> producer = must(log.make_producer({"tx-1", 5ms}));
  CHECK(!producer->send({"out", 0, "k", "outside"}));
  must(producer->begin_transaction());
  must(producer->send({"out", 0, "k", "dropped"}));
  must(producer->abort_transaction(1s));
  must(producer->begin_transaction());
  must(producer->send({"out", 0, "k", "kept"}));
  must(producer->commit_transaction(1s));

  CHECK(values(read_topic(log, "out", 1, 1)) == "kept");
  CHECK(must(log.watermarks({"out", 0})).end == 1);
}

TEST_CASE("a transaction is refused from whom a newer producer or member has replaced", "[contract]") {
  Local local(GENERATE(false, true));
  Log& log = *local.log;
  must(log.ensure_topic(spec_of("in", 1)));
  must(log.ensure_topic(spec_of("out", 1)));
  Member member(log, "g", "worker");
  member.subscribe("in");
  member.step(0ms);
  std::unique_ptr<Producer> older = must(log.make_producer({"tx", 5ms}));
  must(older->begin_transaction());
  must(older->send({"out", 0, "k", "old"}));
  std::unique_ptr<Producer> newer = must(log.make_producer({"tx", 5ms}));

  CHECK(older->commit_transaction(1s).error().code == "fenced");

  must(newer->begin_transaction());
  must(newer->send({"out", 0, "k", "new"}));
  must(newer->send_offsets({{{"in", 0}, {1, ""}}}, must(member.consumer->membership()), 1s));
  Member successor(log, "g", "worker");
  CHECK(newer->commit_transaction(1s).error().code == "fenced");
  CHECK(must(log.watermarks({"out", 0})).end == 0);
  CHECK(member.consumer->poll(0ms).error().code == "fenced");
  CHECK(member.listener.losses == 1);
}

TEST_CASE("nobody commits for a partition that is another member's", "[contract]") {
  Local local(GENERATE(false, true));
  must(local.log->ensure_topic(spec_of("in", 2)));
  Member member(*local.log, "g");
  member.subscribe("in");
  member.step(0ms);
  Member idle(*local.log, "g");

  CHECK(idle.consumer->commit({{{"in", 0}, {1, ""}}}).error().code == "not_owner");
  must(member.consumer->commit({{{"in", 0}, {1, ""}}}));
}

TEST_CASE("retention by time takes old records and counts those that nobody had read", "[contract]") {
  Local local(GENERATE(false, true));
  LocalLog& log = *local.log;
  TopicSpec spec = spec_of("t", 1);
  spec.retention = 1h;
  must(log.ensure_topic(spec));
  Member member(log, "g");
  member.subscribe("t");
  for (int i = 0; i < 4; ++i) {
    write(log, "t", {{"", 0, "k", std::to_string(i), false, local.now}});
    local.now += 30min;
  }
  member.run_until([&] { return member.got.size() == 4; });
  must(member.consumer->commit({{{"t", 0}, {1, ""}}}));

  must(log.clean());

  // It is 2 h after the first, and 1 h after the third, which may stay.
  CHECK(must(log.watermarks({"t", 0})).begin == 2);
  CHECK(log.dropped_unread() == 1);
  REQUIRE(local.dropped.size() == 1);
  CHECK(local.dropped[0].begin == 2);
  CHECK(must(log.offset_at({"t", 0}, from_ms(0))) == 2);
  std::unique_ptr<Reader> reader = must(log.make_reader());
  must(reader->assign({{{"t", 0}, 1}}));
  CHECK(reader->poll(0ms).error().code == "offset_missing");
  must(reader->assign({{{"t", 0}, 2}}));
  CHECK(values(read(*reader, 2)) == "23");
  local.now += 24h;
  must(log.clean());
  write(log, "t", {{"", 0, "k", "next", false, local.now}});
  CHECK(must(log.watermarks({"t", 0})).begin == 4);
  CHECK(must(log.watermarks({"t", 0})).end == 5);
}

TEST_CASE("retention by bytes keeps a partition within its bound", "[contract]") {
  Local local(GENERATE(false, true));
  LocalLog& log = *local.log;
  TopicSpec spec = spec_of("t", 1);
  spec.retention_bytes = 100'000;
  must(log.ensure_topic(spec));
  const std::string value(1000, 'x');
  write(log, "t", std::vector<Outgoing>(5000, Outgoing{"", 0, "k", value}));

  must(log.clean());

  const Watermarks left = must(log.watermarks({"t", 0}));
  CHECK(left.end == 5000);
  CHECK(left.end - left.begin <= 100);
  CHECK(left.end - left.begin >= 90);
  // Only readers follow this topic: nobody is behind.
  CHECK(log.dropped_unread() == 0);
}

TEST_CASE("compaction keeps the newest record of each key", "[contract]") {
  Local local(GENERATE(false, true));
  LocalLog& log = *local.log;
  TopicSpec spec = spec_of("t", 1);
  spec.compacted = true;
  must(log.ensure_topic(spec));
  std::unique_ptr<Producer> producer = must(log.make_producer({}));
  constexpr int kRecords = 12'000;
  constexpr int kKeys = 100;
  for (int i = 0; i < kRecords; ++i) {
    const std::string key = "k" + std::to_string(i % kKeys);
    const std::string value = std::to_string(i);
    must(producer->send({"t", 0, key, value, i == kRecords - kKeys, local.now}));
  }
  must(producer->flush());
  local.now += 25h;

  must(log.clean());

  std::unique_ptr<Reader> reader = must(log.make_reader());
  must(reader->assign({{{"t", 0}, 0}}));
  const std::vector<Got> left = read(*reader, kKeys, 200ms);
  // One of them was a tombstone, and it is over a day old.
  REQUIRE(left.size() == kKeys - 1);
  for (const Got& record : left) CHECK(record.offset > kRecords - kKeys);
  CHECK(must(log.watermarks({"t", 0})).end == kRecords);
}

TEST_CASE("the embedded log has everything again after it was closed", "[contract]") {
  TemporaryFolder folder;
  {
    std::unique_ptr<Log> log = must(open_embedded_log({folder.path(), Fsync::on_flush, {}}));
    must(log->ensure_topic(spec_of("t", 2)));
    write(*log, "t", {{"", 0, "k", "a"}, {"", 0, "gone", "", true}, {"", 1, "k", "b"}});
    Member member(*log, "g");
    member.subscribe("t");
    member.step(0ms);
    must(member.consumer->commit({{{"t", 0}, {1, "meta"}}}));
  }

  std::unique_ptr<Log> log = must(open_embedded_log({folder.path(), Fsync::on_flush, {}}));
  CHECK(log->kind() == "embedded");
  CHECK(must(log->partition_count("t")) == 2);
  CHECK(must(log->watermarks({"t", 0})).end == 2);
  CHECK(must(log->committed("g", {"t", 0}))->metadata == "meta");
  write(*log, "t", {{"", 0, "k", "c"}});
  const std::vector<Got> got = read_topic(*log, "t", 2, 4);
  REQUIRE(got.size() == 4);
  CHECK(values(got) == "acb");
  CHECK(got[1].tombstone);
  CHECK(got[2].offset == 2);
}

TEST_CASE("a folder in use is refused with plain words", "[contract]") {
  TemporaryFolder folder;
  std::unique_ptr<Log> log = must(open_embedded_log({folder.path(), Fsync::on_flush, {}}));
  const auto second = open_embedded_log({folder.path(), Fsync::on_flush, {}});
  REQUIRE(!second);
  CHECK(second.error().code == "log_in_use");
  CHECK(second.error().detail.find("in use by another juncture") != std::string::npos);
}

// The other half of the next test, in a process of its own: writes, flushes, and is killed.
TEST_CASE("killed after flush", "[.child]") {
  const char* folder = std::getenv("JUNCTURE_TEST_FOLDER");
  if (folder == nullptr) return;  // chosen by a pattern, and nobody waits for it
  std::unique_ptr<Log> log = must(open_embedded_log({folder, Fsync::on_flush, {}}));
  must(log->ensure_topic(spec_of("t", 1)));
  std::unique_ptr<Producer> producer = must(log->make_producer({"", 60s}));
  for (int i = 0; i < 1000; ++i) must(producer->send({"t", 0, "k", std::to_string(i)}));
  must(producer->flush());
  std::unique_ptr<Producer> transaction = must(log->make_producer({"tx", 5ms}));
  must(transaction->begin_transaction());
  must(transaction->send({"t", 0, "k", "committed"}));
  must(transaction->commit_transaction(1s));
  must(transaction->begin_transaction());
  must(transaction->send({"t", 0, "k", "open"}));
  must(transaction->flush());
  std::raise(SIGKILL);
}

TEST_CASE("what was flushed outlives a killed process, an open transaction doesn't", "[contract]") {
  TemporaryFolder folder;
  // A new program and not only a fork: threads of other tests' logs would be missing in a copy of this process.
  const std::string command = "JUNCTURE_TEST_FOLDER='" + folder.path() + "' exec '" +
                              std::filesystem::read_symlink("/proc/self/exe").string() +
                              "' 'killed after flush' >/dev/null 2>&1";
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
    ::_exit(127);
  }
  int outcome = 0;
  REQUIRE(::waitpid(child, &outcome, 0) == child);
  REQUIRE(WIFSIGNALED(outcome));
  REQUIRE(WTERMSIG(outcome) == SIGKILL);

  std::unique_ptr<Log> log = must(open_embedded_log({folder.path(), Fsync::on_flush, {}}));
  CHECK(must(log->watermarks({"t", 0})).end == 1001);
  const std::vector<Got> got = read_topic(*log, "t", 1, 1001);
  REQUIRE(got.size() == 1001);
  CHECK(got[999].value == "999");
  CHECK(got[1000].value == "committed");
}
