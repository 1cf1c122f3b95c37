// One suite for every log. The Kafka variant needs JUNCTURE_TEST_KAFKA=host:port; tests/integration gives it a real
// one.
#include <algorithm>
#include <set>
#include <thread>

#include "contract/log_support.h"

using namespace juncture;
using namespace juncture::testing;

TEMPLATE_TEST_CASE("records of one partition come in the order they were sent", "[contract]", MemoryLog, EmbeddedLog,
                   KafkaLog) {
  if (!TestType::available()) return;
  TestType under_test;
  Log& log = *under_test.log;
  const std::string topic = make_topic(log, 2);
  std::unique_ptr<Producer> producer = must(log.make_producer({}));
  constexpr int kRecords = 5000;
  for (int i = 0; i < kRecords; ++i) {
    const std::string text = std::to_string(i);
    must(producer->send({topic, i % 2, text, text}));
  }
  must(producer->flush());

  const std::vector<Got> got = read_topic(log, topic, 2, kRecords);

  REQUIRE(got.size() == kRecords);
  Offset next[2] = {0, 0};
  for (const Got& record : got) {
    REQUIRE(record.topic == topic);
    REQUIRE(record.offset == next[record.partition]++);
    REQUIRE(record.value == std::to_string(record.offset * 2 + record.partition));
  }
}

TEMPLATE_TEST_CASE("a record without a partition goes where murmur2 of its key says", "[contract]", MemoryLog,
                   EmbeddedLog, KafkaLog) {
  if (!TestType::available()) return;
  TestType under_test;
  Log& log = *under_test.log;
  const std::string topic = make_topic(log, 3);
  const std::vector<std::string> keys{"21", "foobar", "a-little-bit-long-string", "lkjh234lh9fiuh", "v-1", "v-2", ""};
  std::vector<Outgoing> records;
  for (const std::string& key : keys) records.push_back({topic, -1, key, "x"});

  std::unique_ptr<Producer> producer = must(log.make_producer({}));
  must(producer->send_batch(records));
  must(producer->flush());

  const std::vector<Got> got = read_topic(log, topic, 3, keys.size());
  REQUIRE(got.size() == keys.size());
  for (const Got& record : got) CHECK(record.partition == partition_of(record.key, 3));
}

TEMPLATE_TEST_CASE("an assigned partition delivers nothing until it is sought", "[contract]", MemoryLog, EmbeddedLog,
                   KafkaLog) {
  if (!TestType::available()) return;
  TestType under_test;
  Log& log = *under_test.log;
  const std::string topic = make_topic(log, 1);
  write(log, topic, {{"", 0, "k", "a"}, {"", 0, "k", "b"}, {"", 0, "k", "c"}});
  Member member(log, unique_name("g"));
  member.listener.seek = false;
  member.subscribe(topic);
  member.run_until([&] { return member.listener.assignments == 1; });

  for (int i = 0; i < 10; ++i) member.step();
  CHECK(member.got.empty());

  must(member.consumer->seek({topic, 0}, 1));
  member.run_until([&] { return member.got.size() == 2; });
  REQUIRE(member.got.size() == 2);
  CHECK(member.got[0].value == "b");
  CHECK(member.got[1].value == "c");
}

TEMPLATE_TEST_CASE("a later seek goes back and forth", "[contract]", MemoryLog, EmbeddedLog, KafkaLog) {
  if (!TestType::available()) return;
  TestType under_test;
  Log& log = *under_test.log;
  const std::string topic = make_topic(log, 1);
  write(log, topic, {{"", 0, "k", "a"}, {"", 0, "k", "b"}, {"", 0, "k", "c"}});
  Member member(log, unique_name("g"));
  member.subscribe(topic);
  member.run_until([&] { return member.got.size() == 3; });

  must(member.consumer->seek({topic, 0}, 2));
  member.run_until([&] { return member.got.size() == 4; });
  must(member.consumer->seek({topic, 0}, 0));
  member.run_until([&] { return member.got.size() == 7; });

  std::string values;
  for (const Got& record : member.got) values += record.value;
  CHECK(values == "abccabc");
}

