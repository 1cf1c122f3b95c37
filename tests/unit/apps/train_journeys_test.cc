// The command line from histories to a chain that runs.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "apps/cli.h"
#include "apps/load_knowledge.h"
#include "juncture/core/chance.h"

namespace juncture::apps {
namespace {

namespace fs = std::filesystem;

int run(const std::vector<std::string>& words) {
  std::vector<const char*> argv{"juncture"};
  for (const std::string& word : words) argv.push_back(word.c_str());
  return run_command_line(static_cast<int>(argv.size()), argv.data());
}

// Won deals that go through all stages, five days in each.
std::string won_deals(int count) {
  Chance chance(1);
  std::string out = "case,time,stage,outcome\n";
  for (int c = 0; c < count; ++c) {
    int day = static_cast<int>(chance.below(20));
    const auto row = [&](std::string_view stage, std::string_view outcome) {
      const int month = 1 + day / 28, date = 1 + day % 28;
      out += "deal-" + std::to_string(c) + ",2025-" + (month < 10 ? "0" : "") + std::to_string(month) + "-" +
             (date < 10 ? "0" : "") + std::to_string(date) + "," + std::string(stage) + "," + std::string(outcome) +
             "\n";
      day += 4 + static_cast<int>(chance.below(3));
    };
    for (std::size_t s = 0; s < kBuyingStages; ++s) row(kStageNames[s], "");
    row("", "won");
  }
  return out;
}

struct Folder {
  Folder() : path(fs::temp_directory_path() / ("juncture-journeys-" + std::to_string(getpid()))) {
    fs::create_directories(path);
  }
  ~Folder() { fs::remove_all(path); }
  std::string file(const std::string& name) const { return (path / name).string(); }
  fs::path path;
};

TEST_CASE("won deals in, a model file out that the pipeline runs by", "[journeys]") {
  const Folder folder;
  const std::string plain = folder.file("plain.jmodel"), fitted = folder.file("fitted.jmodel"),
                    again = folder.file("again.jmodel"), deals = folder.file("deals.csv");
  REQUIRE(write_file(deals, won_deals(160)));
  REQUIRE(run({"train", "--out", plain}) == kOk);
  const std::string with = "files.model=" + plain;
  REQUIRE(run({"train-journeys", deals, "--out", fitted, "--set", with}) == kOk);
  REQUIRE(run({"train-journeys", deals, "--out", again, "--set", with}) == kOk);
  CHECK(*read_file(fitted) == *read_file(again));
  CHECK(run({"model", "verify", plain, fitted}) == kOk);
  CHECK(run({"model", "dump", fitted, "--json"}) == kOk);
  CHECK(run({"model", "diff", fitted, again}) == kOk);
  CHECK(run({"model", "diff", plain, fitted}) == kFailed);

  Config config;
  config.log.kind = LogKind::memory;
  config.files.model = plain;
  const KnowledgeLoad before = load_knowledge(config);
  config.files.model = fitted;
  const KnowledgeLoad after = load_knowledge(config);
  REQUIRE(before.knowledge);
  REQUIRE(after.knowledge);
  CHECK(before.knowledge->version != after.knowledge->version);
  CHECK(before.knowledge->model_version != after.knowledge->model_version);
  const StageChainParameters &was = before.knowledge->chain.parameters(), &is = after.knowledge->chain.parameters();
  CHECK(mean_dwell_days(is, 0) < 0.4 * mean_dwell_days(was, 0));
  CHECK(is.jumps[3][4] > 0.9);

  // A model file with another chain in it is refused with its name, and so is a damaged one.
  std::string bytes = *read_file(fitted);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  REQUIRE(write_file(fitted, bytes));
  CHECK(run({"model", "verify", plain, fitted}) != kOk);
  const KnowledgeLoad damaged = load_knowledge(config);
  CHECK_FALSE(damaged.knowledge);
}

}  // namespace
}  // namespace juncture::apps
