// What the output topics hold, as lists that can be matched.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "apps/node.h"
#include "apps/verify/match.h"

namespace juncture::apps::verify {

// Of one output topic.
struct TopicOutputs {
  std::string name;
  Partition partitions = 0;
  // By partition; dead letters by the partition of `signals` that they came from.
  std::map<Partition, std::vector<Found>> found;
  std::map<Partition, bool> front_cut;  // by its own partition: the first records are gone
};

// Sales, public, dead letters and what accounts hear, in the order of the pipeline's outputs.
Result<std::vector<TopicOutputs>> read_outputs(Log& log, const Topics& topics, KeyNames& keys);

// What a partition's fold expects, and how far it must have been written.
struct Work {
  Partition partition = 0;
  std::vector<Expected> expected;
  Allowance allowance;
};

struct OutputRules {
  std::string input;  // topic
  Millis fresh_within{};
  bool repeats_legal = false;
  bool strict = false;
  std::set<std::uint32_t> unknown;  // keys of which rows and slates cannot be recomputed
};

struct OutputCounts {
  std::uint64_t matched = 0, repeated = 0, withheld = 0, expired = 0, unfinished = 0, foreign_keys = 0, unknown = 0;
};

OutputCounts compare_outputs(const std::vector<TopicOutputs>& topics, const std::vector<Work>& work,
                             const OutputRules& rules, const KeyNames& keys, Findings& findings);

}  // namespace juncture::apps::verify