TEMPLATE_TEST_CASE("a committed position comes back with its metadata", "[contract]", MemoryLog, EmbeddedLog,
                   KafkaLog) {
  if (!TestType::available()) return;
  TestType under_test;
  Log& log = *under_test.log;
  const std::string topic = make_topic(log, 2);
  write(log, topic, {{"", 0, "k", "a"}, {"", 0, "k", "b"}});
  const std::string group = unique_name("g");
  {
    Member member(log, group);
    member.subscribe(topic);
    member.run_until([&] { return member.got.size() == 2; });
    CHECK(!must(member.consumer->committed({topic, 0})));
    must(member.consumer->commit({{{topic, 0}, {1, "v1 m=123456 " + std::string(150, 'x')}}}));
    must(member.consumer->close());
  }

  const std::optional<Position> position = must(log.committed(group, {topic, 0}));
  REQUIRE(position);
  CHECK(position->next == 1);
  CHECK(position->metadata == "v1 m=123456 " + std::string(150, 'x'));
  CHECK(!must(log.committed(group, {topic, 1})));
  CHECK(!must(log.committed(unique_name("other"), {topic, 0})));
  Member again(log, group);
  again.subscribe(topic);
  again.run_until([&] { return !again.got.empty(); });
  REQUIRE(again.got.size() == 1);
  CHECK(again.got[0].value == "b");
  CHECK(must(again.consumer->committed({topic, 0}))->next == 1);
}

TEMPLATE_TEST_CASE("a time leads to the first record at or after it", "[contract]", MemoryLog, EmbeddedLog, KafkaLog) {
  if (!TestType::available()) return;
  TestType under_test;
  Log& log = *under_test.log;
  const std::string topic = make_topic(log, 1);
  const Timestamp start = std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now()) - 1h;
  // The third comes late: its time is before the second's.
  const std::vector<Millis> at{0s, 10s, 5s, 20s, 20s, 30s};
  for (const Millis offset : at) write(log, topic, {{"", 0, "k", "v", false, start + offset}});

  CHECK(must(log.offset_at({topic, 0}, start - 1h)) == 0);
  CHECK(must(log.offset_at({topic, 0}, start)) == 0);
  CHECK(must(log.offset_at({topic, 0}, start + 1ms)) == 1);
  CHECK(must(log.offset_at({topic, 0}, start + 5s)) == 1);
  CHECK(must(log.offset_at({topic, 0}, start + 10001ms)) == 3);
  CHECK(must(log.offset_at({topic, 0}, start + 20s)) == 3);
  CHECK(must(log.offset_at({topic, 0}, start + 20001ms)) == 5);
  CHECK(must(log.offset_at({topic, 0}, start + 31s)) == 6);
  CHECK(read_topic(log, topic, 1, 6).at(2).timestamp == start + 5s);
}

TEMPLATE_TEST_CASE("two members share a group's partitions, and one takes over when the other leaves", "[contract]",
                   MemoryLog, EmbeddedLog, KafkaLog) {
  if (!TestType::available()) return;
  TestType under_test;
  Log& log = *under_test.log;
  const std::string topic = make_topic(log, 4);
  for (Partition p = 0; p < 4; ++p) write(log, topic, {{"", p, "k", "first"}, {"", p, "k", "second"}});
  const std::string group = unique_name("g");
  Member one(log, group);
  one.listener.commit = true;
  one.subscribe(topic);
  one.run_until([&] { return one.got.size() == 8; });
  REQUIRE(one.got.size() == 8);

  Member two(log, group);
  two.listener.commit = true;
  two.subscribe(topic);
  const auto both = [&] {
    for (int i = 0; i < 1500 && (one.listener.held.size() != 2 || two.listener.held.size() != 2); ++i) {
      one.step(10ms);
      two.step(10ms);
      // Never both at once.
      for (const auto& [at, next] : one.listener.held) REQUIRE(!two.listener.held.contains(at));
    }
  };
  both();
  REQUIRE(one.listener.held.size() == 2);
  REQUIRE(two.listener.held.size() == 2);
  CHECK(one.listener.revocations == 1);
  // What was committed at the revocation is where the new owner goes on: nothing is read twice.
  CHECK(two.got.empty());
  for (Partition p = 0; p < 4; ++p) write(log, topic, {{"", p, "k", "third"}});
  one.run_until([&] { return one.got.size() == 10; });
  two.run_until([&] { return two.got.size() == 2; });
  CHECK(one.got.size() == 10);
  CHECK(two.got.size() == 2);

  must(two.consumer->close());
  CHECK(two.listener.held.empty());
  one.run_until([&] { return one.listener.held.size() == 4; });
  CHECK(one.listener.held.size() == 4);
  for (int i = 0; i < 5; ++i) one.step();
  CHECK(one.got.size() == 10);
}

