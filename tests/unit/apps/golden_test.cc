#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <thread>

#include "apps/load_knowledge.h"
#include "apps/node.h"
#include "apps/wall_clock.h"
#include "juncture/engine/engine.h"
#include "juncture/ingest/canonical.h"
#include "juncture/state/keys.h"
#include "juncture/state/state_hash.h"

using namespace juncture;
using namespace juncture::apps;
using namespace std::chrono_literals;

namespace {

// What `juncture state hash` says of its one partition; the version that wrote it hashed the marks of the clock, too.
constexpr std::string_view kHashV1 = "dc81391dbc4f7983ec552230cc68e6765354c0efdf079634e1636a546ece442f";

// data-v1.tar.gz unpacked: log and state as 0.1.0 left them, 12 prospects, one of them erased, in one partition.
class OldFolder {
 public:
  OldFolder() : path_(std::filesystem::temp_directory_path() / ("juncture-golden-" + std::to_string(::getpid()))) {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
    const std::string command =
        "tar -xzf " JUNCTURE_SOURCE_DIR "/tests/unit/apps/golden/data-v1.tar.gz -C " + path_.string();
    REQUIRE(std::system(command.c_str()) == 0);
  }
  ~OldFolder() { std::filesystem::remove_all(path_); }
  OldFolder(const OldFolder&) = delete;
  OldFolder& operator=(const OldFolder&) = delete;
  std::string data() const { return (path_ / "data").string(); }

 private:
  std::filesystem::path path_;
};

Config config_of(const OldFolder& folder) {
  Config config;
  config.log.data = folder.data();
  config.log.topics.partitions = 1;
  config.engine.workers = 1;
  return config;
}

const TaskStats* task_of(const EngineStats& stats) {
  for (const TaskStats& task : stats.tasks) {
    if (task.sub_topology == kProspects) return &task;
  }
  return nullptr;
}

bool within(std::chrono::seconds patience, const std::function<bool()>& done) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!done() && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(20ms);
  return done();
}

// Keys and values of the old store, by the store that is there now.
std::map<std::string, std::string> values_in(const std::string& state) {
  auto stores = make_rocksdb_stores({.directory = state, .read_only = true});
  REQUIRE(stores);
  const auto store = (*stores)->open(store_name(kProspects, 0));
  REQUIRE(store);
  const auto hash = state_hash(**store);
  REQUIRE(hash);
  CHECK(hash->hex == kHashV1);
  CHECK(hash->prospects == 12);
  std::map<std::string, std::string> out;
  REQUIRE((*store)->scan([&](std::string_view key, std::string_view value) { out.emplace(key, value); }));
  return out;
}

}  // namespace

TEST_CASE("what the first version left is read as it was, and gone on with", "[golden]") {
  const OldFolder folder;
  const Config config = config_of(folder);
  const auto before = values_in(state_folder(config));
  const KnowledgeLoad load = load_knowledge(config);
  REQUIRE(load.knowledge);

  auto started = Node::start(config, load.knowledge, {.ticks = false});
  REQUIRE(started);
  Node& node = **started;
  REQUIRE(within(60s, [&] { return node.engine().ready(); }));

  // The old store is from long ago, so this is the changelog, restored.
  CHECK(task_of(node.engine().stats())->restored > 0);
  int prospects = 0;
  for (const auto& [key, value] : before) {
    const auto id = keys::prospect_of(key);
    if (!id) continue;
    ++prospects;
    const auto read = node.engine().read(kProspects, key, id->text());
    REQUIRE(read);
    CHECK(read->value == value);
  }
  CHECK(prospects == 12);

  Signal signal;
  signal.id = "after";
  signal.prospect = ProspectId("golden-0");
  signal.type = SignalType::query;
  signal.text = "pump price";
  signal.consent = Consent::granted;
  signal.occurred_at = wall_now();
  std::vector<KeyedSignal> records(1);
  records[0].prospect = "golden-0";
  write_signal(signal, wall_now(), records[0].record);
  REQUIRE(node.sink().append(records));
  std::string key;
  keys::prospect(ProspectId("golden-0"), key);
  CHECK(within(20s, [&] { return node.engine().read(kProspects, key, "golden-0").value().value != before.at(key); }));
  CHECK(task_of(node.engine().stats())->state == TaskState::running);
  CHECK(node.stop());
}

TEST_CASE("a changelog that a newer version went on with is refused by name", "[golden]") {
  const OldFolder folder;
  const Config config = config_of(folder);
  {
    auto log = open_log(config);
    REQUIRE(log);
    auto producer = (*log)->make_producer({});
    REQUIRE(producer);
    const std::string topic = changelog_topic(group_of(config), kProspects);
    const std::string_view marker_key("\0commit", 7);
    const std::string newer = "\x63 whatever a marker will be then";
    REQUIRE((*producer)->send({.topic = topic, .partition = 0, .key = marker_key, .value = newer}));
    REQUIRE((*producer)->flush());
  }
  const KnowledgeLoad load = load_knowledge(config);
  REQUIRE(load.knowledge);

  auto started = Node::start(config, load.knowledge, {.ticks = false});
  REQUIRE(started);
  const Engine& engine = (*started)->engine();
  const auto suspended = [&] {
    const EngineStats stats = engine.stats();
    const TaskStats* task = task_of(stats);
    return task != nullptr && task->state == TaskState::suspended;
  };

  REQUIRE(within(60s, suspended));
  CHECK(task_of(engine.stats())->error_code == "format_newer");
  CHECK_FALSE(engine.ready());
}
