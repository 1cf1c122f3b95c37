#include "engine/worker.h"

#include <algorithm>

#include "juncture/ports/faults.h"

namespace juncture::engine {
namespace {

constexpr std::size_t kChunk = 256;  // records between two looks at the clock
constexpr Millis kIdlePoll{50};
constexpr Millis kRestoreBudget{50};
constexpr std::size_t kRestoresMax = 2;
constexpr Millis kRejoinMin{1'000}, kRejoinMax{600'000};
constexpr auto kLookInterval = std::chrono::seconds(1);

}  // namespace

Status Worker::open() {
  ConsumerOptions options{.group = parts_.options.application,
                          .member = parts_.options.member,
                          .endpoint = parts_.options.endpoint,
                          .queue_bytes = parts_.options.consumer_queue_bytes};
  if (!options.member.empty()) options.member += "-" + std::to_string(parts_.number);
  if (Status renewed = renew_producer(); !renewed) return renewed;
  Result<std::unique_ptr<Consumer>> consumer = parts_.log.make_consumer(options);
  if (!consumer) return tl::unexpected(consumer.error());
  consumer_ = std::move(*consumer);
  std::vector<std::string> topics;
  for (const SubTopology& topology : parts_.topologies) {
    topics.insert(topics.end(), topology.inputs.begin(), topology.inputs.end());
  }
  last_commit_ = now();
  return consumer_->subscribe(std::move(topics), *this);
}

Status Worker::renew_producer() {
  if (parts_.options.delivery == Delivery::exactly_once) return {};
  Result<std::unique_ptr<Producer>> producer =
      parts_.log.make_producer({.transactional_id = {}, .queue_bytes = parts_.options.producer_queue_bytes});
  if (!producer) return tl::unexpected(producer.error());
  producer_ = std::move(*producer);
  return {};
}

void Worker::run(const std::stop_token& stop, const std::atomic<bool>& killed) {
  while (!stop.stop_requested()) step(stop);
  if (!killed.load()) {
    pulse_.beat(now());
    pulse_.turn_to(Doing::leaving);
    outcome_ = finish();
    if (!outcome_) note(outcome_.error());
  }
  pulse_.turn_to(Doing::nothing);
}

void Worker::step(const std::stop_token& stop) {
  pulse_.beat(now());
  pulse_.turn_to(Doing::restoring);
  restore_tasks();
  const bool dirty = any_dirty();
  Millis timeout = kIdlePoll;
  const bool waiting = std::any_of(tasks_.begin(), tasks_.end(),
                                   [](const auto& entry) { return entry.second->state() == TaskState::restoring; });
  if (waiting) timeout = Millis{1};
  if (dirty) {
    // Caught up means: nothing comes for a fifth of the commit interval. A lone record is committed at once.
    const auto left = last_commit_ + parts_.options.commit_interval / 5 - now();
    timeout = std::clamp(std::chrono::duration_cast<Millis>(left), Millis{0}, timeout);
  }
  pulse_.turn_to(Doing::polling);
  Result<std::span<const Record>> records = consumer_->poll(timeout, parts_.options.poll_records_max);
  if (!records) return poll_failed(records.error(), stop);
  // A full batch says that more is there.
  backlog_ = records->size() >= parts_.options.poll_records_max;
  process(*records, stop);
  commit_if_due(records->empty());
  look_ahead();
}

std::size_t Worker::topology_of(std::string_view topic) const {
  for (std::size_t i = 0; i < parts_.topologies.size(); ++i) {
    const std::vector<std::string>& inputs = parts_.topologies[i].inputs;
    if (std::find(inputs.begin(), inputs.end(), topic) != inputs.end()) return i;
  }
  return parts_.topologies.size();
}

Task* Worker::task_of(std::string_view topic, Partition partition) {
  const auto at = tasks_.find({topology_of(topic), partition});
  return at == tasks_.end() ? nullptr : at->second.get();
}

void Worker::restore_tasks() {
  Lanes::Jobs take_overs;
  // One time for both questions: what becomes due while others are taken over has no producer yet.
  const SteadyTime at = now();
  for (auto& [key, task] : tasks_) {
    if (task->wants_producer(at)) take_overs.emplace_back([due = task.get()] { due->take_over(); });
  }
  parts_.lanes.run(take_overs);
  // A worker restores no faster by doing it all at once, and each restore has much read ahead.
  std::size_t open = 0;
  for (auto& [key, task] : tasks_) {
    if (task->state() == TaskState::restoring) ++open;
  }
  for (auto& [key, task] : tasks_) {
    if (task->state() == TaskState::running) continue;
    if (task->state() != TaskState::restoring && open >= kRestoresMax) continue;
    pulse_.turn_to(Doing::restoring, &task->counters());
    const TaskState before = task->state();
    task->advance(kRestoreBudget, at);
    if (before != TaskState::restoring && task->state() == TaskState::restoring) ++open;
    if (task->state() == TaskState::suspended && before != TaskState::suspended) {
      parts_.registry.count_error("task_suspended");
    }
  }
}

void Worker::process(std::span<const Record> records, const std::stop_token& stop) {
  for (std::size_t at = 0; at < records.size();) {
    const Record& first = records[at];
    std::size_t end = at + 1;
    while (end < records.size() && end - at < kChunk && records[end].partition == first.partition &&
           records[end].topic == first.topic) {
      ++end;
    }
    Task* task = task_of(first.topic, first.partition);
    // Records of a task that was suspended meanwhile are read again when it is back.
    if (task != nullptr && task->state() == TaskState::running) {
      pulse_.turn_to(Doing::processing, &task->counters());
      if (Status done = task->process(records.subspan(at, end - at)); !done) {
        note(done.error());
        task->suspend(done.error(), now());
      } else if (task->full() && task->dirty()) {
        commit_if_due(true);
      }
    }
    at = end;
    commit_if_due(false);
    if (stop.stop_requested()) return;
  }
}

bool Worker::any_dirty() const {
  return std::any_of(tasks_.begin(), tasks_.end(), [](const auto& entry) { return entry.second->dirty(); });
}

void Worker::commit_if_due(bool idle) {
  const Millis interval = idle ? parts_.options.commit_interval / 5
                               : (backlog_ ? parts_.options.commit_interval_backlog : parts_.options.commit_interval);
  if (now() - last_commit_ < interval) return;
  if (any_dirty()) {
    static_cast<void>(commit(parts_.options.transaction_timeout));  // its failure is the tasks' business
    last_commit_ = now();
  } else if (!idle) {
    return;
  }
  after_commit();
}

// Nothing is dirty now: the moment to write behind.
void Worker::after_commit() {
  for (auto& [key, task] : tasks_) {
    if (task->state() != TaskState::running) continue;
    pulse_.turn_to(Doing::storing, &task->counters());
    if (Status written = task->write_behind(now(), false); !written) {
      note(written.error());
      task->suspend(written.error(), now());
    }
  }
}

Status Worker::commit(Millis at_most) {
  pulse_.turn_to(Doing::committing);
  std::vector<Task*> dirty;
  for (auto& [key, task] : tasks_) {
    if (task->dirty()) dirty.push_back(task.get());
  }
  std::vector<Status> outcomes(dirty.size());
  if (parts_.options.delivery == Delivery::exactly_once) {
    commit_each(dirty, outcomes, at_most);
  } else if (Status committed = commit_all(dirty); !committed) {
    outcomes.assign(dirty.size(), committed);
    // A producer that failed may be failed for good, and may hold records that must not be sent any more.
    if (Status renewed = renew_producer(); !renewed) note(renewed.error());
  }
  Status first;
  for (std::size_t i = 0; i < dirty.size(); ++i) {
    if (JUNCTURE_MUTANT("M9") && !outcomes[i] && outcomes[i].error().code == "timed_out") outcomes[i] = {};
    if (outcomes[i]) outcomes[i] = dirty[i]->confirm();
    if (outcomes[i]) continue;
    // What of the commit reached the log is not known. The task forgets it and lets the changelog tell.
    const Error& error = outcomes[i].error();
    note(error);
    dirty[i]->suspend({Domain::environment, error.code, error.detail}, now());
    if (first) first = outcomes[i];
  }
  return first;
}

// One transaction a task. They wait for the log side by side, and one that fails is no other's business.
void Worker::commit_each(const std::vector<Task*>& dirty, std::vector<Status>& outcomes, Millis at_most) {
  const Result<std::string> membership = consumer_->membership();
  Lanes::Jobs jobs;
  for (std::size_t i = 0; i < dirty.size(); ++i) {
    outcomes[i] = membership ? dirty[i]->send() : Status(tl::unexpected(membership.error()));
    if (!outcomes[i]) continue;
    jobs.emplace_back([&, i] { outcomes[i] = dirty[i]->commit_transaction(*membership, at_most); });
  }
  JUNCTURE_FAILPOINT("before_commit");
  parts_.lanes.run(jobs);
}

// Changes and outputs are durable before the positions are: a crash in between repeats outputs, never loses any.
Status Worker::commit_all(const std::vector<Task*>& dirty) {
  std::map<TopicPartition, Position> positions;
  for (Task* task : dirty) {
    if (Status sent = task->send(); !sent) return sent;
    task->add_positions(positions);
  }
  if (Status flushed = producer_->flush(); !flushed) return flushed;
  return commit_positions(positions);
}

Status Worker::commit_positions(const std::map<TopicPartition, Position>& positions) {
  Status committed = consumer_->commit(positions);
  Millis wait = parts_.options.retry_backoff;
  for (int i = 0; i < parts_.options.retries_max && !committed; ++i) {
    const Error& error = committed.error();
    // The partitions are somebody else's, or about to be: nothing to be gained by asking again.
    const bool gone = error.code == "fenced" || error.code == "not_owner" || error.code == "rebalancing";
    if (error.domain != Domain::environment || gone) break;
    note(committed.error());
    parts_.options.clock->sleep(wait);
    wait *= 2;
    committed = consumer_->commit(positions);
  }
  return committed;
}

void Worker::poll_failed(const Error& error, const std::stop_token& stop) {
  note(error);
  if ((error.code == "fenced" || fenced()) && tasks_.empty()) rejoin_later();
  commit_if_due(true);
  for (auto& [key, task] : tasks_) {
    if (task->state() != TaskState::running) continue;
    if (Status readable = task->check_positions(); !readable) {
      note(readable.error());
      task->suspend(readable.error(), now());
    }
  }
  // No spinning on an error that comes at once.
  const auto until = now() + parts_.options.retry_backoff;
  while (!stop.stop_requested() && now() < until) parts_.options.clock->sleep(Millis{5});
}

// The member id is taken to be another process's. It need not be: after a broker has died, or this process has slept
// through its time-out, the group may know the id by a name that never reached us. So the id is asked for again, but
// less and less often: where there really are two, each such try takes the partitions away from the other.
void Worker::rejoin_later() {
  if (!fenced_.exchange(true, std::memory_order_acq_rel)) {
    if (now() - rejoin_at_ > kRejoinMax) rejoin_after_ = kRejoinMin;  // the last time is long ago
    rejoin_at_ = now() + rejoin_after_;
  }
  if (now() < rejoin_at_) return;
  rejoin_after_ = std::min(rejoin_after_ * 2, kRejoinMax);
  rejoin_at_ = now() + rejoin_after_;
  static_cast<void>(consumer_->close());
  if (Status opened = open(); !opened) {
    note(opened.error());
    static_cast<void>(consumer_->close());  // says so at each poll, until it is time for the next try
  }
}

// One input a turn, so that no round of the loop asks the log much.
void Worker::look_ahead() {
  if (tasks_.empty() || now() < next_look_) return;
  std::size_t inputs = 0;
  for (auto& [key, task] : tasks_) inputs += task->inputs();
  next_look_ = now() + std::chrono::duration_cast<SteadyTime::duration>(kLookInterval) / static_cast<int>(inputs);
  std::size_t at = look_at_++ % inputs;
  for (auto& [key, task] : tasks_) {
    if (at >= task->inputs()) {
      at -= task->inputs();
      continue;
    }
    if (task->state() != TaskState::running) return;
    if (Status looked = task->look_ahead(at); !looked) note(looked.error());
    return;
  }
}

void Worker::on_assigned(std::span<const TopicPartition> partitions) {
  rebalances_assigned_.add();
  fenced_.store(false, std::memory_order_release);
  for (const TopicPartition& at : partitions) {
    const std::size_t index = topology_of(at.topic);
    if (index == parts_.topologies.size()) continue;
    std::unique_ptr<Task>& task = tasks_[{index, at.partition}];
    if (task == nullptr) {
      const SubTopology& topology = parts_.topologies[index];
      task =
          std::make_unique<Task>(Task::Parts{parts_.log, parts_.stores, consumer_, producer_, topology, parts_.options,
                                             parts_.registry.counters(topology, at.partition), parts_.standby},
                                 at.partition);
    }
    task->add_input(at.topic);
  }
  assigned_.store(true, std::memory_order_release);
}

void Worker::on_revoked(std::span<const TopicPartition> partitions) {
  rebalances_revoked_.add();
  const SteadyTime until = close_until_.value_or(now() + parts_.options.revoke_max);
  if (any_dirty()) {
    static_cast<void>(commit(parts_.options.revoke_max));
    last_commit_ = now();
  }
  for (const TopicPartition& at : partitions) {
    Task* task = task_of(at.topic, at.partition);
    if (task == nullptr || !task->remove_input(at.topic)) continue;
    if (Status closed = task->close_clean(until); !closed) note(closed.error());
    tasks_.erase({topology_of(at.topic), at.partition});
  }
}

void Worker::on_lost(std::span<const TopicPartition> partitions) {
  rebalances_lost_.add();
  for (const TopicPartition& at : partitions) {
    Task* task = task_of(at.topic, at.partition);
    if (task == nullptr || !task->remove_input(at.topic)) continue;
    task->close_dirty();
    tasks_.erase({topology_of(at.topic), at.partition});
  }
}

Status Worker::finish() {
  const SteadyTime until = now() + parts_.options.shutdown_max / 2;
  Status outcome = any_dirty() ? commit(parts_.options.transaction_timeout) : Status{};
  // The stores may catch up from the changelog at the next start; leaving in time comes first.
  close_until_ = until;
  Status closed = consumer_->close();
  for (auto& [key, task] : tasks_) {
    if (Status left = task->close_clean(until); !left && outcome) outcome = left;
  }
  tasks_.clear();
  return outcome ? closed : outcome;
}

}  // namespace juncture::engine
