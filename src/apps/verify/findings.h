// What a verification found: differences, the first ones in words, and what else has to be said.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "juncture/core/result.h"
#include "juncture/ports/log.h"

namespace juncture::apps::verify {

struct Difference {
  std::string_view kind;  // a literal, as `store_value`
  std::string where;      // topic/partition@offset, or the store
  std::string key;        // the prospect's or account's id where there is one
  std::string expected, found;
  // Of an output: the first half of the print of what was expected, 0 for nothing, and what was found, where it was.
  std::uint64_t due = 0;
  std::optional<std::pair<TopicPartition, Offset>> record;
};

class Findings {
 public:
  void add(Difference difference);
  void note(std::string text);

  std::uint64_t total() const { return total_; }
  // Further ones are only counted: what they say is not kept.
  bool full() const { return shown_.size() == kShown; }
  const std::vector<Difference>& shown() const { return shown_; }  // the first ones
  std::vector<Difference>& shown() { return shown_; }
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  static constexpr std::size_t kShown = 20;
  std::uint64_t total_ = 0;
  std::vector<Difference> shown_;
  std::vector<std::string> notes_;
};

std::string place(std::string_view topic, Partition partition, Offset offset);
// A state key as people know it: the prospect's or account's id, or the kind and the bytes in hex.
std::string key_text(std::string_view key);
// Both values from the first byte on in which they differ, as text where they are; none: the key is not there.
void describe_values(std::optional<std::string_view> expected, std::optional<std::string_view> found, Difference& out);

// All records of a partition from `from` to below `end` that a reader gets. Fails when they do not come.
Status scan(Log& log, const TopicPartition& at, Offset from, Offset end,
            const std::function<Status(const Record&)>& each);

}  // namespace juncture::apps::verify
