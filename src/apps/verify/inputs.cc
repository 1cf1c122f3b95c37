#include "apps/verify/inputs.h"

#include <cstdio>
#include <filesystem>

#include "apps/load_knowledge.h"
#include "apps/setup.h"
#include "juncture/adapters/embedded_log.h"

namespace juncture::apps::verify {
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

}  // namespace

std::unique_ptr<Inputs> Inputs::open(const Invocation& invocation, int& exit_code) {
  auto inputs = std::make_unique<Inputs>();
  exit_code = inputs->load(invocation);
  if (exit_code == kOk) exit_code = inputs->open_log_and_stores();
  return exit_code == kOk ? std::move(inputs) : nullptr;
}

// The settings as they are now, then once with each `--also` on top.
int Inputs::load(const Invocation& invocation) {
  const auto presets = invocation.demo ? demo_presets() : std::vector<std::string>{};
  for (std::size_t i = 0; i <= invocation.also.size(); ++i) {
    Invocation with = invocation;
    if (i > 0) with.config_files.push_back(invocation.also[i - 1]);
    const auto settings = load_settings(with, presets);
    if (!settings) return kConfigInvalid;
    const Config& config = settings->config;
    if (config.log.kind == LogKind::memory) {
      std::fprintf(stderr, "juncture: log.kind memory keeps nothing to look at\n");
      return kUsage;
    }
    if (const std::string key = token_key_file(config); !fs::exists(key)) {
      std::fprintf(stderr,
                   "juncture: %s is missing: it signs the public outputs, so they cannot be recomputed without it\n",
                   key.c_str());
      return kConfigInvalid;
    }
    KnowledgeLoad load = load_knowledge(config);
    print_errors(load.errors);
    if (!load.knowledge) return kConfigInvalid;
    load.knowledge->synthetic = invocation.demo;
    if (i == 0) {
      config_ = config;
      knowledge_ = std::move(load.knowledge);
    } else {
      earlier_.push_back(std::move(load.knowledge));
    }
  }
  return kOk;
}

int Inputs::open_log_and_stores() {
  auto log = open_untouched(config_);
  if (!log) {
    print_errors({log.error()});
    return log.error().domain == Domain::setup && log.error().code != "log_in_use" ? kConfigInvalid : kCannotConnect;
  }
  log_ = std::move(*log);
  auto stores = make_rocksdb_stores({.directory = state_folder(config_), .read_only = true});
  if (!stores) return fail_with(stores.error());
  stores_ = std::move(*stores);
  return kOk;
}

std::map<std::uint64_t, const Knowledge*> Inputs::earlier() const {
  std::map<std::uint64_t, const Knowledge*> out;
  for (const auto& knowledge : earlier_) out.emplace(knowledge->version, knowledge.get());
  return out;
}

Result<std::unique_ptr<Store>> Inputs::open_store(const std::string& name) const {
  if (!fs::exists(fs::path(state_folder(config_)) / name)) return std::unique_ptr<Store>();
  return stores_->open(name);
}

Task Inputs::task(const Invocation& invocation) const {
  return {.log = *log_,
          .config = config_,
          .knowledge = *knowledge_,
          .earlier = earlier(),
          .open_store = [this](const std::string& name) { return open_store(name); },
          .only = invocation.partition ? std::optional(static_cast<Partition>(*invocation.partition)) : std::nullopt,
          .strict = invocation.strict};
}

}  // namespace juncture::apps::verify
