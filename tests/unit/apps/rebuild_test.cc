// A changelog that was lost, cut or damaged is made anew, and the engine goes on from it as if nothing had been.
#include "apps/verify/rebuild.h"

#include "unit/apps/verify_support.h"

using namespace juncture;
using namespace juncture::test;
namespace fs = std::filesystem;

namespace {

struct Workshop {
  explicit Workshop(const Contents& contents) : log(log_with(contents, past().positions)) {
    folder = past().folder / "rebuilt";
    fs::remove_all(folder);
    fs::copy(past().folder / "state", folder, fs::copy_options::recursive);
  }
  Result<apps::verify::Rebuilt> rebuild(Partition partition, bool partial = false, bool accounts = false) {
    auto stores = make_rocksdb_stores({.directory = folder});
    REQUIRE(stores);
    const Config config = config_of();
    const auto knowledge = shipped_knowledge();
    const apps::verify::Subject subject =
        accounts ? apps::verify::accounts_subject(config) : apps::verify::prospects_subject(config);
    const apps::verify::Rebuilding with{.subject = subject,
                                        .log = *log,
                                        .stores = **stores,
                                        .config = config,
                                        .knowledge = *knowledge,
                                        .earlier = {},
                                        .partial = partial};
    auto rebuilder = apps::verify::Rebuilder::open(with);
    REQUIRE(rebuilder);
    return (*rebuilder)->rebuild(partition);
  }
  apps::verify::Report verified() { return verify_log(*log, config_of(), folder); }
  void go_on() {
    send_signals(*log, 600, 700);
    Run run(*log, folder);
    run.until_done(*log);
    REQUIRE(run.engine().stop());
  }

  std::unique_ptr<Log> log;
  fs::path folder;
};

Contents harmed(int how, const std::string& changelog = kChangelog, std::size_t partition = 0) {
  Contents contents = past().contents;
  auto& list = contents.at(changelog)[partition];
  if (how == 0) list.clear();
  if (how == 1) list.resize(list.size() / 2);
  if (how == 2) flip(list[list.size() / 3].value, 77);
  return contents;
}

}  // namespace

TEST_CASE("after a rebuild everything is equal, and the engine goes on from there", "[rebuild]") {
  const int how = GENERATE(0, 1, 2);
  Workshop workshop(harmed(how));
  const std::uint64_t outputs = workshop.verified().outputs.matched;
  REQUIRE(workshop.verified().findings.total() > 0);

  const auto done = workshop.rebuild(0);

  INFO(how << " " << (done ? "" : done.error().detail));
  REQUIRE(done);
  CHECK(done->to == past().positions.at({"signals", 0}).next);
  CHECK(done->keys > 10);
  const auto after = workshop.verified();
  INFO(kinds(after));
  // The damaged record itself stays until compaction.
  CHECK(after.findings.total() == (how == 2 ? 1 : 0));
  CHECK(after.outputs.matched >= outputs);
  CHECK(after.outputs.repeated == 0);

  workshop.go_on();
  const auto later = workshop.verified();
  INFO(kinds(later));
  CHECK(later.findings.total() == (how == 2 ? 1 : 0));
  CHECK(later.partitions[0].to > done->to);
  if (how == 2) return;
  // And from the changelog alone.
  fs::remove_all(workshop.folder);
  workshop.go_on();
  CHECK(workshop.verified().findings.total() == 0);
}

TEST_CASE("the changelog of accounts is made anew from what they were told", "[rebuild]") {
  const int how = GENERATE(0, 1);
  const std::size_t busy = busy_partition();
  Workshop workshop(harmed(how, kAccountsChangelog, busy));
  REQUIRE(workshop.verified().findings.total() > 0);

  const auto done = workshop.rebuild(static_cast<Partition>(busy), false, true);

  INFO(how << " " << (done ? "" : done.error().detail));
  REQUIRE(done);
  CHECK(done->keys > 1);
  const auto after = workshop.verified();
  INFO(kinds(after));
  CHECK(after.findings.total() == 0);
  workshop.go_on();
  const auto later = workshop.verified();
  INFO(kinds(later));
  CHECK(later.findings.total() == 0);
  CHECK(later.accounts[busy].to > done->to);
}

TEST_CASE("a rebuild refuses what it cannot make whole", "[rebuild]") {
  auto log = log_with(harmed(0), past().positions, "signals");
  for (int i = 0; i < 500 && log->watermarks({"signals", 0})->begin == 0; ++i) std::this_thread::sleep_for(Millis{10});
  Workshop workshop(harmed(0));
  workshop.log = std::move(log);

  const auto refused = workshop.rebuild(0);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == "input_gone");

  CHECK(workshop.rebuild(0, true));
}
