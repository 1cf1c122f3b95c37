// What must hold at the end of a simulation, and what reads must never show.
#include <algorithm>

#include "simulation/simulation.h"

namespace juncture::simulation {

using engine::Marker;

// Committed values only, and each as it was at the offset that comes with it.
void Simulation::check_reads(const Life& life) {
  const auto partition = static_cast<Partition>(world_.random.below(partitions_));
  const std::string key = "k" + std::to_string(world_.random.below(keys_));
  const engine::TaskCounters* task = life.registry.find("fold", partition);
  if (task == nullptr) return;
  const Result<ReadValue> read = task->view.read(key);
  if (!read || read->as_of_offset == 0) return;
  const TopicPartition at{"in", partition};
  Model& model = models_[static_cast<std::size_t>(partition)];
  model.advance(*cluster_.find(at), partition);
  check(read->as_of_offset <= cluster_.decided_offset(at), "reads", "a read shows what nobody has committed");
  check(read->value == model.at(key, read->as_of_offset), "reads",
        "the value of " + key + " is not what it was at " + std::to_string(read->as_of_offset));
}

// What our own processes have put into the input is what they had to, in order.
void Simulation::check_relay(Partition partition) {
  const auto visible = [this](const TopicPartition& at, bool ours) {
    std::vector<std::string> out;
    for (const Entry& entry : cluster_.find(at)->entries) {
      if (entry.kind != Entry::Kind::committed || (entry.producer > 0) != ours) continue;
      out.push_back(output_text(entry.key, entry.value));
    }
    return out;
  };
  check(visible({"raw", partition}, false) == visible({"in", partition}, true), "outputs",
        "what was relayed to partition " + std::to_string(partition) + " differs");
}

void Simulation::check_outputs(Partition partition) {
  const PartitionLog& log = *cluster_.find({"out", partition});
  const std::vector<std::string>& expected = models_[static_cast<std::size_t>(partition)].outputs();
  std::size_t count = 0;
  check(log.open.empty(), "outputs", "a transaction was left open");
  for (const Entry& entry : log.entries) {
    if (entry.kind != Entry::Kind::committed) continue;
    const bool same = count < expected.size() && output_text(entry.key, entry.value) == expected[count];
    if (!same) {
      return check(false, "outputs",
                   "partition " + std::to_string(partition) + ": output " + std::to_string(count) + " differs");
    }
    ++count;
  }
  check(count == expected.size(), "outputs", std::to_string(expected.size() - count) + " outputs are missing");
  world_.note("outputs", partition, static_cast<std::int64_t>(count));
}

void Simulation::check_changelog(Partition partition) {
  const PartitionLog& log = *cluster_.find({changelog_topic("app", "fold"), partition});
  std::vector<std::pair<Offset, Marker>> chain;
  Values values, left_by_compaction;
  std::uint64_t content = 0;
  std::uint32_t count = 0;
  for (Offset offset = 0; offset < log.end(); ++offset) {
    const Entry& entry = log.at(offset);
    if (entry.kind != Entry::Kind::committed || entry.key == engine::kGenesisKey) continue;
    if (entry.key != engine::kMarkerKey) {
      const std::optional<std::string_view> value =
          entry.tombstone ? std::nullopt : std::optional<std::string_view>(entry.value);
      content = engine::chain_content(content, entry.key, value);
      ++count;
      for (Values* into : {&values, entry.compacted ? nullptr : &left_by_compaction}) {
        if (into == nullptr) continue;
        if (value) {
          into->insert_or_assign(entry.key, entry.value);
        } else {
          into->erase(entry.key);
        }
      }
      continue;
    }
    const Result<Marker> marker = engine::decode_marker(entry.value);
    check(marker.has_value(), "chain", "a marker cannot be read");
    if (!marker) return;
    const bool follows = chain.empty() ? marker->sequence == 1
                                       : marker->sequence == chain.back().second.sequence + 1 &&
                                             marker->previous == chain.back().second.hash;
    check(follows, "chain", "marker " + std::to_string(marker->sequence) + " does not follow the one before it");
    check(marker->count == count && marker->content == content, "chain", "a marker does not fit its changes");
    chain.emplace_back(offset, *marker);
    content = 0;
    count = 0;
  }
  check(count == 0, "chain", "changes without a marker");
  const Model& model = models_[static_cast<std::size_t>(partition)];
  check(values == model.values(), "state", "the changelog's fold differs from the input's");
  check(left_by_compaction == model.values(), "state", "the compacted changelog's fold differs from the input's");
  const auto position = cluster_.group().offsets.find({"in", partition});
  if (position != cluster_.group().offsets.end()) {
    const bool same = !chain.empty() && chain.back().second.next.front().second == position->second.next &&
                      engine::encode_metadata(chain.back().second) == position->second.metadata;
    check(same, "chain", "the committed position and the last marker differ");
  }
  check_stores(partition, chain);
}

// Every store, wherever it was left behind, must come to the same state from its mark on.
void Simulation::check_stores(Partition partition, const std::vector<std::pair<Offset, Marker>>& chain) {
  const PartitionLog& log = *cluster_.find({changelog_topic("app", "fold"), partition});
  for (const Process& process : processes_) {
    const auto found = process.disks.by_name.find(store_name("fold", partition));
    if (found == process.disks.by_name.end()) continue;
    const Disk& disk = found->second;
    if (disk.unopenable || disk.unreadable) continue;
    const std::string which = "the store of process " + std::to_string(process.number);
    if (disk.mark.empty()) {
      check(disk.values.empty(), "state", which + " has values and no mark");
      continue;
    }
    const Result<engine::StoreMark> mark = engine::decode_mark(disk.mark);
    check(mark.has_value(), "state", which + " has a mark that cannot be read");
    if (!mark) return;
    const auto at = std::find_if(chain.begin(), chain.end(),
                                 [&](const auto& link) { return link.second.sequence == mark->sequence; });
    const bool known = mark->sequence == 0 || (at != chain.end() && at->second.hash == mark->hash);
    check(known, "state", which + " stands at a commit that nobody knows");
    Values values = disk.values;
    for (Offset offset = mark->offset; offset < log.end(); ++offset) {
      const Entry& entry = log.at(offset);
      if (entry.kind != Entry::Kind::committed || engine::is_control_key(entry.key)) continue;
      if (entry.tombstone) {
        values.erase(entry.key);
      } else {
        values.insert_or_assign(entry.key, entry.value);
      }
    }
    check(values == models_[static_cast<std::size_t>(partition)].values(), "state",
          which + " comes to another state than the input's fold");
    std::uint64_t content = 0;
    for (const auto& [key, value] : values) content = hash64(value, hash64(key, content));
    world_.note("store", process.number, partition, static_cast<std::int64_t>(content >> 1U));
  }
}

}  // namespace juncture::simulation
