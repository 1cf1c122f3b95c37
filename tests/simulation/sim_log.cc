#include "simulation/sim_log.h"

#include <algorithm>

namespace juncture::simulation {
namespace {

constexpr Millis kPatience{2'000};  // of requests for which nobody has said how long they may take

tl::unexpected<Error> no_topic() {
  return fail(Domain::environment, "unknown_topic", "no such topic or partition");
}

Result<std::optional<Position>> committed_offset(Cluster& cluster, Host& host, const TopicPartition& at) {
  if (Status asked = cluster.ask(host, kPatience); !asked) return tl::unexpected(asked.error());
  for (Ms waited = 0; cluster.pending_offset(at); waited += 50) {
    if (waited >= kPatience.count() || host.dead) return timed_out("the position is not decided yet");
    cluster.world().wait(host, 50);
    cluster.tick();
  }
  const auto found = cluster.group().offsets.find(at);
  if (found == cluster.group().offsets.end()) return std::nullopt;
  return std::optional<Position>(found->second);
}

}  // namespace

// --- reading

std::optional<Offset> Fetcher::position(const TopicPartition& at) const {
  const auto found = parts.find(at);
  if (found == parts.end() || !found->second.sought) return std::nullopt;
  return std::max(found->second.next, found->second.ended_at);
}

Status Fetcher::fetch(const TopicPartition& at, Part& part, std::size_t records_max) {
  const PartitionLog* log = cluster_.find(at);
  if (log == nullptr) return no_topic();
  if (part.fetch < log->begin || part.fetch > log->end()) {
    return fail(Domain::environment, "offset_missing", "outside of the partition");
  }
  const Offset stable = log->stable();
  while (part.fetch < stable && records_.size() < records_max) {
    const Entry& entry = log->at(part.fetch);
    const Offset offset = part.fetch++;
    if (entry.kind != Entry::Kind::committed || entry.compacted) continue;
    part.next = offset + 1;
    const std::string& key = bytes_.emplace_back(entry.key);
    const std::string& value = bytes_.emplace_back(entry.value);
    records_.push_back({at.topic, at.partition, offset, entry.time, key, value, entry.tombstone});
  }
  if (part.fetch >= stable) part.ended_at = part.fetch;
  return {};
}

Result<std::span<const Record>> Fetcher::poll(Millis timeout, std::size_t records_max) {
  records_.clear();
  bytes_.clear();
  World& world = cluster_.world();
  cluster_.tick();
  if (!world.alive(host_)) return fail(Domain::environment, "unreachable", "this process is dead");
  const bool trouble = host_.cut_until > world.now || world.random.chance(world.faults);
  if (trouble) {
    world.wait(host_, timeout.count());
    if (world.random.chance(200)) return fail(Domain::environment, "unreachable", "no broker answers");
    return std::span<const Record>();
  }
  if (world.random.chance(300)) records_max = std::min<std::size_t>(records_max, 1 + world.random.next() % 20);
  for (auto& [at, part] : parts) {
    if (!part.sought || part.paused || records_.size() >= records_max) continue;
    if (Status fetched = fetch(at, part, records_max); !fetched) return tl::unexpected(fetched.error());
  }
  world.wait(host_, records_.empty() ? timeout.count() : 1);
  return std::span<const Record>(records_);
}

Status SimReader::assign(const std::map<TopicPartition, Offset>& from) {
  fetcher_.parts.clear();
  for (const auto& [at, next] : from) fetcher_.seek(fetcher_.parts[at], next);
  return {};
}

// --- consuming

SimConsumer::~SimConsumer() {
  if (!closed_ && !host_.dead && !member_.empty()) cluster_.leave(member_);
}

Status SimConsumer::subscribe(std::vector<std::string> topics, AssignmentListener& listener) {
  topics_ = std::move(topics);
  listener_ = &listener;
  return {};
}

void SimConsumer::lose() {
  const std::vector<TopicPartition> held = std::exchange(held_, {});
  member_.clear();
  generation_ = -1;
  if (!held.empty()) listener_->on_lost(held);
  fetcher_.parts.clear();
}

// What the group has to say is heard here and nowhere else.
Status SimConsumer::attend() {
  Group& group = cluster_.group();
  const auto taken = group.instances.find(options_.member);
  if (!member_.empty() && !options_.member.empty() && taken != group.instances.end() && taken->second != member_) {
    fenced_ = true;
  } else if (!member_.empty() && !group.members.contains(member_)) {
    lose();
  }
  if (fenced_) {
    lose();
    return fenced("another process has this member's id");
  }
  if (member_.empty()) {
    member_ = cluster_.join(host_, options_.member, topics_);
    if (!group.preparing) generation_ = -1;
  }
  if (!group.members.contains(member_)) return {};
  if (group.preparing && !group.members[member_].joined) {
    const std::vector<TopicPartition> held = held_;
    if (!held.empty()) listener_->on_revoked(held);
    held_.clear();
    fetcher_.parts.clear();
    cluster_.rejoin(member_);
  }
  if (group.preparing || generation_ == group.generation || !group.members.contains(member_)) return {};
  generation_ = group.generation;
  held_ = group.members[member_].assignment;
  fetcher_.parts.clear();
  for (const TopicPartition& at : held_) fetcher_.parts[at];
  if (!held_.empty()) listener_->on_assigned(held_);
  return {};
}

Result<std::span<const Record>> SimConsumer::poll(Millis timeout, std::size_t records_max) {
  if (closed_) return fail(Domain::environment, "closed", "the consumer has been closed");
  if (host_.dead) return fail(Domain::environment, "unreachable", "this process is dead");
  cluster_.tick();
  if (host_.cut_until <= cluster_.world().now) {
    if (Status heard = attend(); !heard) return tl::unexpected(heard.error());
  }
  return fetcher_.poll(timeout, records_max);
}

Status SimConsumer::seek(const TopicPartition& at, Offset next) {
  const auto found = fetcher_.parts.find(at);
  if (found == fetcher_.parts.end()) return fail(Domain::environment, "not_owner", "not assigned here");
  fetcher_.seek(found->second, next);
  return {};
}

Status SimConsumer::set_paused(const TopicPartition& at, bool paused) {
  const auto found = fetcher_.parts.find(at);
  if (found == fetcher_.parts.end()) return fail(Domain::environment, "not_owner", "not assigned here");
  found->second.paused = paused;
  return {};
}

Status SimConsumer::commit(const std::map<TopicPartition, Position>&) {
  return fail(Domain::setup, "not_simulated", "positions are committed in transactions");
}

Result<std::optional<Position>> SimConsumer::committed(const TopicPartition& at) {
  return committed_offset(cluster_, host_, at);
}

Status SimConsumer::close() {
  if (closed_) return {};
  const std::vector<TopicPartition> held = std::exchange(held_, {});
  const bool member = cluster_.group().members.contains(member_);
  if (!held.empty() && member) listener_->on_revoked(held);
  if (!held.empty() && !member) listener_->on_lost(held);
  closed_ = true;
  if (!host_.dead && !member_.empty()) cluster_.leave(member_);
  return {};
}

// --- producing

Status SimProducer::init() {
  Cluster* cluster = &cluster_;
  struct Given {
    std::int64_t producer = kNobody;
    int epoch = 0;
  };
  const auto given = std::make_shared<Given>();
  const auto act = [cluster, given, id = id_, timeout = patience_.count()]() -> Status {
    Result<Transactional*> made = cluster->init(id, timeout);
    if (!made) return tl::unexpected(made.error());
    *given = {(*made)->producer, (*made)->epoch};
    return {};
  };
  Status done = insist(patience_, act);
  producer_ = given->producer;
  epoch_ = given->epoch;
  broken_ = !done;
  return done;
}

SimProducer::~SimProducer() {
  if (in_transaction_ && !broken_ && !host_.dead) static_cast<void>(abort_transaction(Millis{1000}));
}

template <class Act>
Status SimProducer::insist(Millis at_most, Act act) {
  const Ms until = cluster_.world().now + at_most.count();
  while (true) {
    Status done = cluster_.request(host_, at_most, act);
    if (done || done.error().code != "busy") return done;
    if (host_.dead || cluster_.world().now > until) return timed_out("concurrent transactions");
    cluster_.world().wait(host_, 5);
  }
}

Status SimProducer::begin_transaction() {
  if (broken_ || in_transaction_) return fail(Domain::environment, "kafka", "not in a state to begin a transaction");
  in_transaction_ = true;
  return {};
}

Status SimProducer::send_batch(std::span<const Outgoing> records) {
  if (broken_ || !in_transaction_) return fail(Domain::environment, "kafka", "no transaction to send in");
  for (const Outgoing& record : records) {
    TopicPartition at{std::string(record.topic), record.partition};
    const auto topic = cluster_.topics().find(record.topic);
    if (topic == cluster_.topics().end()) return no_topic();
    if (at.partition < 0) at.partition = partition_of(record.key, topic->second);
    World& world = cluster_.world();
    buffer_[at].push_back({.key = std::string(record.key),
                           .value = std::string(record.value),
                           .tombstone = record.tombstone,
                           .time = from_ms(SimClock::kEpoch + world.now),
                           .producer = producer_,
                           .kind = Entry::Kind::open});
  }
  // What is under way already, long before the commit.
  if (cluster_.world().random.chance(400)) return push(patience_);
  return {};
}

Status SimProducer::push(Millis at_most) {
  Cluster* cluster = &cluster_;
  Status outcome;
  for (auto& [at, entries] : buffer_) {
    if (entries.empty() || !outcome) continue;
    if (added_.insert(at).second) {
      outcome = insist(at_most, [cluster, id = id_, producer = producer_, epoch = epoch_, to = at] {
        return cluster->add_partition(id, producer, epoch, to);
      });
      if (!outcome) continue;
    }
    std::int64_t& sequence = sequences_[at];
    outcome = cluster_.request(host_, at_most,
                               [cluster, id = id_, producer = producer_, epoch = epoch_, to = at, first = sequence,
                                batch = entries] { return cluster->produce(id, producer, epoch, to, first, batch); });
    sequence += static_cast<std::int64_t>(entries.size());
    entries.clear();
  }
  broken_ = broken_ || !outcome;
  return outcome;
}

Status SimProducer::send_offsets(const std::map<TopicPartition, Position>& positions, std::string_view membership,
                                 Millis at_most) {
  if (broken_ || !in_transaction_) return fail(Domain::environment, "kafka", "no transaction for positions");
  Cluster* cluster = &cluster_;
  Status sent = insist(
      at_most, [cluster, id = id_, producer = producer_, epoch = epoch_, positions, member = std::string(membership)] {
        return cluster->add_offsets(id, producer, epoch, positions, member);
      });
  broken_ = broken_ || !sent;
  return sent;
}

Status SimProducer::end(bool commit, Millis at_most) {
  if (broken_ || !in_transaction_) return fail(Domain::environment, "kafka", "no transaction to end");
  if (commit) {
    if (Status pushed = push(at_most); !pushed) return pushed;
  } else {
    buffer_.clear();
  }
  Cluster* cluster = &cluster_;
  Status done = insist(at_most, [cluster, id = id_, producer = producer_, epoch = epoch_, commit] {
    return cluster->end(id, producer, epoch, commit);
  });
  broken_ = !done;
  in_transaction_ = false;
  added_.clear();
  return done;
}

// --- the rest

Result<std::unique_ptr<Producer>> SimLog::make_producer(const ProducerOptions& options) {
  if (options.transactional_id.empty()) return fail(Domain::setup, "not_simulated", "producers without transactions");
  auto producer = std::make_unique<SimProducer>(cluster_, host_, options);
  if (Status begun = producer->init(); !begun) return tl::unexpected(begun.error());
  return producer;
}

Status SimLog::ensure_topic(const TopicSpec& spec) {
  if (cluster_.topics().contains(spec.name)) return {};
  cluster_.make_topic(spec.name, spec.partitions);
  return {};
}

Result<std::optional<Partition>> SimLog::partition_count(std::string_view topic) {
  const auto found = cluster_.topics().find(topic);
  if (found == cluster_.topics().end()) return std::nullopt;
  return std::optional<Partition>(found->second);
}

Result<Watermarks> SimLog::watermarks(const TopicPartition& at) {
  if (Status asked = cluster_.ask(host_, kPatience); !asked) return tl::unexpected(asked.error());
  const PartitionLog* log = cluster_.find(at);
  if (log == nullptr) return no_topic();
  return Watermarks{log->begin, cluster_.stable_ends ? log->stable() : log->end()};
}

Result<Offset> SimLog::offset_at(const TopicPartition& at, Timestamp time) {
  if (Status asked = cluster_.ask(host_, kPatience); !asked) return tl::unexpected(asked.error());
  const PartitionLog* log = cluster_.find(at);
  if (log == nullptr) return no_topic();
  Offset offset = log->begin;
  while (offset < log->end() && log->at(offset).time < time) ++offset;
  return offset;
}

Result<std::optional<Position>> SimLog::committed(std::string_view, const TopicPartition& at) {
  return committed_offset(cluster_, host_, at);
}

Result<std::vector<std::string>> SimLog::topics() {
  std::vector<std::string> names;
  for (const auto& [name, partitions] : cluster_.topics()) names.push_back(name);
  return names;
}

}  // namespace juncture::simulation
