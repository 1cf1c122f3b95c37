#include "support.h"

namespace juncture::test {
namespace {

// What goes wrong next, counted down.
struct Faults {
  int flushes_fail = 0;
  int flushes_lose = 0;  // fail, and what was sent since the last flush never arrives
  int commits_fail = 0;
  int sends_fail = 0;
  int transactions_fail = 0;
  int answers_lost = 0;  // the transaction is committed, and nobody says so
};

Status broken(const char* code) {
  return fail(Domain::environment, code, "as the test wants it");
}

class ShakyProducer final : public Producer {
 public:
  ShakyProducer(std::unique_ptr<Producer> real, Faults& faults) : real_(std::move(real)), faults_(faults) {}
  Status send(const Outgoing& record) override { return send_batch({&record, 1}); }
  Status send_batch(std::span<const Outgoing> records) override {
    if (faults_.sends_fail > 0 && --faults_.sends_fail == 0) return broken("send");
    if (faults_.flushes_lose == 0) return real_->send_batch(records);
    // Every second one arrives, so that a commit is torn.
    for (const Outgoing& record : records) {
      if (++lost_ % 2 == 0) continue;
      if (record.key == engine::kMarkerKey) continue;
      if (Status sent = real_->send(record); !sent) return sent;
    }
    return {};
  }
  Status flush() override {
    if (Status flushed = real_->flush(); !flushed) return flushed;
    if (faults_.flushes_lose > 0) {
      --faults_.flushes_lose;
      return broken("timed_out");
    }
    if (faults_.flushes_fail > 0) {
      --faults_.flushes_fail;
      return broken("timed_out");
    }
    return {};
  }
  Status begin_transaction() override { return real_->begin_transaction(); }
  Status send_offsets(const std::map<TopicPartition, Position>& positions, std::string_view membership,
                      Millis at_most) override {
    return real_->send_offsets(positions, membership, at_most);
  }
  Status commit_transaction(Millis at_most) override {
    if (faults_.transactions_fail > 0) {
      --faults_.transactions_fail;
      return broken("unreachable");
    }
    if (Status committed = real_->commit_transaction(at_most); !committed) return committed;
    if (faults_.answers_lost == 0) return {};
    --faults_.answers_lost;
    return broken("timed_out");
  }
  Status abort_transaction(Millis at_most) override { return real_->abort_transaction(at_most); }

 private:
  std::unique_ptr<Producer> real_;
  Faults& faults_;
  int lost_ = 0;
};

class ShakyConsumer final : public Consumer {
 public:
  ShakyConsumer(std::unique_ptr<Consumer> real, Faults& faults) : real_(std::move(real)), faults_(faults) {}
  Status subscribe(std::vector<std::string> topics, AssignmentListener& listener) override {
    return real_->subscribe(std::move(topics), listener);
  }
  Result<std::span<const Record>> poll(Millis timeout, std::size_t records_max) override {
    return real_->poll(timeout, records_max);
  }
  Status seek(const TopicPartition& at, Offset next) override { return real_->seek(at, next); }
  Status pause(const TopicPartition& at) override { return real_->pause(at); }
  Status resume(const TopicPartition& at) override { return real_->resume(at); }
  Status commit(const std::map<TopicPartition, Position>& positions) override {
    if (faults_.commits_fail > 0) {
      --faults_.commits_fail;
      return broken("unreachable");
    }
    return real_->commit(positions);
  }
  Result<std::optional<Position>> committed(const TopicPartition& at) override { return real_->committed(at); }
  Status close() override { return real_->close(); }
  std::optional<Offset> position(const TopicPartition& at) const override { return real_->position(at); }
  Result<std::string> membership() const override { return real_->membership(); }

 private:
  std::unique_ptr<Consumer> real_;
  Faults& faults_;
};

class ShakyLog final : public Log {
 public:
  ShakyLog(Log& real, Faults& faults) : real_(real), faults_(faults) {}
  std::string_view kind() const override { return real_.kind(); }
  Result<std::unique_ptr<Consumer>> make_consumer(const ConsumerOptions& options) override {
    auto made = real_.make_consumer(options);
    if (!made) return made;
    return std::make_unique<ShakyConsumer>(std::move(*made), faults_);
  }
  Result<std::unique_ptr<Producer>> make_producer(const ProducerOptions& options) override {
    auto made = real_.make_producer(options);
    if (!made) return made;
    return std::make_unique<ShakyProducer>(std::move(*made), faults_);
  }
  Result<std::unique_ptr<Reader>> open_reader(std::size_t queue_bytes) override {
    return real_.open_reader(queue_bytes);
  }
  Status ensure_topic(const TopicSpec& spec) override { return real_.ensure_topic(spec); }
  Result<std::optional<Partition>> partition_count(std::string_view topic) override {
    return real_.partition_count(topic);
  }
  Offset transaction_end_offsets() const override { return real_.transaction_end_offsets(); }
  Result<Watermarks> watermarks(const TopicPartition& at) override { return real_.watermarks(at); }
  Result<Offset> offset_at(const TopicPartition& at, Timestamp time) override { return real_.offset_at(at, time); }
  Result<std::optional<Position>> committed(std::string_view group, const TopicPartition& at) override {
    return real_.committed(group, at);
  }
  Result<std::vector<std::string>> topics() override { return real_.topics(); }
  std::uint64_t dropped_unread() const override { return real_.dropped_unread(); }

