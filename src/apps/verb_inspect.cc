// Verbs that look at what is on disk: explain, state hash.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "apps/account_view.h"
#include "apps/cli.h"
#include "apps/load_knowledge.h"
#include "apps/node.h"
#include "apps/prospect_view.h"
#include "apps/setup.h"
#include "apps/wall_clock.h"
#include "juncture/adapters/rocksdb_stores.h"
#include "juncture/core/json_writer.h"
#include "juncture/pipeline/render.h"
#include "juncture/state/account_codec.h"
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

// Hashes of a sub-topology's partitions, or none where it never ran; with `dump`, what they hold goes to the output.
Result<std::vector<StateHash>> look_at(Stores& stores, const Config& config, std::string_view sub_topology, bool dump) {
  std::vector<StateHash> hashes;
  for (Partition p = 0; p < static_cast<Partition>(config.log.topics.partitions); ++p) {
    const std::string name = store_name(sub_topology, p);
    if (sub_topology != kProspects && !std::filesystem::exists(state_folder(config) + "/" + name)) continue;
    const auto store = stores.open(name);
    if (!store) return tl::unexpected(store.error());
    if (dump) {
      std::string line;
      const Status scanned = (*store)->scan([&](std::string_view key, std::string_view value) {
        line.clear();
        dump_state(key, value, line);
        fmt::print("{}\n", line);
      });
      if (!scanned) return tl::unexpected(scanned.error());
      continue;
    }
    auto hash = state_hash(**store);
    if (!hash) return tl::unexpected(hash.error());
    hashes.push_back(std::move(*hash));
  }
  return hashes;
}

void write_hashes(JsonWriter& json, const StateHash& all, const std::vector<StateHash>& hashes, std::string_view what,
                  std::uint64_t count) {
  json.member("sha256", all.hex);
  json.member("keys", all.keys);
  json.member(what, count);
  json.member("bytes", all.bytes);
  json.key("partitions").begin_array();
  for (const StateHash& hash : hashes) json.value(hash.hex);
  json.end_array();
}

void print_hashes(const std::vector<StateHash>& prospects, const std::vector<StateHash>& accounts, bool as_json) {
  const StateHash all = combine(prospects), all_accounts = combine(accounts);
  if (!as_json) {
    for (std::size_t p = 0; p < prospects.size(); ++p) {
      fmt::print("{:>3}  {}  {} keys, {} prospects\n", p, prospects[p].hex, prospects[p].keys, prospects[p].prospects);
    }
    fmt::print("all  {}  {} keys, {} prospects, {} bytes\n", all.hex, all.keys, all.prospects, all.bytes);
    fmt::print("accounts  {}  {} accounts, {} bytes\n", all_accounts.hex, all_accounts.accounts, all_accounts.bytes);
    return;
  }
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  write_hashes(json, all, prospects, "prospects", all.prospects);
  json.key("accounts").begin_object();
  write_hashes(json, all_accounts, accounts, "accounts", all_accounts.accounts);
  json.end_object();
  json.end_object();
  fmt::print("{}\n", out);
}

// None: the value says nothing of anybody.
std::optional<std::string> explained(const Invocation& invocation, const Knowledge& knowledge, std::string_view value) {
  const std::string& id = invocation.prospect;
  const Timestamp now = wall_now();
  if (invocation.account) {
    Account account;
    if (value.empty() || !decode(value, account)) return std::nullopt;
    if (!invocation.json) return explain_account(knowledge, id, account, now);
    std::string out;
    JsonWriter json(out);
    json.begin_object();
    const AccountRules rules = rules_of(knowledge, AccountId(id));
    const AccountBelief belief = account_belief(rules.chain, account);
    write_account_people(json, rules, id, account, read_account(rules.chain, belief, now),
                         conditions_of(rules.chain, account, belief));
    json.end_object();
    return out;
  }
  Prospect prospect;
  if (value.empty() || decode_tombstone(value) || !decode(value, prospect)) return std::nullopt;
  return invocation.json ? describe(knowledge, id, prospect, now, {}, nullptr)
                         : explain_text(knowledge, id, prospect, now);
}

}  // namespace

int run_state_hash(const Invocation& invocation) {
  const auto settings = load_settings(invocation);
  if (!settings) return kConfigInvalid;
  auto stores = look_into(settings->config);
  if (!stores) return fail_with(stores.error());
  const auto prospects = look_at(**stores, settings->config, kProspects, invocation.dump);
  if (!prospects) return fail_with(prospects.error());
  const auto accounts = look_at(**stores, settings->config, kAccounts, invocation.dump);
  if (!accounts) return fail_with(accounts.error());
  if (!invocation.dump) print_hashes(*prospects, *accounts, invocation.json);
  return kOk;
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
  const auto store = (*stores)->open(store_name(invocation.account ? kAccounts : kProspects, partition));
  if (!store) return fail_with(store.error());
  std::string key;
  if (invocation.account) {
    keys::account(AccountId(invocation.prospect), key);
  } else {
    keys::prospect(ProspectId(invocation.prospect), key);
  }
  const auto value = (*store)->get(key);
  if (!value) return fail_with(value.error());
  const auto text = explained(invocation, *load.knowledge, value->value_or(std::string()));
  if (!text) {
    std::fprintf(stderr, "juncture: nothing is known of `%s` in %s\n", invocation.prospect.c_str(),
                 config.log.data.c_str());
    return kFailed;
  }
  fmt::print("{}{}", *text, invocation.json ? "\n" : "");
  return kOk;
}

}  // namespace juncture::apps
