#include "apps/identity.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "apps/load_knowledge.h"
#include "juncture/adapters/embedded_log.h"
#include "juncture/adapters/memory_log.h"

using namespace juncture;
using namespace juncture::apps;

namespace {

class Folder {
 public:
  Folder() : path_(std::filesystem::temp_directory_path() / ("juncture-identity-" + std::to_string(::getpid()))) {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string path(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

// A log that says what the test wants of itself.
class Told final : public Log {
 public:
  std::string id = "cluster-a";
  std::optional<Partition> partitions = 4;
  std::map<Partition, Offset> positions;
  Offset end = 100;

  std::string_view kind() const override { return "kafka"; }
  Result<std::string> identity() override { return id; }
  Result<std::optional<Partition>> partition_count(std::string_view) override { return partitions; }
  Result<Watermarks> watermarks(const TopicPartition&) override { return Watermarks{0, end}; }
  Result<std::optional<Position>> committed(std::string_view, const TopicPartition& at) override {
    const auto found = positions.find(at.partition);
    return found == positions.end() ? std::optional<Position>() : Position{found->second, {}};
  }
  Result<std::unique_ptr<Consumer>> make_consumer(const ConsumerOptions&) override { return none(); }
  Result<std::unique_ptr<Producer>> make_producer(const ProducerOptions&) override { return none(); }
  Result<std::unique_ptr<Reader>> open_reader(std::size_t /*queue_bytes*/) override { return none(); }
  Status ensure_topic(const TopicSpec&) override { return none(); }
  Offset transaction_end_offsets() const override { return 0; }
  Result<Offset> offset_at(const TopicPartition&, Timestamp) override { return none(); }
  Result<std::vector<std::string>> topics() override { return none(); }
  std::uint64_t dropped_unread() const override { return 0; }

 private:
  static tl::unexpected<Error> none() { return fail(Domain::environment, "unsupported"); }
};

std::string refused(Log& log, const Config& config, const std::string& folder) {
  const Status checked = check_identity(log, config, folder);
  if (checked) return "";
  CHECK(checked.error().domain == Domain::setup);
  CHECK(checked.error().detail.find(folder) != std::string::npos);
  return std::string(checked.error().code);
}

}  // namespace

TEST_CASE("an identity is read back as it was written, and a changed byte is seen", "[identity]") {
  const Identity identity{
      .log = "kafka:abc", .application = "shop-juncture", .signals = "shop-signals", .partitions = 12};
  const std::string text = to_text(identity);

  const auto back = parse_identity(text);
  REQUIRE(back);
  CHECK(*back == identity);
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    const auto read = parse_identity(changed);
    CAPTURE(changed);
    CHECK_FALSE(read);
  }
  for (std::size_t n = 0; n < text.size(); ++n) CHECK_FALSE(parse_identity(text.substr(0, n)));
  const auto newer = parse_identity("juncture.id 2\nwho knows\n");
  REQUIRE_FALSE(newer);
  CHECK(newer.error().code == "identity_format");
  CHECK(newer.error().domain == Domain::setup);
}

TEST_CASE("state is refused wherever it does not belong", "[identity]") {
  const Folder folder;
  const std::string state = folder.path("state");
  Told log;
  Config config;
  CHECK(refused(log, config, state).empty());  // no state yet
  REQUIRE(claim_folder(log, config, state));
  CHECK(refused(log, config, state).empty());

  SECTION("another cluster") {
    log.id = "cluster-b";
    CHECK(refused(log, config, state) == "wrong_log");
  }
  SECTION("another application") {
    config.application = "other";
    CHECK(refused(log, config, state) == "wrong_application");
  }
  SECTION("another prefix") {
    config.log.topics.prefix = "other-";
    CHECK(refused(log, config, state) == "wrong_application");
  }
  SECTION("the topic is gone") {
    log.partitions.reset();
    CHECK(refused(log, config, state) == "topic_gone");
  }
  SECTION("partitions were added") {
    log.partitions = 8;
    config.log.topics.partitions = 8;
    CHECK(refused(log, config, state) == "partition_count");
  }
  SECTION("the topic was made anew") {
    log.positions = {{0, 500}, {1, 101}, {2, 0}};
    CHECK(refused(log, config, state) == "topic_made_anew");
    log.positions[3] = 100;  // one that is as it was: the others are for the engine to suspend
    CHECK(refused(log, config, state).empty());
  }
  SECTION("a newer juncture wrote it") {
    REQUIRE(write_file(state + "/juncture.id", "juncture.id 9\n"));
    CHECK(refused(log, config, state) == "identity_format");
  }
  SECTION("what cannot be read is no objection and is written anew") {
    REQUIRE(write_file(state + "/juncture.id", "juncture.id 1\nlog kafka:clus"));
    CHECK(refused(log, config, state).empty());
    REQUIRE(claim_folder(log, config, state));
    const auto text = read_file(state + "/juncture.id");
    REQUIRE(text);
    CHECK(parse_identity(*text));
  }
}

TEST_CASE("an embedded log keeps its identity, and another one has another", "[identity]") {
  const Folder folder;
  const auto identity_of = [&](const std::string& name) {
    auto log = open_embedded_log({.path = folder.path(name)});
    REQUIRE(log);
    return (*log)->identity().value();
  };
  const std::string first = identity_of("a");
  CHECK(first.size() > 8);
  CHECK(identity_of("a") == first);
  CHECK(identity_of("b") != first);
  CHECK(make_memory_log()->identity().value() == "memory");
}
