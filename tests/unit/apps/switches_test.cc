// Parts of a log that were made with other files: recomputed with those, or said not to be recomputable.
#include "unit/apps/verify_support.h"

using namespace juncture;
using namespace juncture::test;
namespace fs = std::filesystem;
using apps::verify::Report;

namespace {

using Version = std::shared_ptr<const Knowledge>;

std::shared_ptr<Knowledge> version(std::uint64_t number) {
  auto knowledge = make_shipped_knowledge();
  knowledge->version = number;
  knowledge->token_key = std::to_string(number);  // shows in every slate
  AccountEntry acme{.id = "acme", .structure = {}};
  acme.structure.bureaucracy = number == 1 ? Degree::low : Degree::high;  // and this in every row of the account
  knowledge->accounts = AccountTable({acme}, {});
  index_accounts(*knowledge);
  return knowledge;
}

// One log: two versions in turn, the second one twice, and a prospect that only the second has ever seen.
struct Switched {
  Switched() : folder(fs::temp_directory_path() / ("juncture-switched-" + std::to_string(getpid()))) {
    fs::remove_all(folder);
    make_topics(*log);
    send_signals(*log, 0, 150);
    run(first);
    for (std::size_t p = 0; p < kPartitions; ++p) at[p] = log->watermarks({"signals", static_cast<Partition>(p)})->end;
    for (int i = 150; i < 450; i += 150) {
      send_signals(*log, i, i + 150);
      run(second);
    }
    Signal signal;
    signal.id = "new";
    signal.prospect = ProspectId("newcomer");
    signal.text = "payback period";
    signal.source = "test";
    signal.occurred_at = from_ms(kNow + 10'010);
    signal.consent = Consent::granted;
    std::string record;
    write_signal(signal, signal.occurred_at, record);
    auto producer = log->make_producer({});
    REQUIRE(
        (*producer)->send({.topic = "signals", .key = "newcomer", .value = record, .timestamp = signal.occurred_at}));
    REQUIRE((*producer)->flush());
    run(second);
  }
  ~Switched() { fs::remove_all(folder); }
  Switched(const Switched&) = delete;
  Switched& operator=(const Switched&) = delete;

  void run(const Version& knowledge) const {
    Run run(*log, folder, knowledge);
    run.until_done(*log);
    REQUIRE(run.engine().stop());
  }
  Report verified(const std::vector<Version>& all) const { return verify_log(*log, config_of(), folder, true, all); }

  Version first = version(1), second = version(2);
  fs::path folder;
  std::unique_ptr<Log> log = empty_log();
  std::array<Offset, 2> at{};  // where the second takes effect, per partition
};

const Switched& switched() {
  static const Switched once;
  return once;
}

}  // namespace

TEST_CASE("with both files at hand everything is recomputed, each record with its own", "[switches]") {
  const Switched& log = switched();
  for (const auto& all : {std::vector{log.second, log.first}, std::vector{log.first, log.second}}) {
    const Report report = log.verified(all);
    INFO(kinds(report));
    CHECK(report.findings.total() == 0);
    CHECK(report.findings.notes().empty());
    CHECK(report.outputs.unknown == 0);
    CHECK(report.account_outputs.unknown == 0);
    CHECK(report.account_outputs.matched > 100);
  }
}

TEST_CASE("how accounts decide shows in their rows, from the record on at which it changed", "[switches]") {
  const Switched& log = switched();
  const auto other = version(1);
  other->accounts = log.second->accounts;
  index_accounts(*other);

  const Report report = log.verified({log.second, other});

  INFO(kinds(report));
  CHECK(report.findings.total() > 50);
  for (const auto& difference : report.findings.shown()) CHECK(difference.where.starts_with("accounts/"));
}

TEST_CASE("with one of them the prospects of the other are left out, and said to be", "[switches]") {
  const Switched& log = switched();
  for (const Version& knowledge : {log.first, log.second}) {
    const Report report = log.verified({knowledge});
    INFO(kinds(report));
    CHECK(report.findings.total() == 0);
    // Of two partitions of prospects, and of those that have accounts.
    REQUIRE(report.findings.notes().size() >= 3);
    const std::string other = knowledge == log.first ? "k-0000000000000002" : "k-0000000000000001";
    CHECK(report.findings.notes().front().find(other) != std::string::npos);
    CHECK(report.outputs.unknown > 100);
    CHECK(report.account_outputs.unknown > 50);
    for (const auto& partition : report.partitions) CHECK(partition.unknown > 10);
  }
}

TEST_CASE("who was only ever seen by the files at hand is still recomputed", "[switches]") {
  const Switched& log = switched();
  Contents contents = contents_of(*log.log);
  const auto p = static_cast<std::size_t>(partition_of("newcomer", kPartitions));
  auto& slates = contents.at("recommendations.public")[p];
  REQUIRE(slates.back().key == "newcomer");
  flip(slates.back().value, 100);
  const auto copy = log_with(contents, positions_of(*log.log));

  const Report report = verify_log(*copy, config_of(), log.folder, true, {log.second});

  INFO(kinds(report));
  CHECK(report.findings.total() == 1);
  CHECK(located(report, "output_changed", at("recommendations.public", p, slates.size() - 1)));
}

TEST_CASE("the log itself says where a version takes effect", "[switches]") {
  const Switched& log = switched();
  const Contents contents = contents_of(*log.log);
  for (std::size_t p = 0; p < kPartitions; ++p) {
    std::vector<std::string> found;
    for (const Kept& kept : contents.at("signals")[p]) {
      if (kept.value.find("\"type\":\"model\"") != std::string::npos) found.push_back(kept.value);
    }
    REQUIRE(found.size() == 2);
    CHECK(found[0].find("k-0000000000000001") != std::string::npos);
    CHECK(found[0].find("after_offset") == std::string::npos);
    CHECK(found[1].find("k-0000000000000002") != std::string::npos);
    CHECK(found[1].find("\"after_offset\":" + std::to_string(log.at[p] - 1) + "}") != std::string::npos);
  }
}
