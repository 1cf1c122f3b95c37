// What only Kafka's adapter can get wrong. Those of a real broker need JUNCTURE_TEST_KAFKA=host:port.
#include "contract/log_support.h"

using namespace juncture;
using namespace juncture::testing;

TEST_CASE("a broker that isn't there is named with the reason", "[contract]") {
  KafkaLogOptions options;
  options.brokers = "127.0.0.1:1";
  options.timeout = 1500ms;
  const auto log = make_kafka_log(options);
  REQUIRE(!log);
  CHECK(log.error().code == "unreachable");
  CHECK(log.error().detail == "cannot reach Kafka at 127.0.0.1:1 (Connection refused)");
}

TEST_CASE("a property that Kafka doesn't know, or that breaks a promise, is refused by name", "[contract]") {
  KafkaLogOptions options;
  options.brokers = "127.0.0.1:1";
  options.properties = {{"no.such.property", "1"}};
  const auto unknown = make_kafka_log(options);
  REQUIRE(!unknown);
  CHECK(unknown.error().code == "kafka_property");
  CHECK(unknown.error().domain == Domain::setup);
  CHECK(unknown.error().detail.find("no.such.property") != std::string::npos);

  options.properties = {{"enable.auto.commit", "true"}};
  const auto promise = make_kafka_log(options);
  REQUIRE(!promise);
  CHECK(promise.error().detail.find("enable.auto.commit") != std::string::npos);
}

TEST_CASE("a full queue holds the sender up and keeps the order - KafkaLog", "[contract][kafka]") {
  if (!KafkaLog::available()) return;
  KafkaLogOptions options;
  options.brokers = KafkaLog::brokers();
  options.properties = {{"queue.buffering.max.messages", "700"}};
  std::unique_ptr<Log> log = must(make_kafka_log(options));
  const std::string topic = make_topic(*log, 2);
  std::vector<std::string> texts;
  std::vector<Outgoing> records;
  for (int i = 0; i < 20'000; ++i) texts.push_back(std::to_string(i));
  for (std::size_t i = 0; i < texts.size(); ++i) {
    records.push_back({topic, static_cast<Partition>(i % 2), texts[i], texts[i]});
  }
  std::unique_ptr<Producer> producer = must(log->make_producer({}));
  for (std::size_t i = 0; i < records.size(); i += 2000) {
    must(producer->send_batch(std::span<const Outgoing>(records).subspan(i, 2000)));
  }
  must(producer->flush());

  const std::vector<Got> got = read_topic(*log, topic, 2, records.size());
  REQUIRE(got.size() == records.size());
  for (const Got& record : got) REQUIRE(record.value == std::to_string(record.offset * 2 + record.partition));
}

TEST_CASE("a topic's settings reach the broker, and a wrong one is refused - KafkaLog", "[contract][kafka]") {
  if (!KafkaLog::available()) return;
  KafkaLog under_test;
  TopicSpec spec;
  spec.name = unique_name("t");
  spec.properties = {{"min.insync.replicas", "1"}, {"segment.bytes", "1048576"}};
  spec.retention = 1h;
  must(under_test.log->ensure_topic(spec));

  spec.name = unique_name("t");
  spec.properties = {{"cleanup.policy", "no such policy"}};
  const Status refused = under_test.log->ensure_topic(spec);
  REQUIRE(!refused);
  CHECK(refused.error().domain == Domain::setup);
}

namespace {

// A producer of its own id, a member that owns the one partition of `in`.
struct Transactions {
  KafkaLog under_test;
  Log& log = *under_test.log;
  std::string in = make_topic(log, 1), out = make_topic(log, 1), id = unique_name("tx"), group = unique_name("g");
  Member member{log, group};
  Transactions() {
    member.subscribe(in);
    member.run_until([&] { return !member.listener.held.empty(); });
    REQUIRE(!member.listener.held.empty());
  }
  std::unique_ptr<Producer> producer() { return must(log.make_producer({id, 5ms})); }
  Outgoing record(std::string_view value) const { return {out, 0, "k", value}; }
};

}  // namespace

TEST_CASE("records and positions of a transaction show together - KafkaLog", "[contract][kafka]") {
  if (!KafkaLog::available()) return;
  Transactions t;
  const std::unique_ptr<Producer> producer = t.producer();
  must(producer->begin_transaction());
  must(producer->send(t.record("a")));
  must(producer->flush());
  CHECK(must(t.log.watermarks({t.out, 0})).end == 1);  // of open transactions too
  std::unique_ptr<Reader> reader = must(t.log.make_reader());
  must(reader->assign({{{t.out, 0}, 0}}));
  CHECK(read(*reader, 1, 500ms).empty());
  must(producer->send_offsets({{{t.in, 0}, {7, "j1;mark"}}}, must(t.member.consumer->membership()), 5s));
  must(producer->commit_transaction(5s));
  CHECK(read(*reader, 1).size() == 1);
  const auto position = must(t.log.committed(t.group, {t.in, 0}));
  REQUIRE(position);
  CHECK(position->next == 7);
  CHECK(position->metadata == "j1;mark");
  // Behind the record there is the end of the transaction, which readers get past without getting it.
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (reader->position({t.out, 0}) != 2 && std::chrono::steady_clock::now() < deadline) read(*reader, 1, 50ms);
  CHECK(reader->position({t.out, 0}) == 2);

  must(producer->begin_transaction());
  must(producer->send(t.record("dropped")));
  must(producer->abort_transaction(5s));
  must(producer->begin_transaction());
  must(producer->send(t.record("kept")));
  must(producer->commit_transaction(5s));
  const std::vector<Got> rest = read(*reader, 1);
  REQUIRE(rest.size() == 1);
  CHECK(rest.front().value == "kept");
}

TEST_CASE("a newer producer of the id ends what the older one left open, and shuts it out - KafkaLog",
          "[contract][kafka]") {
  if (!KafkaLog::available()) return;
  Transactions t;
  const std::unique_ptr<Producer> older = t.producer();
  must(older->begin_transaction());
  must(older->send(t.record("zombie")));
  must(older->flush());
  const std::unique_ptr<Producer> newer = t.producer();
  must(newer->begin_transaction());
  must(newer->send(t.record("heir")));
  must(newer->commit_transaction(5s));
  CHECK(older->commit_transaction(5s).error().code == "fenced");
  const std::vector<Got> got = read_topic(t.log, t.out, 1, 1);
  REQUIRE(got.size() == 1);
  CHECK(got.front().value == "heir");
}

TEST_CASE("whoever has lost its partitions can't commit positions in a transaction - KafkaLog", "[contract][kafka]") {
  if (!KafkaLog::available()) return;
  Transactions t;
  const std::string stale = must(t.member.consumer->membership());
  must(t.member.consumer->close());
  const std::unique_ptr<Producer> producer = t.producer();
  must(producer->begin_transaction());
  must(producer->send(t.record("late")));
  CHECK(producer->send_offsets({{{t.in, 0}, {1, ""}}}, stale, 5s).error().code == "fenced");
  CHECK(!must(t.log.committed(t.group, {t.in, 0})));
}
