#include "simulation/simulation.h"

#include <algorithm>

namespace juncture::simulation {
namespace {

constexpr int kActions = 400;
constexpr Ms kDrainMax = 60'000;
constexpr std::string_view kApplication = "app";

SubTopology fold() {
  SubTopology out;
  out.name = "fold";
  out.inputs = {"in"};
  out.outputs = {"out"};
  out.stateful = true;
  out.freshness_gate = false;
  out.make_pipeline = [](Partition) { return std::make_unique<FoldPipeline>(); };
  return out;
}

SubTopology relay() {
  SubTopology out;
  out.name = "relay";
  out.inputs = {"raw"};
  out.outputs = {"in"};
  out.freshness_gate = false;
  out.make_pipeline = [](Partition) { return std::make_unique<RelayPipeline>(); };
  return out;
}

}  // namespace

Simulation::Life::Life(Cluster& cluster, Disks& disks, int number)
    : host{.number = number}, log(cluster, host), stores(cluster.world(), host, disks), clock(cluster.world(), host) {}

Simulation::Simulation(std::uint64_t seed, bool print, std::string_view mutant)
    : world_(seed, print), cluster_(world_), topologies_{fold()} {
  cluster_.stable_ends = mutant == "M3";
  cluster_.check_membership = mutant != "M11";
  partitions_ = static_cast<Partition>(world_.random.between(1, 3));
  keys_ = seed % 8 == 0 ? 600 : world_.random.between(3, 12);
  workers_ = static_cast<std::size_t>(world_.random.between(1, 2));
  models_.resize(static_cast<std::size_t>(partitions_));
  processes_.resize(static_cast<std::size_t>(world_.random.between(1, 3)));
  constexpr std::int64_t kIntensities[] = {0, 2, 5, 15};
  world_.faults = kIntensities[world_.random.below(4)];
  if (world_.random.chance(400)) topologies_.push_back(relay());
  if (relayed()) cluster_.make_topic("raw", partitions_);
  cluster_.make_topic("in", partitions_);
  cluster_.make_topic("out", partitions_);
  cluster_.make_topic(changelog_topic(kApplication, "fold"), partitions_);
  world_.run_others = [this](Ms until) { run_until(until); };
  world_.on_death = [this](Host& host) { die(host); };
  for (std::size_t i = 0; i < processes_.size(); ++i) processes_[i].number = static_cast<int>(i);
}

Verdict Simulation::run() {
  for (Process& process : processes_) start(process, member_name(process));
  for (int i = 0; i < kActions && world_.oracle().empty(); ++i) act();
  if (world_.oracle().empty()) drain();
  if (world_.oracle().empty()) finish();
  for (Partition p = 0; p < partitions_ && world_.oracle().empty(); ++p) {
    models_[static_cast<std::size_t>(p)].advance(*cluster_.find({"in", p}), p);
    if (relayed()) check_relay(p);
    check_outputs(p);
    check_changelog(p);
  }
  // What is left of the processes goes while nothing can hear of it any more.
  for (Process& process : processes_) {
    if (process.life != nullptr) process.life->host.dead = true;
  }
  processes_.clear();
  return {world_.trace_hash(), world_.oracle(), world_.failure()};
}

// --- processes

void Simulation::die(Host& host) {
  world_.note("dies", host.number);
  host.dead = true;
  cluster_.forget(host);
  processes_[static_cast<std::size_t>(host.number)].disks.crash(world_.random);
}

void Simulation::draw_options(EngineOptions& options) {
  Random& random = world_.random;
  options.application = kApplication;
  options.workers = static_cast<int>(workers_);
  options.commit_interval = Millis{random.between(5, 100)};
  options.commit_interval_backlog = Millis{random.between(50, 400)};
  constexpr std::int64_t kWriteBehind[] = {0, 100, 1000};
  options.write_behind = Millis{kWriteBehind[random.below(3)]};
  options.cache_entries_max = random.chance(300) ? 16 : 10'000;
  options.poll_records_max = static_cast<std::size_t>(random.between(8, 500));
  options.retry_backoff = Millis{20};
  // Longer than the bound on takeover, in some: nobody may have to wait for it.
  constexpr std::int64_t kTransaction[] = {1'000, 2'000, 90'000};
  options.transaction_timeout = Millis{kTransaction[random.below(3)]};
  options.revoke_max = Millis{500};
  options.shutdown_max = Millis{2'000};
}

std::string Simulation::member_name(const Process& process) {
  if (world_.random.chance(300)) return {};
  if (world_.random.chance(100)) return "other-" + std::to_string(process.lives);
  return "p" + std::to_string(process.number);
}

void Simulation::start(Process& process, const std::string& member) {
  world_.note("start", process.number);
  ++process.lives;
  process.life = std::make_unique<Life>(cluster_, process.disks, process.number);
  Life& life = *process.life;
  draw_options(life.options);
  life.options.clock = &life.clock;
  life.options.member = member;
  life.host.wall_ahead = world_.random.chance(200) ? world_.random.between(-3'600'000, 3'600'000) : 0;
  for (std::size_t i = 0; i < workers_; ++i) {
    life.workers.push_back(std::make_unique<engine::Worker>(engine::Worker::Parts{
        life.log, life.stores, topologies_, life.options, life.registry, life.lanes, static_cast<int>(i)}));
    static_cast<void>(life.workers.back()->open());
  }
  life.busy.resize(workers_);
}

void Simulation::stop(Process& process) {
  if (process.life == nullptr || !world_.can_run(process.life->host)) return;
  world_.note("stop", process.number);
  Life& life = *process.life;
  for (std::size_t i = 0; i < life.workers.size(); ++i) {
    life.busy[i] = true;
    static_cast<void>(life.workers[i]->finish());
  }
  if (life.host.dead) return;
  // Whatever finish() has not let go of goes now, as at the end of a process.
  life.workers.clear();
  die(life.host);
}

void Simulation::restart_dead() {
  for (Process& process : processes_) {
    if (process.life == nullptr || !process.life->host.dead) continue;
    process.life.reset();
    std::string member = member_name(process);
    if (world_.random.chance(100)) {
      // Somebody thinks that another one is dead, and it is only slow.
      for (const Process& other : processes_) {
        if (other.life != nullptr && other.life->host.frozen_until > world_.now) member = other.life->options.member;
      }
    }
    if (world_.random.chance(100)) process.disks = {};
    start(process, member);
    return;
  }
}

void Simulation::step(Life& life, std::size_t worker) {
  life.busy[worker] = true;
  life.workers[worker]->step(never_.get_token());
  life.busy[worker] = false;
  if (world_.random.chance(250)) check_reads(life);
}

bool Simulation::step_any() {
  runnable_.clear();
  for (Process& process : processes_) {
    if (process.life == nullptr || !world_.can_run(process.life->host)) continue;
    for (std::size_t i = 0; i < process.life->workers.size(); ++i) {
      if (!process.life->busy[i]) runnable_.emplace_back(process.life.get(), i);
    }
  }
  if (runnable_.empty()) return false;
  const auto [life, worker] = runnable_[world_.random.next() % runnable_.size()];
  step(*life, worker);
  return true;
}

void Simulation::run_until(Ms until) {
  while (world_.now < until) {
    if (!step_any()) world_.now = std::min(until, world_.now + 20);
    cluster_.tick();
  }
}

// --- what happens

void Simulation::act() {
  const std::int64_t what = world_.random.below(100);
  if (what < 60) {
    for (std::int64_t i = world_.random.between(1, 4); i > 0; --i) {
      if (!step_any()) run_until(world_.now + 20);
    }
  } else if (what < 82) {
    feed(static_cast<Partition>(world_.random.below(partitions_)), world_.random.between(1, 8));
  } else if (what < 86) {
    restart_dead();
  } else if (what < 88) {
    decide_input(false);
  } else if (what < 89 && keys_ > 100) {
    burst();
  } else if (what < 90) {
    run_until(world_.now + world_.random.between(10, 1'000));
  } else {
    fault();
  }
}

void Simulation::fault() {
  Process& process = processes_[world_.random.next() % processes_.size()];
  if (process.life == nullptr || process.life->host.dead) return;
  Host& host = process.life->host;
  Random& random = world_.random;
  switch (random.below(10)) {
    case 0:
      return die(host);
    case 1:
    case 2:
      host.dies_in = static_cast<int>(random.between(0, 30));
      return world_.note("will die", host.number, host.dies_in);
    case 3:
      host.frozen_until = world_.now + random.between(50, 8'000);
      return world_.note("frozen", host.number, host.frozen_until);
    case 4:
      host.freezes_in = static_cast<int>(random.between(0, 20));
      host.freezes_for = random.chance(700) ? random.between(10, 1'000) : random.between(1'000, 8'000);
      return world_.note("will freeze", host.number, host.freezes_in, host.freezes_for);
    case 5:
      host.cut_until = world_.now + random.between(50, 5'000);
      return world_.note("cut off", host.number, host.cut_until);
    case 6:
      return damage(process);
    case 7:
      return stop(process);
    default:
      world_.note("compaction");
      return cluster_.compact(
          {changelog_topic(kApplication, "fold"), static_cast<Partition>(random.below(partitions_))});
  }
}

void Simulation::damage(Process& process) {
  if (world_.random.chance(400)) {
    process.disks.full_until = world_.now + world_.random.between(50, 3'000);
    return world_.note("disk full", process.number, process.disks.full_until);
  }
  for (auto& [name, disk] : process.disks.by_name) {
    if (!world_.random.chance(400)) continue;
    (world_.random.chance(500) ? disk.unopenable : disk.unreadable) = true;
    return world_.note("disk damaged", process.number);
  }
}

// Some input comes in transactions; of these some are aborted and some left open for a while.
void Simulation::feed(Partition partition, std::int64_t records) {
  Random& random = world_.random;
  const TopicPartition at{relayed() && random.chance(600) ? "raw" : "in", partition};
  PartitionLog& log = *cluster_.find(at);
  const bool transaction = log.open.empty() && random.chance(200);
  const std::int64_t producer = transaction ? -10 - ++input_producers_ : kNobody;
  world_.note("feed", partition, log.end(), records);
  if (transaction) {
    log.open[producer] = log.end();
    open_inputs_.push_back({at, producer});
  }
  for (std::int64_t i = 0; i < records; ++i) {
    const std::int64_t kind = random.below(20);
    std::string value = kind == 0 ? std::string(kForget) : kind == 1 ? std::string(kTick) : std::to_string(++records_);
    cluster_.append(at, {.key = "k" + std::to_string(random.below(keys_)),
                         .value = std::move(value),
                         .time = from_ms(SimClock::kEpoch + world_.now),
                         .producer = producer,
                         .kind = transaction ? Entry::Kind::open : Entry::Kind::committed});
  }
  if (transaction && random.chance(700)) decide_input(true);
}

// Every key once: more changes than the store takes in one slice.
void Simulation::burst() {
  world_.note("burst");
  for (std::int64_t key = 0; key < keys_; ++key) {
    const TopicPartition at{"in", 0};
    cluster_.append(at, {.key = "k" + std::to_string(key),
                         .value = std::to_string(++records_),
                         .time = from_ms(SimClock::kEpoch + world_.now)});
  }
}

void Simulation::decide_input(bool all) {
  while (!open_inputs_.empty()) {
    const OpenInput input = open_inputs_.front();
    open_inputs_.erase(open_inputs_.begin());
    PartitionLog& log = *cluster_.find(input.at);
    const bool committed = world_.random.chance(700);
    for (Offset offset = log.open[input.producer]; offset < log.end(); ++offset) {
      Entry& entry = log.entries[static_cast<std::size_t>(offset)];
      if (entry.producer == input.producer) entry.kind = committed ? Entry::Kind::committed : Entry::Kind::aborted;
    }
    log.open.erase(input.producer);
    cluster_.control(input.at);
    if (!all) return;
  }
}

// --- the end

void Simulation::drain() {
  world_.note("drain");
  world_.faults = 0;
  decide_input(true);
  const Ms until = world_.now + kDrainMax;
  for (Process& process : processes_) {
    process.disks.full_until = 0;
    if (process.life != nullptr && !process.life->host.dead) {
      Host& host = process.life->host;
      host.cut_until = 0;
      host.dies_in = host.freezes_in = -1;
    }
  }
  while (!drained()) {
    for (Process& process : processes_) {
      const auto shut_out = [](const auto& worker) { return worker->fenced(); };
      Life* life = process.life.get();
      // Of two with one name the older one can't go on; its operator starts it under another.
      if (life != nullptr && !life->host.dead && std::any_of(life->workers.begin(), life->workers.end(), shut_out)) {
        die(life->host);
      }
      if (life != nullptr && !life->host.dead) continue;
      process.life.reset();
      start(process, "p" + std::to_string(process.number) + "-" + std::to_string(process.lives));
    }
    run_until(world_.now + 100);
    if (!world_.oracle().empty()) return;
    if (world_.now > until) return world_.violated("liveness", open_ends());
  }
}

bool Simulation::drained() {
  for (Partition p = 0; p < partitions_; ++p) {
    if (relayed() && behind({"raw", p})) return false;
    if (behind({"in", p})) return false;
  }
  return true;
}

// Whether there are records that readers can see, and no committed position behind them.
bool Simulation::behind(const TopicPartition& at) {
  const PartitionLog& log = *cluster_.find(at);
  const auto found = cluster_.group().offsets.find(at);
  const Offset position = found == cluster_.group().offsets.end() ? 0 : found->second.next;
  for (Offset offset = position; offset < log.end(); ++offset) {
    const Entry::Kind kind = log.at(offset).kind;
    if (kind == Entry::Kind::committed || kind == Entry::Kind::open) return true;
  }
  return false;
}

std::string Simulation::open_ends() const {
  std::string out = "not done in time:";
  for (const Process& process : processes_) {
    if (process.life == nullptr) continue;
    for (const TaskStats& task : process.life->registry.stats(from_ms(SimClock::kEpoch))) {
      out += " process " + std::to_string(process.number) + " partition " + std::to_string(task.partition) + " " +
             std::string(kTaskStateNames[static_cast<std::size_t>(task.state)]) + " " + task.error_code + " (" +
             task.error + ")";
    }
  }
  return out;
}

void Simulation::finish() {
  for (Process& process : processes_) stop(process);
  for (int i = 0; i < 50; ++i) {
    world_.now += 100;  // until every transaction has its end
    cluster_.tick();
  }
}

}  // namespace juncture::simulation
