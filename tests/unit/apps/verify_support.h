// A small run of the real engine over the in-memory log, and copies of its log in which one thing is wrong.
#pragma once

#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "apps/node.h"
#include "apps/verify/verify.h"
#include "juncture/adapters/memory_log.h"
#include "juncture/adapters/rocksdb_stores.h"
#include "juncture/engine/engine.h"
#include "juncture/ingest/canonical.h"
#include "juncture/pipeline/account_pipeline.h"
#include "juncture/pipeline/prospect_pipeline.h"
#include "support/knowledge.h"

namespace juncture::test {

inline constexpr Partition kPartitions = 2;
inline constexpr std::int64_t kNow = 1'763'784'000'000;
// What the signals of these tests tell accounts is never too old for a row, although their times are made up.
inline constexpr Millis kEver = std::chrono::days{36'500};
inline const std::string kChangelog = "juncture.prospects.changelog";
inline const std::string kAccountsChangelog = "juncture.accounts.changelog";
inline const std::vector<std::string> kInputs{"signals", "accounts.evidence"};

struct Kept {
  std::string key, value;
  bool tombstone = false;
  std::int64_t at_ms = 0;
};
// topic -> partition -> records, of a log without gaps.
using Contents = std::map<std::string, std::vector<std::vector<Kept>>>;

inline std::unique_ptr<Log> empty_log(Millis retention_check = Millis{0}) {
  LocalLogOptions options;
  options.retention_check = retention_check;
  return make_memory_log(options);
}

inline Contents contents_of(Log& log) {
  Contents out;
  const auto names = log.topics();
  REQUIRE(names);
  for (const std::string& name : *names) {
    const auto count = log.partition_count(name);
    REQUIRE(count);
    for (Partition p = 0; p < **count; ++p) {
      auto& list = out[name].emplace_back();
      const auto marks = log.watermarks({name, p});
      REQUIRE(marks);
      REQUIRE(apps::verify::scan(log, {name, p}, 0, marks->end, [&](const Record& r) {
        list.push_back({std::string(r.key), std::string(r.value), r.tombstone, to_ms(r.timestamp)});
        return Status{};
      }));
    }
  }
  return out;
}

class Nobody final : public AssignmentListener {
 public:
  void on_assigned(std::span<const TopicPartition> partitions) override { seen += partitions.size(); }
  void on_revoked(std::span<const TopicPartition>) override {}
  void on_lost(std::span<const TopicPartition>) override {}
  std::size_t seen = 0;
};

inline std::map<TopicPartition, Position> positions_of(Log& log) {
  std::map<TopicPartition, Position> out;
  for (const std::string& topic : kInputs) {
    for (Partition p = 0; p < kPartitions; ++p) {
      if (const auto position = log.committed("juncture", {topic, p}).value()) out[{topic, p}] = *position;
    }
  }
  return out;
}

inline void commit(Log& log, const std::map<TopicPartition, Position>& positions) {
  Nobody nobody;
  auto consumer = log.make_consumer({.group = "juncture", .member = {}});
  REQUIRE(consumer);
  REQUIRE((*consumer)->subscribe(kInputs, nobody));
  while (nobody.seen < kInputs.size() * static_cast<std::size_t>(kPartitions)) {
    REQUIRE((*consumer)->poll(Millis{10}));
  }
  REQUIRE((*consumer)->commit(positions));
  REQUIRE((*consumer)->close());
}

// The topic `emptied` has lost all its records to retention, as far as they are old.
inline std::unique_ptr<Log> log_with(const Contents& contents, const std::map<TopicPartition, Position>& positions,
                                     const std::string& emptied = {}) {
  auto log = empty_log(Millis{emptied.empty() ? 0 : 20});
  auto producer = log->make_producer({});
  REQUIRE(producer);
  for (const auto& [name, partitions] : contents) {
    TopicSpec spec;
    spec.name = name;
    spec.partitions = static_cast<Partition>(partitions.size());
    if (name == emptied) spec.retention = Millis{1000};
    REQUIRE(log->ensure_topic(spec));
    for (std::size_t p = 0; p < partitions.size(); ++p) {
      for (const Kept& kept : partitions[p]) {
        REQUIRE((*producer)->send({.topic = name,
                                   .partition = static_cast<Partition>(p),
                                   .key = kept.key,
                                   .value = kept.value,
                                   .tombstone = kept.tombstone,
                                   .timestamp = from_ms(kept.at_ms)}));
      }
    }
  }
  REQUIRE((*producer)->flush());
  commit(*log, positions);
  return log;
}

// A log of which compaction has taken some records of one partition: their offsets are there, and they are not.
class CleanedLog final : public Log {
 public:
  CleanedLog(std::unique_ptr<Log> log, TopicPartition at, std::set<Offset> taken)
      : log_(std::move(log)), at_(std::move(at)), taken_(std::move(taken)) {}
  std::set<Offset>& taken() { return taken_; }

  std::string_view kind() const override { return log_->kind(); }
  Result<std::unique_ptr<Consumer>> make_consumer(const ConsumerOptions& with) override {
    return log_->make_consumer(with);
  }
  Result<std::unique_ptr<Producer>> make_producer(const ProducerOptions& with) override {
    return log_->make_producer(with);
  }
  Result<std::unique_ptr<Reader>> open_reader(std::size_t queue_bytes) override {
    auto reader = log_->open_reader(queue_bytes);
    if (!reader) return reader;
    return std::unique_ptr<Reader>(std::make_unique<CleanedReader>(std::move(*reader), *this));
  }
  Status ensure_topic(const TopicSpec& spec) override { return log_->ensure_topic(spec); }
  Result<std::optional<Partition>> partition_count(std::string_view topic) override {
    return log_->partition_count(topic);
  }
  Offset transaction_end_offsets() const override { return log_->transaction_end_offsets(); }
  Result<Watermarks> watermarks(const TopicPartition& at) override { return log_->watermarks(at); }
  Result<Offset> offset_at(const TopicPartition& at, Timestamp time) override { return log_->offset_at(at, time); }
  Result<std::optional<Position>> committed(std::string_view group, const TopicPartition& at) override {
    return log_->committed(group, at);
  }
  Result<std::vector<std::string>> topics() override { return log_->topics(); }
  std::uint64_t dropped_unread() const override { return log_->dropped_unread(); }

 private:
  class CleanedReader final : public Reader {
   public:
    CleanedReader(std::unique_ptr<Reader> reader, const CleanedLog& log) : reader_(std::move(reader)), log_(log) {}
    Status assign(const std::map<TopicPartition, Offset>& from) override { return reader_->assign(from); }
    Result<std::span<const Record>> poll(Millis timeout, std::size_t records_max) override {
      const auto records = reader_->poll(timeout, records_max);
      if (!records) return records;
      kept_.assign(records->begin(), records->end());
      std::erase_if(kept_, [&](const Record& record) {
        return record.topic == log_.at_.topic && record.partition == log_.at_.partition &&
               log_.taken_.contains(record.offset);
      });
      return kept_;
    }
    std::optional<Offset> position(const TopicPartition& at) const override { return reader_->position(at); }

   private:
    std::unique_ptr<Reader> reader_;
    const CleanedLog& log_;
    std::vector<Record> kept_;
  };

  std::unique_ptr<Log> log_;
  TopicPartition at_;
  std::set<Offset> taken_;
};

// Signals of some prospects, with all that makes outputs: queries, a denial, an erasure, ticks, bad records.
inline void send_signals(Log& log, int from, int to) {
  auto producer = log.make_producer({});
  REQUIRE(producer);
  for (int i = from; i < to; ++i) {
    const std::string prospect = "p-" + std::to_string(i * 7 % 23), id = "e-" + std::to_string(i);
    Signal signal;
    signal.id = id;
    signal.prospect = ProspectId(prospect);
    signal.occurred_at = from_ms(kNow + i * 10);
    signal.consent = i % 97 == 96 ? Consent::denied : Consent::granted;
    signal.text = i % 3 == 0 ? "payback period for erp" : "erp pilot plan";
    signal.source = "test";
    if (i % 4 == 0) signal.account = AccountId(i % 8 == 0 ? "acme" : "zeta");
    if (i % 89 == 88) signal.type = SignalType::erase;
    std::string record;
    write_signal(signal, from_ms(kNow + i * 10), record);
    Outgoing out{.topic = "signals", .key = prospect, .value = record, .timestamp = from_ms(kNow + i * 10)};
    if (i % 50 == 49) out.value = "not json";
    REQUIRE((*producer)->send(out));
    std::string tick;
    write_tick(from_ms(kNow + i * 10), std::nullopt, tick);
    if (i % 40 == 0)
      REQUIRE(
          (*producer)->send({.topic = "signals", .partition = 0, .value = tick, .timestamp = from_ms(kNow + i * 10)}));
  }
  REQUIRE((*producer)->flush());
}

// Time that goes by without a signal, as both partitions hear of it.
inline void send_silence(Log& log, int days) {
  auto producer = log.make_producer({});
  REQUIRE(producer);
  for (Partition p = 0; p < kPartitions; ++p) {
    const Timestamp now = from_ms(kNow) + std::chrono::days{days};
    std::string tick;
    write_tick(now, std::nullopt, tick);
    REQUIRE((*producer)->send({.topic = "signals", .partition = p, .value = tick, .timestamp = now}));
  }
  REQUIRE((*producer)->flush());
}

// The engine's part of a node, on a log and in a folder of the test's own.
class Run {
 public:
  explicit Run(Log& log, const std::filesystem::path& folder,
               std::shared_ptr<const Knowledge> knowledge = shipped_knowledge())
      : knowledge_(std::move(knowledge)) {
    auto stores = make_rocksdb_stores({.directory = folder});
    REQUIRE(stores);
    stores_ = std::move(*stores);
    SubTopology prospects;
    prospects.name = apps::kProspects;
    prospects.inputs = {"signals"};
    prospects.outputs = {"recommendations.sales",
                         "recommendations.public",
                         "signals.dead-letters",
                         "accounts.evidence",
                         "conditions",
                         "signals"};
    prospects.stateful = true;
    prospects.make_pipeline = [this](Partition partition) {
      return make_prospect_pipeline(*knowledge_, counters_[static_cast<std::size_t>(partition)]);
    };
    SubTopology accounts;
    accounts.name = apps::kAccounts;
    accounts.inputs = {"accounts.evidence"};
    accounts.outputs = {"accounts", "signals.dead-letters", "conditions"};
    accounts.stateful = accounts.from_beginning = true;
    accounts.make_pipeline = [this](Partition partition) {
      return make_account_pipeline(*knowledge_, kEver, account_counters_[static_cast<std::size_t>(partition)]);
    };
    EngineOptions options;
    options.commit_interval = Millis{5};
    auto engine = Engine::start(log, *stores_, {prospects, accounts}, options);
    REQUIRE(engine);
    engine_ = std::move(*engine);
  }
  void until_done(Log& log) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (std::chrono::steady_clock::now() < deadline) {
      bool done = true;
      for (const std::string& topic : kInputs) {
        for (Partition p = 0; p < kPartitions; ++p) {
          const auto position = log.committed("juncture", {topic, p});
          const auto marks = log.watermarks({topic, p});
          REQUIRE((position && marks));
          done = done && (marks->end == 0 || (*position && (*position)->next == marks->end));
        }
      }
      if (done) return;
      std::this_thread::sleep_for(Millis{5});
    }
    FAIL("the engine did not get to the end");
  }
  Engine& engine() { return *engine_; }

 private:
  std::shared_ptr<const Knowledge> knowledge_;
  std::array<PipelineCounters, kPartitions> counters_, account_counters_;
  std::unique_ptr<RocksdbStores> stores_;
  std::unique_ptr<Engine> engine_;
};

inline void make_topics(Log& log) {
  for (const auto& [name, partitions] : std::map<std::string, Partition>{{"signals", kPartitions},
                                                                         {"recommendations.sales", kPartitions},
                                                                         {"recommendations.public", kPartitions},
                                                                         {"signals.dead-letters", 1},
                                                                         {"accounts.evidence", kPartitions},
                                                                         {"accounts", kPartitions},
                                                                         {"conditions", kPartitions}}) {
    TopicSpec spec;
    spec.name = name;
    spec.partitions = partitions;
    REQUIRE(log.ensure_topic(spec));
  }
}

// What a clean run left behind, made once.
struct Past {
  Past() : folder(std::filesystem::temp_directory_path() / ("juncture-verify-" + std::to_string(getpid()))) {
    std::filesystem::remove_all(folder);
    auto log = empty_log();
    make_topics(*log);
    {
      Run run(*log, folder / "state");
      for (int i = 0; i < 600; i += 60) {
        send_signals(*log, i, i + 60);
        run.until_done(*log);
      }
      for (int days = 3; days <= 75; days += 8) {
        send_silence(*log, days);
        run.until_done(*log);
      }
      REQUIRE(run.engine().stop());
    }
    contents = contents_of(*log);
    positions = positions_of(*log);
  }
  ~Past() { std::filesystem::remove_all(folder); }
  Past(const Past&) = delete;
  Past& operator=(const Past&) = delete;

