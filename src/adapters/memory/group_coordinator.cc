#include "adapters/memory/group_coordinator.h"

#include <algorithm>
#include <iterator>

#include "juncture/core/result.h"

namespace juncture {

GroupCoordinator::MemberId GroupCoordinator::join(const std::string& group, const std::string& static_id,
                                                  std::string endpoint) {
  const MemberId uid = next_member_++;
  Group& joined = groups_[group];
  // Padded, so that text order is joining order.
  const std::string number = std::to_string(uid);
  const std::string id = static_id.empty() ? "~" + std::string(20 - number.size(), '0') + number : static_id;
  if (const auto older = joined.by_id.find(id); older != joined.by_id.end()) {
    Member& fenced = members_.at(older->second);
    for (const TopicPartition& at : fenced.owned) joined.owners.erase(at);
    fenced.owned.clear();
    fenced.target.clear();
    fenced.fenced = true;
  }
  joined.by_id[id] = uid;
  Member& member = members_[uid];
  member.group = group;
  member.id = id;
  member.endpoint = std::move(endpoint);
  return uid;
}

void GroupCoordinator::subscribe(MemberId uid, std::vector<std::string> topics) {
  Member& member = members_.at(uid);
  if (member.fenced) return;
  member.topics = std::move(topics);
  assign(groups_.at(member.group));
}

void GroupCoordinator::leave(MemberId uid) {
  const auto found = members_.find(uid);
  if (found == members_.end()) return;
  const Member member = std::move(found->second);
  members_.erase(found);
  if (member.fenced) return;
  Group& group = groups_.at(member.group);
  group.by_id.erase(member.id);
  for (const TopicPartition& at : member.owned) group.owners.erase(at);
  assign(group);
}

void GroupCoordinator::assign(Group& group) {
  ++group.generation;
  std::map<std::string, std::vector<Member*>> readers;
  for (const auto& [id, uid] : group.by_id) {
    Member& member = members_.at(uid);
    member.target.clear();
    for (const std::string& topic : member.topics) readers[topic].push_back(&member);
  }
  for (const auto& [topic, members] : readers) {
    const Partition partitions = partition_count_(topic);
    const auto count = static_cast<Partition>(members.size());
    Partition next = 0;
    for (Partition i = 0; i < count; ++i) {
      const Partition share = partitions / count + (i < partitions % count ? 1 : 0);
      for (Partition n = 0; n < share; ++n) members[static_cast<std::size_t>(i)]->target.insert({topic, next++});
    }
  }
}

bool GroupCoordinator::fenced(MemberId member) const {
  const auto found = members_.find(member);
  return found == members_.end() || found->second.fenced;
}

bool GroupCoordinator::owns(MemberId member, const TopicPartition& at) const {
  const auto found = members_.find(member);
  return found != members_.end() && found->second.owned.contains(at);
}

bool GroupCoordinator::unsettled(MemberId member) const {
  const Member& m = members_.at(member);
  return m.settled_at != groups_.at(m.group).generation;
}

std::vector<TopicPartition> GroupCoordinator::owned(MemberId member) const {
  const auto& owned = members_.at(member).owned;
  return {owned.begin(), owned.end()};
}

std::vector<TopicPartition> GroupCoordinator::to_revoke(MemberId member) const {
  const Member& m = members_.at(member);
  std::vector<TopicPartition> out;
  std::set_difference(m.owned.begin(), m.owned.end(), m.target.begin(), m.target.end(), std::back_inserter(out));
  return out;
}

void GroupCoordinator::release(MemberId member, const std::vector<TopicPartition>& partitions) {
  Member& m = members_.at(member);
  Group& group = groups_.at(m.group);
  for (const TopicPartition& at : partitions) {
    if (m.owned.erase(at) > 0) group.owners.erase(at);
  }
}

std::vector<TopicPartition> GroupCoordinator::acquire(MemberId uid) {
  Member& member = members_.at(uid);
  Group& group = groups_.at(member.group);
  std::vector<TopicPartition> out;
  bool all = true;
  for (const TopicPartition& at : member.target) {
    const auto [owner, free] = group.owners.try_emplace(at, uid);
    if (free) {
      member.owned.insert(at);
      out.push_back(at);
    } else if (owner->second != uid) {
      all = false;
    }
  }
  if (all && to_revoke(uid).empty()) member.settled_at = group.generation;
  return out;
}

std::vector<GroupMember> GroupCoordinator::members(std::string_view group) const {
  std::vector<GroupMember> out;
  const auto found = groups_.find(group);
  if (found == groups_.end()) return out;
  for (const auto& [id, uid] : found->second.by_id) {
    const Member& member = members_.at(uid);
    out.push_back({.id = id, .endpoint = member.endpoint, .partitions = {member.owned.begin(), member.owned.end()}});
  }
  return out;
}

const std::string& GroupCoordinator::group_of(MemberId member) const {
  return members_.at(member).group;
}

bool GroupCoordinator::is_read(const std::string& topic) const {
  return std::any_of(members_.begin(), members_.end(), [&](const auto& member) {
    const auto& topics = member.second.topics;
    return std::find(topics.begin(), topics.end(), topic) != topics.end();
  });
}

}  // namespace juncture
