#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "apps/cli.h"
#include "apps/load_knowledge.h"

using namespace juncture;
using namespace juncture::apps;
namespace fs = std::filesystem;

namespace {

struct Folder {
  fs::path path = fs::temp_directory_path() / ("juncture-evaluate-" + std::to_string(::getpid()));
  Folder() { fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string operator/(const std::string& name) const { return (path / name).string(); }
};

int run(std::vector<std::string> words) {
  words.insert(words.begin(), "juncture");
  std::vector<const char*> arguments;
  for (const std::string& word : words) arguments.push_back(word.c_str());
  return run_command_line(static_cast<int>(arguments.size()), arguments.data());
}

std::string bytes(const std::string& path) {
  const auto read = read_file(path);
  INFO(path);
  REQUIRE(read);
  return *read;
}

}  // namespace

TEST_CASE("simulate writes the same bytes again, and eval of all sets measures what is there", "[evaluate]") {
  const Folder folder;
  const std::vector<std::string> simulate{"simulate",   "--variant", "G2",     "--density", "sparse",
                                          "--accounts", "6",         "--seed", "40"};
  const auto into = [&](const std::string& out, std::vector<std::string> words) {
    words.insert(words.end(), {"--out", out});
    return run(words);
  };
  REQUIRE(into(folder / "data/simulated/sparse", simulate) == kOk);
  REQUIRE(into(folder / "again", simulate) == kOk);
  for (const std::string name : {"signals.ndjson", "truth.ndjson"}) {
    CHECK(bytes(folder / ("data/simulated/sparse/" + name)) == bytes(folder / ("again/" + name)));
  }

  REQUIRE(run({"eval", "all", folder / "none", folder / "data", "--out", folder / "report"}) == kOk);
  const std::string json = bytes(folder / "report/evaluation.json"), page = bytes(folder / "report/evaluation.html");
  CHECK(json.starts_with("{\"simulated\":{\"set\":\"simulated\""));
  CHECK(json.find("\"G2 sparse\":{\"rows\":") != std::string::npos);
  CHECK(json.find("\"stall_or_rejection_auc\":{\"value\":") != std::string::npos);
  CHECK(page.find("Not measured: labelled: no files in ") != std::string::npos);
  CHECK(page.find("G2 sparse: changes of stage found") != std::string::npos);
}

TEST_CASE("eval of all sets: what is learnt from, and a set that cannot be read leaves the others", "[evaluate]") {
  const Folder folder;
  const auto put = [&](const std::string& name, const std::string& text) { REQUIRE(write_file(folder / name, text)); };
  const std::string steps = "a,1,2024-01-01\na,2,2024-01-02\na,1,2024-01-04\n";
  put("data/process-logs/log.train.csv", "CaseID,ActivityID,CompleteTimestamp\n" + steps);
  put("data/process-logs/log.public.csv", "CaseID,ActivityID,CompleteTimestamp\n" + steps);
  // Of what is neither train nor public, only the kind that is measured is read; the other would not be a table.
  put("data/unimobile/queries.train.csv", "TaskId,Query,App0\n1,trains,google maps\n2,what is it,google search\n");
  put("data/unimobile/queries.public.csv", "TaskId,Query,App0\n3,trains,google maps\n4,what is it,google search\n");
  put("data/unimobile/tasks.csv", "TaskId,TaskDesc\n1,find a station\n");
  put("data/unimobile/README.md", "x\ny,z\n");
  put("data/orcas/rows.tsv", "query\nno url\n");
  CHECK(run({"eval", "all", folder / "data", "--out", folder / "report"}) == kFailed);
  const std::string json = bytes(folder / "report/evaluation.json"), page = bytes(folder / "report/evaluation.html");
  CHECK(json.find("\"bpi12\":{") != std::string::npos);
  CHECK(json.find("\"unimobile\":{") != std::string::npos);
  CHECK(json.find("\"orcas\"") == std::string::npos);
  CHECK(page.find("Not measured: orcas: ") != std::string::npos);
  CHECK(page.find("has no column `url`") != std::string::npos);
}

TEST_CASE("what cannot be simulated or measured is said as misuse", "[evaluate]") {
  const Folder folder;
  CHECK(run({"simulate", "--variant", "G9", "--out", folder / "x"}) == kUsage);
  CHECK(run({"simulate", "--density", "thick", "--out", folder / "x"}) == kUsage);
  CHECK(run({"simulate", "--text-bank", folder / "none.tsv", "--out", folder / "x"}) != kOk);
  CHECK_FALSE(fs::exists(folder / "x"));
  CHECK(run({"eval"}) == kUsage);
  CHECK(run({"eval", "labelled"}) == kUsage);
  CHECK(run({"eval", "nothing", "file"}) == kUsage);
  CHECK(run({"eval", "all"}) == kUsage);
  CHECK(run({"eval", "all", folder / "empty"}) == kUsage);
}
