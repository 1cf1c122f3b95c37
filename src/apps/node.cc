#include "apps/node.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <filesystem>

#include <spdlog/spdlog.h>

#include "apps/identity.h"
#include "apps/log_settings.h"
#include "apps/wall_clock.h"
#include "juncture/adapters/embedded_log.h"
#include "juncture/adapters/kafka_log.h"
#include "juncture/adapters/memory_log.h"
#include "juncture/adapters/memory_stores.h"
#include "juncture/adapters/rocksdb_stores.h"
#include "juncture/core/hash.h"
#include "juncture/pipeline/account_pipeline.h"
#include "juncture/pipeline/intake_pipeline.h"
#include "juncture/pipeline/prospect_pipeline.h"

namespace juncture::apps {
namespace {

constexpr Millis kTickEvery{1000};

// Shares of engine.buffers; docs/operations.md has the same list. At least so much each that work goes on.
std::size_t share(const Config& config, std::int64_t part, std::int64_t among) {
  return static_cast<std::size_t>(
      std::max(config.engine.buffers.count / part / std::max<std::int64_t>(among, 1), kMiB));
}

void bound_memory(const Config& config, EngineOptions& engine) {
  const std::int64_t partitions = config.log.topics.partitions;
  // Prospects, accounts and each intake; all of them may come to be here.
  const std::int64_t tasks = partitions * (2 + static_cast<std::int64_t>(config.input.size()));
  const bool producer_each = config.delivery == Delivery::exactly_once;
  // The smallest value of a prospect takes some 512 bytes with its key and its entry.
  engine.cache_bytes_max = static_cast<std::size_t>(std::max(config.engine.cache.count / partitions, kMiB));
  engine.cache_entries_max = engine.cache_bytes_max / 512;
  engine.consumer_queue_bytes = share(config, 8, config.engine.workers);
  engine.producer_queue_bytes = share(config, 8, producer_each ? tasks : config.engine.workers);
  engine.transaction_bytes_max = share(config, 8, partitions);
  engine.pending_bytes_max = share(config, 4, partitions);
}

Result<EngineOptions> engine_options(const Config& config, const Node::Options& options) {
  EngineOptions engine;
  engine.application = group_of(config);
  engine.endpoint = config.http.advertised;
  engine.member = config.engine.member;
  engine.delivery = config.delivery;
  engine.workers = static_cast<int>(config.engine.workers);
  engine.commit_interval = config.engine.commit_interval;
  engine.commit_interval_backlog = config.engine.commit_interval_max;
  engine.write_behind = config.engine.write_behind;
  engine.fresh_within = options.fresh_within > 0ms ? options.fresh_within : config.engine.fresh_within;
  engine.standby = config.engine.standby == StandbyKind::all;
  bound_memory(config, engine);
  if (config.engine.start == "earliest") return engine;
  if (config.engine.start == "latest") {
    engine.start = EngineOptions::Start::latest;
    return engine;
  }
  const auto time = parse_utc(config.engine.start);
  if (!time) return fail(Domain::setup, "config_invalid", "engine.start: not a time in UTC: " + config.engine.start);
  engine.start = EngineOptions::Start::time;
  engine.start_time = *time;
  return engine;
}

int replication_of(const Config& config) {
  if (config.log.topics.replication > 0) return static_cast<int>(config.log.topics.replication);
  return config.profile == Profile::production ? 3 : 0;
}

}  // namespace

std::string group_of(const Config& config) {
  return config.log.topics.prefix + config.application;
}

std::string state_folder(const Config& config) {
  return config.log.data + "/state";
}

std::string checkpoint_folder(const Config& config) {
  return config.log.data + "/checkpoint";
}

Result<std::unique_ptr<Log>> open_log(const Config& config) {
  switch (config.log.kind) {
    case LogKind::memory:
      return make_memory_log();
    case LogKind::kafka:
      return make_kafka_log({.brokers = config.log.kafka.brokers,
                             .client_id = config.application,
                             .properties = config.log.kafka.properties,
                             .replication = replication_of(config)});
    case LogKind::embedded:
      return open_embedded_log({.path = config.log.data + "/log"});
  }
  return fail(Domain::setup, "config_invalid", "log.kind");
}

Status ensure_topics(Log& log, const Config& config, const Topics& topics) {
  const auto partitions = static_cast<Partition>(config.log.topics.partitions);
  // Rows hold verbatim text: they live no longer than the text may.
  const Millis rows =
      std::min<Millis>(7 * kDay, config.privacy.text == TextPrivacy::verbatim ? config.privacy.text_ttl : 7 * kDay);
  const std::vector<TopicSpec> specs{{.name = topics.signals,
                                      .partitions = partitions,
                                      .retention = config.log.topics.retention,
                                      .retention_bytes = config.log.topics.retention_bytes.count,
                                      .properties = {{"message.timestamp.type", "LogAppendTime"}}},
                                     {.name = topics.sales, .partitions = partitions, .retention = rows},
                                     {.name = topics.public_, .partitions = partitions, .retention = 7 * kDay},
                                     {.name = topics.dead_letters, .partitions = 1, .retention = 14 * kDay},
                                     // As long as its source: an account that was halted goes on from there.
                                     {.name = topics.evidence,
                                      .partitions = partitions,
                                      .retention = config.log.topics.retention,
                                      .retention_bytes = config.log.topics.retention_bytes.count,
                                      .properties = {{"message.timestamp.type", "LogAppendTime"}}},
                                     {.name = topics.accounts, .partitions = partitions, .compacted = true},
                                     {.name = topics.conditions, .partitions = partitions, .retention = 7 * kDay}};
  for (const TopicSpec& spec : specs) {
    if (Status made = log.ensure_topic(spec); !made) return made;
  }
  return {};
}

Node::Node(Config config, std::shared_ptr<const Knowledge> knowledge)
    : config_(std::move(config)), knowledge_(std::move(knowledge)), topics_(config_.log.topics.prefix) {}

Node::~Node() {
  if (engine_) static_cast<void>(stop());
}

Result<std::unique_ptr<Node>> Node::start(const Config& config, std::shared_ptr<const Knowledge> knowledge,
                                          const Options& options) {
  std::unique_ptr<Node> node(new Node(config, std::move(knowledge)));
  auto engine_settings = engine_options(config, options);
  if (!engine_settings) return tl::unexpected(engine_settings.error());
  std::error_code ignored;
  if (config.log.kind != LogKind::memory) std::filesystem::create_directories(config.log.data, ignored);

  auto log = open_log(config);
  if (!log) return tl::unexpected(log.error());
  node->log_ = std::move(*log);
  if (Status claimed = node->claim(options); !claimed) return tl::unexpected(claimed.error());
  if (Status opened = node->open_stores(); !opened) return tl::unexpected(opened.error());
  auto sink = SignalSink::open(*node->log_, node->topics_.signals);
  if (!sink) return tl::unexpected(sink.error());
  node->sink_ = std::move(*sink);

  auto engine =
      Engine::start(*node->log_, *node->stores_, node->sub_topologies(engine_settings->fresh_within), *engine_settings);
  if (!engine) return tl::unexpected(engine.error());
  node->engine_ = std::move(*engine);
  if (options.ticks) node->ticker_ = std::jthread([n = node.get()](const std::stop_token& stop) { n->tick(stop); });
  return node;
}

// That this log and this state belong together is settled before anything is made, the settings before anything is
// read.
Status Node::claim(const Options& options) {
  const bool keeps_state = config_.log.kind != LogKind::memory;
  const std::string folder = state_folder(config_);
  if (keeps_state) {
    if (Status same = check_identity(*log_, config_, folder); !same) return same;
  }
  if (Status topics = ensure_topics(*log_, config_, topics_); !topics) return topics;
  if (Status settings = check_log_settings(*log_, config_, options.unsafe); !settings) return settings;
  return keeps_state ? claim_folder(*log_, config_, folder) : Status();
}

Status Node::open_stores() {
  if (config_.log.kind == LogKind::memory) {
    stores_ = make_memory_stores();
    return {};
  }
  auto stores = make_rocksdb_stores({.directory = state_folder(config_),
                                     .block_cache_bytes = share(config_, 8, 1),
                                     .write_buffers_bytes = share(config_, 4, 1)});
  if (!stores) return tl::unexpected(stores.error());
  rocksdb_ = stores->get();
  stores_ = std::move(*stores);
  return {};
}

std::optional<RocksdbUsage> Node::storage() const {
  if (rocksdb_ == nullptr) return std::nullopt;
  return rocksdb_->usage();
}

// Made beside the last one, which stays until this one is whole.
Result<std::size_t> Node::checkpoint() {
  if (rocksdb_ == nullptr) {
    return fail(Domain::setup, "no_state_on_disk", "log.kind is memory: there is no state on disk to copy");
  }
  const std::unique_lock one(checkpoint_, std::try_to_lock);
  if (!one.owns_lock()) {
    return fail(Domain::environment, "checkpoint_running", "a copy is being made already: try again when it is done");
  }
  namespace fs = std::filesystem;
  const fs::path whole = checkpoint_folder(config_), fresh = whole.string() + ".new";
  std::error_code error;
  fs::remove_all(fresh, error);
  Result<std::size_t> copied = rocksdb_->checkpoint(fresh);
  if (copied) {
    fs::copy_file(identity_file(state_folder(config_)), identity_file(fresh.string()), error);
    if (!error) fs::remove_all(whole, error);
    if (!error) fs::rename(fresh, whole, error);
    if (error) copied = fail(Domain::environment, "store_failed", "put " + whole.string() + ": " + error.message());
  }
  if (!copied) fs::remove_all(fresh, error);
  return copied;
}

std::vector<SubTopology> Node::sub_topologies(Millis fresh_within) {
  std::vector<SubTopology> all;
  // Foreign topics need not have equal partition counts: each is a task family of its own.
  for (const InputConfig& input : config_.input) {
    SubTopology intake;
    intake.name = config_.input.size() == 1 ? std::string(kIntake) : std::string(kIntake) + "." + input.topic;
    intake.inputs = {input.topic};
    intake.outputs = {topics_.signals, topics_.dead_letters};
    intake.freshness_gate = false;
    intake.make_pipeline = [this, input](Partition partition) -> std::unique_ptr<Pipeline> {
      return make_intake_pipeline({.format = input.format,
                                   .consent = input.consent,
                                   .visitor_seed = hash64(knowledge_->token_key),
                                   .accounts = &knowledge_->accounts},
                                  counters_of(kIntake, partition));
    };
    all.push_back(std::move(intake));
  }
  SubTopology prospects;
  prospects.name = kProspects;
  prospects.inputs = {topics_.signals};
  prospects.outputs = {topics_.sales,    topics_.public_,    topics_.dead_letters,
                       topics_.evidence, topics_.conditions, topics_.signals};
  prospects.stateful = true;
  prospects.make_pipeline = [this](Partition partition) -> std::unique_ptr<Pipeline> {
    return make_prospect_pipeline(*knowledge_, counters_of(kProspects, partition));
  };
  all.push_back(std::move(prospects));
  SubTopology accounts;
  accounts.name = kAccounts;
  accounts.inputs = {topics_.evidence};
  accounts.outputs = {topics_.accounts, topics_.dead_letters, topics_.conditions};
  accounts.stateful = true;
  accounts.from_beginning = true;
  accounts.make_pipeline = [this, fresh_within](Partition partition) -> std::unique_ptr<Pipeline> {
    return make_account_pipeline(*knowledge_, fresh_within, counters_of(kAccounts, partition));
  };
  all.push_back(std::move(accounts));
  return all;
}

PipelineCounters& Node::counters_of(std::string_view sub_topology, Partition partition) {
  const std::scoped_lock lock(mutex_);
  auto& counters = counters_[{std::string(sub_topology), partition}];
  if (!counters) counters = std::make_unique<PipelineCounters>();
  return *counters;
}

std::vector<const PipelineCounters*> Node::counters(std::string_view sub_topology) const {
  const std::scoped_lock lock(mutex_);
  std::vector<const PipelineCounters*> all;
  for (const auto& [key, counters] : counters_) {
    if (key.first == sub_topology) all.push_back(counters.get());
  }
  return all;
}

void Node::tick(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  while (!wake.wait_for(lock, stop, kTickEvery, [&] { return stop.stop_requested(); }) && !stop.stop_requested()) {
    const auto now = std::chrono::steady_clock::now();
    const EngineStats stats = engine_->stats();
    leases_.renew(stats, now);
    log_changes(stats);
    log_hot_keys();
    const auto partitions = engine_->assigned(kProspects);
    if (Status ticked = sink_->tick(partitions, wall_now()); !ticked) {
      // The log is away: the engine says so; ticks are not worth a second message.
      continue;
    }
  }
}

// The engine keeps what happened to its tasks; people hear of it here, once a change.
void Node::log_changes(const EngineStats& stats) {
  for (const WorkerStats& worker : stats.workers) {
    if (worker.stuck && stuck_.insert(worker.number).second) {
      spdlog::error("worker is stuck worker={} seconds={:.0f} doing=\"{}\"", worker.number, worker.step_seconds,
                    worker.doing);
    } else if (!worker.stuck && stuck_.erase(worker.number) > 0) {
      spdlog::warn("worker goes on worker={}", worker.number);
    }
  }
  for (const StandbyStats& copy : stats.standbys) {
    std::string& last = copies_logged_[{copy.sub_topology, copy.partition}];
    if (last == copy.error_code) continue;
    last = copy.error_code;
    if (last.empty()) continue;
    spdlog::warn("standby copy waits sub={} partition={} code={} detail={}", copy.sub_topology, copy.partition, last,
                 copy.error);
  }
  for (const TaskStats& task : stats.tasks) {
    auto& last = logged_[{task.sub_topology, task.partition}];
    if (last.first == task.state && last.second == task.error_code) continue;
    last = {task.state, task.error_code};
    const std::string_view state = kTaskStateNames[static_cast<std::size_t>(task.state)];
    if (task.state == TaskState::suspended) {
      spdlog::error("task suspended sub={} partition={} code={} detail={}", task.sub_topology, task.partition,
                    task.error_code, task.error);
    } else if (!task.error_code.empty()) {
      spdlog::warn("task went on after an error sub={} partition={} state={} code={} detail={}", task.sub_topology,
                   task.partition, state, task.error_code, task.error);
    } else {
      spdlog::debug("task sub={} partition={} state={}", task.sub_topology, task.partition, state);
    }
  }
}

void Node::log_hot_keys() {
  const std::scoped_lock lock(mutex_);
  for (const auto& [task, counters] : counters_) {
    const std::uint64_t told = counters->hot_keys.value();
    if (task.first != kProspects || told == std::exchange(hot_logged_[task.second], told)) continue;
    spdlog::warn("hot key: more than {} signals of one prospect in a minute partition={} id_xxh3={:016x}",
                 knowledge_->hot_key_signals, task.second, counters->hot_key.value());
  }
}

Status Node::stop() {
  if (ticker_.joinable()) {
    ticker_.request_stop();
    ticker_.join();
  }
  if (!engine_) return {};
  Status stopped = engine_->stop();
  return stopped;
}

}  // namespace juncture::apps
