#include "simulation/cluster.h"

#include <algorithm>

namespace juncture::simulation {

using State = Transactional::State;

tl::unexpected<Error> timed_out(const char* what) {
  return fail(Domain::environment, "timed_out", what);
}
tl::unexpected<Error> fenced(const char* what) {
  return fail(Domain::environment, "fenced", what);
}

Offset PartitionLog::stable() const {
  Offset out = end();
  for (const auto& [producer, first] : open) out = std::min(out, first);
  return out;
}

Cluster::Fate Cluster::fate(Host& host, Millis at_most) {
  tick();
  if (!world_.alive(host)) return Fate::lost;
  if (world_.random.chance(300)) ++world_.now;
  if (host.cut_until > world_.now) {
    if (host.cut_until - world_.now > at_most.count()) return Fate::lost;
    world_.wait(host, host.cut_until - world_.now);
    if (host.dead) return Fate::lost;
  }
  tick();
  if (!world_.random.chance(world_.faults)) return Fate::fine;
  switch (world_.random.below(10)) {
    case 0:
      return Fate::lost;
    case 1:
      return Fate::unanswered;
    case 2:
      return Fate::late;
    case 3:
    case 4:
      world_.wait(host, std::min<Ms>(world_.random.between(20, 600), at_most.count()));  // slow
      tick();
      return host.dead ? Fate::lost : Fate::fine;
    default:
      return Fate::twice;
  }
}

Status Cluster::gave_up(Host& host, Millis at_most) {
  if (host.dead) return fail(Domain::environment, "unreachable", "this process is dead");
  world_.note("no answer", host.number);
  world_.wait(host, at_most.count());
  tick();
  return timed_out("no answer");
}

Status Cluster::ask(Host& host, Millis at_most) {
  return request(host, at_most, [] { return Status(); });
}

void Cluster::make_topic(const std::string& name, Partition partitions) {
  topics_[name] = partitions;
  for (Partition p = 0; p < partitions; ++p) partitions_[{name, p}];
}

PartitionLog* Cluster::find(const TopicPartition& at) {
  const auto found = partitions_.find(at);
  return found == partitions_.end() ? nullptr : &found->second;
}

void Cluster::compact(const TopicPartition& at) {
  PartitionLog& log = *find(at);
  std::set<std::string_view> seen;
  for (Offset offset = log.stable(); offset-- > 0;) {
    Entry& entry = log.entries[static_cast<std::size_t>(offset)];
    if (entry.kind == Entry::Kind::aborted) entry.compacted = true;
    if (entry.kind != Entry::Kind::committed || entry.compacted) continue;
    if (!seen.insert(entry.key).second) entry.compacted = true;
  }
}

void Cluster::tick() {
  if (ticked_ == world_.now && late_.empty()) return;
  ticked_ = world_.now;
  for (std::size_t i = 0; i < late_.size(); ++i) {
    if (late_[i].due > world_.now) continue;
    const std::function<void()> act = std::move(late_[i].act);
    late_.erase(late_.begin() + static_cast<std::ptrdiff_t>(i--));
    world_.note("late request");
    act();
  }
  for (auto& [id, transaction] : transactions_) {
    if (transaction.state == State::ongoing && world_.now - transaction.started > transaction.timeout) {
      world_.note("transaction timed out", transaction.producer);
      ++transaction.epoch;
      begin_ending(transaction, false);
    }
    if (transaction.state == State::ending) go_on_ending(transaction);
  }
  tick_group();
}

// --- transactions

Ms Cluster::marker_delay() {
  if (world_.random.chance(700)) return world_.now;
  return world_.now + (world_.random.chance(900) ? world_.random.between(1, 5) : world_.random.between(5, 300));
}

void Cluster::begin_ending(Transactional& transaction, bool commit) {
  world_.note(commit ? "commit" : "abort", transaction.producer, transaction.epoch);
  transaction.state = State::ending;
  transaction.committing = commit;
  for (auto& [at, due] : transaction.partitions) due = marker_delay();
  transaction.offsets_due = marker_delay();
  go_on_ending(transaction);
}

void Cluster::go_on_ending(Transactional& transaction) {
  for (auto at = transaction.partitions.begin(); at != transaction.partitions.end();) {
    if (at->second > world_.now) {
      ++at;
      continue;
    }
    write_control(at->first, transaction);
    at = transaction.partitions.erase(at);
  }
  if (transaction.offsets_due <= world_.now) {
    if (transaction.committing) {
      for (auto& [at, position] : transaction.offsets) group_.offsets[at] = std::move(position);
    }
    transaction.offsets.clear();
  }
  if (transaction.partitions.empty() && transaction.offsets.empty()) transaction.state = State::ended;
}

void Cluster::write_control(const TopicPartition& at, const Transactional& transaction) {
  PartitionLog& log = *find(at);
  PartitionLog::ProducerState& known = log.producers[transaction.producer];
  if (transaction.epoch > known.epoch) known = {transaction.epoch, 0};
  const auto open = log.open.find(transaction.producer);
  if (open != log.open.end()) {
    for (Offset offset = open->second; offset < log.end(); ++offset) {
      Entry& entry = log.entries[static_cast<std::size_t>(offset)];
      if (entry.producer != transaction.producer || entry.kind != Entry::Kind::open) continue;
      entry.kind = transaction.committing ? Entry::Kind::committed : Entry::Kind::aborted;
    }
    log.open.erase(open);
  }
  control(at);
}

Result<Transactional*> Cluster::current(const std::string& id, std::int64_t producer, int epoch) {
  const auto found = transactions_.find(id);
  if (found == transactions_.end()) return fenced("unknown transactional id");
  Transactional& transaction = found->second;
  if (transaction.producer != producer || transaction.epoch != epoch) return fenced("a newer producer has this id");
  return &transaction;
}

Result<Transactional*> Cluster::init(const std::string& id, Ms timeout) {
  Transactional& transaction = transactions_[id];
  if (transaction.producer == kNobody) {
    transaction.producer = ++producers_;
  } else if (transaction.state == State::ongoing) {
    ++transaction.epoch;
    begin_ending(transaction, false);
  }
  if (transaction.state == State::ending) return fail(Domain::environment, "busy", "concurrent transactions");
  ++transaction.epoch;
  transaction.state = State::empty;
  transaction.timeout = timeout;
  world_.note("init", transaction.producer, transaction.epoch);
  return &transaction;
}

Status Cluster::add_partition(const std::string& id, std::int64_t producer, int epoch, const TopicPartition& at) {
  Result<Transactional*> found = current(id, producer, epoch);
  if (!found) return tl::unexpected(found.error());
  Transactional& transaction = **found;
  if (transaction.state == State::ending) return fail(Domain::environment, "busy", "concurrent transactions");
  if (transaction.state != State::ongoing) {
    transaction.state = State::ongoing;
    transaction.started = world_.now;
  }
  if (!at.topic.empty()) transaction.partitions[at] = 0;
  return {};
}

Status Cluster::produce(const std::string& id, std::int64_t producer, int epoch, const TopicPartition& at,
                        std::int64_t sequence, const std::vector<Entry>& entries) {
  PartitionLog& log = *find(at);
  PartitionLog::ProducerState& known = log.producers[producer];
  if (epoch < known.epoch) return fenced("an old epoch");
  if (epoch > known.epoch) known = {epoch, 0};
  if (sequence < known.next_sequence) return {};  // a doubled request
  if (sequence > known.next_sequence) return fail(Domain::environment, "kafka", "out of order sequence number");
  if (!log.open.contains(producer)) {
    // The leader asks the coordinator before a transaction's first record.
    const Result<Transactional*> found = current(id, producer, epoch);
    if (!found) return tl::unexpected(found.error());
    if ((*found)->state != State::ongoing || !(*found)->partitions.contains(at)) {
      return fail(Domain::environment, "kafka", "invalid transaction state");
    }
    log.open[producer] = log.end();
  }
  for (const Entry& entry : entries) log.entries.push_back(entry);
  known.next_sequence += static_cast<std::int64_t>(entries.size());
  world_.note("produce", producer, log.end(), static_cast<std::int64_t>(entries.size()));
  return {};
}

Status Cluster::add_offsets(const std::string& id, std::int64_t producer, int epoch,
                            const std::map<TopicPartition, Position>& positions, const std::string& membership) {
  if (Status begun = add_partition(id, producer, epoch, {}); !begun) return begun;
  if (Status member = check_member(membership); !member) return member;
  for (const auto& [at, position] : positions) transactions_[id].offsets[at] = position;
  return {};
}

Status Cluster::end(const std::string& id, std::int64_t producer, int epoch, bool commit) {
  Result<Transactional*> found = current(id, producer, epoch);
  if (!found) return tl::unexpected(found.error());
  Transactional& transaction = **found;
  if (transaction.state == State::ongoing) {
    begin_ending(transaction, commit);
    return {};
  }
  if (transaction.state != State::empty && transaction.committing == commit) return {};
  return fail(Domain::environment, "kafka", "invalid transaction state");
}

bool Cluster::pending_offset(const TopicPartition& at) const {
  return std::any_of(transactions_.begin(), transactions_.end(),
                     [&](const auto& entry) { return entry.second.offsets.contains(at); });
}

Offset Cluster::decided_offset(const TopicPartition& at) const {
  const auto found = group_.offsets.find(at);
  Offset out = found == group_.offsets.end() ? 0 : found->second.next;
  for (const auto& [id, transaction] : transactions_) {
    const auto pending = transaction.offsets.find(at);
    if (pending == transaction.offsets.end() || transaction.state != State::ending || !transaction.committing) continue;
    out = std::max(out, pending->second.next);
  }
  return out;
}

// --- the group

Status Cluster::check_member(const std::string& membership) const {
  const std::size_t bar = membership.find('|');
  const auto found = group_.members.find(membership.substr(0, bar));
  const bool member = found != group_.members.end() && membership.substr(bar + 1) == std::to_string(group_.generation);
  if (member) return {};
  if (check_membership) return fenced("not a member of this generation");
  world_.violated("fencing", "positions were taken from a process that is not in the group's generation");
  return {};
}

void Cluster::rebalance() {
  if (!group_.preparing) {
    world_.note("rebalance", group_.generation);
    group_.preparing = true;
    group_.deadline = world_.now + kRebalance;
    for (auto& [id, member] : group_.members) member.joined = false;
  }
}

std::string Cluster::join(Host& host, const std::string& instance, const std::vector<std::string>& topics) {
  const std::string id = (instance.empty() ? "member" : instance) + "-" + std::to_string(++group_.joins);
  Member member{.instance = instance,
                .host = host.dead ? nullptr : &host,
                .seen = world_.now,
                .joined = true,
                .topics = topics,
                .assignment = {}};
  const auto before = instance.empty() ? group_.instances.end() : group_.instances.find(instance);
  if (before != group_.instances.end()) {
    Member& old = group_.members[before->second];
    member.assignment = old.assignment;
    group_.members.erase(before->second);
    world_.note("static member is back", host.number);
    if (!group_.preparing && member.assignment.empty()) rebalance();
  } else {
    rebalance();
  }
  if (!instance.empty()) group_.instances[instance] = id;
  group_.members[id] = std::move(member);
  return id;
}

void Cluster::rejoin(const std::string& member) {
  if (const auto found = group_.members.find(member); found != group_.members.end()) found->second.joined = true;
  tick_group();
}

void Cluster::remove(const std::string& member) {
  const auto found = group_.members.find(member);
  if (found == group_.members.end()) return;
  if (!found->second.instance.empty()) group_.instances.erase(found->second.instance);
  group_.members.erase(found);
}

void Cluster::leave(const std::string& member) {
  const auto found = group_.members.find(member);
  if (found == group_.members.end()) return;
  found->second.host = nullptr;
  if (!found->second.instance.empty()) return;  // a static member's place is kept for its next start
  remove(member);
  rebalance();
}

void Cluster::forget(const Host& host) {
  for (auto& [id, member] : group_.members) {
    if (member.host == &host) member.host = nullptr;
  }
}

void Cluster::tick_group() {
  std::vector<std::string> gone;
  for (auto& [id, member] : group_.members) {
    const bool beats = member.host != nullptr && world_.can_run(*member.host) && member.host->cut_until <= world_.now;
    if (beats) member.seen = world_.now;
    if (world_.now - member.seen > kSession) gone.push_back(id);
  }
  for (const std::string& id : gone) {
    world_.note("session expired");
    remove(id);
  }
  if (!gone.empty()) rebalance();
  if (!group_.preparing) return;
  if (world_.now >= group_.deadline) {
    std::vector<std::string> late;
    for (const auto& [id, member] : group_.members) {
      if (!member.joined) late.push_back(id);
    }
    for (const std::string& id : late) remove(id);
  }
  const auto& members = group_.members;
  if (std::all_of(members.begin(), members.end(), [](const auto& entry) { return entry.second.joined; })) assign();
}

// As the range assignor: of each topic in turn, neighbouring partitions to members in the order of their ids.
void Cluster::assign() {
  group_.preparing = false;
  ++group_.generation;
  world_.note("generation", group_.generation, static_cast<std::int64_t>(group_.members.size()));
  std::map<std::string, Member*> order;
  for (auto& [id, member] : group_.members) {
    member.assignment.clear();
    order[member.instance.empty() ? id : member.instance] = &member;
  }
  if (order.empty()) return;
  std::set<std::string> topics;
  for (const auto& [name, member] : order) topics.insert(member->topics.begin(), member->topics.end());
  for (const std::string& topic : topics) {
    const auto partitions = static_cast<std::size_t>(topics_.find(topic)->second);
    std::size_t next = 0, index = 0;
    for (const auto& [name, member] : order) {
      const std::size_t share = partitions / order.size() + (index++ < partitions % order.size() ? 1 : 0);
      for (std::size_t i = 0; i < share; ++i) member->assignment.push_back({topic, static_cast<Partition>(next++)});
    }
  }
}

}  // namespace juncture::simulation
