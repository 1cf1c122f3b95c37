#include "apps/verify/rebuild.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <span>
#include <utility>
#include <vector>

#include "apps/node.h"
#include "apps/verify/changelog.h"
#include "apps/verify/fold.h"
#include "apps/wall_clock.h"
#include "juncture/core/hash.h"
#include "juncture/engine/engine.h"
#include "juncture/state/switches.h"

namespace juncture::apps::verify {
namespace {

// One transaction holds a partition's whole state; brokers allow 15 minutes unless told otherwise.
constexpr Millis kTransactionMax = 10min;
// A process that was killed leaves the group when its session ends.
constexpr Millis kJoinMax = 90s;

class Assigned final : public AssignmentListener {
 public:
  void on_assigned(std::span<const TopicPartition> partitions) override { count += partitions.size(); }
  void on_revoked(std::span<const TopicPartition> partitions) override { count -= partitions.size(); }
  void on_lost(std::span<const TopicPartition> partitions) override { count -= partitions.size(); }
  std::size_t count = 0;
};

// What is to become of a partition.
struct Plan {
  Partition partition = 0;
  Offset from = 0, to = 0;
  std::optional<std::uint64_t> genesis;  // none: the changelog has no record yet
  std::optional<Commit> last;
  std::uint64_t sequence = 0;  // of the new commit
};

}  // namespace

struct Rebuilder::Impl {
  explicit Impl(const Rebuilding& with)
      : with_(with), name_(with.subject.name), input_(with.subject.input), group_(group_of(with.config)) {}

  Status join();
  Result<Rebuilt> rebuild(Partition p);

 private:
  TopicPartition changelog(Partition p) const { return {changelog_topic(group_, name_), p}; }
  Result<Plan> plan(Partition p, const Changelog& changelog);
  Result<Offset> start_of(Partition p, const Changelog& changelog, const Watermarks& input);
  Status fold(const Plan& plan, const Changelog& changelog);
  Status write_changelog(const Plan& plan, const Changelog& old, Rebuilt& out);
  Status send(Producer& producer, Partition p, std::string_view key, std::optional<std::string_view> value) const;
  Status write_store(const Plan& plan, Offset before);

