// The embedded log on a disk without space: it refuses, keeps what it had, and takes records again by itself.
#include <thread>

#include "contract/log_support.h"
#include "support/small_disk.h"

using namespace juncture;
using namespace juncture::testing;

TEST_CASE("the embedded log refuses records while its disk is full, and loses none", "[contract]") {
  const test::SmallDisk disk(160);
  if (!disk.available()) return;
  const EmbeddedLogOptions options{(disk.folder() / "log").string(), Fsync::on_flush, {}};
  int accepted = 0;
  {
    std::unique_ptr<Log> log = must(open_embedded_log(options));
    TopicSpec spec;
    spec.name = "in";
    spec.partitions = 1;
    must(log->ensure_topic(spec));
    std::unique_ptr<Producer> producer = must(log->make_producer({}));
    const std::string value(4000, 'v');
    const auto append = [&] {
      Status sent = producer->send({.topic = "in", .key = std::to_string(accepted), .value = value});
      if (sent) sent = producer->flush();
      if (sent) ++accepted;
      return sent;
    };
    while (accepted < 100) must(append());
    disk.fill();
    Status refused;
    for (int i = 0; refused && i < 20'000; ++i) refused = append();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == "disk_full");
    CHECK(refused.error().domain == Domain::environment);
    CHECK_FALSE(append());

    disk.make_room();
    const auto until = std::chrono::steady_clock::now() + kPatience;
    const int before = accepted;
    while (accepted == before && std::chrono::steady_clock::now() < until) {
      refused = append();
      if (!refused) std::this_thread::sleep_for(50ms);
    }
    INFO((refused ? std::string() : refused.error().detail));
    CHECK(accepted == before + 1);
  }
  // After a restart as well, exactly what was accepted is there, in its order.
  std::unique_ptr<Log> log = must(open_embedded_log(options));
  CHECK(must(log->watermarks({"in", 0})).end == accepted);
  std::unique_ptr<Reader> reader = must(log->make_reader());
  must(reader->assign({{{"in", 0}, 0}}));
  int next = 0;
  while (next < accepted) {
    const auto records = must(reader->poll(100ms, 1000));
    REQUIRE_FALSE(records.empty());
    for (const Record& record : records) REQUIRE(record.key == std::to_string(next++));
  }
}