  std::filesystem::path folder;
  Contents contents;
  std::map<TopicPartition, Position> positions;
};

inline const Past& past() {
  static const Past once;
  return once;
}

// A partition that has accounts.
inline std::size_t busy_partition() {
  return past().contents.at("accounts")[0].empty() ? 1 : 0;
}

inline Config config_of(Delivery delivery = Delivery::exactly_once, Millis fresh_within = kEver) {
  Config config;
  config.delivery = delivery;
  config.log.topics.partitions = kPartitions;
  config.engine.fresh_within = fresh_within;
  return config;
}

inline apps::verify::Report verify_log(Log& log, const Config& config, const std::filesystem::path& state,
                                       bool strict = true,
                                       const std::vector<std::shared_ptr<const Knowledge>>& all = {
                                           shipped_knowledge()}) {
  auto stores = make_rocksdb_stores({.directory = state, .read_only = true});
  REQUIRE(stores);
  std::map<std::uint64_t, const Knowledge*> earlier;
  for (const auto& knowledge : all) earlier.emplace(knowledge->version, knowledge.get());
  const auto report = apps::verify::run({.log = log,
                                         .config = config,
                                         .knowledge = *all.front(),
                                         .earlier = earlier,
                                         .open_store = [&](const std::string& name) -> Result<std::unique_ptr<Store>> {
                                           if (!std::filesystem::exists(state / name)) return std::unique_ptr<Store>();
                                           return (*stores)->open(name);
                                         },
                                         .only = {},
                                         .strict = strict});
  REQUIRE(report);
  return *report;
}

inline apps::verify::Report verified(const Contents& contents, Delivery delivery = Delivery::exactly_once,
                                     bool strict = true, const std::filesystem::path& state = past().folder / "state") {
  const auto log = log_with(contents, past().positions);
  return verify_log(*log, config_of(delivery), state, strict);
}

inline bool of_account(const Kept& kept) {
  return kept.key.starts_with("account/");
}

inline std::string kinds(const apps::verify::Report& report) {
  std::string out;
  for (const auto& difference : report.findings.shown()) {
    out += std::string(difference.kind) + " at " + difference.where + ": " + difference.expected + " | " +
           difference.found + "\n";
  }
  return out;
}

inline bool located(const apps::verify::Report& report, std::string_view kind, const std::string& where) {
  return std::any_of(report.findings.shown().begin(), report.findings.shown().end(),
                     [&](const auto& difference) { return difference.kind == kind && difference.where == where; });
}

inline std::string at(const std::string& topic, std::size_t partition, std::size_t offset) {
  return topic + "/" + std::to_string(partition) + "@" + std::to_string(offset);
}

inline void flip(std::string& bytes, std::size_t bit) {
  bytes[bit / 8 % bytes.size()] = static_cast<char>(bytes[bit / 8 % bytes.size()] ^ static_cast<char>(1U << bit % 8));
}

}  // namespace juncture::test
