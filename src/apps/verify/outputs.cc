#include "apps/verify/outputs.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "juncture/ingest/dead_letter.h"

namespace juncture::apps::verify {
namespace {

constexpr std::size_t kDeadLetters = 2;

Status read_topic(Log& log, const Topics& topics, bool letters, KeyNames& keys, TopicOutputs& out) {
  const auto count = log.partition_count(out.name);
  if (!count) return tl::unexpected(count.error());
  out.partitions = count->value_or(0);
  Scratch scratch;
  for (Partition p = 0; p < out.partitions; ++p) {
    const TopicPartition at{out.name, p};
    const auto marks = log.watermarks(at);
    if (!marks) return tl::unexpected(marks.error());
    out.front_cut[p] = marks->begin > 0;
    const Status read = scan(log, at, marks->begin, marks->end, [&](const Record& record) -> Status {
      Partition list = p;
      if (letters) {
        // Intake, replays and people write here too; what is not of `signals` is not this fold's.
        DeadLetter letter;
        const bool ours = !parse_dead_letter(scratch, record.value, letter) && letter.topic == topics.signals &&
                          letter.connector == "canonical";
        if (!ours) return {};
        list = letter.partition;
      }
      // What accounts have to say there is their own sub-topology's.
      if (out.name == topics.conditions && record.key.starts_with("account/")) return {};
      const bool evidence = out.name == topics.evidence;
      out.found[list].push_back({keys.id(evidence ? evidence_name(record.key, record.value) : record.key),
                                 record.offset, print_of(record.key, record.value, record.tombstone)});
      return {};
    });
    if (!read) return read;
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
    for (const std::uint32_t key : rules.unknown) unknown_.insert(keys.text(key));
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
      if (work_[w].partition < topics_[t].partitions || t == kDeadLetters) lists[work_[w].partition][w];
      for (std::size_t i = 0; i < work_[w].expected.size(); ++i) {
        const Expected& expected = work_[w].expected[i];
        if (expected.topic != t) continue;
        if (unknown(t, expected.key)) {
          fates_[w][i] = Fate::unknown;
          continue;
        }
        lists[t == kDeadLetters ? work_[w].partition : expected.partition][w].push_back(i);
      }
    }
    for (auto& [partition, sources] : lists) {
      if (sources.size() > 1) std::erase_if(sources, [](const auto& source) { return source.second.empty(); });
      compare_list(t, partition, sources);
    }
  }

  // Not all partitions are verified, and this topic is written to by all.
  bool others_write(std::size_t t) const {
    return is_shared(t) && work_.size() < static_cast<std::size_t>(topics_[t].partitions);
  }
  bool unknown(std::size_t t, std::uint32_t key) const {
    if (t < kGatedOutputs) return rules_.unknown.contains(key);
    if (!is_shared(t) || unknown_.empty()) return false;
    std::string_view name = keys_.text(key);
    if (t == kConditionsOutput) name.remove_prefix(std::min(name.find('/') + 1, name.size()));
    return unknown_.contains(name.substr(0, name.find('\t')));
  }

  void compare_list(std::size_t t, Partition partition, const Sources& sources) {
    std::vector<Found> found;
    if (const auto at = topics_[t].found.find(partition); at != topics_[t].found.end()) found = at->second;
    std::erase_if(found, [&](const Found& one) { return unknown(t, one.key); });
    if (sources.size() == 1 && !is_shared(t)) return compare_with(t, partition, *sources.begin(), found);
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
      findings_.add({"output_changed", place(topics_[t].name, partition, one.offset), keys_.text(one.key), "nothing",
                     fmt::format("{:016x}", one.print.a)});
    }
  }

