// rebuild: changelog and store anew from the input log, after one of them was lost or damaged.
#include <fmt/format.h>

#include <cstdio>

#include "apps/cli.h"
#include "apps/identity.h"
#include "apps/setup.h"
#include "apps/verify/inputs.h"
#include "apps/verify/rebuild.h"

namespace juncture::apps {
namespace {

// The partition that was asked for, or all of which changelog or store are not what the input says.
Result<std::vector<Partition>> choose(const verify::Inputs& inputs, const Invocation& invocation) {
  if (invocation.partition) return std::vector{static_cast<Partition>(*invocation.partition)};
  const auto report = verify::run(inputs.task(invocation));
  if (!report) return tl::unexpected(report.error());
  std::vector<Partition> out;
  for (const verify::PartitionReport& partition : report->partitions) {
    if (partition.changelog_differs || partition.store == "different") out.push_back(partition.partition);
  }
  return out;
}

}  // namespace

int run_rebuild(const Invocation& invocation) {
  int exit_code = kOk;
  const auto inputs = verify::Inputs::open(invocation, exit_code);
  if (!inputs) return exit_code;
  const auto chosen = choose(*inputs, invocation);
  if (!chosen) return fail_with(chosen.error());
  if (chosen->empty()) {
    fmt::print("nothing to rebuild: changelog and state are what the input log says\n");
    return kOk;
  }
  if (!invocation.confirm) {
    fmt::print("would write changelog and state of {} partitions anew: {}. --confirm does it.\n", chosen->size(),
               fmt::join(*chosen, ", "));
    return kUsage;
  }
  auto stores = make_rocksdb_stores({.directory = state_folder(inputs->config())});
  if (!stores) return fail_with(stores.error());
  const verify::Rebuilding with{.log = inputs->log(),
                                .stores = **stores,
                                .config = inputs->config(),
                                .knowledge = inputs->knowledge(),
                                .earlier = inputs->earlier(),
                                .partial = invocation.partial};
  const auto rebuilder = verify::Rebuilder::open(with);
  if (!rebuilder) return fail_with(rebuilder.error());
  int failed = kOk;
  for (const Partition partition : *chosen) {
    const auto done = (*rebuilder)->rebuild(partition);
    if (!done) {
      failed = fail_with(done.error());
      continue;
    }
    fmt::print("{:>3}  commit {}, records {} to {}, {} keys, {} removed\n", done->partition, done->sequence, done->from,
               done->to, done->keys, done->removed);
  }
  if (failed != kOk) return failed;
  if (Status claimed = claim_folder(inputs->log(), inputs->config(), state_folder(inputs->config())); !claimed) {
    return fail_with(claimed.error());
  }
  return kOk;
}

}  // namespace juncture::apps
