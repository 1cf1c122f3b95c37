// The version of what records are judged by: another one wherever another file makes other state of them.
#include "apps/load_knowledge.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "juncture/text/train.h"

using namespace juncture;
using namespace juncture::apps;
namespace fs = std::filesystem;

TEST_CASE("how accounts decide is part of the version, where they are told by is not", "[knowledge]") {
  const fs::path folder = fs::temp_directory_path() / ("juncture-accounts-" + std::to_string(getpid()));
  Config config;
  config.log.kind = LogKind::memory;
  config.files.accounts = (folder / "accounts.yaml").string();
  config.files.model = (folder / "text.jmodel").string();
  const auto lessons = load_lessons(config);
  REQUIRE(lessons);
  const auto model = train(lessons->taxonomy, lessons->vocabulary, {});
  REQUIRE((model && write_file(config.files.model, serialize(*model))));
  const auto version = [&](const std::string& accounts) {
    REQUIRE(write_file(config.files.accounts, "version: 1.0.0\naccounts:\n" + accounts));
    const KnowledgeLoad load = load_knowledge(config);
    REQUIRE(load.knowledge);
    return load.knowledge->version;
  };
  const std::uint64_t plain = version("  - {id: acme}\n");

  CHECK(version("  - {id: acme, domains: [acme.example], networks: [192.0.2.0/24]}\n  - {id: zeta}\n") == plain);
  CHECK(version("  - {id: acme, structure: {pain: medium}}\n") == plain);
  const std::uint64_t hurts = version("  - {id: acme, structure: {pain: high}}\n");
  CHECK(hurts != plain);
  CHECK(version("  - {id: acme, structure: {bureaucracy: high}}\n") != hurts);
  CHECK(version("  - {id: zeta, structure: {pain: high}}\n") != hurts);
  CHECK(version("  - {id: acme, also: [acme-no], structure: {pain: high}}\n") != hurts);
  fs::remove_all(folder);
}
