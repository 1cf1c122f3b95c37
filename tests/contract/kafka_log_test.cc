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

TEST_CASE("transactions are refused, not pretended - KafkaLog", "[contract][kafka]") {
  if (!KafkaLog::available()) return;
  KafkaLog under_test;
  std::unique_ptr<Producer> producer = must(under_test.log->make_producer({"tx", 5ms}));
  CHECK(producer->begin_transaction().error().code == "unsupported");
}
