// Proof that what is there is what the input log says: state, changelog, store and outputs against a plain fold.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apps/node.h"
#include "apps/verify/findings.h"
#include "apps/verify/outputs.h"

namespace juncture::apps::verify {

struct Task {
  Log& log;
  const Config& config;
  const Knowledge& knowledge;
  std::map<std::uint64_t, const Knowledge*> earlier;  // by version: what parts of the log were made with
  // A store by its name, opened for reading; null where there is none.
  std::function<Result<std::unique_ptr<Store>>(const std::string&)> open_store;
  std::optional<Partition> only;
  bool strict = false;  // nothing may be withheld
};

struct PartitionReport {
  Partition partition = 0;
  Offset from = 0, to = 0;                   // of the input: what was folded
  std::uint64_t sequence = 0;                // of the last commit; 0: none
  std::uint64_t commits = 0, unchecked = 0;  // markers read; those whose records compaction removed
  std::uint64_t keys = 0, prospects = 0, accounts = 0;
  std::uint64_t unknown = 0;  // records made with files that are not at hand
  std::string store;          // "equal", "behind", "missing" or "different"
  bool changelog_differs = false;
  bool recomputed = false;  // from the input; else changelog and store were only held against each other
};

struct Report {
  Findings findings;
  // Of prospects, and of accounts, which follow from what prospects told them.
  std::vector<PartitionReport> partitions, accounts;
  OutputCounts outputs, account_outputs;
};

// An error only where the log cannot be read; what differs is in the report.
Result<Report> run(const Task& task);

}  // namespace juncture::apps::verify
