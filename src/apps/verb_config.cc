// Verbs about settings: validate, config show, version.
#include <fmt/format.h>

#include <cstdio>

#include "apps/build_info.h"
#include "apps/cli.h"
#include "apps/identity.h"
#include "apps/load_knowledge.h"
#include "apps/log_settings.h"
#include "apps/node.h"
#include "apps/setup.h"
#include "apps/wall_clock.h"
#include "juncture/core/json_writer.h"
#include "juncture/decision/decide.h"
#include "juncture/ingest/connector.h"

namespace juncture::apps {
namespace {

// What only a log can answer: is it there, and are its topics as they must be?
std::vector<Error> check_log(const Config& config) {
  auto log = open_log(config);
  if (!log) return {log.error()};
  std::vector<Error> errors;
  const Topics topics(config.log.topics.prefix);
  const auto expected = static_cast<Partition>(config.log.topics.partitions);
  for (const std::string& topic : {topics.signals, topics.sales, topics.public_}) {
    const auto count = (*log)->partition_count(topic);
    if (!count) return {count.error()};
    if (*count && **count != expected) {
      errors.push_back(
          {Domain::setup, "partition_count",
           fmt::format("topic {} has {} partitions, log.topics.partitions is {}", topic, **count, expected)});
    }
  }
  for (const InputConfig& input : config.input) {
    const auto count = (*log)->partition_count(input.topic);
    if (!count) return {count.error()};
    if (!*count) errors.push_back({Domain::setup, "unknown_topic", "input topic " + input.topic + " is not there"});
  }
  if (Status same = check_identity(**log, config, state_folder(config)); !same) errors.push_back(same.error());
  if (Status settings = check_log_settings(**log, config, false); !settings) errors.push_back(settings.error());
  return errors;
}

std::string cells_text(const std::vector<Cell>& cells) {
  std::string text;
  for (const Cell& cell : cells) {
    text += fmt::format("{}{} in {}", text.empty() ? "" : ", ", name_of(cell.moment), name_of(cell.stage));
  }
  return text;
}

void write_cells(JsonWriter& json, std::string_view name, const std::vector<Cell>& cells) {
  json.key(name).begin_array();
  for (const Cell& cell : cells) {
    json.begin_object();
    json.member("moment", name_of(cell.moment));
    json.member("stage", name_of(cell.stage));
    json.end_object();
  }
  json.end_array();
}

void print_gaps(const Knowledge& knowledge, bool as_json, const Timestamp now) {
  const auto analyst = uncovered_cells(knowledge.catalog, knowledge.policy, now, Audience::analyst);
  const auto site = uncovered_cells(knowledge.public_catalog, knowledge.policy, now, Audience::public_site);
  if (as_json) {
    std::string out;
    JsonWriter json(out);
    json.begin_object();
    json.member("valid", true);
    json.member("items", knowledge.catalog.items.size());
    json.member("public_items", knowledge.public_catalog.items.size());
    json.member("model", knowledge.model_version);
    json.member("catalog", knowledge.catalog.version);
    json.member("policy", knowledge.policy.version);
    write_cells(json, "uncovered_analyst", analyst);
    write_cells(json, "uncovered_public", site);
    json.end_object();
    fmt::print("{}\n", out);
    return;
  }
  fmt::print("valid: catalog {} ({} items, {} public), policy {}, model {}\n", knowledge.catalog.version,
             knowledge.catalog.items.size(), knowledge.public_catalog.items.size(), knowledge.policy.version,
             knowledge.model_version);
  fmt::print("cells without a safe item, for analysts: {}\n", analyst.empty() ? "none" : cells_text(analyst));
  fmt::print("cells without a safe item, on websites: {}\n", site.empty() ? "none" : cells_text(site));
}

}  // namespace

int run_validate(const Invocation& invocation) {
  const auto settings = load_settings(invocation);
  if (!settings) return kConfigInvalid;
  std::vector<Error> errors;
  for (const InputConfig& input : settings->config.input) {
    if (find_connector(input.format) == nullptr) {
      errors.push_back(
          {Domain::setup, "config_invalid", "input " + input.topic + ": no connector `" + input.format + "`"});
    }
  }
  const KnowledgeLoad load = load_knowledge(settings->config);
  print_errors(load.warnings);
  errors.insert(errors.end(), load.errors.begin(), load.errors.end());
  print_errors(errors);
  if (!errors.empty()) return kConfigInvalid;
  if (invocation.connect) {
    const std::vector<Error> remote = check_log(settings->config);
    print_errors(remote);
    if (!remote.empty()) return remote.front().domain == Domain::setup ? kConfigInvalid : kCannotConnect;
  }
  print_gaps(*load.knowledge, invocation.json, wall_now());
  return kOk;
}

int run_config_show(const Invocation& invocation) {
  if (invocation.schema) {
    fmt::print("{}", config_json_schema());
    return kOk;
  }
  if (invocation.markdown) {
    fmt::print("{}", config_markdown());
    return kOk;
  }
  if (invocation.defaults) {
    fmt::print("{}", show_config(Config{}));
    return kOk;
  }
  const auto settings = load_settings(invocation);
  if (!settings) return kConfigInvalid;
  fmt::print("{}", show_config(settings->config, invocation.origin ? &settings->origins : nullptr));
  return kOk;
}

int run_version(const Invocation& invocation) {
  const BuildInfo libraries = build_info();
  if (!invocation.json) {
    fmt::print("juncture {} (commit {}, {}, librdkafka {}, rocksdb {}, simdjson {})\n", build_info().juncture,
               build_info().commit, libraries.compiler, libraries.librdkafka, libraries.rocksdb, libraries.simdjson);
    return kOk;
  }
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.member("version", build_info().juncture);
  json.member("commit", build_info().commit);
  json.member("compiler", libraries.compiler);
  json.member("librdkafka", libraries.librdkafka);
  json.member("rocksdb", libraries.rocksdb);
  json.member("simdjson", libraries.simdjson);
  json.end_object();
  fmt::print("{}\n", out);
  return kOk;
}

}  // namespace juncture::apps
