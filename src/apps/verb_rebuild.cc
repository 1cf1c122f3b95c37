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

struct Chosen {
  verify::Subject subject;
  std::vector<Partition> partitions;
};

std::vector<Partition> differing(const std::vector<verify::PartitionReport>& reports) {
  std::vector<Partition> out;
  for (const verify::PartitionReport& partition : reports) {
    if (partition.changelog_differs || partition.store == "different") out.push_back(partition.partition);
  }
  return out;
}

// The partition that was asked for, or all of which changelog or store are not what the input says.
Result<std::vector<Chosen>> choose(const verify::Inputs& inputs, const Invocation& invocation) {
  std::vector<Chosen> out{{verify::prospects_subject(inputs.config()), {}},
                          {verify::accounts_subject(inputs.config()), {}}};
  if (invocation.partition) {
    for (Chosen& one : out) one.partitions = {static_cast<Partition>(*invocation.partition)};
    return out;
  }
  const auto report = verify::run(inputs.task(invocation));
  if (!report) return tl::unexpected(report.error());
  out[0].partitions = differing(report->partitions);
  out[1].partitions = differing(report->accounts);
  std::erase_if(out, [](const Chosen& one) { return one.partitions.empty(); });
  return out;
}

int rebuild(verify::Inputs& inputs, RocksdbStores& stores, const Chosen& chosen, bool partial) {
  const verify::Rebuilding with{.subject = chosen.subject,
                                .log = inputs.log(),
                                .stores = stores,
                                .config = inputs.config(),
                                .knowledge = inputs.knowledge(),
                                .earlier = inputs.earlier(),
                                .partial = partial};
  const auto rebuilder = verify::Rebuilder::open(with);
  if (!rebuilder) return fail_with(rebuilder.error());
  int failed = kOk;
  for (const Partition partition : chosen.partitions) {
    const auto done = (*rebuilder)->rebuild(partition);
    if (!done) {
      failed = fail_with(done.error());
      continue;
    }
    fmt::print("{} {:>3}  commit {}, records {} to {}, {} keys, {} removed\n", chosen.subject.name, done->partition,
               done->sequence, done->from, done->to, done->keys, done->removed);
  }
  return failed;
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
    for (const Chosen& one : *chosen) {
      fmt::print("would write changelog and state of {} partitions of {} anew: {}. --confirm does it.\n",
                 one.partitions.size(), one.subject.name, fmt::join(one.partitions, ", "));
    }
    return kUsage;
  }
  auto stores = make_rocksdb_stores({.directory = state_folder(inputs->config())});
  if (!stores) return fail_with(stores.error());
  for (const Chosen& one : *chosen) {
    if (const int failed = rebuild(*inputs, **stores, one, invocation.partial); failed != kOk) return failed;
  }
  if (Status claimed = claim_folder(inputs->log(), inputs->config(), state_folder(inputs->config())); !claimed) {
    return fail_with(claimed.error());
  }
  return kOk;
}

}  // namespace juncture::apps
