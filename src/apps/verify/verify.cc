#include "apps/verify/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "apps/verify/changelog.h"
#include "apps/verify/opened_store.h"
#include "juncture/core/hash.h"
#include "juncture/engine/engine.h"
#include "juncture/pipeline/prospect_pipeline.h"
#include "juncture/state/keys.h"
#include "juncture/state/switches.h"

namespace juncture::apps::verify {
namespace {

using Older = std::unordered_map<std::string, std::uint64_t>;  // hash at the store's mark, 0: not there

class Verifier {
 public:
  explicit Verifier(const Task& task)
      : task_(task),
        topics_(task.config.log.topics.prefix),
        application_(task.config.log.topics.prefix + task.config.application) {}

  Result<Report> run();

 private:
  Status verify_partition(Partition p);
  OpenedStore open_store(Partition p, PartitionReport& report);
  Result<std::optional<Offset>> start_of(Partition p, const Changelog& changelog, const Watermarks& input);
  Status fold(Partition p, Offset from, const Changelog& changelog, const Watermarks& input, PartitionReport& report);
  Result<Switches> switches_of(const Changelog& changelog) const;
  const Knowledge* knowledge_of(std::uint64_t version) const;
  bool comparable(std::string_view key) const;
  void tell_unknown(Partition p, const Switches& switches, const PartitionReport& report);
  void check_position(Partition p, const Changelog& changelog, const std::optional<Position>& committed);
  void compare_changelog(const Changelog& changelog);
  void adopt_unknown(const Changelog& changelog);
  void compare_store(const Changelog& changelog, const OpenedStore& store, PartitionReport& report);
  bool may_be_older(std::string_view key, std::optional<std::string_view> value, const Changelog& changelog) const;

