// A worker that hangs is reported, with what it was doing, and no longer once it goes on.
#include <future>

#include "support.h"

namespace juncture::test {

TEST_CASE("a worker that makes no step is named, with its task, until it goes on", "[engine][threads]") {
  const auto log = a_log(1);
  const auto stores = make_memory_stores();
  std::promise<void> go_on;
  std::shared_future<void> released = go_on.get_future().share();
  const auto hang = [released](const Record& record) {
    if (record.value == "3") released.wait();
    return Status{};
  };
  EngineOptions how = options();
  how.stuck_after = Millis{300};
  auto engine = Engine::start(*log, *stores, {fold(hang)}, how);
  REQUIRE(engine);
  REQUIRE(eventually([&] { return (*engine)->ready(); }));
  CHECK_FALSE((*engine)->stats().workers.at(0).stuck);

  send(*log, 0, 10);
  REQUIRE(eventually([&] { return (*engine)->stats().workers.at(0).stuck; }));
  const WorkerStats worker = (*engine)->stats().workers.at(0);
  CHECK(worker.doing == "processing fold-0");
  CHECK(worker.step_seconds >= 0.3);
  const auto reasons = (*engine)->not_ready();
  REQUIRE(reasons.size() == 1);
  CHECK(reasons.front() == "worker 0 has made no step for 0 s: processing fold-0");

  go_on.set_value();
  REQUIRE(eventually([&] { return (*engine)->ready(); }));
  REQUIRE((*engine)->stop());
  CHECK_FALSE((*engine)->stats().workers.at(0).stuck);
  CHECK(state_of(*stores, 1) == expected(*log));
}

}  // namespace juncture::test
