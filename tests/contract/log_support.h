// What every test of a log needs: the logs under test, a listener that seeks and remembers, reading with a deadline.
#pragma once

#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "juncture/adapters/embedded_log.h"
#include "juncture/adapters/kafka_log.h"
#include "juncture/adapters/memory_log.h"

namespace juncture::testing {

// Long enough for a broker on a busy machine; nothing waits for it but a failure.
inline constexpr std::chrono::seconds kPatience{30};

// Names never meet those of another run on the same broker.
inline std::string unique_name(const std::string& what) {
  static std::atomic<int> count{0};
  const auto now = std::chrono::system_clock::now().time_since_epoch().count();
  return what + "-" + std::to_string(::getpid()) + "-" + std::to_string(now) + "-" + std::to_string(++count);
}

class TemporaryFolder {
 public:
  TemporaryFolder() : path_(std::filesystem::temp_directory_path() / unique_name("juncture-log")) {}
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

struct MemoryLog {
  static bool available() { return true; }
  std::unique_ptr<Log> log = make_memory_log();
};

struct EmbeddedLog {
  static bool available() { return true; }
  TemporaryFolder folder;
  std::unique_ptr<Log> log = std::move(open_embedded_log({folder.path(), Fsync::on_flush, {}}).value());
};

// The broker that JUNCTURE_TEST_KAFKA names.
struct KafkaLog {
  static std::string brokers() {
    const char* brokers = std::getenv("JUNCTURE_TEST_KAFKA");
    return brokers == nullptr ? std::string() : std::string(brokers);
  }
  static bool available() {
    if (!brokers().empty()) return true;
    WARN("SKIPPED for Kafka: JUNCTURE_TEST_KAFKA=host:port names no broker");
    return false;
  }
  static std::unique_ptr<Log> open() {
    KafkaLogOptions options;
    options.brokers = brokers();
    return std::move(make_kafka_log(options).value());
  }
  std::unique_ptr<Log> log = open();
};

// `value` of what must have worked; says why when it didn't.
template <class T>
T must(Result<T> result) {
  INFO((result ? std::string() : std::string(result.error().code) + ": " + result.error().detail));
  REQUIRE(result.has_value());
  return std::move(*result);
}
inline void must(const Status& status) {
  INFO((status ? std::string() : std::string(status.error().code) + ": " + status.error().detail));
  REQUIRE(status.has_value());
}

inline std::string make_topic(Log& log, Partition partitions, const std::string& what = "t") {
  TopicSpec spec;
  spec.name = unique_name(what);
  spec.partitions = partitions;
  must(log.ensure_topic(spec));
  return spec.name;
}

struct Got {
  std::string topic;
  Partition partition = 0;
  Offset offset = 0;
  Timestamp timestamp{};
  std::string key;
  std::string value;
  bool tombstone = false;
};

inline Got own(const Record& r) {
  return {std::string(r.topic), r.partition,          r.offset,   r.timestamp,
          std::string(r.key),   std::string(r.value), r.tombstone};
}

// Polls until there are `count` records or patience ends.
template <class Source>
std::vector<Got> read(Source& source, std::size_t count, std::chrono::milliseconds patience = kPatience) {
  std::vector<Got> out;
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (out.size() < count && std::chrono::steady_clock::now() < deadline) {
    for (const Record& record : must(source.poll(50ms, 4096))) out.push_back(own(record));
  }
  return out;
}

inline std::vector<Got> read_topic(Log& log, const std::string& topic, Partition partitions, std::size_t count) {
  std::unique_ptr<Reader> reader = must(log.make_reader());
  std::map<TopicPartition, Offset> from;
  for (Partition p = 0; p < partitions; ++p) from[{topic, p}] = 0;
  must(reader->assign(from));
  return read(*reader, count);
}

inline void write(Log& log, const std::string& topic, const std::vector<Outgoing>& records) {
  std::unique_ptr<Producer> producer = must(log.make_producer({}));
  for (Outgoing record : records) {
    record.topic = topic;
    must(producer->send(record));
  }
  must(producer->flush());
}

// Seeks to what is committed, else to the beginning, and remembers what it holds.
class Listener : public AssignmentListener {
 public:
  explicit Listener(Consumer& consumer) : consumer_(consumer) {}

  // No REQUIRE in here: its exception must not cross librdkafka, which calls this.
  void on_assigned(std::span<const TopicPartition> partitions) override {
    for (const TopicPartition& at : partitions) {
      CHECK(held.insert({at, 0}).second);
      if (!seek) continue;
      const Result<std::optional<Position>> position = consumer_.committed(at);
      CHECK(position);
      CHECK(consumer_.seek(at, position && *position ? (*position)->next : 0));
    }
    ++assignments;
  }
  void on_revoked(std::span<const TopicPartition> partitions) override {
    std::map<TopicPartition, Position> last;
    for (const TopicPartition& at : partitions) {
      CHECK(held.contains(at));
      if (commit && held[at] > 0) last[at] = {held[at], "left"};
      held.erase(at);
    }
    if (!last.empty()) CHECK(consumer_.commit(last));
    ++revocations;
  }
  void on_lost(std::span<const TopicPartition> partitions) override {
    for (const TopicPartition& at : partitions) held.erase(at);
    ++losses;
  }

  std::map<TopicPartition, Offset> held;  // and up to where it was read, as the test says
  bool seek = true;
  bool commit = false;
  int assignments = 0;
  int revocations = 0;
  int losses = 0;

 private:
  Consumer& consumer_;
};

struct Member {
  Member(Log& log, const std::string& group, const std::string& id = {}, const std::string& endpoint = {})
      : consumer(must(log.make_consumer({group, id, endpoint}))), listener(*consumer) {}

  void subscribe(const std::string& topic) { must(consumer->subscribe({topic}, listener)); }
  // Polls until `done`, keeping what comes.
  template <class Done>
  void run_until(Done done, std::chrono::milliseconds patience = kPatience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!done() && std::chrono::steady_clock::now() < deadline) step();
  }
  void step(Millis timeout = 20ms) {
    for (const Record& record : must(consumer->poll(timeout, 4096))) {
      got.push_back(own(record));
      listener.held[{std::string(record.topic), record.partition}] = record.offset + 1;
    }
  }

  std::unique_ptr<Consumer> consumer;
  Listener listener;
  std::vector<Got> got;
};

}  // namespace juncture::testing
