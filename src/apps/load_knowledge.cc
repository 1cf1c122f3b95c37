#include "apps/load_knowledge.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "juncture/config/load.h"
#include "juncture/config/taxonomy_load.h"
#include "juncture/core/embedded.h"
#include "juncture/core/hash.h"
#include "juncture/inference/chain_file.h"
#include "juncture/pipeline/render.h"
#include "juncture/text/train.h"

namespace juncture::apps {
namespace {

// Signs tokens. Made once per folder: every start, and every process that shares the file, must use the same.
Result<std::string> token_key(const Config& config) {
  const std::string path = token_key_file(config);
  if (!config.files.token_key.empty()) {
    auto key = read_file(path);
    if (!key || key->size() >= 32) return key;
    return fail(Domain::setup, "file", path + ": a key has 32 characters or more");
  }
  if (config.log.kind == LogKind::memory) return std::string("memory");
  if (const auto found = read_file(path); found && found->size() >= 32) return *found;
  std::random_device device;
  std::string key;
  constexpr std::string_view kHex = "0123456789abcdef";
  for (int i = 0; i < 64; ++i) key.push_back(kHex[device() % kHex.size()]);
  if (Status written = write_file(path, key); !written) return tl::unexpected(written.error());
  std::filesystem::permissions(path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  return key;
}

// The model that was learnt from this very content before, if it is still there and sound.
Result<TextModel> learn(const Config& config, const Lessons& lessons, KnowledgeLoad& load) {
  const std::string cached = config.log.data + "/model-" + decision_text(hash64(lessons.content)).substr(2) + ".jmodel";
  const bool keep = config.log.kind != LogKind::memory;
  if (keep) {
    if (const auto bytes = read_file(cached)) {
      if (auto model = load_model(*bytes)) return model;
    }
  }
  const auto begin = std::chrono::steady_clock::now();
  auto model = train(lessons.taxonomy, lessons.vocabulary, {});
  load.trained = true;
  load.train_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  if (model && keep) {
    // Only a copy: without it the next start learns again.
    static_cast<void>(write_file(cached, serialize(*model)));
  }
  return model;
}

Result<TextModel> model_of(const Config& config, const Lessons& lessons, KnowledgeLoad& load) {
  if (config.files.model.empty()) return learn(config, lessons, load);
  const auto bytes = read_file(config.files.model);
  if (!bytes) return tl::unexpected(bytes.error());
  auto model = load_model(*bytes);
  if (!model) return fail(Domain::setup, model.error().code, config.files.model + ": " + model.error().detail);
  return model;
}

template <class T>
void collect(KnowledgeLoad& load, const Loaded<T>& loaded) {
  load.errors.insert(load.errors.end(), loaded.errors.begin(), loaded.errors.end());
  load.warnings.insert(load.warnings.end(), loaded.warnings.begin(), loaded.warnings.end());
}

std::string shown(const std::string& path, std::string_view embedded_name) {
  return path.empty() ? "(built in) " + std::string(embedded_name) : path;
}

// How accounts decide, where it is said. Their domains and networks are no part of it: what they lead to is in the
// signals.
std::string structures_of(const AccountTable& accounts) {
  std::string out;
  for (const AccountEntry& entry : accounts.entries()) {
    const Structure& one = entry.structure;
    if (one == Structure{}) continue;
    out += fmt::format("\n{} {} {} {} {}", index_of(one.responsibility), index_of(one.pain), index_of(one.bureaucracy),
                       entry.id, fmt::join(entry.also, " "));
  }
  return out;
}

// `files`: hash of what was read. What is kept of a signal is part of what state depends on.
std::uint64_t version_of(const Knowledge& knowledge, std::uint64_t files) {
  const Retention& kept = knowledge.retention;
  const std::string rest =
      fmt::format("{} {} {} {} {}{}", knowledge.model_version, static_cast<int>(kept.text), kept.text_ttl.count(),
                  kept.prospect_ttl.count(), kept.session_idle.count(), structures_of(knowledge.accounts));
  return hash64(rest, files) | 1U;
}

}  // namespace

Result<std::string> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(Domain::setup, "file", path + ": " + std::strerror(errno));
  std::ostringstream bytes;
  bytes << in.rdbuf();
  if (in.bad()) return fail(Domain::setup, "file", path + ": cannot be read");
  return std::move(bytes).str();
}

Status write_file(const std::string& path, std::string_view bytes) {
  std::error_code ignored;
  if (const auto folder = std::filesystem::path(path).parent_path(); !folder.empty()) {
    std::filesystem::create_directories(folder, ignored);
  }
  const std::string half = path + ".new";
  std::ofstream out(half, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  if (!out) return fail(Domain::setup, "file", half + ": " + std::strerror(errno));
  std::filesystem::rename(half, path, ignored);
  if (ignored) return fail(Domain::setup, "file", path + ": " + ignored.message());
  return {};
}

Result<std::string> read_source(const std::string& path, std::string_view embedded_name) {
  if (path.empty()) return std::string(embedded(embedded_name));
  return read_file(path);
}

Result<Lessons> load_lessons(const Config& config) {
  const auto taxonomy = read_source(config.files.taxonomy, "taxonomy.yaml");
  if (!taxonomy) return tl::unexpected(taxonomy.error());
  const auto vocabulary = read_source(config.files.vocabulary, "vocabulary.yaml");
  if (!vocabulary) return tl::unexpected(vocabulary.error());
  auto parsed = load_taxonomy(*taxonomy, shown(config.files.taxonomy, "taxonomy.yaml"));
  if (!parsed) return tl::unexpected(parsed.error());
  auto words = load_user_vocabulary(*vocabulary, shown(config.files.vocabulary, "vocabulary.yaml"));
  if (!words) return tl::unexpected(words.error());
  return Lessons{.taxonomy = std::move(*parsed), .vocabulary = std::move(*words), .content = *taxonomy + *vocabulary};
}

StageChainParameters chain_parameters(const Taxonomy& taxonomy) {
  StageChainParameters parameters;
  for (std::size_t s = 0; s < kBuyingStages; ++s) {
    const TaxonomyStage& stage = taxonomy.stages[s];
    if (stage.dwell_median_days > 0) parameters.dwell_median_days[s] = stage.dwell_median_days;
    if (stage.dwell_sigma_log > 0) parameters.dwell_sigma_log[s] = stage.dwell_sigma_log;
    parameters.offline_share[s] = stage.offline_share;
    parameters.stall_per_day[s] = stage.stall_hazard_per_day;
    for (std::size_t r = 0; r < kRoles; ++r) parameters.roles[s][r] = static_cast<double>(stage.roles[r]);
  }
  parameters.recovery_days = taxonomy.stall_recovery_median_days;
  parameters.deal_multiplier = taxonomy.deal_multiplier[1];
  return per_visit(parameters);
}

Result<StageChainParameters> chain_parameters(const Taxonomy& taxonomy, const TextModel& model) {
  const StageChainParameters judged = chain_parameters(taxonomy);
  return model.chain().empty() ? Result<StageChainParameters>(judged) : decode_chain(model.chain(), judged);
}

std::string token_key_file(const Config& config) {
  return config.files.token_key.empty() ? config.log.data + "/token.key" : config.files.token_key;
}

KnowledgeLoad load_knowledge(const Config& config) {
  KnowledgeLoad load;
  Loaded<Catalog> catalog;
  Loaded<Policy> policy;
  Loaded<Calendar> calendar;
  std::uint64_t version = kPipelineRevision;
  if (const auto text = read_source(config.files.catalog, "catalog.yaml")) {
    version = hash64(*text, version);
    catalog = load_catalog({.text = *text, .filename = shown(config.files.catalog, "catalog.yaml")});
    collect(load, catalog);
  } else {
    load.errors.push_back(text.error());
  }
  if (const auto text = read_source(config.files.policy, "policy.yaml")) {
    version = hash64(*text, version);
    policy = load_policy({.text = *text, .filename = shown(config.files.policy, "policy.yaml")});
    collect(load, policy);
  } else {
    load.errors.push_back(text.error());
  }
  if (const auto text = read_source(config.files.calendar, "calendar.yaml")) {
    version = hash64(*text, version);
    calendar = load_calendar({.text = *text, .filename = shown(config.files.calendar, "calendar.yaml")});
    collect(load, calendar);
  } else {
    load.errors.push_back(text.error());
  }
  Loaded<AccountTable> accounts;
  if (const auto text = read_source(config.files.accounts, "accounts.yaml")) {
    accounts = load_accounts({.text = *text, .filename = shown(config.files.accounts, "accounts.yaml")});
    collect(load, accounts);
  } else {
    load.errors.push_back(text.error());
  }
  auto lessons = load_lessons(config);
  if (!lessons) load.errors.push_back(lessons.error());
  if (!load.errors.empty()) return load;

  auto model = model_of(config, *lessons, load);
  if (!model) load.errors.push_back(model.error());
  const auto key = token_key(config);
  if (!key) load.errors.push_back(key.error());
  if (!load.errors.empty()) return load;
  const auto parameters = chain_parameters(lessons->taxonomy, *model);
  if (!parameters) load.errors.push_back(parameters.error());
  if (!load.errors.empty()) return load;
  load.knowledge = std::make_shared<Knowledge>(std::move(*model));
  Knowledge& knowledge = *load.knowledge;
  knowledge.chain = StageChain(*parameters, BusinessClock(calendar.value));
  knowledge.catalog = std::move(catalog.value);
  knowledge.policy = std::move(policy.value);
  knowledge.accounts = std::move(accounts.value);
  knowledge.retention = {.text = config.privacy.text,
                         .text_ttl = config.privacy.text_ttl,
                         .prospect_ttl = config.privacy.prospect_ttl,
                         .session_idle = config.privacy.session_idle};
  knowledge.token_key = *key;
  knowledge.hot_key_signals = static_cast<std::uint32_t>(config.engine.hot_key);
  knowledge.model_version = knowledge.text.version();
  knowledge.version = version_of(knowledge, hash64(lessons->content, version));
  const UserVocabulary::LeaveOut& out = lessons->vocabulary.leave_out;
  for (const auto* names : {&out.customers, &out.staff, &out.partners}) {
    knowledge.leave_out.insert(names->begin(), names->end());
  }
  knowledge.leave_out.erase("");
  index_catalog(knowledge);
  index_accounts(knowledge);
  load.lessons = std::move(*lessons);
  return load;
}

}  // namespace juncture::apps
