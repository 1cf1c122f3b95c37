#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "ingest/signal_fields.h"
#include "juncture/core/json_writer.h"
#include "juncture/ingest/canonical.h"
#include "juncture/ingest/connector.h"

namespace juncture {
namespace {

namespace fs = std::filesystem;

const Timestamp kReceived = from_ms(1763784000000);

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void append_outcome(const ParseOutcome& outcome, const std::vector<Signal>& signals, std::string& out) {
  switch (outcome.kind) {
    case ParseOutcome::Kind::accepted:
      for (std::size_t i = 0; i < signals.size(); ++i) {
        if (i > 0) out += ",\n";
        write_signal(signals[i], kReceived, out);
      }
      return;
    case ParseOutcome::Kind::ignored:
      out += "{\"ignored\":\"" + std::string(outcome.ignored) + "\"}";
      return;
    case ParseOutcome::Kind::rejected:
      JsonWriter json(out);
      json.begin_object();
      json.member("rejected", outcome.rejection.code);
      json.member("position", outcome.rejection.position);
      json.end_object();
  }
}

// A .json sample is one payload, every line of a .log sample is one.
std::string outcomes(const Connector& connector, const fs::path& sample) {
  const std::string text = read_file(sample);
  std::vector<std::string> payloads;
  if (sample.extension() == ".log") {
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      payloads.push_back(text.substr(begin, end - begin));
      begin = end + 1;
    }
  } else {
    payloads.push_back(text);
  }
  Scratch scratch;
  std::vector<Signal> signals;
  std::string out = "[";
  for (std::size_t i = 0; i < payloads.size(); ++i) {
    out += i > 0 ? ",\n" : "";
    const ParseOutcome outcome = connector.parse(scratch, payloads[i], {.received_at = kReceived}, signals);
    append_outcome(outcome, signals, out);
  }
  return out + "]\n";
}

bool is_golden(const fs::path& path) {
  return path.filename().string().find(".signals.json") != std::string::npos;
}

const fs::path kFolder = fs::path(JUNCTURE_SOURCE_DIR) / "connectors";

}  // namespace

// JUNCTURE_UPDATE_GOLDEN=1 writes the golden files anew; look at the difference before you keep it.
TEST_CASE("every sample of every connector gives its golden signals", "[samples]") {
  const bool update = std::getenv("JUNCTURE_UPDATE_GOLDEN") != nullptr;
  for (const Connector& connector : connectors()) {
    std::size_t samples = 0;
    for (const auto& entry : fs::directory_iterator(kFolder / connector.name / "samples")) {
      if (is_golden(entry.path())) continue;
      ++samples;
      const fs::path golden = fs::path(entry.path()).replace_extension(".signals.json");
      const std::string found = outcomes(connector, entry.path());
      if (update) std::ofstream(golden, std::ios::binary) << found;
      INFO(entry.path().filename());
      CHECK(found == read_file(golden));
    }
    INFO(connector.name);
    CHECK(samples > 0);
  }
}

TEST_CASE("every connector has its mapping and its schema", "[samples]") {
  for (const Connector& connector : connectors()) {
    INFO(connector.name);
    CHECK(fs::file_size(kFolder / connector.name / "README.md") > 500);
    StrictJson json;
    const auto problem = json.read_object(read_file(kFolder / connector.name / "schema.json"), JsonLimits{}, {});
    CHECK_FALSE(problem);
  }
}

TEST_CASE("the schema of the native connector names the fields that the parser knows", "[samples][native]") {
  StrictJson json;
  REQUIRE_FALSE(json.read_object(read_file(kFolder / "native" / "schema.json"), JsonLimits{}, "properties"));
  std::set<std::string> listed;
  for (const JsonMember& member : json.inner()) listed.insert(std::string(member.key));
  std::set<std::string> known;
  for (const std::string_view name : foreign_field_names()) known.insert(std::string(name));
  CHECK(listed == known);
}

TEST_CASE("every reason code is explained in the contract page of the dead letters", "[dead-letter]") {
  const std::string page = read_file(fs::path(JUNCTURE_SOURCE_DIR) / "docs/formats/dead-letters.md");
  for (const std::string_view code : kRejectionCodes) {
    INFO(code);
    CHECK(page.find("| `" + std::string(code) + "` |") != std::string::npos);
  }
}

}  // namespace juncture
