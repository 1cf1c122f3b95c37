// How a task gets going: its store up to date, its position found and certified, its input sought there.
#include <algorithm>
#include <utility>

#include "engine/task.h"
#include "juncture/core/hash.h"
#include "juncture/ports/faults.h"

namespace juncture::engine {
namespace {

// A commit waits for no linger: this is for large batches between two of them under backlog, and short enough that most
// of a second's work is under way before its commit.
constexpr Millis kLinger{250};

std::string where(const TopicPartition& at) {
  return at.topic + "/" + std::to_string(at.partition);
}

}  // namespace

// Of a task that is not getting going yet, whether it may try now.
bool Task::may_reopen(SteadyTime now) const {
  if (state_ == TaskState::suspended && (for_good_ || now < retry_at_)) return false;
  if (state_ != TaskState::suspended && state_ != TaskState::created) return false;
  return std::all_of(inputs_.begin(), inputs_.end(), [](const Input& input) { return input.here; });
}

// The copy that was kept of this partition lets go of it, now or in a moment.
bool Task::store_is_free() {
  return parts_.standby == nullptr || !parts_.topology.stateful ||
         parts_.standby->let_go(parts_.topology.name, partition_);
}

bool Task::wants_producer(SteadyTime now) const {
  return exactly_once() && own_producer_ == nullptr && may_reopen(now);
}

void Task::take_over() {
  std::string id = parts_.options.application + "." + parts_.topology.name + "." + std::to_string(partition_);
  if (JUNCTURE_MUTANT("M3") && parts_.topology.stateful) {
    restorer_ = make_restorer();
    static_cast<void>(restorer_->advance(Millis{0}));
  }
  if (JUNCTURE_MUTANT("M4")) id += "." + std::to_string(clock().now().time_since_epoch().count());
  Result<std::unique_ptr<Producer>> producer =
      parts_.log.make_producer({.transactional_id = std::move(id),
                                .linger = kLinger,
                                .transaction_timeout = parts_.options.transaction_timeout,
                                .queue_bytes = parts_.options.producer_queue_bytes});
  taken_over_ = producer ? Status() : Status(tl::unexpected(producer.error()));
  if (producer) own_producer_ = std::move(*producer);
}

void Task::advance(Millis budget, SteadyTime now) {
  Status outcome;
  if (may_reopen(now)) {
    if (!store_is_free()) return;
    outcome = open();
  } else if (state_ != TaskState::restoring) {
    return;
  }
  if (outcome && restorer_ != nullptr) {
    const Result<bool> done = restorer_->advance(budget);
    if (done && !*done) return;
    outcome = done ? restored() : Status(tl::unexpected(done.error()));
  }
  if (outcome) {
    const Result<std::vector<Offset>> from = resume_points();
    outcome = from ? repair(std::exchange(torn_, {})) : Status(tl::unexpected(from.error()));
    if (outcome) outcome = catch_up(*from);
    if (outcome) outcome = begin(*from);
  }
  if (!outcome) suspend(outcome.error(), clock().now());
}

Status Task::open() {
  become(TaskState::restoring);
  restore_started_ = clock().now();
  if (!taken_over_) return std::exchange(taken_over_, Status());
  pipeline_ = parts_.topology.make_pipeline(partition_);
  marker_ = {};
  stale_ = genesis_ = 0;
  if (!parts_.topology.stateful) return {};
  if (!JUNCTURE_MUTANT("M3")) restorer_ = make_restorer();
  return {};
}

// REQUIRES: the predecessor is fenced. Only then is the changelog's end what there will ever be of it.
std::unique_ptr<Restorer> Task::make_restorer() {
  return std::make_unique<Restorer>(parts_.log, parts_.stores,
                                    Restorer::Options{.store_name = store_name(parts_.topology.name, partition_),
                                                      .changelog = changelog(),
                                                      .stale_after = parts_.options.store_stale_after,
                                                      .read_ahead_bytes = parts_.options.restore_read_ahead_bytes,
                                                      .clock = &clock()});
}

// The store is up to date: take over where the changelog ends.
Status Task::restored() {
  const std::unique_ptr<Restorer> restorer = std::move(restorer_);
  RestoreResult& result = restorer->result();
  parts_.counters.restored.add(result.records);
  parts_.counters.restore_write_seconds.store(result.write_seconds, std::memory_order_relaxed);
  store_ = restorer->take_store();
  cache_.attach(store_.get());
  changelog_next_ = result.end;
  genesis_ = result.genesis.value_or(0);
  if (result.marker) {
    marker_ = std::move(*result.marker);
    marker_offset_ = result.marker_offset;
    for (const auto& [topic, next] : marker_.next) {
      if (Input* input = input_of(topic); input != nullptr) input->next = next;
    }
    inputs_.front().stream_time = from_ms(marker_.stream_time_ms);
    stale_ = marker_.stale;
  }
  JUNCTURE_FAILPOINT("after_restore");
  Result<std::string> mark = store_->mark();
  if (!mark) return tl::unexpected(mark.error());
  store_mark_ = std::move(*mark);
  round_started_ = clock().now();
  torn_ = std::move(result.torn);
  return {};
}

// A process died between the changes of a commit and its marker. Those records will be read as part of the next
// commit, so what counts for their keys goes behind them, with a marker of its own.
Status Task::repair(const std::set<std::string>& keys) {
  if (keys.empty()) return {};
  std::vector<std::optional<std::string>> values;
  std::vector<Change> changes;
  values.reserve(keys.size());
  for (const std::string& key : keys) {
    Result<std::optional<std::string>> value = store_->get(key);
    if (!value) return tl::unexpected(value.error());
    values.push_back(std::move(*value));
    changes.push_back({key, values.back() ? std::optional<std::string_view>(*values.back()) : std::nullopt});
  }
  if (Status sent = send_changes(changes); !sent) return sent;
  return flush_and_commit();
}

// Of a marker that changes no state.
Status Task::flush_and_commit() {
  std::map<TopicPartition, Position> positions;
  add_positions(positions);
  if (Status committed = commit_positions(positions); !committed) return committed;
  marker_committed();
  return {};
}

// And whatever was sent before.
Status Task::commit_positions(const std::map<TopicPartition, Position>& positions) {
  if (!exactly_once()) {
    Status flushed = producer_->flush();
    return flushed ? parts_.consumer->commit(positions) : flushed;
  }
  if (Status begun = begin_transaction(); !begun) return begun;
  const Result<std::string> membership = parts_.consumer->membership();
  if (!membership) return tl::unexpected(membership.error());
  const Millis at_most = parts_.options.transaction_timeout;
  if (Status sent = producer_->send_offsets(positions, *membership, at_most); !sent) return sent;
  if (Status committed = producer_->commit_transaction(at_most); !committed) return committed;
  in_transaction_ = false;
  return {};
}

// The group's offset may be a commit behind the marker; who watches its lag should not have to wait for a record.
Status Task::catch_up(const std::vector<Offset>& from) {
  std::map<TopicPartition, Position> positions;
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    const Result<std::optional<Position>> position = parts_.consumer->committed(inputs_[i].at);
    if (!position) return tl::unexpected(position.error());
    if (*position && (*position)->next == from[i]) continue;
    positions[inputs_[i].at] = {from[i], parts_.topology.stateful ? encode_metadata(marker_) : std::string()};
  }
  return positions.empty() ? Status{} : commit_positions(positions);
}

