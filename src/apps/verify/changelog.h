// One partition of a changelog, folded: the values up to its last commit, and whether its chain of commits holds.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "apps/verify/findings.h"
#include "apps/verify/format.h"

namespace juncture::apps::verify {

class Changelog {
 public:
  struct Value {
    std::string bytes;
    Offset offset = 0;
  };
  using Values = std::map<std::string, Value, std::less<>>;

  // Reads all of it. `mark`: of the store, so that what came after it is known. `earlier`: an end it once had.
  static Result<Changelog> read(Log& log, const TopicPartition& at, const std::optional<Mark>& mark, Offset earlier,
                                Findings& findings);

  const TopicPartition& at() const { return at_; }
  std::optional<std::uint64_t> genesis() const { return genesis_; }
  const std::optional<Commit>& last() const { return last_; }
  const std::optional<Commit>& first() const { return first_; }  // sequence 1, unless compaction took it
  const Values& values() const { return values_; }
  Offset end() const { return end_; }
  // Last commit that another one followed before the earlier end: by then all of it was there. The last one of all
  // when the end has not moved since.
  const std::optional<Commit>& settled() const { return moved_ ? settled_ : last_; }
  // The commit that the store's mark names, where its record is still there.
  const std::optional<Commit>& marked() const { return marked_; }
  // Hashes of the values that keys got after the mark; 0 for a removal. The last one is the current value's.
  const std::unordered_map<std::string, std::vector<std::uint64_t>>& after_mark() const { return after_mark_; }
  std::uint64_t unchecked() const { return unchecked_; }  // commits that compaction left no whole records of
  std::uint64_t commits() const { return commits_; }
  std::size_t torn() const { return held_.size(); }  // records behind the last commit
  // All keys of which there is a value, torn ones too: what somebody who writes it anew has to replace or remove.
  std::set<std::string> keys() const;
  bool empty() const { return !began_; }

 private:
  struct Held {
    std::string key;
    std::optional<std::string> value;
    Offset offset;
  };
  Changelog(TopicPartition at, Offset earlier) : at_(std::move(at)), earlier_(earlier) {}
  void take(const Record& record, const std::optional<Mark>& mark, Findings& findings);
  void take_commit(const Record& record, const std::optional<Mark>& mark, Findings& findings);
  void check(const Commit& commit, Offset offset, Findings& findings);
  void complain(std::string_view kind, Offset offset, std::string expected, std::string found,
                Findings& findings) const;

  TopicPartition at_;
  Offset end_ = 0;
  std::optional<std::uint64_t> genesis_;
  Offset earlier_ = 0, last_at_ = 0;
  bool moved_ = false;
  std::optional<Commit> first_, last_, marked_, settled_;
  Values values_;
  std::vector<Held> held_;  // since the last commit
  std::unordered_map<std::string, std::vector<std::uint64_t>> after_mark_;
  std::uint64_t unchecked_ = 0, commits_ = 0;
  bool began_ = false;
};

}  // namespace juncture::apps::verify
