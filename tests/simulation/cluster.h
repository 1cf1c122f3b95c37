// A Kafka cluster as its clients can tell: partitions with open transactions and their last stable offset, the
// transaction coordinator with epochs, one consumer group with generations and static members. Requests get lost,
// unanswered, doubled and late, from the seed.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "juncture/ports/log.h"
#include "simulation/world.h"

namespace juncture::simulation {

constexpr Ms kSession = 3'000;
constexpr Ms kRebalance = 12'000;
constexpr std::int64_t kNobody = -1;  // as a producer

struct Entry {
  enum class Kind : std::uint8_t { open, committed, aborted, control };
  std::string key, value;
  bool tombstone = false;
  Timestamp time{};
  std::int64_t producer = kNobody;
  Kind kind = Kind::committed;
  bool compacted = false;  // gone for readers, kept for the oracles
};

struct PartitionLog {
  struct ProducerState {
    int epoch = 0;
    std::int64_t next_sequence = 0;
  };
  Offset begin = 0;
  std::deque<Entry> entries;
  std::map<std::int64_t, Offset> open;  // producers with a transaction here: its first offset
  std::map<std::int64_t, ProducerState> producers;

  Offset end() const { return static_cast<Offset>(entries.size()); }
  Offset stable() const;
  const Entry& at(Offset offset) const { return entries[static_cast<std::size_t>(offset)]; }
};

// As the coordinator knows a transactional id.
struct Transactional {
  enum class State : std::uint8_t { empty, ongoing, ending, ended };
  std::int64_t producer = kNobody;
  int epoch = 0;
  State state = State::empty;
  bool committing = false;
  Ms started = 0, timeout = 0;
  std::map<TopicPartition, Ms> partitions;  // with the time at which each gets its control record
  std::map<TopicPartition, Position> offsets;
  Ms offsets_due = 0;
};

struct Member {
  std::string instance;
  const Host* host = nullptr;  // none: has stopped without a word
  Ms seen = 0;
  bool joined = false;
  std::vector<std::string> topics;
  std::vector<TopicPartition> assignment;
};

struct Group {
  int generation = 0;
  bool preparing = false;
  Ms deadline = 0;
  std::map<std::string, Member> members;
  std::map<std::string, std::string> instances;  // static id: member id
  std::map<TopicPartition, Position> offsets;
  std::int64_t joins = 0;
};

tl::unexpected<Error> timed_out(const char* what);
tl::unexpected<Error> fenced(const char* what);

class Cluster {
 public:
  explicit Cluster(World& world) : world_(world) {}
  World& world() { return world_; }

  // What time has brought: time-outs, control records, rebalances, late requests.
  void tick();
  // Sends a request that changes something. `act` is copied: it may arrive after its sender is gone.
  template <class Act>
  Status request(Host& host, Millis at_most, Act act);
  // Sends one that doesn't.
  Status ask(Host& host, Millis at_most);

  void make_topic(const std::string& name, Partition partitions);
  PartitionLog* find(const TopicPartition& at);
  std::map<std::string, Partition, std::less<>>& topics() { return topics_; }
  // Of input that no process of ours writes.
  void append(const TopicPartition& at, Entry entry) { find(at)->entries.push_back(std::move(entry)); }
  void control(const TopicPartition& at) { append(at, {.key = {}, .value = {}, .kind = Entry::Kind::control}); }
  // Keeps the last record of each key, below the stable offset.
  void compact(const TopicPartition& at);

  // The transaction coordinator and the partitions' leaders. `busy` is the one error that means: ask again.
  Result<Transactional*> init(const std::string& id, Ms timeout);
  Status add_partition(const std::string& id, std::int64_t producer, int epoch, const TopicPartition& at);
  Status produce(const std::string& id, std::int64_t producer, int epoch, const TopicPartition& at,
                 std::int64_t sequence, const std::vector<Entry>& entries);
  Status add_offsets(const std::string& id, std::int64_t producer, int epoch,
                     const std::map<TopicPartition, Position>& positions, const std::string& membership);
  Status end(const std::string& id, std::int64_t producer, int epoch, bool commit);
  bool pending_offset(const TopicPartition& at) const;
  // As committed, or as decided and about to be.
  Offset decided_offset(const TopicPartition& at) const;

  Group& group() { return group_; }
  // A new member's id. A static one takes over from its predecessor without a rebalance.
  std::string join(Host& host, const std::string& instance, const std::vector<std::string>& topics);
  void rejoin(const std::string& member);
  void leave(const std::string& member);
  // Nobody beats for its members any more.
  void forget(const Host& host);

  bool stable_ends = false;      // mutant M3: the ends of partitions are told as readers of committed records see them
  bool check_membership = true;  // mutant M11: nobody looks at the generation

 private:
  enum class Fate : std::uint8_t { fine, twice, lost, unanswered, late };
  Fate fate(Host& host, Millis at_most);
  Status gave_up(Host& host, Millis at_most);
  Result<Transactional*> current(const std::string& id, std::int64_t producer, int epoch);
  void begin_ending(Transactional& transaction, bool commit);
  void go_on_ending(Transactional& transaction);
  void write_control(const TopicPartition& at, const Transactional& transaction);
  Ms marker_delay();
  void rebalance();
  void remove(const std::string& member);
  void tick_group();
  void assign();
  Status check_member(const std::string& membership) const;

  struct Late {
    Ms due = 0;
    std::function<void()> act;
  };
  World& world_;
  std::map<TopicPartition, PartitionLog> partitions_;
  std::map<std::string, Partition, std::less<>> topics_;
  std::map<std::string, Transactional> transactions_;
  std::int64_t producers_ = 0;
  Group group_;
  std::vector<Late> late_;
  Ms ticked_ = -1;
};

template <class Act>
Status Cluster::request(Host& host, Millis at_most, Act act) {
  switch (fate(host, at_most)) {
    case Fate::fine:
      return act();
    case Fate::twice:
      static_cast<void>(act());
      return act();
    case Fate::unanswered:
      static_cast<void>(act());
      break;
    case Fate::late:
      late_.push_back(
          {world_.now + world_.random.between(1, 2 * at_most.count() + 1), [act] { static_cast<void>(act()); }});
      break;
    case Fate::lost:
      break;
  }
  return gave_up(host, at_most);
}

}  // namespace juncture::simulation
