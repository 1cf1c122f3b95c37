// Analysts' corrections as labels, by the command line.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "apps/cli.h"
#include "apps/load_knowledge.h"
#include "juncture/ingest/canonical.h"
#include "juncture/text/scorer.h"
#include "juncture/text/train.h"

namespace juncture::apps {
namespace {

namespace fs = std::filesystem;

// Runs a verb with its standard output in a file.
int run_into(const std::string& file, const std::vector<std::string>& words) {
  std::vector<const char*> argv{"juncture"};
  for (const std::string& word : words) argv.push_back(word.c_str());
  std::fflush(stdout);
  const int kept = dup(1);
  FILE* out = std::fopen(file.c_str(), "w");
  dup2(fileno(out), 1);
  const int code = run_command_line(static_cast<int>(argv.size()), argv.data());
  std::fflush(stdout);
  dup2(kept, 1);
  close(kept);
  std::fclose(out);
  return code;
}

std::string record(SignalType type, std::string_view prospect, int hour, std::string_view text,
                   std::optional<Stage> stage = {}, Consent consent = Consent::granted) {
  static int number = 0;
  const std::string id = "e" + std::to_string(++number);
  Signal signal;
  signal.id = id;
  signal.prospect = ProspectId(prospect);
  signal.type = type;
  signal.occurred_at = from_ms(1'763'784'000'000) + std::chrono::hours(hour);
  signal.text = text;
  signal.device = Device::desktop;
  signal.consent = consent;
  signal.source = "test";
  if (type == SignalType::feedback) {
    signal.action = FeedbackAction::wrong;
    signal.actor = "ana";
    signal.stage = stage;
  }
  std::string out;
  write_signal(signal, signal.occurred_at, out);
  return out + "\n";
}

TEST_CASE("corrections become labelled queries that training learns from", "[labels]") {
  const fs::path folder = fs::temp_directory_path() / ("juncture-labels-" + std::to_string(getpid()));
  fs::create_directories(folder);
  const auto file = [&](const char* name) { return (folder / name).string(); };
  std::string log;
  log += record(SignalType::query, "p1", 0, "zarquon vexilbrane");
  log += record(SignalType::feedback, "p1", 1, "", Stage::scoping);
  log += record(SignalType::feedback, "p1", 2, "", Stage::negotiation);  // the last word
  log += record(SignalType::query, "p2", 0, "too old");
  log += record(SignalType::feedback, "p2", 40, "", Stage::scoping);
  log += record(SignalType::query, "p3", 0, "not any more");
  log += record(SignalType::query, "p3", 1, "no", {}, Consent::denied);
  log += record(SignalType::feedback, "p3", 2, "", Stage::scoping);
  log += record(SignalType::feedback, "p4", 2, "", Stage::scoping);  // of no query
  REQUIRE(write_file(file("signals.jsonl"), log));
  REQUIRE(run_into(file("labels.tsv"), {"labels", file("signals.jsonl")}) == kOk);
  const std::string labels = *read_file(file("labels.tsv"));
  CHECK(labels == "query\tdevice\tform\tmoment\tstage\nzarquon vexilbrane\tdesktop\tbrief\tnone\tnegotiation\n");

  const auto odds = [&](const std::string& model) {
    const auto loaded = load_model(*read_file(model));
    REQUIRE(loaded);
    TextScorer scorer(*loaded);
    const TextEvidence said = scorer.score("zarquon vexilbrane", Device::desktop);
    return std::pair(said.log_ratio[index_of(Stage::negotiation)], scorer.unknown_words());
  };
  REQUIRE(run_into(file("out"), {"train", "--out", file("plain.jmodel")}) == kOk);
  REQUIRE(run_into(file("out"), {"train", "--labels", file("labels.tsv"), "--out", file("learnt.jmodel")}) == kOk);
  const auto [before, unknown_before] = odds(file("plain.jmodel"));
  const auto [after, unknown_after] = odds(file("learnt.jmodel"));
  CHECK(after > before + 1);
  CHECK(unknown_before >= 1);
  CHECK(unknown_after == 0);
  fs::remove_all(folder);
}

}  // namespace
}  // namespace juncture::apps