TEMPLATE_TEST_CASE("the log says who of a group has what, and where that member answers", "[contract]", MemoryLog,
                   EmbeddedLog, KafkaLog) {
  if (!TestType::available()) return;
  TestType given;
  const std::string topic = make_topic(*given.log, 4);
  const std::string group = unique_name("group");
  CHECK(must(given.log->members(group)).empty());
  Member first(*given.log, group, {}, "http://127.0.0.1:8001");
  Member second(*given.log, group, {}, "http://127.0.0.1:8002");
  first.subscribe(topic);
  second.subscribe(topic);
  const auto shared = [&] { return first.listener.held.size() == 2 && second.listener.held.size() == 2; };
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!shared() && std::chrono::steady_clock::now() < deadline) {
    first.step();
    second.step();
  }
  REQUIRE(shared());

  std::map<std::string, std::set<TopicPartition>> said;
  for (const GroupMember& member : must(given.log->members(group))) {
    said[member.endpoint].insert(member.partitions.begin(), member.partitions.end());
  }

  std::map<std::string, std::set<TopicPartition>> wanted;
  for (const auto& [at, next] : first.listener.held) wanted["http://127.0.0.1:8001"].insert(at);
  for (const auto& [at, next] : second.listener.held) wanted["http://127.0.0.1:8002"].insert(at);
  CHECK(said == wanted);
}

TEMPLATE_TEST_CASE("tombstones, empty keys and empty values are three different things", "[contract]", MemoryLog,
                   EmbeddedLog, KafkaLog) {
  if (!TestType::available()) return;
  TestType under_test;
  Log& log = *under_test.log;
  const std::string topic = make_topic(log, 1);
  const std::string binary("\0\xff\n", 3);
  write(log, topic, {{"", 0, "gone", "", true}, {"", 0, "empty", ""}, {"", 0, "", "no key"}, {"", 0, binary, binary}});

  const std::vector<Got> got = read_topic(log, topic, 1, 4);
  REQUIRE(got.size() == 4);
  CHECK((got[0].key == "gone" && got[0].tombstone && got[0].value.empty()));
  CHECK((got[1].key == "empty" && !got[1].tombstone && got[1].value.empty()));
  CHECK((got[2].key.empty() && got[2].value == "no key"));
  CHECK((got[3].key == binary && got[3].value == binary));
}

TEMPLATE_TEST_CASE("a record of 900 KB comes through whole, one over the limit is refused", "[contract]", MemoryLog,
                   EmbeddedLog, KafkaLog) {
  if (!TestType::available()) return;
  TestType under_test;
  Log& log = *under_test.log;
  const std::string topic = make_topic(log, 1);
  std::string big(900'000, 'b');
  for (std::size_t i = 0; i < big.size(); i += 7) big[i] = static_cast<char>('a' + i % 23);
  write(log, topic, {{"", 0, "big", big}, {"", 0, "small", "s"}, {"", 0, "big", big}});

  const std::vector<Got> got = read_topic(log, topic, 1, 3);
  REQUIRE(got.size() == 3);
  CHECK(got[0].value == big);
  CHECK(got[1].value == "s");
  CHECK(got[2].value == big);
  const Status refused = must(log.make_producer({}))->send({topic, 0, "k", std::string(1'100'000, 'x')});
  REQUIRE(!refused);
  CHECK(refused.error().code == "record_too_large");
  CHECK(refused.error().domain == Domain::record);
}

TEMPLATE_TEST_CASE("an offset that is not there is an error and never a reset", "[contract]", MemoryLog, EmbeddedLog,
                   KafkaLog) {
  if (!TestType::available()) return;
  TestType under_test;
  Log& log = *under_test.log;
  const std::string topic = make_topic(log, 1);
  write(log, topic, {{"", 0, "k", "a"}});
  const auto first_error = [](auto& source) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < deadline) {
      const Result<std::span<const Record>> polled = source.poll(50ms, 100);
      if (!polled) return std::string(polled.error().code);
      CHECK(polled->empty());
    }
    return std::string("none");
  };

  Member member(log, unique_name("g"));
  member.listener.seek = false;
  member.subscribe(topic);
  member.run_until([&] { return member.listener.assignments == 1; });
  must(member.consumer->seek({topic, 0}, 77));
  CHECK(first_error(*member.consumer) == "offset_missing");
  std::unique_ptr<Reader> reader = must(log.make_reader());
  must(reader->assign({{{topic, 0}, 78}}));
  CHECK(first_error(*reader) == "offset_missing");
}