Result<Offset> Task::start_point(const TopicPartition& at) const {
  using Start = EngineOptions::Start;
  const Start start = parts_.topology.from_beginning ? Start::earliest : parts_.options.start;
  if (start == Start::time) return parts_.log.offset_at(at, parts_.options.start_time);
  Result<Watermarks> marks = parts_.log.watermarks(at);
  if (!marks) return tl::unexpected(marks.error());
  return start == Start::earliest ? marks->begin : marks->end;
}

Result<std::vector<Offset>> Task::resume_points() {
  std::vector<std::optional<Position>> committed;
  bool any = false;
  for (const Input& input : inputs_) {
    Result<std::optional<Position>> position = parts_.consumer->committed(input.at);
    if (!position) return tl::unexpected(position.error());
    any = any || position->has_value();
    committed.push_back(std::move(*position));
  }
  if (parts_.topology.stateful && marker_.sequence > 0) return certified_points(committed);
  if (parts_.topology.stateful && any) {
    return fail(Domain::setup, "changelog_missing",
                where(changelog()) + " has no commit, but the group has one: was the changelog deleted?");
  }
  std::vector<Offset> from;
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    Result<Offset> start = committed[i] ? Result<Offset>(committed[i]->next) : start_point(inputs_[i].at);
    if (!start) return tl::unexpected(start.error());
    from.push_back(*start);
    inputs_[i].next = *start;
  }
  if (any) return from;
  if (Status first = first_start(); !first) return tl::unexpected(first.error());
  return from;
}

