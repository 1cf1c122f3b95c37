// verify: is what is there what the input log says?
#include <fmt/format.h>

#include "apps/cli.h"
#include "apps/setup.h"
#include "apps/verify/inputs.h"
#include "juncture/core/json_writer.h"

namespace juncture::apps {
namespace {

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
  json.member("accounts", partition.accounts);
  json.member("store", partition.store);
  json.member("recomputed", partition.recomputed);
  json.member("records_of_other_files", partition.unknown);
  json.end_object();
}

void write_outputs(JsonWriter& json, std::string_view name, const verify::OutputCounts& outputs) {
  json.key(name).begin_object();
  json.member("matched", outputs.matched);
  json.member("withheld", outputs.withheld);
  json.member("repeated", outputs.repeated);
  json.member("expired", outputs.expired);
  json.member("compacted", outputs.compacted);
  json.member("unfinished", outputs.unfinished);
  json.member("of_other_files", outputs.unknown);
  json.end_object();
}

std::string report_json(const verify::Report& report, const Config& config) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.member("equal", report.findings.total() == 0);
  json.member("differences", report.findings.total());
  json.member("delivery", kDeliveryNames[static_cast<std::size_t>(config.delivery)]);
  write_outputs(json, "outputs", report.outputs);
  write_outputs(json, "outputs_of_accounts", report.account_outputs);
  json.key("first").begin_array();
  for (const verify::Difference& difference : report.findings.shown()) write_difference(json, difference);
  json.end_array();
  const auto list = [&](std::string_view name, const std::vector<verify::PartitionReport>& partitions) {
    json.key(name).begin_array();
    for (const verify::PartitionReport& partition : partitions) write_partition(json, partition);
    json.end_array();
  };
  list("partitions", report.partitions);
  list("accounts", report.accounts);
  json.key("notes").begin_array();
  for (const std::string& note : report.findings.notes()) json.value(note);
  json.end_array();
  json.end_object();
  return out;
}

void print_partitions(std::string_view name, const std::vector<verify::PartitionReport>& partitions) {
  for (const verify::PartitionReport& partition : partitions) {
    fmt::print(
        "{:<9} {:>3}  commit {}, records {} to {}, {} keys, {} {}, store {}{}{}\n", name, partition.partition,
        partition.sequence, partition.from, partition.to, partition.keys, partition.prospects + partition.accounts,
        name, partition.store, partition.recomputed ? "" : ", not recomputed",
        partition.unchecked > 0 ? fmt::format(", {} of {} commits compacted", partition.unchecked, partition.commits)
                                : "");
  }
}

void print_outputs(std::string_view name, const verify::OutputCounts& outputs) {
  fmt::print(
      "outputs   of {}: {} equal, {} records withheld by the freshness gate, {} repeated, {} past their retention, {} "
      "compacted, {} of unfinished work not there\n",
      name, outputs.matched, outputs.withheld, outputs.repeated, outputs.expired, outputs.compacted,
      outputs.unfinished);
}

void print_report(const verify::Report& report) {
  print_partitions(kProspects, report.partitions);
  print_partitions(kAccounts, report.accounts);
  print_outputs(kProspects, report.outputs);
  print_outputs(kAccounts, report.account_outputs);
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

}  // namespace

int run_verify(const Invocation& invocation) {
  int exit_code = kOk;
  const auto inputs = verify::Inputs::open(invocation, exit_code);
  if (!inputs) return exit_code;
  const auto report = verify::run(inputs->task(invocation));
  if (!report) return fail_with(report.error());
  if (invocation.json) {
    fmt::print("{}\n", report_json(*report, inputs->config()));
  } else {
    print_report(*report);
  }
  return report->findings.total() == 0 ? kOk : kFailed;
}

}  // namespace juncture::apps
