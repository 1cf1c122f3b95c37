#include "adapters/kafka/kafka_check.h"

#include <catch2/catch.hpp>

using namespace juncture;

namespace {

constexpr int kOurLibrary = 0x020002ff;

KafkaTopicFacts topic(std::string name, TopicUse use, int replicas = 3) {
  KafkaTopicFacts out{{std::move(name), use}, replicas, {}};
  out.settings = {{"unclean.leader.election.enable", "false"},
                  {"min.insync.replicas", "2"},
                  {"cleanup.policy", use == TopicUse::changelog ? "compact" : "delete"},
                  {"min.compaction.lag.ms", "3600000"},
                  {"delete.retention.ms", "86400000"},
                  {"message.timestamp.type", "LogAppendTime"}};
  return out;
}

const KafkaApis kModern{{"JoinGroup", {0, 9}}, {"TxnOffsetCommit", {0, 5}}};

std::vector<LogFinding> with(TopicUse use, const std::string& name, const std::string& value) {
  KafkaTopicFacts facts = topic("t", use);
  facts.settings[name] = value;
  return judge({facts}, kModern, kOurLibrary, "broker:9092");
}

}  // namespace

TEST_CASE("a cluster that is set right gets no word", "[kafka]") {
  const std::vector<KafkaTopicFacts> all{topic("s", TopicUse::signals), topic("c", TopicUse::changelog),
                                         topic("o", TopicUse::output), topic("i", TopicUse::input)};
  CHECK(judge(all, kModern, kOurLibrary, "b").empty());
  CHECK(judge({}, {}, kOurLibrary, "b").empty());
}

TEST_CASE("each setting that breaks or weakens the promise is named with the command that mends it", "[kafka]") {
  struct Case {
    TopicUse use;
    const char* name;
    const char* value;
    bool broken;
    const char* mend;
  };
  const Case cases[] = {
      {TopicUse::changelog, "cleanup.policy", "delete", true, "cleanup.policy=compact"},
      {TopicUse::changelog, "cleanup.policy", "compact,delete", true, "cleanup.policy=compact"},
      {TopicUse::signals, "cleanup.policy", "compact", true, "cleanup.policy=delete"},
      {TopicUse::changelog, "unclean.leader.election.enable", "true", true, "unclean.leader.election.enable=false"},
      {TopicUse::signals, "unclean.leader.election.enable", "true", true, "unclean.leader.election.enable=false"},
      {TopicUse::input, "unclean.leader.election.enable", "true", true, "unclean.leader.election.enable=false"},
      {TopicUse::output, "unclean.leader.election.enable", "true", true, "unclean.leader.election.enable=false"},
      {TopicUse::signals, "min.insync.replicas", "1", false, "min.insync.replicas=2"},
      {TopicUse::signals, "message.timestamp.type", "CreateTime", false, "message.timestamp.type=LogAppendTime"},
      {TopicUse::changelog, "min.compaction.lag.ms", "0", false, "min.compaction.lag.ms=3600000"},
      {TopicUse::changelog, "delete.retention.ms", "86399999", false, "delete.retention.ms=86400000"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name, c.value);
    const std::vector<LogFinding> found = with(c.use, c.name, c.value);
    REQUIRE(found.size() == 1);
    CHECK(found[0].broken == c.broken);
    CHECK(found[0].text.starts_with("topic t has " + std::string(c.name) + "=" + c.value));
    CHECK(
        found[0].text.find("kafka-configs.sh --bootstrap-server broker:9092 --alter --entity-type topics --entity-name "
                           "t --add-config " +
                           std::string(c.mend)) != std::string::npos);
  }
  // What is no business of that topic.
  CHECK(with(TopicUse::output, "cleanup.policy", "compact").empty());
  CHECK(with(TopicUse::input, "message.timestamp.type", "CreateTime").empty());
}

TEST_CASE("topics with too few replicas are told in one line", "[kafka]") {
  const auto found =
      judge({topic("a", TopicUse::signals, 1), topic("b", TopicUse::output, 3), topic("c", TopicUse::output, 2)},
            kModern, kOurLibrary, "b");
  REQUIRE(found.size() == 1);
  CHECK_FALSE(found[0].broken);
  CHECK(found[0].text.find("a (1), c (2)") != std::string::npos);
}

TEST_CASE("brokers that the client library cannot work with are refused by the versions that they take", "[kafka]") {
  const KafkaApis four_zero{{"JoinGroup", {2, 9}}, {"TxnOffsetCommit", {0, 5}}};
  REQUIRE(judge({}, four_zero, kOurLibrary, "b").size() == 1);
  CHECK(judge({}, four_zero, kOurLibrary, "b")[0].broken);
  CHECK(judge({}, four_zero, 0x020b00ff, "b").empty());
  const KafkaApis old{{"JoinGroup", {0, 5}}, {"TxnOffsetCommit", {0, 2}}};
  REQUIRE(judge({}, old, kOurLibrary, "b").size() == 1);
  CHECK(judge({}, old, kOurLibrary, "b")[0].broken);

  KafkaApis read;
  read_api_line("[thrd:b:9092/bootstrap]: b:9092/bootstrap:   ApiKey JoinGroup (11) Versions 0..9", read);
  read_api_line("b:9092/1:   ApiKey Unknown-60? (60) Versions 0..2", read);
  read_api_line("Broker API support:", read);
  read_api_line("ApiKey Fetch", read);
  CHECK(read == KafkaApis{{"JoinGroup", {0, 9}}, {"Unknown-60?", {0, 2}}});
}
