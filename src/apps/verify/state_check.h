// One partition of a subject against a plain fold of its input: changelog, chain of commits, position and store.
#pragma once

#include <optional>
#include <vector>

#include "apps/verify/subject.h"
#include "apps/verify/verify.h"

namespace juncture::apps::verify {

struct StateTask {
  const Task& task;
  const Subject& subject;
  Partition partition = 0;
  Offset earlier = 0;  // end of its changelog before anything else was read
  KeyNames& keys;
  const std::vector<Partition>& outputs;  // partitions of each
  Findings& findings;
  Values* wanted = nullptr;  // outputs whose values are wanted
};

struct CheckedState {
  PartitionReport report;
  std::optional<Work> work;  // where the input could be folded
  Ids unknown;               // that cannot be recomputed with the files at hand
};

// An error only where the log cannot be read.
Result<CheckedState> check_state(const StateTask& task);

}  // namespace juncture::apps::verify
