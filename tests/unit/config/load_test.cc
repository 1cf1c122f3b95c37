#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "juncture/config/load.h"

using namespace juncture;

namespace {

LoadOutcome load(const std::string& yaml, std::map<std::string, std::string> env = {},
                 std::vector<std::string> sets = {}) {
  return load_config({.texts = {{"j.yaml", yaml}}, .files = {}, .env = std::move(env), .sets = std::move(sets)});
}

std::string all_of(const std::vector<Error>& errors) {
  std::string text;
  for (const Error& error : errors) text += error.detail + "\n";
  return text;
}

// The only complaint about `yaml`.
std::string complaint(const std::string& yaml, std::map<std::string, std::string> env = {}) {
  const LoadOutcome outcome = load(yaml, std::move(env));
  INFO(all_of(outcome.errors));
  REQUIRE(outcome.errors.size() == 1);
  CHECK(outcome.errors[0].domain == Domain::setup);
  return outcome.errors[0].detail;
}

std::string path_of(const std::string& name) {
  return std::string(JUNCTURE_SOURCE_DIR) + "/" + name;
}

std::string read_file(const std::string& name) {
  std::ifstream file(path_of(name));
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("no file at all gives the defaults") {
  const LoadOutcome outcome = load_config({});
  CHECK(outcome.ok());
  CHECK(outcome.config == Config{});
  CHECK(outcome.origins.empty());
}

TEST_CASE("the shipped settings are the defaults, key by key") {
  const LoadOutcome outcome = load_config({.files = {path_of("config/juncture.yaml")}});
  INFO(all_of(outcome.errors));
  CHECK(outcome.ok());
  CHECK(outcome.config == Config{});
  const LoadOutcome demo = load_config({.files = {path_of("config/demo.yaml")}});
  CHECK(demo.ok());
  CHECK(demo.config.privacy.text == TextPrivacy::verbatim);
}

TEST_CASE("an unknown key is an error with its place and the nearest known one") {
  CHECK(complaint("engine:\n  worker: 3\n") ==
        "j.yaml:2:3: unknown key `worker` under `engine` (did you mean `workers`?)");
  CHECK(complaint("engin: {}\n") == "j.yaml:1:1: unknown key `engin` at the top (did you mean `engine`?)");
  CHECK(complaint("privacy:\n  text_ttl_hours: 1h\n") ==
        "j.yaml:2:3: unknown key `text_ttl_hours` under `privacy` (did you mean `text_ttl`?)");
  CHECK(complaint("http:\n  listeners:\n    - {prot: 1}\n") ==
        "j.yaml:3:8: unknown key `prot` under `http.listeners[0]` (did you mean `port`?)");
  CHECK(complaint("zzzzzzzz: 1\n") == "j.yaml:1:1: unknown key `zzzzzzzz` at the top");
}

TEST_CASE("all that is wrong is said at once") {
  const LoadOutcome outcome = load(
      "engine:\n"
      "  workers: many\n"
      "  commit_interval: 100\n"
      "  cache: 64MB\n"
      "log:\n"
      "  kind: kafak\n"
      "  data: [a]\n");
  CHECK(
      all_of(outcome.errors) ==
      "j.yaml:6:9: `log.kind` is `kafak`, not one of embedded, kafka, memory (did you mean `kafka`?)\n"
      "j.yaml:7:9: `log.data` must be text\n"
      "j.yaml:2:12: `engine.workers` is `many`, but must be an integer\n"
      "j.yaml:3:20: `engine.commit_interval` is `100`, but must be a duration with its unit, such as 30s, 15m, 36h or "
      "14d\n"
      "j.yaml:4:10: `engine.cache` is `64MB`, but must be a size with its unit: B, KiB, MiB or GiB\n");
}

TEST_CASE("durations and sizes need units and stay in range") {
  const LoadOutcome outcome = load(
      "engine: {commit_interval: 250ms, write_behind: 2m, cache: 1GiB}\n"
      "privacy: {text_ttl: 36h, prospect_ttl: 14d}\n");
  REQUIRE(outcome.ok());
  CHECK(outcome.config.engine.commit_interval == 250ms);
  CHECK(outcome.config.engine.write_behind == 2min);
  CHECK(outcome.config.engine.cache.count == kGiB);
  CHECK(outcome.config.privacy.text_ttl == 36h);
  CHECK(outcome.config.privacy.prospect_ttl == 14 * 24h);
  CHECK(complaint("engine: {commit_interval: 1ms}") ==
        "j.yaml:1:27: `engine.commit_interval` is 1ms, outside 10ms to 1m");
  CHECK(complaint("engine: {workers: 0}") == "j.yaml:1:19: `engine.workers` is 0, outside 1 to 256");
  CHECK(load("engine: {cache: 99999999999999GiB}").errors.size() == 1);
  CHECK(load("engine: {cache: -1MiB}").errors.size() == 1);
}

TEST_CASE("names in values come from the environment, after parsing") {
  const std::map<std::string, std::string> env{{"BROKERS", "b1:9092"}, {"EVIL", "x\nengine: {workers: 9}"}};
  CHECK(load("log: {kafka: {brokers: \"${BROKERS},b2:9092\"}}", env).config.log.kafka.brokers == "b1:9092,b2:9092");
  CHECK(load("log: {data: \"${NOWHERE:-./here}\"}", env).config.log.data == "./here");
  CHECK(load("log: {data: \"$${NOWHERE}\"}", env).config.log.data == "${NOWHERE}");

  const LoadOutcome evil = load("log: {data: \"${EVIL}\"}", env);
  CHECK(evil.config.log.data == "x\nengine: {workers: 9}");
  CHECK(evil.config.engine.workers == 2);

  CHECK(complaint("log: {data: \"${NOWHERE}\"}").find("j.yaml:1:13: `NOWHERE` is not set") == 0);
  CHECK(complaint("application: \"${NAME:?say who you are}juncture\"") ==
        "j.yaml:1:14: `NAME` is not set: say who you are");
  CHECK(complaint("log: {data: \"${NOWHERE\"}").find("without `}`") != std::string::npos);
}

TEST_CASE("a secret is read from a file and not shown") {
  const std::string path = (std::filesystem::temp_directory_path() / "juncture_config_test_secret").string();
  std::ofstream(path) << "hunter2\n";
  const LoadOutcome outcome =
      load("log: {kind: kafka, kafka: {properties: {sasl.password: \"${file:" + path + "}\"}}}");
  REQUIRE(outcome.ok());
  CHECK(outcome.config.log.kafka.properties.at("sasl.password") == "hunter2");
  CHECK(show_config(outcome.config).find("hunter2") == std::string::npos);
  std::filesystem::remove(path);
  CHECK(complaint("log: {data: \"${file:/nowhere/at/all}x\"}").find("cannot read `/nowhere/at/all`") !=
        std::string::npos);
}

TEST_CASE("files, environment and --set win in that order, and the origin is kept") {
  const LoadRequest request{
      .texts = {{"base.yaml", "engine: {workers: 3, cache: 64MiB, start: latest}"},
                {"over.yaml", "engine:\n  workers: 4\n  cache: 128MiB\n"}},
      .files = {},
      .env = {{"JUNCTURE_ENGINE_WORKERS", "5"}, {"JUNCTURE_ENGINE_CACHE", "32MiB"}, {"HOME", "/root"}},
      .sets = {"engine.workers=6", "http.listeners=[{port: 9000}]", "log.kafka.properties.security.protocol=ssl"}};
  const LoadOutcome outcome = load_config(request);
  INFO(all_of(outcome.errors));
  REQUIRE(outcome.ok());
  CHECK(outcome.config.engine.workers == 6);
  CHECK(outcome.config.engine.cache.count == 32 * kMiB);
  CHECK(outcome.config.engine.start == "latest");
  CHECK(outcome.config.http.listeners.size() == 1);
  CHECK(outcome.config.http.listeners[0].port == 9000);
  CHECK(outcome.config.log.kafka.properties.at("security.protocol") == "ssl");
  CHECK(outcome.origins.at("engine.workers") == "--set engine.workers");
  CHECK(outcome.origins.at("engine.cache") == "env JUNCTURE_ENGINE_CACHE");
  CHECK(outcome.origins.at("engine.start") == "base.yaml:1:43");
  CHECK(show_config(outcome.config, &outcome.origins).find("workers: 6  # --set engine.workers") != std::string::npos);
  CHECK(show_config(outcome.config, &outcome.origins).find("write_behind: 15s  # default") != std::string::npos);
}

TEST_CASE("an unknown variable warns, an unknown --set is refused") {
  const LoadOutcome outcome = load("", {{"JUNCTURE_ENGINE_WORKER", "5"}}, {"engine.worker=3", "nonsense"});
  CHECK(all_of(outcome.warnings) ==
        "env JUNCTURE_ENGINE_WORKER: sets nothing (did you mean `JUNCTURE_ENGINE_WORKERS`?)\n");
  CHECK(all_of(outcome.errors) ==
        "--set nonsense: must be a.b=value\n"
        "--set engine.worker: unknown key `worker` under `engine` (did you mean `workers`?)\n");
}

TEST_CASE("what is not YAML is told with its place") {
  CHECK(complaint("engine: [1, 2\nlog: {").find("j.yaml:") == 0);
  CHECK(complaint("- a\n- b\n") == "j.yaml:1:1: must be keys and values, as `engine:`");
  CHECK(complaint("engine: {workers: 1}\nengine: {workers: 2}\n") == "j.yaml:2:1: key `engine` is there twice");
  CHECK(complaint("engine: {workers: [1]}").find("`engine.workers` must be an integer") != std::string::npos);
  CHECK(complaint("engine: 3") == "j.yaml:1:9: `engine` is `3`, but must be a section with keys");
  CHECK(load("engine:\n").ok());
  CHECK(load_config({.files = {"/dev/null"}}).ok());
  CHECK(load_config({.files = {path_of("config")}}).errors.size() == 1);
  CHECK(load_config({.files = {"/nowhere/j.yaml"}}).errors.at(0).detail == "/nowhere/j.yaml: cannot be read");
}

TEST_CASE("a document that unfolds without end is stopped") {
  std::string bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n";
  for (char c = 'b'; c <= 'j'; ++c) {
    const std::string last(1, static_cast<char>(c - 1));
    bomb += std::string(1, c) + ": &" + c + " [";
    for (int i = 0; i < 9; ++i) bomb += (i > 0 ? ", *" : "*") + last;
    bomb += "]\n";
  }
  const LoadOutcome outcome = load(bomb);
  CHECK(all_of(outcome.errors).find("more than 100000 values") != std::string::npos);
  CHECK(load(std::string(200, '[')).errors.size() >= 1);
  CHECK(load("a: " + std::string(100, '[') + std::string(100, ']')).errors.size() >= 1);
}

TEST_CASE("this version listens on loopback only") {
  CHECK(complaint("http:\n  listeners:\n    - {address: 0.0.0.0}\n")
            .find("j.yaml:3:17: `http.listeners[0].address` is `0.0.0.0`: this version serves loopback only") == 0);
  for (const std::string address : {"10.0.0.1", "::", "127.0.0.1.example.com", "127.1", "127.0.0.256", "example.com"}) {
    INFO(address);
    CHECK_FALSE(load("http: {listeners: [{address: \"" + address + "\"}]}").ok());
  }
  for (const std::string address : {"127.0.0.1", "127.9.9.9", "::1", "localhost"}) {
    INFO(address);
    CHECK(load("http: {listeners: [{address: \"" + address + "\"}]}").ok());
  }
}

TEST_CASE("rules across settings") {
  CHECK(complaint("http: {listeners: []}").find("is empty") != std::string::npos);
  CHECK(complaint("http: {listeners: [{serves: [publik]}]}").find("did you mean `public`") != std::string::npos);
  CHECK(complaint("http: {listeners: [{port: 1}, {port: 1}]}").find("taken by another listener") != std::string::npos);
  CHECK(complaint("engine: {commit_interval: 2s}").find("longer than") != std::string::npos);
  CHECK(complaint("engine: {start: yesterday}").find("not earliest, latest") != std::string::npos);
  CHECK(load("engine: {start: 2026-01-31T00:00:00Z}").ok());
  CHECK(complaint("{profile: production, log: {kind: memory}}").find("forgets") != std::string::npos);
  CHECK(complaint("log: {kafka: {properties: {enable.auto.commit: true}}}").find("set by juncture itself") !=
        std::string::npos);
  CHECK(complaint("input: [{topic: a}, {topic: a}]").find("is there twice") != std::string::npos);
  CHECK(complaint("input: [{format: native}]").find("`input[0].topic` is not the name of a topic") !=
        std::string::npos);
  CHECK(complaint("application: a b").find("letters") != std::string::npos);
}

TEST_CASE("trusted proxies are addresses or networks") {
  CHECK(load("http: {trusted_proxies: [127.0.0.1, 10.0.0.0/8, \"2001:db8::/32\"]}").ok());
  for (const std::string bad : {"10.0.0.1/8", "10.0.0.0/33", "proxy.example", ""}) {
    INFO(bad);
    CHECK(complaint("http: {trusted_proxies: [\"" + bad + "\"]}").find("which is no network") != std::string::npos);
  }
}

TEST_CASE("where other instances reach this one is a host and a port, and all of them sign alike") {
  for (const std::string bad : {"127.0.0.1:8080", "https://a:1", "http://a", "http://a:0", "http://a:70000",
                                "http://a:1/b", "http://u@a:1", "http://a b:1"}) {
    INFO(bad);
    CHECK(complaint("{http: {advertised: \"" + bad + "\"}, files: {token_key: k}}").find("not `http://host:port`") !=
          std::string::npos);
  }
  CHECK(complaint("http: {advertised: \"http://a:1\"}").find("`files.token_key` is empty") != std::string::npos);
  CHECK(load("{http: {advertised: \"http://[::1]:80\", forward: redirect}, files: {token_key: k}}").ok());
}

TEST_CASE("what is shown loads back to the same") {
  Config config;
  config.application = "true";
  config.log.data = "a \"quoted\" \\ path\nwith a line and \x01";
  config.log.kafka.properties = {{"client.rack", "1"}, {"debug", "no"}};
  config.input = {{"clicks", "native"}, {"nginx", "access-log"}};
  config.engine.workers = 7;
  config.engine.commit_interval = 60s;
  config.engine.commit_interval_max = 60s;
  config.http.listeners = {{"127.0.0.1", 0, {"ops"}}, {"::1", 9, {"public", "analyst"}}};
  config.privacy.text = TextPrivacy::none;

  const LoadOutcome back = load(show_config(config));
  INFO(show_config(config) << all_of(back.errors));
  CHECK(back.ok());
  CHECK(back.config == config);
}

TEST_CASE("the reference page and the schema are those of this build") {
  // JUNCTURE_WRITE_DOCS=1 writes them instead.
  if (std::getenv("JUNCTURE_WRITE_DOCS") != nullptr) {
    std::ofstream(path_of("docs/configuration.md")) << config_markdown();
    std::ofstream(path_of("config/juncture.schema.json")) << config_json_schema();
  }
  CHECK(read_file("docs/configuration.md") == config_markdown());
  CHECK(read_file("config/juncture.schema.json") == config_json_schema());
}