 private:
  Log& real_;
  Faults& faults_;
};

// Stores that refuse writes while they are full, and reads from when they are damaged until they are set aside.
struct ShakyStores final : Stores {
  std::unique_ptr<Stores> real = make_memory_stores();
  bool full = false, damaged = false;

  struct One final : Store {
    std::unique_ptr<Store> real;
    const ShakyStores& all;
    One(std::unique_ptr<Store> inner, const ShakyStores& stores) : real(std::move(inner)), all(stores) {}
    Result<std::optional<std::string>> get(std::string_view key) const override {
      if (all.damaged) return fail(Domain::environment, "store_damaged", "as the test wants it");
      return real->get(key);
    }
    Status write(std::span<const Change> changes, std::string_view mark) override {
      if (all.full) return fail(Domain::environment, "store_failed", "no space left");
      return real->write(changes, mark);
    }
    Result<std::string> mark() const override { return real->mark(); }
    Status scan(const std::function<void(std::string_view, std::string_view)>& each) const override {
      return real->scan(each);
    }
    Status flush() override { return real->flush(); }
  };
  Result<std::unique_ptr<Store>> open(std::string_view name) override {
    auto inner = real->open(name);
    if (!inner) return inner;
    return std::make_unique<One>(std::move(*inner), *this);
  }
  Status set_aside(std::string_view name) override {
    damaged = false;
    return real->set_aside(name);
  }
};

}  // namespace

TEST_CASE("commits that fail in any step count nothing twice and lose nothing", "[engine]") {
  const Delivery delivery = GENERATE(Delivery::at_least_once, Delivery::exactly_once);
  const auto real = a_log();
  Faults faults;
  ShakyLog log(*real, faults);
  const auto stores = make_memory_stores();
  Bench bench(log, *stores, {fold()}, options(delivery));
  CHECK(bench.until([&] { return bench.running(); }));
  const std::vector<Faults> all =
      delivery == Delivery::at_least_once
          ? std::vector<Faults>{{.flushes_fail = 1}, {.flushes_lose = 1}, {.commits_fail = 2},
                                {.commits_fail = 9}, {.sends_fail = 1},   {.sends_fail = 3}}
          : std::vector<Faults>{{.sends_fail = 1},        {.sends_fail = 3},   {.transactions_fail = 1},
                                {.transactions_fail = 3}, {.answers_lost = 1}, {.answers_lost = 2}};
  int from = 0;
  for (const Faults& next : all) {
    faults = next;
    send(*real, from, from + 300);
    from += 300;
    CHECK(bench.until([&] { return bench.running() && bench.committed_to_end(*real); }));
  }
  REQUIRE(bench.worker->finish());
  CHECK(state_of(*stores) == expected(*real));
  if (delivery == Delivery::exactly_once) CHECK(contents(*real, "out").size() == static_cast<std::size_t>(from));

  const auto empty = make_memory_stores();
  Bench again(*real, *empty, {fold()}, options(delivery));
  CHECK(again.until([&] { return again.running(); }));
  REQUIRE(again.worker->finish());
  CHECK(state_of(*empty) == expected(*real));
}

TEST_CASE("a store that refuses to be written suspends its task, and the changelog keeps what counts", "[engine]") {
  ShakyStores stores;
  const auto log = a_log(1);
  EngineOptions how = options();
  how.retries_max = 1000;
  Bench bench(*log, stores, {fold()}, how);
  send(*log, 0, 100);
  CHECK(bench.until([&] { return bench.committed_to_end(*log); }));
  stores.full = true;
  send(*log, 100, 200);
  CHECK(bench.until([&] { return bench.stats().front().state == TaskState::suspended; }));
  CHECK(bench.stats().front().error_code == "store_failed");
  stores.full = false;
  CHECK(bench.until([&] { return bench.running() && bench.committed_to_end(*log); }));
  REQUIRE(bench.worker->finish());
  CHECK(state_of(stores, 1) == expected(*log));
}

TEST_CASE("a store whose values can't be read any more is set aside and restored", "[engine]") {
  ShakyStores stores;
  const auto log = a_log(1);
  send(*log, 0, 100);
  {
    Bench bench(*log, stores);
    CHECK(bench.until([&] { return bench.committed_to_end(*log); }));
    REQUIRE(bench.worker->finish());
  }
  stores.damaged = true;
  Bench bench(*log, stores);
  send(*log, 100, 200);
  CHECK(bench.until([&] { return bench.committed_to_end(*log); }));
  REQUIRE(bench.worker->finish());
  CHECK_FALSE(stores.damaged);
  CHECK(state_of(stores, 1) == expected(*log));
}

}  // namespace juncture::test
