#include "apps/verify/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "apps/verify/state_check.h"
#include "juncture/engine/engine.h"

namespace juncture::apps::verify {
namespace {

class Verifier {
 public:
  explicit Verifier(const Task& task) : task_(task), topics_(task.config.log.topics.prefix) {}

  Result<Report> run();

 private:
  Result<std::vector<Offset>> ends_of(const Subject& subject);
  Status verify_subject(const Subject& subject, const std::vector<Offset>& earlier,
                        const std::vector<Partition>& outputs, std::vector<PartitionReport>& reports);

  const Task& task_;
  const Topics topics_;
  Report report_;
  KeyNames keys_;
  std::vector<Work> work_;
  std::set<std::uint32_t> unknown_keys_;  // prospects that cannot be recomputed
};

Result<Report> Verifier::run() {
  const Subject prospects = prospects_subject(task_.config), accounts = accounts_subject(task_.config);
  const auto inputs = task_.log.partition_count(topics_.signals);
  if (!inputs) return tl::unexpected(inputs.error());
  if (!*inputs) return fail(Domain::environment, "unknown_topic", "there is no topic " + topics_.signals);
  const auto prospects_end = ends_of(prospects), accounts_end = ends_of(accounts);
  if (!prospects_end || !accounts_end) {
    return tl::unexpected(prospects_end ? accounts_end.error() : prospects_end.error());
  }
  // Outputs first: whatever is read of them then belongs to a commit that the changelog shows afterwards.
  const auto outputs = read_outputs(task_.log, topics_, keys_);
  if (!outputs) return tl::unexpected(outputs.error());
  std::vector<Partition> partitions;
  for (const TopicOutputs& topic : *outputs) partitions.push_back(std::max<Partition>(1, topic.partitions));
  if (Status done = verify_subject(prospects, *prospects_end, partitions, report_.partitions); !done) {
    return tl::unexpected(done.error());
  }
  // Their rows are compacted and gated by when they were written: their state is what is proved.
  if (Status done = verify_subject(accounts, *accounts_end, {}, report_.accounts); !done) {
    return tl::unexpected(done.error());
  }
  report_.outputs = compare_outputs(*outputs, work_,
                                    {.input = topics_.signals,
                                     .repeats_legal = task_.config.delivery != Delivery::exactly_once,
                                     .strict = task_.strict,
                                     .unknown = unknown_keys_},
                                    keys_, report_.findings);
  if (report_.outputs.foreign_keys > 0) {
    report_.findings.note(
        fmt::format("{} keys come from more than one partition of {}: the order of their outputs is "
                    "not certain, and they were not compared",
                    report_.outputs.foreign_keys, topics_.signals));
  }
  return std::move(report_);
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

Status Verifier::verify_subject(const Subject& subject, const std::vector<Offset>& earlier,
                                const std::vector<Partition>& outputs, std::vector<PartitionReport>& reports) {
  for (std::size_t p = 0; p < earlier.size(); ++p) {
    const auto partition = static_cast<Partition>(p);
    if (task_.only && *task_.only != partition) continue;
    auto checked = check_state({.task = task_,
                                .subject = subject,
                                .partition = partition,
                                .earlier = earlier[p],
                                .keys = keys_,
                                .outputs = outputs,
                                .findings = report_.findings});
    if (!checked) return tl::unexpected(checked.error());
    reports.push_back(std::move(checked->report));
    if (outputs.empty()) continue;
    if (checked->work) work_.push_back(std::move(*checked->work));
    for (const std::string& id : checked->unknown) unknown_keys_.insert(keys_.id(id));
  }
  return {};
}

}  // namespace

Result<Report> run(const Task& task) {
  return Verifier(task).run();
}

}  // namespace juncture::apps::verify
