#include "engine/task.h"

#include <algorithm>

#include "juncture/core/hash.h"
#include "juncture/ports/faults.h"

namespace juncture::engine {
namespace {

constexpr std::size_t kSampleEvery = 64;
constexpr std::size_t kSamplesMax = 1024;
constexpr std::size_t kSlotAhead = 12;
constexpr std::size_t kValueAhead = 6;
constexpr std::size_t kSliceMin = 256;
constexpr auto kMarkRefresh = std::chrono::hours(1);
constexpr Millis kHearsay{3'000};

double seconds(Millis duration) {
  return std::chrono::duration<double>(duration).count();
}

bool may_become(TaskState from, TaskState to) {
  switch (to) {
    case TaskState::created:
      return false;
    case TaskState::restoring:
      return from == TaskState::created || from == TaskState::suspended;
    case TaskState::running:
      return from == TaskState::restoring;
    case TaskState::suspended:
      return from != TaskState::closed;
    case TaskState::closed:
      return true;
  }
  return false;
}

}  // namespace

TaskStats TaskCounters::stats(Timestamp now) const {
  TaskStats out;
  out.sub_topology = sub_topology;
  out.partition = partition;
  out.state = state.load(std::memory_order_acquire);
  for (const InputCounters& input : inputs) {
    InputStats& stats = out.inputs.emplace_back();
    stats.topic = input.topic;
    stats.position = input.position.load(std::memory_order_relaxed);
    stats.end = std::max(stats.position, input.end.load(std::memory_order_relaxed));
    stats.lag = static_cast<std::uint64_t>(stats.end - stats.position);
    stats.stream_time = from_ms(input.stream_time_ms.load(std::memory_order_relaxed));
    stats.head_time = from_ms(input.head_time_ms.load(std::memory_order_relaxed));
    const Timestamp last = from_ms(input.last_time_ms.load(std::memory_order_relaxed));
    if (stats.lag > 0 && last != Timestamp{} && last < now) stats.lag_seconds = seconds(now - last);
  }
  out.consumed = consumed.value();
  out.emitted = emitted.value();
  out.stale = stale.value();
  out.commits = commits.value();
  out.commits_failed = commits_failed.value();
  out.restored = restored.value();
  out.restore_seconds = restore_seconds.load(std::memory_order_relaxed);
  out.restore_write_seconds = restore_write_seconds.load(std::memory_order_relaxed);
  out.pending = pending.value();
  out.cached = cached.value();
  out.process_seconds = process_seconds.value();
  out.end_to_end_seconds = end_to_end_seconds.value();
  const std::scoped_lock lock(mutex);
  out.error_code = error_code;
  out.error = error_detail;
  return out;
}

Task::Task(Parts parts, Partition partition)
    : parts_(parts),
      partition_(partition),
      cache_(parts.options.cache_entries_max, parts.options.cache_bytes_max),
      producer_(exactly_once() ? own_producer_ : parts_.shared_producer),
      output_(producer_, parts.topology.outputs) {
  for (const std::string& topic : parts_.topology.inputs) inputs_.push_back({.at = {topic, partition}});
  parts_.counters.state.store(TaskState::created, std::memory_order_release);
}

void Task::become(TaskState next) {
  JUNCTURE_ASSERT(may_become(state_, next));
  state_ = next;
  parts_.counters.state.store(next, std::memory_order_release);
}

TopicPartition Task::changelog() const {
  return {changelog_topic(parts_.options.application, parts_.topology.name), partition_};
}

Task::Input* Task::input_of(std::string_view topic) {
  for (Input& input : inputs_) {
    if (input.at.topic == topic) return &input;
  }
  return nullptr;
}

void Task::add_input(std::string_view topic) {
  if (Input* input = input_of(topic); input != nullptr) {
    input->here = true;
    input->paused = false;
  }
}

bool Task::remove_input(std::string_view topic) {
  if (Input* input = input_of(topic); input != nullptr) input->here = false;
  return std::none_of(inputs_.begin(), inputs_.end(), [](const Input& input) { return input.here; });
}

Status Task::begin_transaction() {
  if (!exactly_once() || in_transaction_) return {};
  Status begun = producer_->begin_transaction();
  in_transaction_ = begun.has_value();
  return begun;
}

Status Task::process(std::span<const Record> records) {
  if (records.empty()) return {};
  if (Status begun = begin_transaction(); !begun) return begun;
  Input* input = input_of(records.front().topic);
  JUNCTURE_ASSERT(input != nullptr && state_ == TaskState::running);
  TaskCounters& counters = parts_.counters;
  InputCounters& shown = counters.inputs[static_cast<std::size_t>(input - inputs_.data())];
  Timestamp newest = records.front().timestamp;
  for (const Record& record : records) newest = std::max(newest, record.timestamp);
  input->head_time = std::max(input->head_time, believable(newest));
  const bool gate = parts_.topology.freshness_gate;
  const Timestamp fresh_from = gate ? input->head_time - parts_.options.fresh_within : Timestamp::min();
  std::uint64_t consumed = 0, stale = 0;
  Status outcome;
  for (std::size_t i = 0; i < records.size() && outcome; ++i) {
    const Record& record = records[i];
    if (record.offset < input->next) continue;
    if (i + kSlotAhead < records.size()) {
      cache_.prefetch_slot(hash64(records[i + kSlotAhead].key));
      cache_.prefetch_value(hash64(records[i + kValueAhead].key));
      pipeline_->prefetch(records[i + kSlotAhead]);
    }
    const bool fresh = record.timestamp >= fresh_from;
    processed_ = true;
    if (sampled_++ % kSampleEvery == 0) {
      const auto before = clock().now();
      outcome = pipeline_->process(record, fresh, cache_, output_);
      counters.process_seconds.observe(std::chrono::duration<double>(clock().now() - before).count());
    } else {
      outcome = pipeline_->process(record, fresh, cache_, output_);
    }
    if (!outcome) break;
    if (samples_.size() < kSamplesMax) samples_.push_back(record.timestamp);
    input->next = record.offset + 1;
    input->stream_time = std::max(input->stream_time, record.timestamp);
    ++consumed;
    if (!fresh) ++stale;
  }
  counters.consumed.add(consumed);
  counters.stale.add(stale);
  stale_ += stale;
  shown.position.store(input->next, std::memory_order_relaxed);
  shown.stream_time_ms.store(to_ms(input->stream_time), std::memory_order_relaxed);
  shown.head_time_ms.store(to_ms(input->head_time), std::memory_order_relaxed);
  if (consumed > 0) shown.last_time_ms.store(to_ms(records.back().timestamp), std::memory_order_relaxed);
  // Nobody reads what is in a transaction before its commit: what is little may go then.
  return outcome && !exactly_once() ? output_.send() : outcome;
}

Status Task::send() {
  JUNCTURE_FAILPOINT("before_send");
  if (Status sent = output_.send(); !sent) return sent;
  JUNCTURE_FAILPOINT("after_outputs");
  parts_.counters.emitted.add(output_.emitted() - emitted_shown_);
  emitted_shown_ = output_.emitted();
  if (!parts_.topology.stateful) return {};
  std::vector<Change> changes;
  changes.reserve(cache_.dirty().size());
  for (const StateCache::Index index : cache_.dirty()) changes.push_back(cache_.change(index));
  return send_changes(changes);
}

// The changes, then the marker that makes a commit of them.
Status Task::send_changes(const std::vector<Change>& changes) {
  constexpr std::size_t kBatch = 512;
  if (Status begun = begin_transaction(); !begun) return begun;
  const TopicPartition to = changelog();
  next_marker_ = {.sequence = marker_.sequence + 1,
                  .previous = marker_.hash,
                  .content = 0,
                  .count = static_cast<std::uint32_t>(changes.size()),
                  .stream_time_ms = to_ms(inputs_.front().stream_time),
                  .exactly_once = exactly_once(),
                  .stale = stale_,
                  .next = {},
                  .hash = 0};
  for (const Input& input : inputs_) next_marker_.next.emplace_back(input.at.topic, input.next);
  std::vector<Outgoing> batch;
  batch.reserve(std::min(changes.size() + 1, kBatch));
  for (const Change& change : changes) {
    next_marker_.content = chain_content(next_marker_.content, change.key, change.value);
    batch.push_back({.topic = to.topic,
                     .partition = partition_,
                     .key = change.key,
                     .value = change.value.value_or(std::string_view{}),
                     .tombstone = !change.value,
                     .timestamp = {}});
    if (batch.size() < kBatch) continue;
    if (Status sent = producer_->send_batch(batch); !sent) return sent;
    batch.clear();
  }
  JUNCTURE_FAILPOINT("after_changes");
  const std::string marker = encode_marker(next_marker_);
  batch.push_back({.topic = to.topic,
                   .partition = partition_,
                   .key = kMarkerKey,
                   .value = marker,
                   .tombstone = false,
                   .timestamp = {}});
  next_marker_offset_ = changelog_next_ + static_cast<Offset>(changes.size());
  Status sent = producer_->send_batch(batch);
  JUNCTURE_FAILPOINT("after_marker");
  return sent;
}

void Task::add_positions(std::map<TopicPartition, Position>& positions) const {
  for (const Input& input : inputs_) {
    const Offset next = JUNCTURE_MUTANT("M5") ? input.next - 1 : input.next;
    positions[input.at] = {next, parts_.topology.stateful ? encode_metadata(next_marker_) : std::string()};
  }
}

// The order is the log's: it makes all of it visible at once, whatever comes first here.
Status Task::commit_transaction(std::string_view membership, Millis at_most) {
  if (JUNCTURE_MUTANT("M1")) static_cast<void>(confirm());
  std::map<TopicPartition, Position> positions;
  add_positions(positions);
  if (Status sent = producer_->send_offsets(positions, membership, at_most); !sent) return sent;
  JUNCTURE_FAILPOINT("after_offsets");
  if (Status committed = producer_->commit_transaction(at_most); !committed) return committed;
  in_transaction_ = false;
  JUNCTURE_FAILPOINT("after_commit");
  return {};
}

Status Task::confirm() {
  TaskCounters& counters = parts_.counters;
  const Timestamp now = clock().wall();
  processed_ = false;
  retries_ = 0;
  counters.commits.add();
  for (const Timestamp sample : samples_) {
    counters.end_to_end_seconds.observe(seconds(std::max(Millis{0}, now - sample)));
  }
  samples_.clear();
  output_.committed();
  if (!parts_.topology.stateful) return {};
  marker_committed();
  std::vector<Change> changes;
  if (parts_.options.serve_reads) {
    for (const StateCache::Index index : cache_.dirty()) changes.push_back(cache_.change(index));
  }
  counters.view.publish(changes, inputs_.front().next, inputs_.front().stream_time);
  JUNCTURE_FAILPOINT("after_publish");
  cache_.commit();
  JUNCTURE_FAILPOINT("after_apply");
  counters.pending.set(cache_.pending());
  counters.cached.set(cache_.size());
  if (!cache_.full()) return {};
  Status written = write_behind(clock().now(), true);
  cache_.evict();
  return written;
}

// Counted, not asked for: whoever has lost the partition without knowing would be told where another's commit is, and
// its store would skip what lies between.
void Task::marker_committed() {
  marker_ = next_marker_;
  marker_offset_ = next_marker_offset_;
  changelog_next_ = marker_offset_ + 1 + (exactly_once() ? parts_.log.transaction_end_offsets() : 0);
}

Status Task::write_behind(SteadyTime now, bool all) {
  if (!parts_.topology.stateful || store_ == nullptr || !cache_.dirty().empty()) return {};
  const auto age = now - round_started_;
  all = all || cache_.pending_bytes() >= parts_.options.pending_bytes_max;
  if (round_done_ == round_.size()) {
    const bool refresh = cache_.pending() == 0 && age > kMarkRefresh;
    if (!all && !refresh && (cache_.pending() == 0 || age < parts_.options.write_behind)) return {};
    begin_round(now);
    if (round_.empty()) return write_slice(0);
  }
  if (!all) return write_slice(slice_);
  if (Status written = write_slice(round_.size()); !written) return written;
  // What was committed while the round was under way makes another.
  return cache_.pending() > 0 ? write_behind(now, true) : Status{};
}

void Task::begin_round(SteadyTime now) {
  round_ = cache_.take_pending();
  round_done_ = 0;
  round_started_ = now;
  round_mark_ = encode_mark({genesis_, marker_offset_, marker_.sequence, marker_.hash, to_ms(clock().wall())});
  // A round is done in about ten commits, so that none of them is held up for long.
  slice_ = std::max(kSliceMin, round_.size() / 10);
}

// The mark moves with the last slice: until then the store may be ahead of it for some keys, and a replay of the
// changelog from there gives them the same values again.
Status Task::write_slice(std::size_t count) {
  const std::size_t end = std::min<std::size_t>(round_.size(), round_done_ + count);
  std::vector<Change> changes;
  changes.reserve(end - round_done_);
  for (std::size_t i = round_done_; i < end; ++i) changes.push_back(cache_.change(round_[i]));
  const bool last = end == round_.size();
  const std::string& mark = last || JUNCTURE_MUTANT("M10") ? round_mark_ : store_mark_;
  JUNCTURE_FAILPOINT("in_store_write");
  if (JUNCTURE_MUTANT("M2")) static_cast<void>(store_->write({}, mark));
  if (Status written = store_->write(changes, mark); !written) return written;
  JUNCTURE_FAILPOINT("after_store_write");
  parts_.counters.view.stored(changes);
  for (std::size_t i = round_done_; i < end; ++i) cache_.written(round_[i]);
  round_done_ = static_cast<StateCache::Index>(end);
  if (last) store_mark_ = round_mark_;
  parts_.counters.pending.set(cache_.pending());
  return {};
}

void Task::forget() {
  parts_.counters.view.close();
  JUNCTURE_FAILPOINT("in_abort");
  own_producer_.reset();
  in_transaction_ = false;
  output_.drop();
  cache_.clear();
  cache_.attach(nullptr);
  restorer_.reset();
  pipeline_.reset();
  store_.reset();
  torn_.clear();
  round_.clear();
  round_done_ = 0;
  samples_.clear();
  processed_ = false;
}

void Task::suspend(const Error& reason, SteadyTime now) {
  parts_.counters.set_error(reason);
  if (processed_) parts_.counters.commits_failed.add();
  forget();
  set_aside_damaged(parts_.stores, store_name(parts_.topology.name, partition_), reason);
  become(TaskState::suspended);
  for (Input& input : inputs_) {
    if (!input.here || input.paused) continue;
    // Best effort: records of a suspended task are passed over in any case.
    input.paused = parts_.consumer->pause(input.at).has_value();
  }
  // What the environment did it may undo; what a person did takes a person.
  for_good_ = reason.domain != Domain::environment;
  const Millis backoff = parts_.options.retry_backoff * std::min(50, 1 << std::min(retries_, 6));
  // A fenced task may have lost its partition without knowing: to go on at once could take it from its new owner. By
  // the next heartbeats the consumer has heard.
  retry_at_ = now + (reason.code == "fenced" ? std::max(backoff, kHearsay) : backoff);
  ++retries_;
}

Status Task::close_clean(SteadyTime until) {
  Status outcome;
  if (state_ == TaskState::running && store_ != nullptr) {
    // The round under way first, then what was committed meanwhile.
    while (outcome && cache_.pending() > 0 && clock().now() < until) {
      if (round_done_ == round_.size()) begin_round(clock().now());
      outcome = write_slice(slice_);
    }
    if (outcome && clock().now() < until) outcome = store_->flush();
  }
  close_dirty();
  return outcome;
}

void Task::close_dirty() {
  // First: whoever opens the folder next must find it asked for by nobody, or by itself.
  if (parts_.standby != nullptr && parts_.topology.stateful) parts_.standby->take_up(parts_.topology.name, partition_);
  forget();
  become(TaskState::closed);
}

}  // namespace juncture::engine
