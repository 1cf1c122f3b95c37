#include "apps/verify/outputs.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "juncture/ingest/dead_letter.h"

namespace juncture::apps::verify {
namespace {

// The partition of the input that a dead letter came from; none: intake, replays and people write here too.
std::optional<Partition> origin_of(Scratch& scratch, const Subject& subject, const Record& record) {
  DeadLetter letter;
  const bool ours = !parse_dead_letter(scratch, record.value, letter) && letter.topic == subject.input &&
                    letter.connector == subject.connector;
  return ours ? std::optional(letter.partition) : std::nullopt;
}

Status read_topic(Log& log, const Subject& subject, KeyNames& keys, TopicOutputs& out) {
  const OutputTopic& topic = out.topic;
  const auto count = log.partition_count(topic.name);
  if (!count) return tl::unexpected(count.error());
  out.partitions = count->value_or(0);
  Scratch scratch;
  for (Partition p = 0; p < out.partitions; ++p) {
    const TopicPartition at{topic.name, p};
    const auto marks = log.watermarks(at);
    if (!marks) return tl::unexpected(marks.error());
    Offset records = 0;
    Status read = scan(log, at, marks->begin, marks->end, [&](const Record& record) -> Status {
      const Offset gone = record.offset - marks->begin - records++;
      const bool letters = topic.kind == OutputKind::dead_letters;
      const auto list = letters ? origin_of(scratch, subject, record) : std::optional(p);
      if (!list || !subject.wrote(topic, record.key)) return {};
      out.found[*list].push_back({.key = keys.id(name_in(topic, record.key, record.value)),
                                  .offset = record.offset,
                                  .gone = gone,
                                  .print = print_of(record.key, record.value, record.tombstone)});
      return {};
    });
    if (!read) return read;
    out.extents[p] = {.front_cut = marks->begin > 0, .gone = marks->end - marks->begin - records};
  }
  return {};
}

// Outputs of one topic and partition, compared as one list when one task wrote them, else key by key.
class Comparison {
 public:
  Comparison(const std::vector<TopicOutputs>& topics, const std::vector<Work>& work, const OutputRules& rules,
             const KeyNames& keys, Findings& findings)
      : topics_(topics), work_(work), rules_(rules), keys_(keys), findings_(findings) {
    for (const Work& one : work) fates_.emplace_back(one.expected.size(), Fate::missing);
  }

  OutputCounts run() {
    for (std::size_t t = 0; t < topics_.size(); ++t) compare_topic(t);
    for (std::size_t w = 0; w < work_.size(); ++w) settle(w);
    return counts_;
  }

 private:
  using Sources = std::map<std::size_t, std::vector<std::size_t>>;  // work -> indices of its expected outputs

  void compare_topic(std::size_t t) {
    std::map<Partition, Sources> lists;
    for (std::size_t w = 0; w < work_.size(); ++w) {
      // A partition that is verified has a list, even if nothing is expected in it.
      if (work_[w].partition < topics_[t].partitions || letters(t)) lists[work_[w].partition][w];
      for (std::size_t i = 0; i < work_[w].expected.size(); ++i) {
        const Expected& expected = work_[w].expected[i];
        if (expected.topic != t) continue;
        if (unknown(t, expected.key)) {
          fates_[w][i] = Fate::unknown;
          continue;
        }
        lists[letters(t) ? work_[w].partition : expected.partition][w].push_back(i);
      }
    }
    for (auto& [partition, sources] : lists) {
      if (sources.size() > 1) std::erase_if(sources, [](const auto& source) { return source.second.empty(); });
      compare_list(t, partition, sources);
      if (!front_cut(t, partition)) continue;
      for (const auto& [w, which] : sources) expire(which, fates_[w]);
    }
  }

  bool letters(std::size_t t) const { return topics_[t].topic.kind == OutputKind::dead_letters; }
  // Of a list: its own partition, or any that dead letters are in.
  bool front_cut(std::size_t t, Partition partition) const {
    return std::any_of(topics_[t].extents.begin(), topics_[t].extents.end(), [&](const auto& extent) {
      return extent.second.front_cut && (letters(t) || extent.first == partition);
    });
  }
  // Not all partitions are verified, and this topic is written to by all.
  bool others_write(std::size_t t) const {
    return topics_[t].topic.shared() && work_.size() < static_cast<std::size_t>(topics_[t].partitions);
  }
  bool unknown(std::size_t t, std::uint32_t key) const {
    return !rules_.unknown.empty() && !letters(t) && rules_.unknown.contains(id_of(topics_[t].topic, keys_.text(key)));
  }

