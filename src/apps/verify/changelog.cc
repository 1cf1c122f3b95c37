#include "apps/verify/changelog.h"

#include <fmt/format.h>

#include "juncture/core/hash.h"

namespace juncture::apps::verify {

Result<Changelog> Changelog::read(Log& log, const TopicPartition& at, const std::optional<Mark>& mark, Offset earlier,
                                  Findings& findings) {
  Changelog out(at, earlier);
  const auto marks = log.watermarks(at);
  if (!marks) return tl::unexpected(marks.error());
  out.end_ = marks->end;
  out.moved_ = marks->end > earlier;
  const Status read = scan(log, at, marks->begin, marks->end, [&](const Record& record) {
    out.take(record, mark, findings);
    return Status{};
  });
  if (!read) return tl::unexpected(read.error());
  return out;
}

std::set<std::string> Changelog::keys() const {
  std::set<std::string> out;
  for (const auto& [key, value] : values_) out.insert(key);
  for (const Held& held : held_) out.insert(held.key);
  return out;
}

void Changelog::complain(std::string_view kind, Offset offset, std::string expected, std::string found,
                         Findings& findings) const {
  findings.add({kind, place(at_.topic, at_.partition, offset), {}, std::move(expected), std::move(found)});
}

void Changelog::take(const Record& record, const std::optional<Mark>& mark, Findings& findings) {
  if (!began_) {
    began_ = true;
    if (record.key != kGenesisKey) complain("changelog_genesis", record.offset, "a genesis record", "none", findings);
  }
  if (record.key == kCommitKey) return take_commit(record, mark, findings);
  if (record.key == kGenesisKey) {
    genesis_ = read_genesis(record.value);
    if (!genesis_) complain("changelog_genesis", record.offset, "a genesis record", "other bytes", findings);
    return;
  }
  if (record.key.empty() || record.key.front() == '\0') {
    return complain("changelog_key", record.offset, "a state key", key_text(record.key), findings);
  }
  held_.push_back({std::string(record.key), record.tombstone ? std::nullopt : std::optional(std::string(record.value)),
                   record.offset});
}

void Changelog::take_commit(const Record& record, const std::optional<Mark>& mark, Findings& findings) {
  ++commits_;
  auto commit = read_commit(record.value);
  if (!commit) {
    complain("changelog_marker", record.offset, "a commit marker that matches its own hash", "another hash", findings);
  } else {
    check(*commit, record.offset, findings);
  }
  for (Held& held : held_) {
    if (mark && record.offset > mark->offset && (!commit || commit->sequence > mark->sequence)) {
      after_mark_[held.key].push_back(held.value ? hash64(*held.value) : 0);
    }
    if (held.value) {
      values_.insert_or_assign(std::move(held.key), Value{std::move(*held.value), held.offset});
    } else {
      values_.erase(held.key);
    }
  }
  held_.clear();
  if (!commit) return;
  if (commit->sequence == 1) first_ = commit;
  if (mark && commit->sequence == mark->sequence) marked_ = commit;
  if (record.offset < earlier_) settled_ = last_;
  last_ = std::move(*commit);
  last_at_ = record.offset;
}

// Compaction may have removed records and markers: only neighbours can be held to the chain.
void Changelog::check(const Commit& commit, Offset offset, Findings& findings) {
  if (last_) {
    const bool repeated = commit.sequence == last_->sequence && commit.hash == last_->hash;
    const bool dense = offset - last_at_ == static_cast<Offset>(held_.size()) + 1;
    if (commit.sequence <= last_->sequence && !repeated) {
      complain("changelog_order", offset, fmt::format("a commit after {}", last_->sequence),
               fmt::format("commit {}", commit.sequence), findings);
    } else if (!repeated && commit.previous != last_->hash && (dense || commit.sequence == last_->sequence + 1)) {
      complain("changelog_chain", offset, fmt::format("commit {} to follow {:x}", commit.sequence, last_->hash),
               fmt::format("one that follows {:x}", commit.previous), findings);
    }
  }
  const std::size_t count = commit.count;
  const bool whole = count <= held_.size() &&
                     (count == 0 || held_[held_.size() - count].offset == offset - static_cast<Offset>(count));
  if (!whole) {
    ++unchecked_;
    return;
  }
  std::uint64_t content = 0;
  for (std::size_t i = held_.size() - count; i < held_.size(); ++i) {
    content = add_change(content, held_[i].key, held_[i].value);
  }
  if (content == commit.content) return;
  complain(
      "changelog_content", offset,
      fmt::format("{} changes with hash {:x} before the marker of commit {}", count, commit.content, commit.sequence),
      fmt::format("hash {:x}", content), findings);
}

}  // namespace juncture::apps::verify