// State and marker are one: where the marker says, reading goes on. The group's offset is committed after the marker
// is durable, so it may be one commit behind, never ahead.
Result<std::vector<Offset>> Task::certified_points(const std::vector<std::optional<Position>>& committed) const {
  std::vector<Offset> from;
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    const TopicPartition& at = inputs_[i].at;
    const auto known = std::find_if(marker_.next.begin(), marker_.next.end(),
                                    [&](const auto& entry) { return entry.first == at.topic; });
    if (known == marker_.next.end()) {
      // An input that the sub-topology did not have before.
      Result<Offset> start = committed[i] ? Result<Offset>(committed[i]->next) : start_point(at);
      if (!start) return tl::unexpected(start.error());
      from.push_back(*start);
      continue;
    }
    from.push_back(known->second);
    if (!committed[i]) continue;
    const auto certificate = decode_metadata(committed[i]->metadata);
    if (!certificate) {
      if (committed[i]->next == known->second) continue;
      return fail(Domain::setup, "offset_mismatch",
                  where(at) + " is committed at " + std::to_string(committed[i]->next) +
                      " by somebody else; state is at " + std::to_string(known->second));
    }
    const auto& [sequence, hash] = *certificate;
    if (marker_.exactly_once && (sequence < marker_.sequence || committed[i]->next < known->second)) {
      return fail(Domain::setup, "offset_mismatch",
                  where(at) + " is committed at " + std::to_string(committed[i]->next) + ", state is at " +
                      std::to_string(known->second) + ", and they were committed as one: was the offset set by hand?");
    }
    if (sequence > marker_.sequence || (sequence == marker_.sequence && hash != marker_.hash) ||
        committed[i]->next > known->second) {
      return fail(Domain::setup, "changelog_lost",
                  where(changelog()) + " ends at commit " + std::to_string(marker_.sequence) +
                      ", the group knows of commit " + std::to_string(sequence));
    }
  }
  return from;
}

// Before the first record: where it began is itself part of the log, so that a later missing offset is an error.
Status Task::first_start() {
  if (!parts_.topology.stateful) {
    std::map<TopicPartition, Position> positions;
    add_positions(positions);
    return commit_positions(positions);
  }
  if (genesis_ == 0) {
    const auto ticks = clock().wall().time_since_epoch().count();
    genesis_ = hash64(where(changelog()), static_cast<std::uint64_t>(ticks)) | 1U;
    const std::string value = encode_genesis(genesis_);
    const TopicPartition to = changelog();
    const Outgoing record{.topic = to.topic,
                          .partition = partition_,
                          .key = kGenesisKey,
                          .value = value,
                          .tombstone = false,
                          .timestamp = {}};
    if (Status begun = begin_transaction(); !begun) return begun;
    if (Status sent = producer_->send(record); !sent) return sent;
    ++changelog_next_;
  }
  if (Status sent = send_changes({}); !sent) return sent;
  return flush_and_commit();
}

