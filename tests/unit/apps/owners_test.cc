#include <catch2/catch.hpp>
#include <future>
#include <memory>

#include "apps/forwarder.h"
#include "apps/leases.h"
#include "apps/owner_directory.h"
#include "juncture/adapters/memory_log.h"

using namespace juncture;
using namespace juncture::apps;
using namespace std::chrono_literals;

namespace {

struct Quiet : AssignmentListener {
  void on_assigned(std::span<const TopicPartition>) override {}
  void on_revoked(std::span<const TopicPartition>) override {}
  void on_lost(std::span<const TopicPartition>) override {}
};

struct Member {
  Member(Log& log, std::string endpoint)
      : consumer(std::move(log.make_consumer({.group = "shop", .endpoint = std::move(endpoint)}).value())) {
    REQUIRE(consumer->subscribe({"signals"}, quiet));
  }
  void poll() { REQUIRE(consumer->poll(0ms, 1)); }

  Quiet quiet;
  std::unique_ptr<Consumer> consumer;
};

std::unique_ptr<Log> log_of(Partition partitions) {
  auto log = make_memory_log();
  REQUIRE(log->ensure_topic({.name = "signals", .partitions = partitions}));
  return log;
}

Config config_of(const std::string& self, Forward forward) {
  Config config;
  config.application = "shop";
  config.http.advertised = self;
  config.http.forward = forward;
  return config;
}

const Forwarder::Question kQuestion{.serves = Serves::analyst, .partition = 1, .target = "/v1/prospects/ada"};

EngineStats stats_of(TaskState state, std::uint64_t commits) {
  EngineStats out;
  TaskStats& task = out.tasks.emplace_back();
  task.sub_topology = "prospects";
  task.state = state;
  task.commits = commits;
  return out;
}

}  // namespace

TEST_CASE("the directory follows the group and believes nothing but endpoints", "[owners]") {
  const auto log = log_of(4);
  OwnerDirectory directory(*log, "shop", "signals");
  directory.refresh();
  CHECK(directory.endpoint_of(0).empty());

  Member a(*log, "http://127.0.0.1:1001");
  a.poll();
  directory.refresh();
  CHECK(directory.endpoint_of(0) == "http://127.0.0.1:1001");
  CHECK(directory.endpoint_of(3) == "http://127.0.0.1:1001");
  CHECK(directory.endpoint_of(4).empty());

  Member b(*log, "http://evil\r\nX: y:1");
  a.poll();  // gives two up
  directory.refresh();
  CHECK(directory.endpoint_of(3).empty());  // nobody's for the moment
  b.poll();
  directory.refresh();
  CHECK(directory.endpoint_of(0) == "http://127.0.0.1:1001");
  CHECK(directory.endpoint_of(3).empty());
}

TEST_CASE("a question goes to the owner, or to nobody", "[owners]") {
  const auto log = log_of(2);
  Member a(*log, "http://127.0.0.1:1001");
  Member b(*log, "http://127.0.0.1:1002");
  a.poll();
  b.poll();  // a has partition 0, b has 1

  SECTION("redirected") {
    Forwarder forwarder(*log, config_of("http://127.0.0.1:1001", Forward::redirect), "signals");
    HttpAnswer answer;
    for (int i = 0; i < 100 && answer.status != 307; ++i) {  // the directory asks on its own thread
      answer = forwarder.ask_owner({}, kQuestion);
      std::this_thread::sleep_for(10ms);
    }
    CHECK(answer.status == 307);
    CHECK(answer.location == "http://127.0.0.1:1002/v1/prospects/ada");
    CHECK(forwarder.redirected() == 1);
    // Its own partition, which it is not running yet: no loop.
    Forwarder::Question own = kQuestion;
    own.partition = 0;
    CHECK(forwarder.ask_owner({}, own).problem == "no_owner");
  }
  SECTION("asked, and not there") {
    Forwarder forwarder(*log, config_of("http://127.0.0.1:1001", Forward::proxy), "signals");
    HttpAnswer answer;
    for (int i = 0; i < 100 && !answer.later; ++i) {
      answer = forwarder.ask_owner({}, kQuestion);
      std::this_thread::sleep_for(10ms);
    }
    REQUIRE(answer.later);
    std::promise<HttpAnswer> said;
    answer.later([&](HttpAnswer given) { said.set_value(std::move(given)); });
    const HttpAnswer given = said.get_future().get();
    CHECK(given.status == 503);
    CHECK(given.problem == "owner_unreachable");
    CHECK(given.retry_after_s > 0);
    CHECK(forwarder.stats().failed == 1);
  }
  SECTION("one hop") {
    Forwarder forwarder(*log, config_of("http://127.0.0.1:1001", Forward::proxy), "signals");
    HttpRequest request;
    request.forwarded = "analyst";
    CHECK(forwarder.ask_owner(request, kQuestion).problem == "not_here");
  }
  SECTION("switched off") {
    Forwarder off(*log, config_of("http://127.0.0.1:1001", Forward::off), "signals");
    Forwarder alone(*log, config_of("", Forward::proxy), "signals");
    for (Forwarder* forwarder : {&off, &alone}) {
      const HttpAnswer answer = forwarder->ask_owner({}, kQuestion);
      CHECK(answer.status == 503);
      CHECK(answer.problem == "not_here");
      CHECK(answer.retry_after_s > 0);
    }
  }
}

TEST_CASE("a lease lasts from the look before the newest commit", "[owners]") {
  const Leases::Time start{};
  Leases leases(start);
  CHECK_FALSE(leases.held("prospects", 0, start));

  leases.renew(stats_of(TaskState::restoring, 0), start + 1s);
  CHECK_FALSE(leases.held("prospects", 0, start + 1s));
  leases.renew(stats_of(TaskState::running, 0), start + 2s);  // came to run after the look at 1 s
  CHECK(leases.held("prospects", 0, start + 10s));
  CHECK_FALSE(leases.held("prospects", 0, start + 11s));
  leases.renew(stats_of(TaskState::running, 5), start + 3s);
  CHECK(leases.held("prospects", 0, start + 11s));
  CHECK_FALSE(leases.held("prospects", 0, start + 12s));

  // The process was stopped after a commit that no look had seen: the commit proves nothing of now.
  leases.renew(stats_of(TaskState::running, 6), start + 60s);
  CHECK_FALSE(leases.held("prospects", 0, start + 60s));
  leases.renew(stats_of(TaskState::running, 6), start + 61s);
  CHECK_FALSE(leases.held("prospects", 0, start + 61s));
  leases.renew(stats_of(TaskState::running, 7), start + 62s);
  CHECK(leases.held("prospects", 0, start + 62s));
  CHECK_FALSE(leases.held("prospects", 1, start + 62s));
}
