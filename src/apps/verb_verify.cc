// verify: is what is there what the input log says?
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "apps/cli.h"
#include "apps/load_knowledge.h"
#include "apps/node.h"
#include "apps/setup.h"
#include "apps/verify/verify.h"
#include "juncture/adapters/embedded_log.h"
#include "juncture/adapters/rocksdb_stores.h"
#include "juncture/core/json_writer.h"
#include "juncture/engine/engine.h"

namespace juncture::apps {
namespace {

namespace fs = std::filesystem;

// Nothing of the log may change under a verification: no retention, no compaction.
Result<std::unique_ptr<Log>> open_untouched(const Config& config) {
  if (config.log.kind != LogKind::embedded) return open_log(config);
  const std::string path = config.log.data + "/log";
  if (!fs::exists(path)) return fail(Domain::environment, "unreachable", "there is no log in " + config.log.data);
  EmbeddedLogOptions options{.path = path, .fsync = Fsync::on_flush, .local = {}};
  options.local.retention_check = Millis{0};
  return open_embedded_log(options);
}

void write_difference(JsonWriter& json, const verify::Difference& difference) {
  json.begin_object();
  json.member("kind", difference.kind);
  json.member("where", difference.where);
  json.member("key", difference.key);
  json.member("expected", difference.expected);
  json.member("found", difference.found);
  json.end_object();
}

void write_partition(JsonWriter& json, const verify::PartitionReport& partition) {
  json.begin_object();
  json.member("partition", partition.partition);
  json.member("from", partition.from);
  json.member("to", partition.to);
  json.member("commit", partition.sequence);
  json.member("commits", partition.commits);
  json.member("commits_unchecked", partition.unchecked);
  json.member("keys", partition.keys);
  json.member("prospects", partition.prospects);
  json.member("store", partition.store);
  json.member("recomputed", partition.recomputed);
  json.member("records_of_other_files", partition.unknown);
  json.end_object();
}

std::string report_json(const verify::Report& report, const Config& config) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.member("equal", report.findings.total() == 0);
  json.member("differences", report.findings.total());
  json.member("delivery", kDeliveryNames[static_cast<std::size_t>(config.delivery)]);
  json.key("outputs").begin_object();
  json.member("matched", report.outputs.matched);
  json.member("withheld", report.outputs.withheld);
  json.member("repeated", report.outputs.repeated);
  json.member("expired", report.outputs.expired);
  json.member("unfinished", report.outputs.unfinished);
  json.member("of_other_files", report.outputs.unknown);
  json.end_object();
  json.key("first").begin_array();
  for (const verify::Difference& difference : report.findings.shown()) write_difference(json, difference);
  json.end_array();
  json.key("partitions").begin_array();
  for (const verify::PartitionReport& partition : report.partitions) write_partition(json, partition);
  json.end_array();
  json.key("notes").begin_array();
  for (const std::string& note : report.findings.notes()) json.value(note);
  json.end_array();
  json.end_object();
  return out;
}

void print_report(const verify::Report& report) {
  for (const verify::PartitionReport& partition : report.partitions) {
    fmt::print("{:>3}  commit {}, records {} to {}, {} keys, {} prospects, store {}{}{}\n", partition.partition,
               partition.sequence, partition.from, partition.to, partition.keys, partition.prospects, partition.store,
               partition.recomputed ? "" : ", not recomputed",
               partition.unchecked > 0
                   ? fmt::format(", {} of {} commits compacted", partition.unchecked, partition.commits)
                   : "");
  }
  const verify::OutputCounts& outputs = report.outputs;
  fmt::print(
      "outputs  {} equal, {} records withheld by the freshness gate, {} repeated, {} past their retention, {} of "
      "unfinished work not there\n",
      outputs.matched, outputs.withheld, outputs.repeated, outputs.expired, outputs.unfinished);
  for (const std::string& note : report.findings.notes()) fmt::print("note     {}\n", note);
  for (const verify::Difference& difference : report.findings.shown()) {
    fmt::print("differs  {} at {}{}\n  expected  {}\n  found     {}\n", difference.kind, difference.where,
               difference.key.empty() ? "" : ", " + difference.key, difference.expected, difference.found);
  }
  if (report.findings.total() == 0) {
    fmt::print("equal\n");
  } else {
    fmt::print("{} differences{}\n", report.findings.total(),
               report.findings.total() > report.findings.shown().size() ? ", the first of them above" : "");
  }
}

// What `--also` names, by version; none after printing what is wrong.
std::optional<std::vector<std::shared_ptr<Knowledge>>> load_earlier(const Invocation& invocation,
                                                                    const std::vector<std::string>& presets) {
  std::vector<std::shared_ptr<Knowledge>> out;
  for (const std::string& file : invocation.also) {
    Invocation with = invocation;
    with.config_files.push_back(file);
    const auto settings = load_settings(with, presets);
    if (!settings) return std::nullopt;
    KnowledgeLoad load = load_knowledge(settings->config);
    print_errors(load.errors);
    if (!load.knowledge) return std::nullopt;
    load.knowledge->synthetic = invocation.demo;
    out.push_back(std::move(load.knowledge));
  }
  return out;
}

}  // namespace

int run_verify(const Invocation& invocation) {
  const auto presets = invocation.demo ? demo_presets() : std::vector<std::string>{};
  const auto settings = load_settings(invocation, presets);
  if (!settings) return kConfigInvalid;
  const Config& config = settings->config;
  if (config.log.kind == LogKind::memory) {
    std::fprintf(stderr, "juncture: log.kind memory keeps nothing that could be verified\n");
    return kUsage;
  }
  if (!fs::exists(config.log.data + "/token.key")) {
    std::fprintf(stderr,
                 "juncture: %s/token.key is missing: it signs the public outputs, so they cannot be recomputed "
                 "without it\n",
                 config.log.data.c_str());
    return kConfigInvalid;
  }
  const KnowledgeLoad load = load_knowledge(config);
  if (!load.knowledge) {
    print_errors(load.errors);
    return kConfigInvalid;
  }
  load.knowledge->synthetic = invocation.demo;
  const auto earlier = load_earlier(invocation, presets);
  if (!earlier) return kConfigInvalid;
  const auto log = open_untouched(config);
  if (!log) {
    print_errors({log.error()});
    return log.error().domain == Domain::setup && log.error().code != "log_in_use" ? kConfigInvalid : kCannotConnect;
  }
  auto stores = make_rocksdb_stores({.directory = state_folder(config), .read_only = true});
  if (!stores) return fail_with(stores.error());
  verify::Task task{.log = **log,
                    .config = config,
                    .knowledge = *load.knowledge,
                    .earlier = {},
                    .open_store = {},
                    .only = {},
                    .strict = invocation.strict};
  for (const auto& knowledge : *earlier) task.earlier.emplace(knowledge->version, knowledge.get());
  if (invocation.partition) task.only = static_cast<Partition>(*invocation.partition);
  task.open_store = [&](Partition partition) -> Result<std::unique_ptr<Store>> {
    const std::string name = store_name(kProspects, partition);
    if (!fs::exists(fs::path(state_folder(config)) / name)) return std::unique_ptr<Store>();
    return (*stores)->open(name);
  };
  const auto report = verify::run(task);
  if (!report) return fail_with(report.error());
  if (invocation.json) {
    fmt::print("{}\n", report_json(*report, config));
  } else {
    print_report(*report);
  }
  return report->findings.total() == 0 ? kOk : kFailed;
}

}  // namespace juncture::apps
