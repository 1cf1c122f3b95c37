#include "apps/verify/state_check.h"

#include <fmt/format.h>

#include <algorithm>

#include "apps/node.h"
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

class StateCheck {
 public:
  explicit StateCheck(const StateTask& with)
      : with_(with),
        log_(with.task.log),
        findings_(with.findings),
        input_{with.subject.input, with.partition},
        store_(store_name(with.subject.name, with.partition)) {}

  Result<CheckedState> run();

 private:
  OpenedStore open_store();
  std::optional<Offset> start_of(const Changelog& changelog, const Watermarks& input);
  Status fold(Offset from, const Changelog& changelog, const Watermarks& input);
  Result<Switches> switches_of(const Changelog& changelog) const;
  const Knowledge* knowledge_of(std::uint64_t version) const;
  bool comparable(std::string_view key) const;
  void tell_unknown(const Switches& switches);
  void check_position(const Changelog& changelog, const std::optional<Position>& committed);
  void compare_changelog(const Changelog& changelog);
  void adopt_unknown(const Changelog& changelog);
  void compare_store(const Changelog& changelog, const OpenedStore& store);
  bool may_be_older(std::string_view key, std::optional<std::string_view> value, const Changelog& changelog) const;

  const StateTask& with_;
  Log& log_;
  Findings& findings_;
  const TopicPartition input_;
  const std::string store_;
  PartitionReport report_;
  std::optional<Work> work_;
  MapState::Map state_;  // as it has to be
  Older older_;
  Ids unknown_;
};

OpenedStore StateCheck::open_store() {
  Result<OpenedStore> store = look_into(with_.task.open_store(store_));
  report_.store = "missing";
  if (store) return std::move(*store);
  report_.store = "different";
  findings_.add({store.error().code, store_, {}, "a store that can be read", store.error().detail});
  return {};
}

Result<CheckedState> StateCheck::run() {
  report_.partition = input_.partition;
  const std::uint64_t before = findings_.total();
  const OpenedStore store = open_store();
  const std::string application = group_of(with_.task.config);
  const auto committed = log_.committed(application, input_);
  if (!committed) return tl::unexpected(committed.error());
  const auto changelog = Changelog::read(log_, {changelog_topic(application, with_.subject.name), input_.partition},
                                         store.mark, with_.earlier, findings_);
  if (!changelog) return tl::unexpected(changelog.error());
  const auto marks = log_.watermarks(input_);
  if (!marks) return tl::unexpected(marks.error());
  report_.commits = changelog->commits();
  report_.unchecked = changelog->unchecked();
  if (changelog->last()) {
    report_.sequence = changelog->last()->sequence;
    report_.to = changelog->last()->next_of(input_.topic).value_or(0);
  }
  if (changelog->torn() > 0 && changelog->last() && changelog->last()->exactly_once) {
    findings_.add({"changelog_torn",
                   place(changelog->at().topic, input_.partition, changelog->end()),
                   {},
                   "a commit marker at the end",
                   fmt::format("{} changes without one", changelog->torn())});
  }
  check_position(*changelog, *committed);
  if (const auto from = start_of(*changelog, *marks)) {
    if (Status folded = fold(*from, *changelog, *marks); !folded) return tl::unexpected(folded.error());
    compare_changelog(*changelog);
    adopt_unknown(*changelog);
  } else {
    for (const auto& [key, value] : changelog->values()) state_.emplace_hint(state_.end(), key, value.bytes);
  }
  // A store that could not be opened has been counted before.
  report_.changelog_differs = findings_.total() > before + (report_.store == "different" ? 1U : 0U);
  if (store.open) compare_store(*changelog, store);
  report_.keys = state_.size();
  for (const auto& [key, value] : state_) {
    report_.prospects += keys::prospect_of(key) ? 1U : 0U;
    report_.accounts += keys::account_of(key) ? 1U : 0U;
  }
  return CheckedState{.report = std::move(report_), .work = std::move(work_), .unknown = std::move(unknown_)};
}