  const Rebuilding& with_;
  const std::string name_, input_;
  const std::string group_;
  Assigned assigned_;
  std::unique_ptr<Consumer> consumer_;
  MapState::Map state_;
  std::int64_t stream_time_ms_ = 0;
  std::uint64_t genesis_ = 0;
  Commit commit_;
};

Status Rebuilder::Impl::join() {
  const auto count = with_.log.partition_count(input_);
  if (!count) return tl::unexpected(count.error());
  if (!*count) return fail(Domain::environment, "unknown_topic", "there is no topic " + input_);
  if (Status made =
          with_.log.ensure_topic({.name = changelog_topic(group_, name_), .partitions = **count, .compacted = true});
      !made) {
    return made;
  }
  auto consumer = with_.log.make_consumer({.group = group_, .member = {}});
  if (!consumer) return tl::unexpected(consumer.error());
  consumer_ = std::move(*consumer);
  if (Status subscribed = consumer_->subscribe({input_}, assigned_); !subscribed) return subscribed;
  const auto until = std::chrono::steady_clock::now() + kJoinMax;
  while (assigned_.count < static_cast<std::size_t>(**count)) {
    if (const auto polled = consumer_->poll(100ms); !polled) return tl::unexpected(polled.error());
    if (std::chrono::steady_clock::now() < until) continue;
    return fail(Domain::setup, "in_use",
                "other members of the group " + group_ + " have partitions: stop every instance first");
  }
  return {};
}

Result<Offset> Rebuilder::Impl::start_of(Partition p, const Changelog& changelog, const Watermarks& input) {
  constexpr Offset kUnknown = -1;
  const auto recorded = changelog.first() ? changelog.first()->next_of(input_) : std::optional<Offset>();
  const Offset from = recorded.value_or(with_.subject.from_beginning ? 0 : kUnknown);
  if (from >= input.begin) return from;
  if (with_.partial) return input.begin;
  Timestamp first{};
  const Status read =
      scan(with_.log, {input_, p}, input.begin, std::min(input.begin + 1, input.end), [&](const Record& record) {
        first = record.timestamp;
        return Status{};
      });
  if (!read) return tl::unexpected(read.error());
  return fail(
      Domain::setup, "input_gone",
      fmt::format("{}/{} now begins at offset {} ({}), state began {}: what is older would be missing; "
                  "--partial accepts that",
                  input_, p, input.begin, utc_text(first),
                  from == kUnknown ? std::string("where nobody knows any more") : "at " + std::to_string(from)));
}

Result<Plan> Rebuilder::Impl::plan(Partition p, const Changelog& changelog) {
  const TopicPartition input{input_, p};
  const auto marks = with_.log.watermarks(input);
  const auto committed = with_.log.committed(group_, input);
  if (!marks || !committed) return tl::unexpected(marks ? committed.error() : marks.error());
  Plan out{.partition = p, .genesis = changelog.genesis(), .last = changelog.last()};
  if (!changelog.empty() && !out.genesis) {
    return fail(Domain::setup, "changelog_genesis",
                changelog.at().topic + " does not begin with a genesis record: delete the topic, then rebuild");
  }
  if (!*committed && !out.last) {
    return fail(Domain::setup, "position_unknown",
                fmt::format("neither the group nor a commit says how far {}/{} was read: `juncture run` begins there "
                            "as on a first start",
                            input.topic, p));
  }
  const auto certificate = *committed ? read_certificate((*committed)->metadata) : std::optional<Certificate>();
  out.sequence = 1 + std::max<std::uint64_t>(
                         1, std::max(out.last ? out.last->sequence : 0, certificate ? certificate->sequence : 0));
  out.to = std::max(*committed ? (*committed)->next : 0, out.last ? out.last->next_of(input.topic).value_or(0) : 0);
  if (out.to > marks->end) {
    return fail(Domain::setup, "input_short",
                fmt::format("{}/{} ends at {}, and was read up to {}", input.topic, p, marks->end, out.to));
  }
  const auto from = start_of(p, changelog, *marks);
  if (!from) return tl::unexpected(from.error());
  out.from = std::min(*from, out.to);
  return out;
}

Status Rebuilder::Impl::fold(const Plan& plan, const Changelog& changelog) {
  Switches switches;
  if (const auto found = changelog.values().find(switches_key()); found != changelog.values().end()) {
    if (auto decoded = decode_switches(found->second.bytes)) switches = std::move(*decoded);
  }
  KeyNames names;
  const std::vector<Partition> no_outputs;
  Fold fold(with_.subject, with_.knowledge, names, no_outputs);
  auto next = switches.kept.begin();
  stream_time_ms_ = 0;
  Status read = scan(with_.log, {input_, plan.partition}, plan.from, plan.to, [&](const Record& record) {
    for (; next != switches.kept.end() && record.offset >= next->offset; ++next) {
      const auto earlier = with_.earlier.find(next->version);
      fold.use(earlier == with_.earlier.end() ? with_.knowledge : *earlier->second);
    }
    stream_time_ms_ = std::max(stream_time_ms_, to_ms(record.timestamp));
    return fold.take(record);
  });
  if (read) state_ = fold.take_state();
  return read;
}

Status Rebuilder::Impl::send(Producer& producer, Partition p, std::string_view key,
                             std::optional<std::string_view> value) const {
  const TopicPartition to = changelog(p);
  return producer.send({.topic = to.topic,
                        .partition = p,
                        .key = key,
                        .value = value.value_or(std::string_view()),
                        .tombstone = !value});
}

// Every key, whether it differs or not: then compaction leaves nothing of what was there before.
Status Rebuilder::Impl::write_changelog(const Plan& plan, const Changelog& old, Rebuilt& out) {
  const Partition p = plan.partition;
  auto made = with_.log.make_producer(
      {.transactional_id = fmt::format("{}.{}.{}", group_, name_, p), .transaction_timeout = kTransactionMax});
  if (!made) return tl::unexpected(made.error());
  Producer& producer = **made;
  if (Status begun = producer.begin_transaction(); !begun) return begun;
  commit_ = {.sequence = plan.sequence, .stream_time_ms = stream_time_ms_, .exactly_once = true};
  commit_.stale = plan.last && plan.last->stale ? *plan.last->stale : static_cast<std::uint64_t>(plan.to - plan.from);
  if (!plan.genesis) {
    const auto ticks = static_cast<std::uint64_t>(wall_now().time_since_epoch().count());
    genesis_ = hash64(old.at().topic + std::to_string(p), ticks) | 1U;
    // As a first start leaves it: where the state begins is itself on record.
    Commit first{.sequence = 1, .exactly_once = true, .stale = 0, .next = {{input_, plan.from}}};
    if (Status sent = send(producer, p, kGenesisKey, write_genesis(genesis_)); !sent) return sent;
    if (Status sent = send(producer, p, kCommitKey, write_commit(first)); !sent) return sent;
    commit_.previous = first.hash;
  } else {
    genesis_ = *plan.genesis;
    commit_.previous = plan.last ? plan.last->hash : 0;
  }
  const auto change = [&](std::string_view key, std::optional<std::string_view> value) {
    commit_.content = add_change(commit_.content, key, value);
    ++commit_.count;
    return send(producer, p, key, value);
  };
  for (const std::string& key : old.keys()) {
    if (state_.contains(key)) continue;
    if (Status sent = change(key, std::nullopt); !sent) return sent;
    ++out.removed;
  }
  for (const auto& [key, value] : state_) {
    if (Status sent = change(key, value); !sent) return sent;
  }
  commit_.next = {{input_, plan.to}};
  if (Status sent = send(producer, p, kCommitKey, write_commit(commit_)); !sent) return sent;
  const auto membership = consumer_->membership();
  if (!membership) return tl::unexpected(membership.error());
  const std::map<TopicPartition, Position> positions{{{input_, p}, {plan.to, write_certificate(commit_)}}};
  if (Status sent = producer.send_offsets(positions, *membership, kTransactionMax); !sent) return sent;
  return producer.commit_transaction(kTransactionMax);
}

// With a mark that names the new commit, so that a restore needn't read what is damaged further up.
Status Rebuilder::Impl::write_store(const Plan& plan, Offset before) {
  constexpr std::size_t kBatch = 4096;
  const TopicPartition at = changelog(plan.partition);
  const auto marks = with_.log.watermarks(at);
  if (!marks) return tl::unexpected(marks.error());
  Mark mark{.genesis = genesis_, .sequence = commit_.sequence, .hash = commit_.hash, .offset = -1};
  Status found = scan(with_.log, at, before, marks->end, [&](const Record& record) {
    const auto commit = record.key == kCommitKey ? read_commit(record.value) : std::nullopt;
    if (commit && commit->hash == commit_.hash) mark.offset = record.offset;
    return Status{};
  });
  if (!found) return found;
  if (mark.offset < 0) return fail(Domain::environment, "rebuild", "the new commit is not in " + at.topic);
  auto store = with_.stores.open(store_name(name_, plan.partition));
  if (!store) return tl::unexpected(store.error());
  std::vector<Change> changes;
  for (const auto& [key, value] : state_) {
    changes.push_back({key, std::string_view(value)});
    if (changes.size() < kBatch) continue;
    // Without a mark it does not count: who dies here leaves a store that is made again.
    if (Status written = (*store)->write(changes, {}); !written) return written;
    changes.clear();
  }
  if (Status written = (*store)->write(changes, write_mark(mark, to_ms(wall_now()))); !written) return written;
  return (*store)->flush();
}

Result<Rebuilt> Rebuilder::Impl::rebuild(Partition p) {
  Findings findings;
  const auto before = with_.log.watermarks(changelog(p));
  if (!before) return tl::unexpected(before.error());
  const auto old = Changelog::read(with_.log, changelog(p), std::nullopt, before->end, findings);
  if (!old) return tl::unexpected(old.error());
  const auto planned = plan(p, *old);
  if (!planned) return tl::unexpected(planned.error());
  if (Status folded = fold(*planned, *old); !folded) return tl::unexpected(folded.error());
  // The group's transactions need a live membership.
  if (const auto polled = consumer_->poll(1ms); !polled) return tl::unexpected(polled.error());
  Rebuilt out{
      .partition = p, .from = planned->from, .to = planned->to, .sequence = planned->sequence, .keys = state_.size()};
  if (Status aside = with_.stores.set_aside(store_name(name_, p)); !aside) return tl::unexpected(aside.error());
  if (Status written = write_changelog(*planned, *old, out); !written) return tl::unexpected(written.error());
  if (Status written = write_store(*planned, before->end); !written) return tl::unexpected(written.error());
  state_.clear();
  return out;
}

Rebuilder::Rebuilder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Rebuilder::~Rebuilder() = default;

Result<std::unique_ptr<Rebuilder>> Rebuilder::open(const Rebuilding& with) {
  auto impl = std::make_unique<Impl>(with);
  if (Status joined = impl->join(); !joined) return tl::unexpected(joined.error());
  return std::unique_ptr<Rebuilder>(new Rebuilder(std::move(impl)));
}

Result<Rebuilt> Rebuilder::rebuild(Partition partition) {
  return impl_->rebuild(partition);
}

}  // namespace juncture::apps::verify