  void compare_list(std::size_t t, Partition partition, const Sources& sources) {
    std::vector<Found> found;
    if (const auto at = topics_[t].found.find(partition); at != topics_[t].found.end()) found = at->second;
    std::erase_if(found, [&](const Found& one) { return unknown(t, one.key); });
    if (sources.size() == 1 && !topics_[t].topic.shared()) return compare_with(t, partition, *sources.begin(), found);
    // Tasks write side by side: only the order within a key is certain.
    std::map<std::uint32_t, std::set<std::size_t>> writers;
    for (const auto& [w, which] : sources) {
      for (const std::size_t i : which) writers[work_[w].expected[i].key].insert(w);
    }
    for (const auto& [key, by] : writers) {
      if (by.size() > 1) ++counts_.foreign_keys;
    }
    for (const auto& [w, which] : sources) {
      std::map<std::uint32_t, std::pair<std::vector<std::size_t>, std::vector<Found>>> by_key;
      for (const std::size_t i : which) by_key[work_[w].expected[i].key].first.push_back(i);
      for (const Found& one : found) {
        const auto mine = by_key.find(one.key);
        if (mine != by_key.end()) mine->second.second.push_back(one);
      }
      for (const auto& [key, lists] : by_key) {
        if (writers[key].size() > 1) {
          for (const std::size_t i : lists.first) fates_[w][i] = Fate::expired;
          continue;
        }
        compare_with(t, partition, {w, lists.first}, lists.second);
      }
    }
    for (const Found& one : found) {
      if (writers.contains(one.key) || others_write(t)) continue;
      findings_.add({"output_changed", place(topics_[t].topic.name, partition, one.offset), keys_.text(one.key),
                     "nothing", fmt::format("{:016x}", one.print.a)});
    }
  }

  void compare_with(std::size_t t, Partition partition, const Sources::value_type& source,
                    const std::vector<Found>& found) {
    const Work& work = work_[source.first];
    Lane lane{.topic = topics_[t].topic.name,
              .partition = letters(t) ? 0 : partition,
              .input = fmt::format("{}/{}", rules_.input, work.partition),
              .allowance = work.allowance,
              .front_cut = front_cut(t, partition),
              .repeats_legal = rules_.repeats_legal,
              .compacted = topics_[t].topic.compacted,
              .gone = 0};
    const auto extent = topics_[t].extents.find(partition);
    if (lane.compacted && extent != topics_[t].extents.end()) lane.gone = extent->second.gone;
    counts_.repeated += match(lane, work.expected, source.second, found, keys_, fates_[source.first], findings_);
  }

  // Record by record: what is missing may be withheld, as a whole and far behind the head; nothing else may.
  void settle(std::size_t w) {
    std::uint64_t behind = 0;
    const std::vector<Expected>& expected = work_[w].expected;
    for (std::size_t i = 0; i < expected.size();) {
      std::size_t end = i;
      bool some = false;
      while (end < expected.size() && expected[end].source == expected[i].source) {
        const Fate fate = fates_[w][end];
        some = some || (expected[end].gate != Gate::open && (fate == Fate::matched || fate == Fate::replaced));
        if (fate == Fate::matched) ++counts_.matched;
        if (fate == Fate::compacted) ++counts_.compacted;
        if (fate == Fate::expired) ++counts_.expired;
        if (fate == Fate::unknown) ++counts_.unknown;
        ++end;
      }
      const std::optional<Gate> withheld = settle_record(w, i, end, some);
      if (withheld) ++counts_.withheld;
      if (withheld == Gate::head) ++behind;
      i = end;
    }
    const std::optional<std::uint64_t> stale = work_[w].allowance.stale;
    if (!stale || behind <= *stale) return;
    findings_.add({"outputs_withheld",
                   fmt::format("{}/{}", rules_.input, work_[w].partition),
                   {},
                   fmt::format("outputs of at most {} records behind the freshness gate to be missing", *stale),
                   fmt::format("{} records without outputs", behind)});
  }

  // By which gate the record's outputs were withheld, if any were.
  std::optional<Gate> settle_record(std::size_t w, std::size_t begin, std::size_t end, bool some) {
    const Work& work = work_[w];
    std::optional<Gate> withheld;
    for (std::size_t i = begin; i < end; ++i) {
      const Expected& expected = work.expected[i];
      if (fates_[w][i] != Fate::missing) continue;
      if (work.allowance.unfinished(expected)) {
        ++counts_.unfinished;
        continue;
      }
      if (work.allowance.withheld(expected) && !some && !rules_.strict) {
        withheld = expected.gate;
        continue;
      }
      findings_.add({"output_missing", fmt::format("{}/{}", topics_[expected.topic].topic.name, expected.partition),
                     keys_.text(expected.key),
                     fmt::format("{:016x}, which {} causes", expected.print.a,
                                 place(rules_.input, work.partition, expected.source)),
                     "nothing", expected.print.a, std::nullopt});
    }
    return withheld;
  }

  const std::vector<TopicOutputs>& topics_;
  const std::vector<Work>& work_;
  const OutputRules& rules_;
  const KeyNames& keys_;
  Findings& findings_;
  std::vector<std::vector<Fate>> fates_;  // as work_ and its expected
  OutputCounts counts_;
};

}  // namespace

Result<std::vector<TopicOutputs>> read_outputs(Log& log, const Subject& subject, KeyNames& keys) {
  std::vector<TopicOutputs> all;
  for (const OutputTopic& topic : subject.outputs) {
    TopicOutputs& out = all.emplace_back();
    out.topic = topic;
    if (Status read = read_topic(log, subject, keys, out); !read) return tl::unexpected(read.error());
  }
  return all;
}

OutputCounts compare_outputs(const std::vector<TopicOutputs>& topics, const std::vector<Work>& work,
                             const OutputRules& rules, const KeyNames& keys, Findings& findings) {
  return Comparison(topics, work, rules, keys, findings).run();
}

}  // namespace juncture::apps::verify