TEMPLATE_TEST_CASE("a reader whose read-ahead is full and empty by turns gets each record once and in order",
                   "[contract]", MemoryLog, EmbeddedLog, KafkaLog) {
  if (!TestType::available()) return;
  TestType under_test;
  Log& log = *under_test.log;
  const std::string topic = make_topic(log, 1);
  std::unique_ptr<Producer> producer = must(log.make_producer({}));
  constexpr Offset kRecords = 30'000;
  const std::string value(300, 'v');
  for (Offset i = 0; i < kRecords; ++i) must(producer->send({topic, 0, std::to_string(i), value}));
  must(producer->flush());
  std::unique_ptr<Reader> reader = must(log.open_reader(std::size_t{1} << 20U));
  must(reader->assign({{{topic, 0}, 0}}));

  Offset next = 0;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (next < kRecords && std::chrono::steady_clock::now() < until) {
    for (const Record& record : must(reader->poll(Millis{20}, 4096))) {
      REQUIRE(record.offset == next);
      REQUIRE(record.key == std::to_string(next));
      ++next;
    }
  }

  CHECK(next == kRecords);
}

TEMPLATE_TEST_CASE("watermarks say where a partition begins and ends", "[contract]", MemoryLog, EmbeddedLog, KafkaLog) {
  if (!TestType::available()) return;
  TestType under_test;
  Log& log = *under_test.log;
  const std::string topic = make_topic(log, 2);
  write(log, topic, {{"", 1, "k", "a"}, {"", 1, "k", "b"}});

  CHECK(must(log.watermarks({topic, 0})).end == 0);
  CHECK(must(log.watermarks({topic, 1})).begin == 0);
  CHECK(must(log.watermarks({topic, 1})).end == 2);
  CHECK(!log.watermarks({unique_name("missing"), 0}));
}

TEMPLATE_TEST_CASE("a topic is made once and never with another number of partitions", "[contract]", MemoryLog,
                   EmbeddedLog, KafkaLog) {
  if (!TestType::available()) return;
  TestType under_test;
  Log& log = *under_test.log;
  TopicSpec spec;
  spec.name = unique_name("t");
  spec.partitions = 3;
  spec.compacted = true;
  CHECK(!must(log.partition_count(spec.name)));
  must(log.ensure_topic(spec));
  must(log.ensure_topic(spec));
  CHECK(must(log.partition_count(spec.name)) == 3);
  const std::vector<std::string> topics = must(log.topics());
  CHECK(std::count(topics.begin(), topics.end(), spec.name) == 1);

  spec.partitions = 4;
  const Status refused = log.ensure_topic(spec);
  REQUIRE(!refused);
  CHECK(refused.error().code == "partition_count");
  CHECK(refused.error().domain == Domain::setup);
  spec.name = "no topic name";
  CHECK(!log.ensure_topic(spec));
}

TEMPLATE_TEST_CASE("a topic that is not there is an error for everybody", "[contract]", MemoryLog, EmbeddedLog,
                   KafkaLog) {
  if (!TestType::available()) return;
  TestType under_test;
  Log& log = *under_test.log;
  const std::string missing = unique_name("missing");

  const Status sent = must(log.make_producer({}))->send({missing, -1, "k", "v"});
  REQUIRE(!sent);
  CHECK(sent.error().code == "unknown_topic");
  Member member(log, unique_name("g"));
  const Status subscribed = member.consumer->subscribe({missing}, member.listener);
  REQUIRE(!subscribed);
  CHECK(subscribed.error().code == "unknown_topic");
  const std::string topic = make_topic(log, 2);
  const Status outside = must(log.make_producer({}))->send({topic, 2, "k", "v"});
  REQUIRE(!outside);
  CHECK(outside.error().code == "unknown_partition");
}

TEMPLATE_TEST_CASE("a paused partition is silent and loses nothing", "[contract]", MemoryLog, EmbeddedLog, KafkaLog) {
  if (!TestType::available()) return;
  TestType under_test;
  Log& log = *under_test.log;
  const std::string topic = make_topic(log, 2);
  Member member(log, unique_name("g"));
  member.subscribe(topic);
  member.run_until([&] { return member.listener.held.size() == 2; });
  must(member.consumer->pause({topic, 0}));
  write(log, topic, {{"", 0, "k", "held"}, {"", 1, "k", "free"}, {"", 0, "k", "back"}});

  member.run_until([&] { return !member.got.empty(); });
  for (int i = 0; i < 10; ++i) member.step();
  REQUIRE(member.got.size() == 1);
  CHECK(member.got[0].value == "free");

  must(member.consumer->resume({topic, 0}));
  member.run_until([&] { return member.got.size() == 3; });
  REQUIRE(member.got.size() == 3);
  CHECK(member.got[1].value == "held");
  CHECK(member.got[2].value == "back");
}

