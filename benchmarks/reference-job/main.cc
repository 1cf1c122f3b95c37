// reference-job GROUP MODEL IN OUT STATE_DIR THREADS [MODE]: the job of the peers' README on juncture's engine.
#include <pthread.h>
#include <signal.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "juncture/adapters/kafka_log.h"
#include "juncture/adapters/rocksdb_stores.h"
#include "juncture/engine/engine.h"
#include "signal_job.h"

namespace {

using namespace juncture;

int refuse(const Error& error) {
  std::fprintf(stderr, "reference-job: %s: %s\n", std::string(error.code).c_str(), error.detail.c_str());
  return 1;
}

std::string environment(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : value;
}

// Once all partitions run: how long they took to be back.
void say_restored(const Engine& engine, double running_after_s) {
  std::uint64_t records = 0;
  double longest = 0, writing = 0;
  for (const TaskStats& task : engine.stats().tasks) {
    records += task.restored;
    longest = std::max(longest, task.restore_seconds);
    writing += task.restore_write_seconds;
  }
  std::fprintf(stderr, "restore records=%llu read_s=%.2f write_s=%.2f running_after_s=%.2f\n",
               static_cast<unsigned long long>(records), std::max(0.0, longest - writing), writing, running_after_s);
}

void say_suspended(const Engine& engine) {
  for (const TaskStats& task : engine.stats().tasks) {
    if (task.error_code.empty()) continue;
    std::fprintf(stderr, "task %s-%d: %s: %s\n", task.sub_topology.c_str(), task.partition, task.error_code.c_str(),
                 task.error.c_str());
  }
}

EngineOptions engine_options(const std::string& group, int threads, Delivery delivery) {
  EngineOptions out;
  out.delivery = delivery;
  out.application = group;
  out.workers = threads;
  // At most a second of work uncommitted, as the job asks; under backlog all of it is used, otherwise a tenth.
  out.commit_interval = Millis{100};
  out.commit_interval_backlog = Millis{1000};
  out.serve_reads = false;
  // The peers have four gigabytes of heap; a second of this job's work is some 80 MB a task.
  out.transaction_bytes_max = out.producer_queue_bytes = std::size_t{128} << 20U;
  return out;
}

int run(char** arguments, Delivery delivery) {
  const auto started = std::chrono::steady_clock::now();
  Result<reference::Model> model = reference::read_model(arguments[2]);
  if (!model) return refuse(model.error());
  KafkaLogOptions kafka;
  kafka.brokers = environment("KAFKA_BOOTSTRAP", "127.0.0.1:19092");
  // Members of a group that has just begun hear of each other with their heartbeats.
  kafka.properties["heartbeat.interval.ms"] = "250";
  Result<std::unique_ptr<Log>> log = make_kafka_log(kafka);
  if (!log) return refuse(log.error());
  RocksdbOptions disk;
  disk.directory = arguments[5];
  disk.write_buffer_bytes = std::size_t{64} << 20U;  // as the peers have it
  Result<std::unique_ptr<RocksdbStores>> stores = make_rocksdb_stores(disk);
  if (!stores) return refuse(stores.error());

  SubTopology job;
  job.name = "signals";
  job.inputs = {arguments[3]};
  job.outputs = {arguments[4]};
  job.stateful = true;
  job.freshness_gate = false;
  job.make_pipeline = [&model](Partition) { return reference::make_signal_pipeline(*model); };

  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  auto engine = Engine::start(**log, **stores, {job}, engine_options(arguments[1], std::atoi(arguments[6]), delivery));
  if (!engine) return refuse(engine.error());

  bool said = false;
  const timespec moment{.tv_sec = 0, .tv_nsec = 10'000'000};
  while (sigtimedwait(&signals, nullptr, said ? nullptr : &moment) < 0) {
    const bool all =
        (*engine)->assigned("signals").size() == static_cast<std::size_t>((*engine)->partitions("signals"));
    if (said || !all || !(*engine)->ready()) continue;
    said = true;
    say_restored(**engine, std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count());
  }
  say_suspended(**engine);
  const Status stopped = (*engine)->stop();
  return stopped ? 0 : refuse(stopped.error());
}

}  // namespace

int main(int count, char** arguments) {
  const std::string mode = count > 7 ? arguments[7] : "exactly_once";
  if (count < 7 || (mode != "at_least_once" && mode != "exactly_once")) {
    std::fprintf(stderr, "usage: reference-job GROUP MODEL IN OUT STATE_DIR THREADS [exactly_once|at_least_once]\n");
    return 2;
  }
  return run(arguments, mode == "exactly_once" ? Delivery::exactly_once : Delivery::at_least_once);
}