  const Task& task_;
  const Topics topics_;
  const std::string application_;
  Report report_;
  KeyNames keys_;
  std::vector<Partition> output_partitions_;
  std::vector<Offset> earlier_;  // ends of the changelog's partitions before anything else was read
  std::vector<Work> work_;
  MapState::Map state_;  // of the partition at hand, as it has to be
  Older older_;
  std::set<std::string, std::less<>> unknown_;  // prospects of this partition that cannot be recomputed
  bool has_unknown_ = false;                    // records of this partition
  std::set<std::uint32_t> unknown_keys_;        // of all partitions
  bool exactly_once_ = false;
};

Result<Report> Verifier::run() {
  exactly_once_ = task_.config.delivery == Delivery::exactly_once;
  const std::string changelog = changelog_topic(application_, kProspects);
  const auto inputs = task_.log.partition_count(topics_.signals);
  const auto count = task_.log.partition_count(changelog);
  if (!inputs || !count) return tl::unexpected(inputs ? count.error() : inputs.error());
  if (!*inputs) return fail(Domain::environment, "unknown_topic", "there is no topic " + topics_.signals);
  for (Partition p = 0; p < count->value_or(0); ++p) {
    const auto marks = task_.log.watermarks({changelog, p});
    if (!marks) return tl::unexpected(marks.error());
    earlier_.push_back(marks->end);
  }
  if (!*count) report_.findings.note("there is no " + changelog + ": nothing was ever committed");
  // Outputs first: whatever is read of them then belongs to a commit that the changelog shows afterwards.
  const auto outputs = read_outputs(task_.log, topics_, keys_);
  if (!outputs) return tl::unexpected(outputs.error());
  for (const TopicOutputs& topic : *outputs) output_partitions_.push_back(std::max<Partition>(1, topic.partitions));
  for (Partition p = 0; p < count->value_or(0); ++p) {
    if (task_.only && *task_.only != p) continue;
    if (Status verified = verify_partition(p); !verified) return tl::unexpected(verified.error());
  }
  report_.outputs = compare_outputs(
      *outputs, work_,
      {.input = topics_.signals, .repeats_legal = !exactly_once_, .strict = task_.strict, .unknown = unknown_keys_},
      keys_, report_.findings);
  if (report_.outputs.foreign_keys > 0) {
    report_.findings.note(
        fmt::format("{} keys come from more than one partition of {}: the order of their outputs is "
                    "not certain, and they were not compared",
                    report_.outputs.foreign_keys, topics_.signals));
  }
  return std::move(report_);
}

OpenedStore Verifier::open_store(Partition p, PartitionReport& report) {
  Result<OpenedStore> store = look_into(task_.open_store(p));
  report.store = "missing";
  if (store) return std::move(*store);
  report.store = "different";
  report_.findings.add(
      {store.error().code, store_name(kProspects, p), {}, "a store that can be read", store.error().detail});
  return {};
}

Status Verifier::verify_partition(Partition p) {
  PartitionReport report{.partition = p};
  const std::uint64_t before = report_.findings.total();
  const TopicPartition input{topics_.signals, p};
  const OpenedStore store = open_store(p, report);
  const auto committed = task_.log.committed(application_, input);
  if (!committed) return tl::unexpected(committed.error());
  const auto changelog = Changelog::read(task_.log, {changelog_topic(application_, kProspects), p}, store.mark,
                                         earlier_[static_cast<std::size_t>(p)], report_.findings);
  if (!changelog) return tl::unexpected(changelog.error());
  const auto marks = task_.log.watermarks(input);
  if (!marks) return tl::unexpected(marks.error());
  report.commits = changelog->commits();
  report.unchecked = changelog->unchecked();
  if (changelog->last()) {
    report.sequence = changelog->last()->sequence;
    report.to = changelog->last()->next_of(topics_.signals).value_or(0);
  }
  if (changelog->torn() > 0 && changelog->last() && changelog->last()->exactly_once) {
    report_.findings.add({"changelog_torn",
                          place(changelog->at().topic, p, changelog->end()),
                          {},
                          "a commit marker at the end",
                          fmt::format("{} changes without one", changelog->torn())});
  }
  check_position(p, *changelog, *committed);
  const auto from = start_of(p, *changelog, *marks);
  if (!from) return tl::unexpected(from.error());
  if (*from) {
    if (Status folded = fold(p, **from, *changelog, *marks, report); !folded) return folded;
    compare_changelog(*changelog);
    adopt_unknown(*changelog);
  } else {
    state_.clear();
    for (const auto& [key, value] : changelog->values()) state_.emplace_hint(state_.end(), key, value.bytes);
  }
  // A store that could not be opened has been counted before.
  report.changelog_differs = report_.findings.total() > before + (report.store == "different" ? 1U : 0U);
  if (store.open) compare_store(*changelog, store, report);
  report.keys = state_.size();
  for (const auto& [key, value] : state_) report.prospects += keys::prospect_of(key) ? 1U : 0U;
  state_.clear();
  report_.partitions.push_back(std::move(report));
  return {};
}

// Where the first record was read; none: not known, or the input no longer goes back so far.
Result<std::optional<Offset>> Verifier::start_of(Partition p, const Changelog& changelog, const Watermarks& input) {
  std::optional<Offset> from;
  if (!changelog.last()) return std::optional<Offset>();
  if (changelog.first()) {
    from = changelog.first()->next_of(topics_.signals);
  } else if (task_.config.engine.start == "earliest") {
    from = 0;
  }
  if (from && *from >= input.begin) return from;
  report_.findings.note(
      from ? fmt::format("state of partition {} began at offset {} of {}, which now begins at {}: it cannot be "
                         "recomputed; changelog, commits and store were compared with each other",
                         p, *from, topics_.signals, input.begin)
           : fmt::format("where partition {} began is not known any more: it cannot be recomputed", p));
  return std::optional<Offset>();
}

Status Verifier::fold(Partition p, Offset from, const Changelog& changelog, const Watermarks& input,
                      PartitionReport& report) {
  const Offset to = report.to;
  report.from = from;
  report.recomputed = true;
  if (to > input.end) {
    report_.findings.add({"input_short",
                          place(topics_.signals, p, input.end),
                          {},
                          fmt::format("records up to {}", to),
                          fmt::format("an end at {}", input.end)});
  }
  const auto marked = changelog.marked() ? changelog.marked()->next_of(topics_.signals) : std::optional<Offset>();
  const auto& after_mark = changelog.after_mark();
  older_.clear();
  unknown_.clear();
  has_unknown_ = false;
  const auto switches = switches_of(changelog);
  if (!switches) return tl::unexpected(switches.error());
  Fold fold(task_.knowledge, keys_, output_partitions_);
  const auto note_older = [&] {
    for (const auto& [key, values] : after_mark) {
      const auto found = fold.state().find(key);
      older_[key] = found == fold.state().end() ? 0 : hash64(found->second);
    }
  };
  Work work{.partition = p, .expected = {}, .allowance = {}};
  std::int64_t newest_ms = 0;
  bool noted = !marked, done = false;
  auto next_switch = switches->kept.begin();
  bool known = switches->kept.empty();
  const Status read = scan(task_.log, {topics_.signals, p}, from, input.end, [&](const Record& record) -> Status {
    newest_ms = std::max(newest_ms, to_ms(record.timestamp));
    if (!noted && record.offset >= *marked) {
      note_older();
      noted = true;
    }
    if (!done && record.offset >= to) {
      done = true;
      state_ = fold.state();
    }
    for (; next_switch != switches->kept.end() && record.offset >= next_switch->offset; ++next_switch) {
      const Knowledge* knowledge = knowledge_of(next_switch->version);
      known = knowledge != nullptr;
      fold.use(known ? *knowledge : task_.knowledge);
    }
    if (!known && !done) {
      ++report.unknown;
      has_unknown_ = true;
      if (!record.key.empty()) unknown_.emplace(record.key);
    }
    // Work that no commit covers may have left outputs behind, at least once.
    return done && exactly_once_ ? Status{} : fold.take(record);
  });
  if (!read) return read;
  if (report.unknown > 0) tell_unknown(p, *switches, report);
  if (!noted) note_older();
  if (!done) state_ = fold.take_state();
  work.allowance.settled = changelog.settled() ? changelog.settled()->next_of(topics_.signals).value_or(0) : 0;
  if (changelog.last()) work.allowance.stale = changelog.last()->stale;
  work.allowance.behind_ms = newest_ms - task_.config.engine.fresh_within.count();
  work.expected = fold.take_outputs();
  work_.push_back(std::move(work));
  return {};
}

Result<Switches> Verifier::switches_of(const Changelog& changelog) const {
  const auto found = changelog.values().find(switches_key());
  return found == changelog.values().end() ? Result<Switches>() : decode_switches(found->second.bytes);
}

const Knowledge* Verifier::knowledge_of(std::uint64_t version) const {
  if (version == task_.knowledge.version) return &task_.knowledge;
  const auto found = task_.earlier.find(version);
  return found == task_.earlier.end() ? nullptr : found->second;
}

// What a record made with other files has touched is not recomputed, and neither are the lists that prospects share.
bool Verifier::comparable(std::string_view key) const {
  if (!has_unknown_) return true;
  const auto prospect = keys::prospect_of(key);
  return prospect && !unknown_.contains(prospect->text());
}

void Verifier::adopt_unknown(const Changelog& changelog) {
  if (!has_unknown_) return;
  std::erase_if(state_, [&](const auto& entry) { return !comparable(entry.first); });
  std::erase_if(older_, [&](const auto& entry) { return !comparable(entry.first); });
  for (const auto& [key, value] : changelog.values()) {
    if (!comparable(key)) state_.insert_or_assign(key, value.bytes);
  }
}

void Verifier::tell_unknown(Partition p, const Switches& switches, const PartitionReport& report) {
  std::string versions = switches.dropped > 0 ? "versions that are no longer listed" : "";
  for (const Switch& one : switches.kept) {
    if (knowledge_of(one.version) != nullptr) continue;
    versions +=
        fmt::format("{}{} from offset {} on", versions.empty() ? "" : ", ", knowledge_text(one.version), one.offset);
  }
  report_.findings.note(fmt::format(
      "{} records of {}/{} were made with other files than the ones given ({}): {}. {} prospects that they touch are "
      "not "
      "recomputable with these files; --also FILE gives the configuration of that version",
      report.unknown, topics_.signals, p, knowledge_text(task_.knowledge.version), versions, unknown_.size()));
  for (const std::string& key : unknown_) unknown_keys_.insert(keys_.id(key));
}

void Verifier::check_position(Partition p, const Changelog& changelog, const std::optional<Position>& committed) {
  if (!changelog.last() && !committed) return;
  if (!changelog.last()) {
    report_.findings.add({"changelog_missing",
                          place(changelog.at().topic, p, changelog.end()),
                          {},
                          fmt::format("a commit for offset {}", committed->next),
                          "none"});
    return;
  }
  if (!committed) return report_.findings.note(fmt::format("the group has no offset for partition {}", p));
  const Commit& last = *changelog.last();
  const Offset next = last.next_of(topics_.signals).value_or(0);
  const auto certificate = read_certificate(committed->metadata);
  const bool behind = certificate && certificate->sequence < last.sequence && committed->next <= next;
  const bool live = changelog.end() != earlier_[static_cast<std::size_t>(p)];
  if (behind && (live || !last.exactly_once)) return;
  const bool same = committed->next == next &&
                    (!certificate || (certificate->sequence == last.sequence && certificate->hash == last.hash));
  if (same && (certificate || !last.exactly_once)) return;
  report_.findings.add({"group_offset",
                        place(topics_.signals, p, committed->next),
                        {},
                        fmt::format("offset {} of commit {} ({:x})", next, last.sequence, last.hash),
                        fmt::format("offset {} with `{}`", committed->next, committed->metadata)});
}

void Verifier::compare_changelog(const Changelog& changelog) {
  const TopicPartition& at = changelog.at();
  const auto add = [&](std::string_view key, std::optional<std::string_view> expected, const Changelog::Value* found) {
    if (!comparable(key)) return;
    Difference out{"changelog_value",
                   place(at.topic, at.partition, found != nullptr ? found->offset : changelog.end()),
                   key_text(key),
                   {},
                   {}};
    describe_values(expected, found != nullptr ? std::optional<std::string_view>(found->bytes) : std::nullopt, out);
    report_.findings.add(std::move(out));
  };
  auto left = state_.begin();
  auto right = changelog.values().begin();
  while (left != state_.end() || right != changelog.values().end()) {
    if (right == changelog.values().end() || (left != state_.end() && left->first < right->first)) {
      add(left->first, left->second, nullptr);
      ++left;
    } else if (left == state_.end() || right->first < left->first) {
      add(right->first, std::nullopt, &right->second);
      ++right;
    } else {
      if (left->second != right->second.bytes) add(left->first, left->second, &right->second);
      ++left;
      ++right;
    }
  }
}

// A key that changed after the store's mark: the store has the value of then, or a committed one since.
bool Verifier::may_be_older(std::string_view key, std::optional<std::string_view> value,
                            const Changelog& changelog) const {
  const auto since = changelog.after_mark().find(std::string(key));
  if (since == changelog.after_mark().end()) return false;
  const auto then = older_.find(std::string(key));
  if (then == older_.end()) return true;  // the changelog no longer says where the mark was
  const std::uint64_t hash = value ? hash64(*value) : 0;
  return hash == then->second || std::find(since->second.begin(), since->second.end(), hash) != since->second.end();
}

void Verifier::compare_store(const Changelog& changelog, const OpenedStore& store, PartitionReport& report) {
  const std::string name = store_name(kProspects, changelog.at().partition);
  const std::uint64_t before = report_.findings.total();
  std::uint64_t older = 0;
  const std::uint64_t last = changelog.last() ? changelog.last()->sequence : 0;
  const bool other = changelog.genesis() != store.mark->genesis || store.mark->sequence > last ||
                     (changelog.marked() && changelog.marked()->hash != store.mark->hash);
  if (other) {
    report_.findings.add({"store_mark",
                          name,
                          {},
                          fmt::format("a commit of this changelog, up to {}", last),
                          fmt::format("commit {} ({:x})", store.mark->sequence, store.mark->hash)});
  }
  const auto compare = [&](std::string_view key, std::optional<std::string_view> expected,
                           std::optional<std::string_view> found) {
    if (expected == found) return;
    if (may_be_older(key, found, changelog)) {
      ++older;
      return;
    }
    Difference out{"store_value", name, key_text(key), {}, {}};
    describe_values(expected, found, out);
    report_.findings.add(std::move(out));
  };
  auto left = state_.begin();
  const Status scanned = store.open->scan([&](std::string_view key, std::string_view value) {
    for (; left != state_.end() && left->first < key; ++left) compare(left->first, left->second, std::nullopt);
    const bool known = left != state_.end() && left->first == key;
    compare(key, known ? std::optional<std::string_view>(left->second) : std::nullopt, value);
    if (known) ++left;
  });
  if (scanned) {
    for (; left != state_.end(); ++left) compare(left->first, left->second, std::nullopt);
  } else {
    report_.findings.add({scanned.error().code, name, {}, "a store that can be read", scanned.error().detail});
  }
  report.store = report_.findings.total() > before ? "different" : older > 0 ? "behind" : "equal";
}

}  // namespace

Result<Report> run(const Task& task) {
  return Verifier(task).run();
}

}  // namespace juncture::apps::verify
