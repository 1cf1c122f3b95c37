#include "apps/verify/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "apps/verify/state_check.h"
#include "juncture/engine/engine.h"

namespace juncture::apps::verify {
namespace {

class Verifier {
 public:
  explicit Verifier(const Task& task) : task_(task) {}

  Result<Report> run();

 private:
  // A subject as the log had it before anything was recomputed.
  struct Seen {
    Subject subject;
    std::vector<Offset> ends;  // of its changelog
    std::vector<TopicOutputs> outputs;
  };
  Status look(std::vector<Seen>& all);
  Result<std::vector<Offset>> ends_of(const Subject& subject);
  Status verify(const Seen& seen, std::vector<PartitionReport>& reports, OutputCounts& counts);
  std::vector<Partition> partitions_of(const Seen& seen) const;
  Result<CheckedState> check(const Seen& seen, Partition partition, Findings& findings, Values* wanted);
  Status tell_values(const Seen& seen, std::size_t from);

  const Task& task_;
  Report report_;
  KeyNames keys_;
};

Result<Report> Verifier::run() {
  std::vector<Seen> all{{prospects_subject(task_.config), {}, {}}, {accounts_subject(task_.config), {}, {}}};
  const auto inputs = task_.log.partition_count(all.front().subject.input);
  if (!inputs) return tl::unexpected(inputs.error());
  if (!*inputs) return fail(Domain::environment, "unknown_topic", "there is no topic " + all.front().subject.input);
  if (Status seen = look(all); !seen) return tl::unexpected(seen.error());
  if (Status done = verify(all[0], report_.partitions, report_.outputs); !done) return tl::unexpected(done.error());
  if (Status done = verify(all[1], report_.accounts, report_.account_outputs); !done) {
    return tl::unexpected(done.error());
  }
  return std::move(report_);
}

// Outputs before changelogs: whatever is read of them then belongs to a commit that the changelog shows afterwards.
Status Verifier::look(std::vector<Seen>& all) {
  for (Seen& seen : all) {
    auto ends = ends_of(seen.subject);
    if (!ends) return tl::unexpected(ends.error());
    seen.ends = std::move(*ends);
  }
  for (Seen& seen : all) {
    auto outputs = read_outputs(task_.log, seen.subject, keys_);
    if (!outputs) return tl::unexpected(outputs.error());
    seen.outputs = std::move(*outputs);
  }
  return {};
}

// Of the changelog's partitions, before anything else is read.
Result<std::vector<Offset>> Verifier::ends_of(const Subject& subject) {
  const std::string changelog = changelog_topic(group_of(task_.config), subject.name);
  const auto count = task_.log.partition_count(changelog);
  if (!count) return tl::unexpected(count.error());
  if (!*count) report_.findings.note("there is no " + changelog + ": nothing was ever committed");
  std::vector<Offset> ends;
  for (Partition p = 0; p < count->value_or(0); ++p) {
    const auto marks = task_.log.watermarks({changelog, p});
    if (!marks) return tl::unexpected(marks.error());
    ends.push_back(marks->end);
  }
  return ends;
}

Status Verifier::verify(const Seen& seen, std::vector<PartitionReport>& reports, OutputCounts& counts) {
  std::vector<Work> work;
  OutputRules rules{.input = seen.subject.input,
                    .repeats_legal = task_.config.delivery != Delivery::exactly_once,
                    .strict = task_.strict,
                    .unknown = {}};
  for (const Partition partition : partitions_of(seen)) {
    auto checked = check(seen, partition, report_.findings, nullptr);
    if (!checked) return tl::unexpected(checked.error());
    reports.push_back(std::move(checked->report));
    if (checked->work) work.push_back(std::move(*checked->work));
    rules.unknown.merge(checked->unknown);
  }
  const std::size_t before = report_.findings.shown().size();
  counts = compare_outputs(seen.outputs, work, rules, keys_, report_.findings);
  if (counts.foreign_keys > 0) {
    report_.findings.note(
        fmt::format("{} keys come from more than one partition of {}: the order of their outputs is not certain, and "
                    "they were not compared",
                    counts.foreign_keys, seen.subject.input));
  }
  work.clear();
  return tell_values(seen, before);
}

std::vector<Partition> Verifier::partitions_of(const Seen& seen) const {
  std::vector<Partition> out;
  for (std::size_t p = 0; p < seen.ends.size(); ++p) {
    const auto partition = static_cast<Partition>(p);
    if (!task_.only || *task_.only == partition) out.push_back(partition);
  }
  return out;
}

Result<CheckedState> Verifier::check(const Seen& seen, Partition partition, Findings& findings, Values* wanted) {
  std::vector<Partition> partitions;
  for (const TopicOutputs& topic : seen.outputs) partitions.push_back(std::max<Partition>(1, topic.partitions));
  return check_state({.task = task_,
                      .subject = seen.subject,
                      .partition = partition,
                      .earlier = seen.ends[static_cast<std::size_t>(partition)],
                      .keys = keys_,
                      .outputs = partitions,
                      .findings = findings,
                      .wanted = wanted});
}

// In what the first outputs that differ do differ. Their values were not kept: they are made and read again.
Status Verifier::tell_values(const Seen& seen, std::size_t from) {
  Values values;
  std::vector<Difference>& shown = report_.findings.shown();
  for (std::size_t i = from; i < shown.size(); ++i) {
    if (shown[i].due != 0) values[shown[i].due];
  }
  Findings said_before;
  for (const Partition partition : partitions_of(seen)) {
    if (values.empty()) break;
    if (const auto again = check(seen, partition, said_before, &values); !again) return tl::unexpected(again.error());
  }
  for (std::size_t i = from; i < shown.size(); ++i) {
    Difference& one = shown[i];
    std::optional<std::string> found;
    if (one.record) {
      const auto& [at, offset] = *one.record;
      Status read = scan(task_.log, at, offset, offset + 1, [&](const Record& record) {
        if (!record.tombstone) found = record.value;
        return Status{};
      });
      if (!read) return read;
    }
    Difference text;
    const auto expected = values.find(one.due);
    describe_values(expected == values.end() ? std::nullopt : expected->second, found, text);
    if (expected != values.end() && expected->second) one.expected += ": " + text.expected;
    if (found) one.found += ": " + text.found;
  }
  return {};
}

}  // namespace

Result<Report> run(const Task& task) {
  return Verifier(task).run();
}

}  // namespace juncture::apps::verify
