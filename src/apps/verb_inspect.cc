// Verbs that look at what is on disk: explain, state hash.
#include <fmt/format.h>

#include <cstdio>

#include "apps/cli.h"
#include "apps/load_knowledge.h"
#include "apps/node.h"
#include "apps/prospect_view.h"
#include "apps/setup.h"
#include "apps/wall_clock.h"
#include "juncture/adapters/rocksdb_stores.h"
#include "juncture/core/json_writer.h"
#include "juncture/state/codec.h"
#include "juncture/state/keys.h"
#include "juncture/state/state_hash.h"

namespace juncture::apps {
namespace {

// The folder may be another process's: then what is seen is what it has written, some seconds old.
Result<std::unique_ptr<Stores>> look_into(const Config& config) {
  auto stores = make_rocksdb_stores({.directory = state_folder(config), .read_only = true});
  if (!stores) return tl::unexpected(stores.error());
  return std::unique_ptr<Stores>(std::move(*stores));
}

int print_hashes(const std::vector<StateHash>& hashes, bool as_json) {
  const StateHash all = combine(hashes);
  if (!as_json) {
    for (std::size_t p = 0; p < hashes.size(); ++p) {
      fmt::print("{:>3}  {}  {} keys, {} prospects\n", p, hashes[p].hex, hashes[p].keys, hashes[p].prospects);
    }
    fmt::print("all  {}  {} keys, {} prospects, {} bytes\n", all.hex, all.keys, all.prospects, all.bytes);
    return kOk;
  }
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.member("sha256", all.hex);
  json.member("keys", all.keys);
  json.member("prospects", all.prospects);
  json.member("bytes", all.bytes);
  json.key("partitions").begin_array();
  for (const StateHash& hash : hashes) json.value(hash.hex);
  json.end_array();
  json.end_object();
  fmt::print("{}\n", out);
  return kOk;
}

}  // namespace

int run_state_hash(const Invocation& invocation) {
  const auto settings = load_settings(invocation);
  if (!settings) return kConfigInvalid;
  auto stores = look_into(settings->config);
  if (!stores) return fail_with(stores.error());
  std::vector<StateHash> hashes;
  for (Partition p = 0; p < static_cast<Partition>(settings->config.log.topics.partitions); ++p) {
    const auto store = (*stores)->open(store_name(kProspects, p));
    if (!store) return fail_with(store.error());
    if (invocation.dump) {
      std::string line;
      const Status scanned = (*store)->scan([&](std::string_view key, std::string_view value) {
        line.clear();
        dump_state(key, value, line);
        fmt::print("{}\n", line);
      });
      if (!scanned) return fail_with(scanned.error());
      continue;
    }
    auto hash = state_hash(**store);
    if (!hash) return fail_with(hash.error());
    hashes.push_back(std::move(*hash));
  }
  return invocation.dump ? kOk : print_hashes(hashes, invocation.json);
}

int run_explain(const Invocation& invocation) {
  const auto settings = load_settings(invocation);
  if (!settings) return kConfigInvalid;
  const Config& config = settings->config;
  const KnowledgeLoad load = load_knowledge(config);
  if (!load.knowledge) {
    print_errors(load.errors);
    return kConfigInvalid;
  }
  auto stores = look_into(config);
  if (!stores) return fail_with(stores.error());
  const Partition partition = partition_of(invocation.prospect, static_cast<Partition>(config.log.topics.partitions));
  const auto store = (*stores)->open(store_name(kProspects, partition));
  if (!store) return fail_with(store.error());
  std::string key;
  keys::prospect(ProspectId(invocation.prospect), key);
  const auto value = (*store)->get(key);
  if (!value) return fail_with(value.error());
  Prospect prospect;
  if (!*value || decode_tombstone(**value) || !decode(**value, prospect)) {
    std::fprintf(stderr, "juncture: nothing is known of `%s` in %s\n", invocation.prospect.c_str(),
                 config.log.data.c_str());
    return kFailed;
  }
  const Timestamp now = wall_now();
  fmt::print("{}{}",
             invocation.json ? describe(*load.knowledge, invocation.prospect, prospect, now, {}, nullptr)
                             : explain_text(*load.knowledge, invocation.prospect, prospect, now),
             invocation.json ? "\n" : "");
  return kOk;
}

}  // namespace juncture::apps