  void compare_with(std::size_t t, Partition partition, const Sources::value_type& source,
                    const std::vector<Found>& found) {
    const Work& work = work_[source.first];
    Lane lane{.topic = topics_[t].name,
              .partition = t == kDeadLetters ? 0 : partition,
              .input = fmt::format("{}/{}", rules_.input, work.partition),
              .allowance = work.allowance,
              .front_cut = false,
              .repeats_legal = rules_.repeats_legal};
    for (const auto& [own, cut] : topics_[t].front_cut) {
      lane.front_cut = lane.front_cut || (cut && (t == kDeadLetters || own == partition));
    }
    counts_.repeated += match(lane, work.expected, source.second, found, keys_, fates_[source.first], findings_);
  }

  // Record by record: what is missing may be withheld, as a whole and far behind the head; nothing else may.
  void settle(std::size_t w) {
    const std::uint64_t before = counts_.withheld;
    const std::vector<Expected>& expected = work_[w].expected;
    for (std::size_t i = 0; i < expected.size();) {
      std::size_t end = i;
      bool some = false;
      while (end < expected.size() && expected[end].source == expected[i].source) {
        const Fate fate = fates_[w][end];
        some = some || (expected[end].gated && (fate == Fate::matched || fate == Fate::replaced));
        if (fate == Fate::matched) ++counts_.matched;
        if (fate == Fate::expired) ++counts_.expired;
        if (fate == Fate::unknown) ++counts_.unknown;
        ++end;
      }
      settle_record(w, i, end, some);
      i = end;
    }
    const std::uint64_t withheld = counts_.withheld - before;
    const std::optional<std::uint64_t> stale = work_[w].allowance.stale;
    if (!stale || withheld <= *stale) return;
    findings_.add({"outputs_withheld",
                   fmt::format("{}/{}", rules_.input, work_[w].partition),
                   {},
                   fmt::format("outputs of at most {} records behind the freshness gate to be missing", *stale),
                   fmt::format("{} records without outputs", withheld)});
  }

  void settle_record(std::size_t w, std::size_t begin, std::size_t end, bool some) {
    const Work& work = work_[w];
    bool withheld = false;
    for (std::size_t i = begin; i < end; ++i) {
      const Expected& expected = work.expected[i];
      if (fates_[w][i] != Fate::missing) continue;
      if (work.allowance.unfinished(expected)) {
        ++counts_.unfinished;
        continue;
      }
      if (work.allowance.withheld(expected) && !some && !rules_.strict) {
        withheld = true;
        continue;
      }
      findings_.add({"output_missing", fmt::format("{}/{}", topics_[expected.topic].name, expected.partition),
                     keys_.text(expected.key),
                     fmt::format("{:016x}, which {} causes", expected.print.a,
                                 place(rules_.input, work.partition, expected.source)),
                     "nothing"});
    }
    if (withheld) ++counts_.withheld;
  }

  const std::vector<TopicOutputs>& topics_;
  const std::vector<Work>& work_;
  const OutputRules& rules_;
  const KeyNames& keys_;
  Findings& findings_;
  std::set<std::string, std::less<>> unknown_;  // prospects, as rules_.unknown
  std::vector<std::vector<Fate>> fates_;        // as work_ and its expected
  OutputCounts counts_;
};

}  // namespace

Result<std::vector<TopicOutputs>> read_outputs(Log& log, const Topics& topics, KeyNames& keys) {
  std::vector<TopicOutputs> all;
  for (const std::string& name :
       {topics.sales, topics.public_, topics.dead_letters, topics.evidence, topics.conditions}) {
    TopicOutputs out;
    out.name = name;
    if (Status read = read_topic(log, topics, all.size() == kDeadLetters, keys, out); !read) {
      return tl::unexpected(read.error());
    }
    all.push_back(std::move(out));
  }
  return all;
}

OutputCounts compare_outputs(const std::vector<TopicOutputs>& topics, const std::vector<Work>& work,
                             const OutputRules& rules, const KeyNames& keys, Findings& findings) {
  return Comparison(topics, work, rules, keys, findings).run();
}

}  // namespace juncture::apps::verify
