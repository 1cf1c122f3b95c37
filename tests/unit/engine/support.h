// A small pipeline and the steps that engine tests share.
#pragma once

#include <catch2/catch.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "engine/worker.h"
#include "juncture/adapters/memory_log.h"
#include "juncture/adapters/memory_stores.h"
#include "juncture/engine/engine.h"
#include "support/map_state.h"

namespace juncture::test {

// Per key: how many records, and a fold of their values, so that a lost, doubled or reordered record shows.
class FoldPipeline final : public Pipeline {
 public:
  explicit FoldPipeline(std::function<Status(const Record&)> fault = {}) : fault_(std::move(fault)) {}
  Status process(const Record& record, bool fresh, State& state, Output& output) override {
    if (fault_) {
      if (Status fine = fault_(record); !fine) return fine;
    }
    if (record.value == "forget") return state.remove(record.key);
    const auto before = state.get(record.key);
    if (!before) return tl::unexpected(before.error());
    std::string value = *before ? std::string(**before) : "0:";
    const std::size_t colon = value.find(':');
    const int count = std::stoi(value.substr(0, colon)) + 1;
    std::string tail = value.substr(colon + 1) + "," + std::string(record.value);
    if (tail.size() > 60) tail.erase(0, tail.size() - 60);
    value = std::to_string(count) + ":" + tail;
    if (Status saved = state.put(record.key, value); !saved) return saved;
    return fresh ? output.emit(0, record.key, value) : Status{};
  }

 private:
  std::function<Status(const Record&)> fault_;
};

inline SubTopology fold(std::function<Status(const Record&)> fault = {}) {
  SubTopology out;
  out.name = "fold";
  out.inputs = {"in"};
  out.outputs = {"out"};
  out.stateful = true;
  out.make_pipeline = [fault](Partition) { return std::make_unique<FoldPipeline>(fault); };
  return out;
}

inline std::unique_ptr<Log> a_log(Partition partitions = 2) {
  LocalLogOptions options;
  options.retention_check = Millis{0};
  auto log = make_memory_log(options);
  for (const char* topic : {"in", "out", "more"}) {
    TopicSpec spec;
    spec.name = topic;
    spec.partitions = partitions;
    REQUIRE(log->ensure_topic(spec));
  }
  return log;
}

inline EngineOptions options(Delivery delivery = Delivery::exactly_once) {
  EngineOptions out;
  out.delivery = delivery;
  out.application = "app";
  out.commit_interval = Millis{5};
  out.commit_interval_backlog = Millis{10};
  out.write_behind = Millis{0};
  out.retry_backoff = Millis{1};
  return out;
}

inline void send(Log& log, int from, int to, const std::string& topic = "in", int keys = 17) {
  auto producer = log.make_producer({});
  REQUIRE(producer);
  for (int i = from; i < to; ++i) {
    const std::string key = "k" + std::to_string(i % keys), value = std::to_string(i);
    REQUIRE((*producer)->send({.topic = topic,
                               .partition = -1,
                               .key = key,
                               .value = value,
                               .tombstone = false,
                               .timestamp = from_ms(1'700'000'000'000 + i)}));
  }
  REQUIRE((*producer)->flush());
}

// All records of a topic, in offset order within each partition.
inline std::vector<std::tuple<Partition, std::string, std::string, bool>> contents(Log& log, const std::string& topic) {
  std::vector<std::tuple<Partition, std::string, std::string, bool>> out;
  const auto count = log.partition_count(topic);
  REQUIRE(count);
  for (Partition p = 0; p < count->value_or(0); ++p) {
    const auto marks = log.watermarks({topic, p});
    REQUIRE(marks);
    auto reader = log.make_reader();
    REQUIRE(reader);
    REQUIRE((*reader)->assign({{{topic, p}, marks->begin}}));
    Offset next = marks->begin;
    while (next < marks->end) {
      const auto records = (*reader)->poll(Millis{10}, 1000);
      REQUIRE(records);
      for (const Record& r : *records) {
        out.emplace_back(p, std::string(r.key), std::string(r.value), r.tombstone);
        next = r.offset + 1;
      }
      if (records->empty()) break;
    }
  }
  return out;
}

inline std::map<std::string, std::string> state_of(Stores& stores, Partition partitions = 2) {
  std::map<std::string, std::string> out;
  for (Partition p = 0; p < partitions; ++p) {
    auto store = stores.open(store_name("fold", p));
    REQUIRE(store);
    REQUIRE((*store)->scan([&](std::string_view key, std::string_view value) {
      out[std::to_string(p) + "/" + std::string(key)] = value;
    }));
  }
  return out;
}

// What the state must be: the fold of everything in the input, without any engine.
inline std::map<std::string, std::string> expected(Log& log, const std::string& topic = "in") {
  struct Nowhere final : Output {
    Status emit(std::size_t, std::string_view, std::string_view, Partition) override { return {}; }
    Status tombstone(std::size_t, std::string_view) override { return {}; }
  };
  std::map<std::string, std::string> out;
  std::map<Partition, MapState> plain;
  Nowhere nowhere;
  FoldPipeline pipeline;
  for (const auto& [partition, key, value, tombstone] : contents(log, topic)) {
    Record record;
    record.key = key;
    record.value = value;
    REQUIRE(pipeline.process(record, true, plain[partition], nowhere));
  }
  for (const auto& [partition, state] : plain) {
    for (const auto& [key, value] : state.values) out[std::to_string(partition) + "/" + key] = value;
  }
  return out;
}

// A worker driven by the test itself: no thread, no waiting.
struct Bench {
  explicit Bench(Log& log, Stores& stores, std::vector<SubTopology> what = {fold()}, EngineOptions how = options())
      : topologies(std::move(what)), opts(std::move(how)) {
    for (const SubTopology& topology : topologies) {
      if (!topology.stateful) continue;
      TopicSpec spec;
      spec.name = changelog_topic(opts.application, topology.name);
      spec.partitions = log.partition_count(topology.inputs.front())->value();
      spec.compacted = true;
      REQUIRE(log.ensure_topic(spec));
    }
    worker = std::make_unique<engine::Worker>(engine::Worker::Parts{log, stores, topologies, opts, registry, lanes, 0});
    REQUIRE(worker->open());
  }
  // Steps until the condition holds; false after twenty seconds.
  bool until(const std::function<bool()>& condition) {
    const std::stop_source stop;
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < until) {
      if (condition()) return true;
      worker->step(stop.get_token());
    }
    return condition();
  }
  std::uint64_t consumed() const {
    std::uint64_t out = 0;
    for (const TaskStats& task : stats()) out += task.consumed;
    return out;
  }
  bool running() const {
    const auto all = stats();
    return !all.empty() &&
           std::all_of(all.begin(), all.end(), [](const TaskStats& task) { return task.state == TaskState::running; });
  }
  std::vector<TaskStats> stats() const { return registry.stats(from_ms(1'700'000'100'000)); }
  bool committed_to_end(Log& log, const std::string& topic = "in") const {
    for (Partition p = 0; p < log.partition_count(topic)->value(); ++p) {
      const auto position = log.committed(opts.application, {topic, p});
      if (!position || !*position || (*position)->next != log.watermarks({topic, p})->end) return false;
    }
    return true;
  }

  std::vector<SubTopology> topologies;
  EngineOptions opts;
  engine::Registry registry{true};
  engine::Lanes lanes{0};
  std::unique_ptr<engine::Worker> worker;
};

// For engines with threads of their own: true as soon as the condition holds, false after ten seconds.
inline bool eventually(const std::function<bool()>& condition) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(Millis{1});
  }
  return true;
}

}  // namespace juncture::test
