#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "juncture/config/load.h"
#include "juncture/core/hash.h"

using namespace juncture;

namespace {

std::string read_file(const std::string& name) {
  std::ifstream file(std::string(JUNCTURE_SOURCE_DIR) + "/" + name);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

constexpr std::string_view kGood = R"(version: 3
items:
  - {id: b-item, title: B, url: "https://example.com/b", kind: how_to, tier: public, minutes: 4,
     stages: [scoping, sign_off], moments: [do], roles: [cfo, unknown], pown: [need], valid_from: 2026-01-31,
     valid_until: 2026-02-28T12:00:00Z, application: payroll}
  - {id: a-item, title: A, url: "https://example.com/a", kind: explainer}
)";

Loaded<Catalog> catalog_of(std::string_view text) {
  return load_catalog({.text = text, .filename = "c.yaml"});
}

std::string with_item(std::string_view item) {
  return "version: 1\nitems:\n  - {" + std::string(item) + "}\n";
}

std::string complaints(const std::vector<Error>& errors) {
  std::string text;
  for (const Error& error : errors) text += error.detail + "\n";
  return text;
}

std::string changed(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("a catalog is read whole, sorted, with a version of its content") {
  const Loaded<Catalog> loaded = catalog_of(kGood);
  INFO(complaints(loaded.errors));
  REQUIRE(loaded.ok());
  REQUIRE(loaded.value.items.size() == 2);
  CHECK(loaded.value.items[0].id == "a-item");
  const ContentItem& item = loaded.value.items[1];
  CHECK(item.key == hash32("b-item"));
  CHECK(kContentKindNames[item.kind] == "how_to");
  CHECK(item.stages == ((1U << index_of(Stage::scoping)) | (1U << index_of(Stage::sign_off))));
  CHECK(item.moments == 1U << index_of(Moment::do_));
  CHECK(item.roles == ((1U << 0U) | (1U << 14U)));
  CHECK(item.tier == Tier::public_);
  CHECK(to_ms(item.valid_from) == 1'769'817'600'000);
  CHECK(to_ms(item.valid_until) == 1'772'280'000'000);

  CHECK(loaded.value.version.substr(0, 2) == "3+");
  CHECK(loaded.value.version.size() == 10);
  CHECK(catalog_of(std::string(kGood) + "\n").value.version != loaded.value.version);
}

TEST_CASE("an item without a tier is for sales only") {
  CHECK(catalog_of(kGood).value.items[0].tier == Tier::sales_only);
  const Loaded<Catalog> mistyped =
      catalog_of(with_item("id: a, title: A, url: 'https://e.com/', kind: how_to, tier: pubic"));
  CHECK(complaints(mistyped.errors) == "c.yaml:3:66: unknown tier `pubic` of item `a` (did you mean `public`?)\n");
  CHECK(mistyped.value.items.at(0).tier == Tier::sales_only);
}

TEST_CASE("only https addresses are let in") {
  for (const std::string url : {"http://example.com/", "javascript:alert(1)", "https://", "//example.com", "/path",
                                "https://a@evil.example/", "https://e.com/\\x", "https://e.com/<b>", "HTTPS:"}) {
    INFO(url);
    CHECK(complaints(catalog_of(with_item("id: a, title: A, kind: how_to, url: '" + url + "'")).errors)
              .find("must be an https:// address") != std::string::npos);
  }
  CHECK(catalog_of(with_item("id: a, title: A, kind: how_to, url: 'https://e.com/x?y=1#z'")).ok());
}

TEST_CASE("all that is wrong with a catalog is said at once") {
  const Loaded<Catalog> loaded = catalog_of(
      "version: 1\n"
      "items:\n"
      "  - id: one\n"
      "    title: One\n"
      "    url: https://example.com/\n"
      "    kind: case_studdy\n"
      "    stage: [scoping]\n"
      "  - id: one\n"
      "    kind: how_to\n"
      "    url: https://example.com/\n"
      "    title: Two\n"
      "    minutes: long\n"
      "  - {id: 'no good', title: '', url: 'https://example.com/', kind: how_to, valid_from: 2026-13-01}\n"
      "  - just words\n");
  CHECK(complaints(loaded.errors) ==
        "c.yaml:6:11: unknown kind `case_studdy` of item `one` (did you mean `case_study`?)\n"
        "c.yaml:7:5: unknown key `stage` under item `one` (did you mean `stages`?)\n"
        "c.yaml:12:14: `minutes` of item `one` is `long`, but must be a number from 0 to 600\n"
        "c.yaml:8:5: item `one` is there twice, first at c.yaml:3:5\n"
        "c.yaml:13:10: `id` of item `no good` is `no good`, but must be 1 to 64 letters, digits, `-`, `_` or `.`\n"
        "c.yaml:13:28: `title` of item `no good` is ``, but must be text\n"
        "c.yaml:13:87: `valid_from` of item `no good` is `2026-13-01`, but must be a date as 2026-01-31 or a time as "
        "2026-01-31T08:00:00Z\n"
        "c.yaml:14:5: item must have keys and values\n");
}

TEST_CASE("an item must end after it begins, and a catalog must have a version and items") {
  const Loaded<Catalog> backwards = catalog_of(with_item(
      "id: a, title: A, url: 'https://e.com/', kind: how_to, valid_from: 2026-02-01, valid_until: 2026-01-01"));
  CHECK(complaints(backwards.errors).find("`valid_from` is not before `valid_until`") != std::string::npos);
  CHECK(complaints(catalog_of("{}").errors) ==
        "c.yaml:1:1: the catalog has no `version`\nc.yaml:1:1: the catalog has no `items`\n");
  CHECK_FALSE(catalog_of("").ok());
  CHECK_FALSE(catalog_of("[]").ok());
}

TEST_CASE("the shipped catalog has every kind and every tier") {
  const std::string text = read_file("config/catalog.yaml");
  const Loaded<Catalog> loaded = load_catalog({.text = text, .filename = "config/catalog.yaml"});
  INFO(complaints(loaded.errors));
  REQUIRE(loaded.ok());
  CHECK(loaded.value.items.size() >= 45);
  std::array<int, kContentKinds> kinds{};
  std::array<int, 4> tiers{};
  for (const ContentItem& item : loaded.value.items) {
    ++kinds[item.kind];
    ++tiers[index_of(item.tier)];
  }
  for (std::size_t k = 0; k < kContentKinds; ++k) {
    INFO(kContentKindNames[k]);
    CHECK(kinds[k] > 0);
  }
  for (const int count : tiers) CHECK(count > 0);
}

TEST_CASE("the cells of the policy follow the order in which a stage lists its kinds") {
  const std::string text = read_file("config/policy.yaml");
  const Loaded<Policy> loaded = load_policy({.text = text, .filename = "policy.yaml"});
  INFO(complaints(loaded.errors));
  REQUIRE(loaded.ok());
  const Policy& policy = loaded.value;
  const auto kind = [](std::string_view name) { return *parse_name<ContentKind>(kContentKindNames, name); };
  const KindRow& help = policy.help[index_of(Stage::problem_realization)];
  const KindRow& kill = policy.kill[index_of(Stage::problem_realization)];
  CHECK(help[kind("early_warning_signs")] == Approx(0.4325));
  CHECK(help[kind("explainer")] == Approx(0.05 + 0.3825 * 0.82));
  CHECK(help[kind("cost_of_delay")] == Approx(0.05 + 0.3825 * 0.64));
  CHECK(help[kind("poc_guide")] == Approx(0.05));
  CHECK(kill[kind("pricing_guide")] == Approx(0.061));
  CHECK(kill[kind("explainer")] == Approx(0.004));
  CHECK(policy.kill_cost[index_of(Stage::sign_off)] == 40);
  CHECK(policy.moment[index_of(Moment::buy)][kind("pricing_guide")] == Approx(1.4));
  CHECK(policy.moment[index_of(Moment::unclear)][kind("pricing_guide")] == 1);
  CHECK(policy.role_kill[0] == Approx(1.3));
  CHECK(policy.caps[1].offers == 3);
  CHECK(policy.caps[1].window == 36h);
  CHECK(policy.half_life_hours[kind("human_conversation")] == 36);
  CHECK_FALSE(policy.large_deals);
  CHECK(policy.version.substr(0, 2) == "1+");
}

TEST_CASE("a policy that is not whole is refused, with the place of what is wrong") {
  const std::string good = read_file("config/policy.yaml");
  const auto refused = [&](const std::string& from, const std::string& to) {
    const std::string text = changed(good, from, to);
    const Loaded<Policy> loaded = load_policy({.text = text, .filename = "p.yaml"});
    REQUIRE_FALSE(loaded.ok());
    return complaints(loaded.errors);
  };
  CHECK(refused("  scoping:", "  scopping:").find("unknown key `scopping` under `stages` (did you mean `scoping`?)") !=
        std::string::npos);
  CHECK(refused("  scoping:", "  scopping:").find("`stages` has no `scoping`") != std::string::npos);
  CHECK(refused("kill: 0.025", "kill: 2").find("`kill` of `thresholds` is `2`, but must be a number from 0 to 1") !=
        std::string::npos);
  CHECK(refused("repeat: 30d", "repeat: 30").find("must be a duration with its unit") != std::string::npos);
  CHECK(refused("harmful: [contract_pack, pricing_guide, human", "harmful: [how_to, pricing_guide, human")
            .find("has `how_to` as best and as harmful") != std::string::npos);
  CHECK(refused("default_odds: 0.22", "default_odds: 0.5").find("must add up to 1") != std::string::npos);
  CHECK(refused("deal: small", "deal: tiny").find("unknown deal `tiny`") != std::string::npos);
  CHECK(refused("limits:", "limit:").find("the policy has no `limits`") != std::string::npos);
}

TEST_CASE("a calendar has working days and holidays") {
  const std::string text = read_file("config/calendar.yaml");
  const Loaded<Calendar> loaded = load_calendar({.text = text, .filename = "cal.yaml"});
  INFO(complaints(loaded.errors));
  REQUIRE(loaded.ok());
  CHECK(loaded.value.working_days == std::array<bool, 7>{true, true, true, true, true, false, false});
  CHECK(loaded.value.holidays.front() == std::chrono::sys_days(std::chrono::year{2026} / 12 / 25));
  const Loaded<Calendar> bad = load_calendar(
      {.text = "version: 1\nopen: \"09:00\"\nholidays: [someday]\nworking_days: [mon]\n", .filename = "c"});
  CHECK(bad.errors.size() == 3);
}
