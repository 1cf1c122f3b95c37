// What the output topics hold, as lists that can be matched.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "apps/verify/match.h"

namespace juncture::apps::verify {

// What one sub-topology wrote to one of its outputs.
struct TopicOutputs {
  OutputTopic topic;
  Partition partitions = 0;
  // By partition; dead letters by the partition of the input that they came from.
  std::map<Partition, std::vector<Found>> found;
  struct Extent {
    bool front_cut = false;  // the first records are gone
    Offset gone = 0;         // offsets without a record
  };
  std::map<Partition, Extent> extents;  // by its own partition
};

// In the order of the subject's outputs.
Result<std::vector<TopicOutputs>> read_outputs(Log& log, const Subject& subject, KeyNames& keys);

// What a partition's fold expects, and how far it must have been written.
struct Work {
  Partition partition = 0;
  std::vector<Expected> expected;
  Allowance allowance;
};

struct OutputRules {
  std::string input;  // topic
  bool repeats_legal = false;
  bool strict = false;
  Ids unknown;  // prospects or accounts that cannot be recomputed
};

struct OutputCounts {
  std::uint64_t matched = 0, repeated = 0, expired = 0, compacted = 0, unfinished = 0, foreign_keys = 0, unknown = 0;
  std::uint64_t withheld = 0;  // records
};

OutputCounts compare_outputs(const std::vector<TopicOutputs>& topics, const std::vector<Work>& work,
                             const OutputRules& rules, const KeyNames& keys, Findings& findings);

}  // namespace juncture::apps::verify