TEMPLATE_TEST_CASE("poll gives at most as many records as asked and then goes on", "[contract]", MemoryLog, EmbeddedLog,
                   KafkaLog) {
  if (!TestType::available()) return;
  TestType under_test;
  Log& log = *under_test.log;
  const std::string topic = make_topic(log, 1);
  write(log, topic, std::vector<Outgoing>(25, Outgoing{"", 0, "k", "v"}));
  std::unique_ptr<Reader> reader = must(log.make_reader());
  must(reader->assign({{{topic, 0}, 5}}));
  Offset next = 5;
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (next < 25 && std::chrono::steady_clock::now() < deadline) {
    const std::span<const Record> records = must(reader->poll(50ms, 3));
    REQUIRE(records.size() <= 3);
    for (const Record& record : records) REQUIRE(record.offset == next++);
  }
  CHECK(next == 25);
}

TEMPLATE_TEST_CASE("a waiting poll returns soon after a record is written, and a record is seen without flush",
                   "[contract]", MemoryLog, EmbeddedLog, KafkaLog) {
  if (!TestType::available()) return;
  TestType under_test;
  Log& log = *under_test.log;
  const std::string topic = make_topic(log, 1);
  Member member(log, unique_name("g"));
  member.subscribe(topic);
  member.run_until([&] { return member.listener.held.size() == 1; });
  std::unique_ptr<Producer> producer = must(log.make_producer({}));
  must(producer->send({topic, 0, "k", "warm"}));
  member.run_until([&] { return member.got.size() == 1; });

  std::vector<std::chrono::steady_clock::duration> waits;
  for (std::size_t i = 0; i < 5; ++i) {
    std::chrono::steady_clock::time_point sent;
    std::thread writer([&] {
      sent = std::chrono::steady_clock::now();
      const Status done = producer->send({topic, 0, "k", "v"});
      if (!done) std::abort();
    });
    // Longer than patience would be wrong: only the record ends this poll.
    const std::size_t records = must(member.consumer->poll(20s, 4096)).size();
    const auto received = std::chrono::steady_clock::now();
    writer.join();
    REQUIRE(records == 1);
    waits.push_back(received - sent);
  }
  std::sort(waits.begin(), waits.end());
  CHECK(waits[2] < 500ms);
}

TEMPLATE_TEST_CASE("records of several threads all arrive, each thread's in its order", "[contract]", MemoryLog,
                   EmbeddedLog, KafkaLog) {
  if (!TestType::available()) return;
  TestType under_test;
  Log& log = *under_test.log;
  const std::string topic = make_topic(log, 2);
  constexpr std::size_t kThreads = 4;
  constexpr std::size_t kEach = 500;
  std::atomic<std::size_t> failures{0};
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      const Result<std::unique_ptr<Producer>> producer = log.make_producer({});
      for (std::size_t i = 0; producer && i < kEach; ++i) {
        const std::string value = std::to_string(i);
        if (!(*producer)->send({topic, static_cast<Partition>(t % 2), "thread" + std::to_string(t), value})) ++failures;
        if (i % 100 == 99 && !(*producer)->flush()) ++failures;
      }
    });
  }
  const std::vector<Got> got = read_topic(log, topic, 2, kThreads * kEach);
  for (std::thread& thread : threads) thread.join();

  CHECK(failures == 0);
  REQUIRE(got.size() == kThreads * kEach);
  std::map<std::string, std::size_t> next;
  for (const Got& record : got) REQUIRE(record.value == std::to_string(next[record.key]++));
}

TEMPLATE_TEST_CASE("a static member comes back to its partitions", "[contract]", MemoryLog, EmbeddedLog, KafkaLog) {
  if (!TestType::available()) return;
  TestType under_test;
  Log& log = *under_test.log;
  const std::string topic = make_topic(log, 2);
  const std::string group = unique_name("g");
  for (int i = 0; i < 2; ++i) {
    Member member(log, group, "worker-1");
    member.subscribe(topic);
    member.run_until([&] { return member.listener.held.size() == 2; });
    CHECK(member.listener.held.size() == 2);
    must(member.consumer->close());
    CHECK(member.listener.revocations == 1);
  }
}