Status Task::begin(const std::vector<Offset>& from) {
  if (parts_.topology.stateful) {
    const StoreMark mark{genesis_, marker_offset_, marker_.sequence, marker_.hash, to_ms(clock().wall())};
    store_mark_ = encode_mark(mark);
    if (Status written = store_->write({}, store_mark_); !written) return written;
  }
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    Input& input = inputs_[i];
    input.next = from[i];
  }
  if (Status readable = check_positions(); !readable) return readable;
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    Input& input = inputs_[i];
    if (Status looked = look_ahead(i); !looked) return looked;
    if (JUNCTURE_MUTANT("M6")) input.next = parts_.consumer->position(input.at).value_or(input.next);
    if (Status sought = parts_.consumer->seek(input.at, input.next); !sought) return sought;
    if (input.paused) {
      if (Status resumed = parts_.consumer->resume(input.at); !resumed) return resumed;
      input.paused = false;
    }
    parts_.counters.inputs[i].position.store(input.next, std::memory_order_relaxed);
  }
  if (store_ != nullptr) {
    parts_.counters.view.open(*store_);
    parts_.counters.view.publish({}, inputs_.front().next, inputs_.front().stream_time);
  }
  const auto took = clock().now() - restore_started_;
  parts_.counters.restore_seconds.store(std::chrono::duration<double>(took).count(), std::memory_order_relaxed);
  become(TaskState::running);
  return {};
}

Status Task::check_positions() const {
  for (const Input& input : inputs_) {
    Result<Watermarks> marks = parts_.log.watermarks(input.at);
    if (!marks) return tl::unexpected(marks.error());
    if (input.next < marks->begin || input.next > marks->end) {
      return fail(Domain::setup, "offset_missing",
                  where(input.at) + " has " + std::to_string(marks->begin) + " to " + std::to_string(marks->end) +
                      ", state is at " + std::to_string(input.next));
    }
  }
  return {};
}

Status Task::look_ahead(std::size_t i) {
  Input& input = inputs_[i];
  Result<Watermarks> marks = parts_.log.watermarks(input.at);
  if (!marks) return tl::unexpected(marks.error());
  input.end = marks->end;
  InputCounters& shown = parts_.counters.inputs[i];
  // Ends of transactions are not something to wait for.
  if (state_ == TaskState::running && parts_.consumer->position(input.at).value_or(0) >= input.end) {
    shown.end.store(input.next, std::memory_order_relaxed);
    return {};
  }
  shown.end.store(input.end, std::memory_order_relaxed);
  // Within a batch of the head, the records themselves show it.
  const auto near = static_cast<Offset>(state_ == TaskState::running ? parts_.options.poll_records_max : 1);
  if (!parts_.topology.freshness_gate || input.end - input.next <= near) return {};
  if (Status found = find_head(input); !found) return found;
  shown.head_time_ms.store(to_ms(input.head_time), std::memory_order_relaxed);
  return {};
}

// The last record may be one that readers never get, such as the end of a transaction: a few are asked for.
Status Task::find_head(Input& input) {
  constexpr auto kAskAgain = std::chrono::seconds(10);
  constexpr auto kWaitMax = std::chrono::seconds(1);
  constexpr Offset kRecords = 20;
  const auto now = clock().now();
  if (input.head_asked != SteadyTime{} && now - input.head_asked < kAskAgain) return {};
  input.head_asked = now;
  Result<std::unique_ptr<Reader>> reader = parts_.log.make_reader();
  if (!reader) return tl::unexpected(reader.error());
  const Offset from = std::max(input.next, input.end - kRecords);
  if (Status assigned = (*reader)->assign({{input.at, from}}); !assigned) return assigned;
  bool some = false;
  while (clock().now() - now < kWaitMax) {
    Result<std::span<const Record>> records = (*reader)->poll(Millis{50}, static_cast<std::size_t>(kRecords));
    if (!records) return tl::unexpected(records.error());
    if (records->empty() && some) break;
    if ((*reader)->position(input.at).value_or(0) >= input.end && records->empty()) break;
    for (const Record& record : *records) input.head_time = std::max(input.head_time, believable(record.timestamp));
    some = some || !records->empty();
    if (!records->empty() && records->back().offset >= input.end - 1) break;
  }
  return {};
}

}  // namespace juncture::engine
