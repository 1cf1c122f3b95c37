#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "juncture/config/load.h"

using namespace juncture;

namespace {

Loaded<AccountTable> load(const std::string& text) {
  return load_accounts({.text = text, .filename = "accounts.yaml"});
}

}  // namespace

TEST_CASE("the shipped list has free-mail domains and no account", "[accounts]") {
  std::ifstream in(JUNCTURE_SOURCE_DIR "/config/accounts.yaml");
  std::ostringstream text;
  text << in.rdbuf();
  const auto loaded = load(text.str());
  REQUIRE(loaded.ok());
  CHECK(loaded.value.is_free_mail("gmail.com"));
  CHECK(loaded.value.entries().empty());
}

TEST_CASE("an account has ids, domains, networks and a structure", "[accounts]") {
  const auto loaded = load(R"(
version: 2
accounts:
  - id: halvorsen
    also: [halvorsen-no]
    domains: [halvorsen.example]
    networks: [192.0.2.0/24, "2001:db8:17::/48"]
    structure: {responsibility: distributed, pain: high, bureaucracy: low}
  - id: oakmere
)");
  REQUIRE(loaded.ok());
  const AccountEntry* entry = loaded.value.by_domain("halvorsen.example");
  REQUIRE(entry != nullptr);
  CHECK(entry->id == "halvorsen");
  CHECK(entry->networks.size() == 2);
  CHECK(entry->structure == Structure{Responsibility::distributed, Degree::high, Degree::low});
  CHECK(loaded.value.by_id("oakmere")->structure == Structure{});
}

TEST_CASE("what is wrong with a list of accounts is said with its place", "[accounts]") {
  const auto loaded = load(R"(version: 1
accounts:
  - id: a@b
  - id: one
    domains: [ONE.example]
    networks: [192.0.2.1/24, "10.0.0.0/8"]
    structure: {pain: terrible}
  - id: two
    also: [one]
    sizes: 7
)");
  std::string all;
  for (const Error& error : loaded.errors) all += error.detail + "\n";
  INFO(all);
  for (const char* part :
       {"accounts.yaml:3", "accounts.yaml:5", "accounts.yaml:6", "terrible", "`one` belongs to", "sizes"}) {
    CHECK(all.find(part) != std::string::npos);
  }
  CHECK(loaded.errors.size() == 6);
}
