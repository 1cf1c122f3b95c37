// In what lots a pipeline's results reach the log.
#include "engine/output_buffer.h"

#include <catch2/catch.hpp>

#include "juncture/core/result.h"

namespace juncture::test {
namespace {

using namespace engine;

struct Sent {
  std::string topic, key, value;
  Partition partition = 0;
  bool tombstone = false;
  friend bool operator==(const Sent&, const Sent&) = default;
};

// Remembers each lot that it gets.
class Remembering final : public Producer {
 public:
  explicit Remembering(std::vector<std::vector<Sent>>& lots) : lots_(lots) {}
  Status send(const Outgoing&) override { return {}; }
  Status send_batch(std::span<const Outgoing> records) override {
    std::vector<Sent>& lot = lots_.emplace_back();
    for (const Outgoing& record : records) {
      lot.push_back({std::string(record.topic), std::string(record.key), std::string(record.value), record.partition,
                     record.tombstone});
    }
    return {};
  }
  Status flush() override { return {}; }
  Status begin_transaction() override { return {}; }
  Status send_offsets(const std::map<TopicPartition, Position>&, std::string_view, Millis) override { return {}; }
  Status commit_transaction(Millis) override { return {}; }
  Status abort_transaction(Millis) override { return {}; }

 private:
  std::vector<std::vector<Sent>>& lots_;
};

struct Bench {
  std::vector<std::vector<Sent>> lots;
  std::unique_ptr<Producer> producer = std::make_unique<Remembering>(lots);
  std::vector<std::string> topics{"many", "few", "none"};
  OutputBuffer output{producer, topics};

  void emit_many(int from, int count) {
    for (int i = from; i < from + count; ++i) REQUIRE(output.emit(0, std::to_string(i), "value", 3));
  }
  std::vector<std::string> topics_of_lots() const {
    std::vector<std::string> out;
    for (const auto& lot : lots) out.push_back(lot.front().topic);
    return out;
  }
};

}  // namespace

TEST_CASE("results come topic by topic, each in its order and as it was emitted", "[engine]") {
  Bench bench;
  REQUIRE(bench.output.emit(1, "a", "first", -1));
  REQUIRE(bench.output.emit(0, "b", "second", 2));
  REQUIRE(bench.output.tombstone(1, "c"));
  REQUIRE(bench.output.emit(0, "d", "", 1));
  CHECK(bench.lots.empty());
  REQUIRE(bench.output.send());
  CHECK(bench.lots == std::vector<std::vector<Sent>>{{{"many", "b", "second", 2}, {"many", "d", "", 1}},
                                                     {{"few", "a", "first", -1}, {"few", "c", "", -1, true}}});
  CHECK(bench.output.emitted() == 4);
  REQUIRE(bench.output.send());
  CHECK(bench.lots.size() == 2);
}

TEST_CASE("a topic that has much goes by itself, but takes the others along once a commit", "[engine]") {
  Bench bench;
  REQUIRE(bench.output.emit(1, "a", "early", -1));
  bench.emit_many(0, 512);
  CHECK(bench.topics_of_lots() == std::vector<std::string>{"many", "few"});
  REQUIRE(bench.output.emit(1, "b", "late", -1));
  bench.emit_many(512, 512);
  CHECK(bench.topics_of_lots() == std::vector<std::string>{"many", "few", "many"});
  REQUIRE(bench.output.send());
  CHECK(bench.topics_of_lots() == std::vector<std::string>{"many", "few", "many", "few"});
  bench.output.committed();
  CHECK(bench.output.bytes() == 0);
  REQUIRE(bench.output.emit(1, "c", "of the next commit", -1));
  bench.emit_many(1024, 512);
  CHECK(bench.topics_of_lots() == std::vector<std::string>{"many", "few", "many", "few", "many", "few"});
  int next = 0;
  for (const auto& lot : bench.lots) {
    for (const Sent& record : lot) {
      if (record.topic == "many") CHECK(record.key == std::to_string(next++));
    }
  }
  CHECK(next == 1536);
}

TEST_CASE("a few large results go before there are many", "[engine]") {
  Bench bench;
  const std::string large(100'000, 'x');
  REQUIRE(bench.output.emit(0, "a", large, -1));
  CHECK(bench.lots.empty());
  REQUIRE(bench.output.emit(0, "b", large, -1));
  CHECK(bench.lots.size() == 1);
}

TEST_CASE("what is dropped never reaches the log", "[engine]") {
  Bench bench;
  REQUIRE(bench.output.emit(0, "a", "of a failed transaction", -1));
  CHECK(bench.output.bytes() > 0);
  bench.output.drop();
  CHECK(bench.output.bytes() == 0);
  REQUIRE(bench.output.send());
  CHECK(bench.lots.empty());
}

}  // namespace juncture::test