// Where the first record was read; none: not known, or the input no longer goes back so far.
std::optional<Offset> StateCheck::start_of(const Changelog& changelog, const Watermarks& input) {
  if (!changelog.last()) return std::nullopt;
  std::optional<Offset> from;
  if (changelog.first()) {
    from = changelog.first()->next_of(input_.topic);
  } else if (with_.subject.from_beginning) {
    from = 0;
  }
  if (from && *from >= input.begin) return from;
  findings_.note(from ? fmt::format("state of {} in partition {} began at offset {} of {}, which now begins at {}: it "
                                    "cannot be recomputed; changelog, commits and store were compared with each other",
                                    with_.subject.name, input_.partition, *from, input_.topic, input.begin)
                      : fmt::format("where {} of partition {} began is not known any more: it cannot be recomputed",
                                    with_.subject.name, input_.partition));
  return std::nullopt;
}

Status StateCheck::fold(Offset from, const Changelog& changelog, const Watermarks& input) {
  const Offset to = report_.to;
  report_.from = from;
  report_.recomputed = true;
  if (to > input.end) {
    findings_.add({"input_short",
                   place(input_.topic, input_.partition, input.end),
                   {},
                   fmt::format("records up to {}", to),
                   fmt::format("an end at {}", input.end)});
  }
  const auto marked = changelog.marked() ? changelog.marked()->next_of(input_.topic) : std::optional<Offset>();
  const auto& after_mark = changelog.after_mark();
  const auto switches = switches_of(changelog);
  if (!switches) return tl::unexpected(switches.error());
  Fold fold(with_.subject, with_.task.knowledge, with_.keys, with_.outputs);
  const auto note_older = [&] {
    for (const auto& [key, values] : after_mark) {
      const auto found = fold.state().find(key);
      older_[key] = found == fold.state().end() ? 0 : hash64(found->second);
    }
  };
  const bool exactly_once = with_.task.config.delivery == Delivery::exactly_once;
  std::int64_t newest_ms = 0;
  bool noted = !marked, done = false, halted = false;
  auto next_switch = switches->kept.begin();
  bool known = switches->kept.empty();
  fold.watch(known ? nullptr : &unknown_);
  fold.want(with_.wanted);
  const Status read = scan(log_, input_, from, input.end, [&](const Record& record) -> Status {
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
      fold.use(known ? *knowledge : with_.task.knowledge);
      fold.watch(known ? nullptr : &unknown_);
    }
    if (!known && !done) {
      ++report_.unknown;
      if (!record.key.empty()) unknown_.emplace(record.key);
    }
    // Work that no commit covers may have left outputs behind, at least once; up to a record at which the task halts.
    if (done && (exactly_once || halted)) return {};
    Status taken = fold.take(record);
    halted = done && !taken;
    return halted ? Status{} : taken;
  });
  if (!read) return tl::unexpected(read.error());
  if (report_.unknown > 0) tell_unknown(*switches);
  if (!noted) note_older();
  if (!done) state_ = fold.take_state();
  work_ = Work{.partition = input_.partition, .expected = fold.take_outputs(), .allowance = {}};
  Allowance& allowance = work_->allowance;
  allowance.settled = changelog.settled() ? changelog.settled()->next_of(input_.topic).value_or(0) : 0;
  if (changelog.last()) allowance.stale = changelog.last()->stale;
  allowance.behind_ms = newest_ms - with_.task.config.engine.fresh_within.count();
  return {};
}

Result<Switches> StateCheck::switches_of(const Changelog& changelog) const {
  const auto found = changelog.values().find(switches_key());
  return found == changelog.values().end() ? Result<Switches>() : decode_switches(found->second.bytes);
}

const Knowledge* StateCheck::knowledge_of(std::uint64_t version) const {
  if (version == with_.task.knowledge.version) return &with_.task.knowledge;
  const auto found = with_.task.earlier.find(version);
  return found == with_.task.earlier.end() ? nullptr : found->second;
}

// What a record made with other files has touched is not recomputed, and neither are the lists that all of them share.
bool StateCheck::comparable(std::string_view key) const {
  if (report_.unknown == 0) return true;
  if (const auto prospect = keys::prospect_of(key)) return !unknown_.contains(prospect->text());
  const auto account = keys::account_of(key);
  return account && !unknown_.contains(account->text());
}

void StateCheck::adopt_unknown(const Changelog& changelog) {
  if (report_.unknown == 0) return;
  std::erase_if(state_, [&](const auto& entry) { return !comparable(entry.first); });
  std::erase_if(older_, [&](const auto& entry) { return !comparable(entry.first); });
  for (const auto& [key, value] : changelog.values()) {
    if (!comparable(key)) state_.insert_or_assign(key, value.bytes);
  }
}

