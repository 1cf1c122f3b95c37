// Who of a consumer group owns which partition, within one process. Not thread safe: LocalLog's lock guards it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "juncture/ports/log.h"

namespace juncture {

// Range assignment per topic, as Kafka's: co-partitioned topics land together. A partition moves in two steps: its
// owner gives it up inside its own poll(), then the new one takes it; nobody else's partitions are touched.
class GroupCoordinator {
 public:
  using MemberId = std::uint64_t;
  using PartitionCount = std::function<Partition(const std::string& topic)>;

  explicit GroupCoordinator(PartitionCount partition_count) : partition_count_(std::move(partition_count)) {}

  // `static_id` may be empty. A member of that static id that is already there is fenced: it has lost everything.
  MemberId join(const std::string& group, const std::string& static_id, std::string endpoint = {});
  void subscribe(MemberId member, std::vector<std::string> topics);
  void leave(MemberId member);

  bool fenced(MemberId member) const;
  bool owns(MemberId member, const TopicPartition& at) const;
  // False if nothing changed since the member's last acquire() of all that it wants.
  bool unsettled(MemberId member) const;
  std::vector<TopicPartition> owned(MemberId member) const;
  // Owned, but somebody else's from now on.
  std::vector<TopicPartition> to_revoke(MemberId member) const;
  void release(MemberId member, const std::vector<TopicPartition>& partitions);
  // Takes what is this member's and nobody holds any more.
  std::vector<TopicPartition> acquire(MemberId member);

  // All members that are not fenced, with what they own.
  std::vector<GroupMember> members(std::string_view group) const;
  const std::string& group_of(MemberId member) const;
  bool has_member(MemberId member) const { return members_.contains(member); }
  bool is_read(const std::string& topic) const;  // does any member subscribe to it?

 private:
  struct Member {
    std::string group;
    std::string id;  // order of assignment
    std::string endpoint;
    std::vector<std::string> topics;
    std::set<TopicPartition> owned;
    std::set<TopicPartition> target;
    std::uint64_t settled_at = 0;
    bool fenced = false;
  };
  struct Group {
    std::uint64_t generation = 1;
    std::map<std::string, MemberId> by_id;
    std::map<TopicPartition, MemberId> owners;
  };

  void assign(Group& group);

  PartitionCount partition_count_;
  std::map<MemberId, Member> members_;
  std::map<std::string, Group, std::less<>> groups_;
  MemberId next_member_ = 1;
};

}  // namespace juncture