void StateCheck::tell_unknown(const Switches& switches) {
  std::string versions = switches.dropped > 0 ? "versions that are no longer listed" : "";
  for (const Switch& one : switches.kept) {
    if (knowledge_of(one.version) != nullptr) continue;
    versions +=
        fmt::format("{}{} from offset {} on", versions.empty() ? "" : ", ", knowledge_text(one.version), one.offset);
  }
  findings_.note(fmt::format(
      "{} records of {}/{} were made with other files than the ones given ({}): {}. {} {} that they touch are not "
      "recomputable with these files; --also FILE gives the configuration of that version",
      report_.unknown, input_.topic, input_.partition, knowledge_text(with_.task.knowledge.version), versions,
      unknown_.size(), with_.subject.name));
}

void StateCheck::check_position(const Changelog& changelog, const std::optional<Position>& committed) {
  if (!changelog.last() && !committed) return;
  if (!changelog.last()) {
    findings_.add({"changelog_missing",
                   place(changelog.at().topic, input_.partition, changelog.end()),
                   {},
                   fmt::format("a commit for offset {}", committed->next),
                   "none"});
    return;
  }
  if (!committed)
    return findings_.note(fmt::format("the group has no offset for {}/{}", input_.topic, input_.partition));
  const Commit& last = *changelog.last();
  const Offset next = last.next_of(input_.topic).value_or(0);
  const auto certificate = read_certificate(committed->metadata);
  const bool behind = certificate && certificate->sequence < last.sequence && committed->next <= next;
  const bool live = changelog.end() != with_.earlier;
  if (behind && (live || !last.exactly_once)) return;
  const bool same = committed->next == next &&
                    (!certificate || (certificate->sequence == last.sequence && certificate->hash == last.hash));
  if (same && (certificate || !last.exactly_once)) return;
  findings_.add({"group_offset",
                 place(input_.topic, input_.partition, committed->next),
                 {},
                 fmt::format("offset {} of commit {} ({:x})", next, last.sequence, last.hash),
                 fmt::format("offset {} with `{}`", committed->next, committed->metadata)});
}

void StateCheck::compare_changelog(const Changelog& changelog) {
  const TopicPartition& at = changelog.at();
  const auto add = [&](std::string_view key, std::optional<std::string_view> expected, const Changelog::Value* found) {
    if (!comparable(key)) return;
    Difference out{"changelog_value",
                   place(at.topic, at.partition, found != nullptr ? found->offset : changelog.end()),
                   key_text(key),
                   {},
                   {}};
    describe_values(expected, found != nullptr ? std::optional<std::string_view>(found->bytes) : std::nullopt, out);
    findings_.add(std::move(out));
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
bool StateCheck::may_be_older(std::string_view key, std::optional<std::string_view> value,
                              const Changelog& changelog) const {
  const auto since = changelog.after_mark().find(std::string(key));
  if (since == changelog.after_mark().end()) return false;
  const auto then = older_.find(std::string(key));
  if (then == older_.end()) return true;  // the changelog no longer says where the mark was
  const std::uint64_t hash = value ? hash64(*value) : 0;
  return hash == then->second || std::find(since->second.begin(), since->second.end(), hash) != since->second.end();
}

void StateCheck::compare_store(const Changelog& changelog, const OpenedStore& store) {
  const std::uint64_t before = findings_.total();
  std::uint64_t older = 0;
  const std::uint64_t last = changelog.last() ? changelog.last()->sequence : 0;
  const bool other = changelog.genesis() != store.mark->genesis || store.mark->sequence > last ||
                     (changelog.marked() && changelog.marked()->hash != store.mark->hash);
  if (other) {
    findings_.add({"store_mark",
                   store_,
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
    Difference out{"store_value", store_, key_text(key), {}, {}};
    describe_values(expected, found, out);
    findings_.add(std::move(out));
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
    findings_.add({scanned.error().code, store_, {}, "a store that can be read", scanned.error().detail});
  }
  report_.store = findings_.total() > before ? "different" : older > 0 ? "behind" : "equal";
}

}  // namespace

Result<CheckedState> check_state(const StateTask& task) {
  return StateCheck(task).run();
}

}  // namespace juncture::apps::verify
