#include "engine/restorer.h"

#include <algorithm>
#include <chrono>
#include <limits>

#include "juncture/ports/faults.h"

namespace juncture::engine {
namespace {

constexpr std::size_t kBatchBytes = std::size_t{48} << 20U;
constexpr std::size_t kFollowBytes = std::size_t{4} << 20U;  // there may be one for each partition
constexpr auto kFollowWrites = std::chrono::seconds(1);
constexpr auto kMarkRefresh = std::chrono::hours(1);
constexpr Millis kSilenceMax{30'000};

tl::unexpected<Error> damaged(std::string detail) {
  return fail(Domain::setup, "changelog_damaged", std::move(detail));
}

}  // namespace

void set_aside_damaged(Stores& stores, std::string_view store_name, const Error& error) {
  if (error.code == "store_damaged") static_cast<void>(stores.set_aside(store_name));
}

Restorer::Restorer(Log& log, Stores& stores, Options options)
    : log_(log), stores_(stores), options_(std::move(options)), batch_bytes_max_(kBatchBytes) {}

std::string_view Restorer::key_of(const Held& held) const {
  return std::string_view(bytes_).substr(held.key_at, held.key_size);
}
std::string_view Restorer::value_of(const Held& held) const {
  return std::string_view(bytes_).substr(held.key_at + held.key_size, held.value_size);
}

Result<bool> Restorer::advance(Millis budget) {
  if (!opened_) {
    if (Status opened = open(); !opened) return tl::unexpected(opened.error());
    opened_ = true;
  }
  const auto until = options_.clock->now() + budget;
  while (next_ < result_.end) {
    const auto before = options_.clock->now();
    if (before >= until) return false;
    const Result<std::size_t> taken = read(std::min(budget, Millis{20}), result_.end);
    if (!taken) return tl::unexpected(taken.error());
    waited_ = *taken == 0 ? waited_ + std::chrono::duration_cast<Millis>(options_.clock->now() - before) : Millis{};
    if (waited_ > kSilenceMax) {
      return fail(Domain::environment, "changelog_silent",
                  "no record of " + options_.changelog.topic + " came for 30 s; is a transaction left open in it?");
    }
  }
  if (Status finished = finish(); !finished) return tl::unexpected(finished.error());
  return next_ >= result_.end;
}

// What is there, below `end`; the number of records that came.
Result<std::size_t> Restorer::read(Millis timeout, Offset end) {
  Result<std::span<const Record>> records = reader_->poll(timeout, 4096);
  if (!records) return tl::unexpected(records.error());
  for (const Record& record : *records) {
    if (record.offset >= end) {
      next_ = end;
      break;
    }
    if (Status taken = take(record); !taken) return tl::unexpected(taken.error());
    next_ = record.offset + 1;
    if (!forked_) continue;
    Status again = start_over("store and changelog disagree about a commit");
    return again ? Result<std::size_t>(1) : tl::unexpected(again.error());
  }
  // The end of the last transaction takes an offset too, and no reader ever gets it.
  if (const auto at = reader_->position(options_.changelog)) next_ = std::max(next_, *at);
  return records->size();
}

Result<std::size_t> Restorer::follow() {
  if (!opened_) {
    batch_bytes_max_ = kFollowBytes;
    if (Status opened = open(); !opened) return tl::unexpected(opened.error());
    opened_ = true;
    written_ = options_.clock->now();
  }
  Result<std::size_t> taken = read(Millis{0}, std::numeric_limits<Offset>::max());
  if (!taken) return taken;
  // A mark is renewed even if nothing changes, or the store would be taken for an old one.
  const auto age = options_.clock->now() - written_;
  if (age < (latest_.empty() ? SteadyTime::duration(kMarkRefresh) : SteadyTime::duration(kFollowWrites))) return taken;
  if (Status written = write(); !written) return tl::unexpected(written.error());
  return taken;
}

Status Restorer::open() {
  Result<Watermarks> marks = log_.watermarks(options_.changelog);
  if (!marks) return tl::unexpected(marks.error());
  result_.end = marks->end;
  next_ = marks->begin;
  bytes_.reserve(batch_bytes_max_);  // of address space: pages follow as they are filled
  if (Status genesis = read_genesis(); !genesis) return genesis;

  Result<std::unique_ptr<Store>> store = stores_.open(options_.store_name);
  if (!store) {
    // Nothing is wrong with these files.
    const bool intact = store.error().code == "disk_full" || store.error().code == "store_in_use";
    return intact ? Status(tl::unexpected(store.error())) : start_over(store.error().detail);
  }
  store_ = std::move(*store);
  Result<std::string> text = store_->mark();
  if (!text) return start_over(text.error().detail);
  if (text->empty()) {
    bool empty = true;
    const Status scanned = store_->scan([&empty](std::string_view, std::string_view) { empty = false; });
    if (!scanned || !empty) return start_over("the store has values and no mark");
    return reader_->assign({{options_.changelog, next_}});
  }
  Result<StoreMark> mark = decode_mark(*text);
  if (!mark) return start_over(mark.error().detail);
  const bool same = result_.genesis && mark->genesis == *result_.genesis;
  const bool within = mark->offset >= marks->begin && mark->offset < marks->end;
  const bool stale = options_.clock->wall() - from_ms(mark->written_ms) > options_.stale_after;
  if (!same || !within || stale) return start_over(stale ? "the store is old" : "the store is of another changelog");
  mark_ = *mark;
  next_ = mark->offset;
  return reader_->assign({{options_.changelog, next_}});
}

// The genesis record is the first one for ever: compaction keeps the last record of a key and its offset.
Status Restorer::read_genesis() {
  Result<std::unique_ptr<Reader>> reader = log_.open_reader(options_.read_ahead_bytes);
  if (!reader) return tl::unexpected(reader.error());
  reader_ = std::move(*reader);
  if (next_ >= result_.end) return {};
  if (Status assigned = reader_->assign({{options_.changelog, next_}}); !assigned) return assigned;
  const auto until = options_.clock->now() + kSilenceMax;
  while (options_.clock->now() < until) {
    Result<std::span<const Record>> records = reader_->poll(Millis{100}, 1);
    if (!records) return tl::unexpected(records.error());
    if (records->empty()) {
      // All that is there was aborted: nothing was ever committed.
      if (reader_->position(options_.changelog).value_or(0) >= result_.end) return {};
      continue;
    }
    if (records->front().key != kGenesisKey) return damaged("the changelog does not begin with a genesis record");
    Result<std::uint64_t> id = decode_genesis(records->front().value);
    if (!id) return tl::unexpected(id.error());
    result_.genesis = *id;
    return {};
  }
  return fail(Domain::environment, "changelog_silent", "its first record did not come within 30 s");
}

// An empty store, and the changelog from its beginning.
Status Restorer::start_over(std::string_view why) {
  if (started_over_) return damaged("restored from the beginning and still not whole: " + std::string(why));
  started_over_ = true;
  forked_ = false;
  mark_.reset();
  store_.reset();
  if (Status aside = stores_.set_aside(options_.store_name); !aside) return aside;
  Result<std::unique_ptr<Store>> store = stores_.open(options_.store_name);
  if (!store) return tl::unexpected(store.error());
  store_ = std::move(*store);
  Result<Watermarks> marks = log_.watermarks(options_.changelog);
  if (!marks) return tl::unexpected(marks.error());
  next_ = marks->begin;
  result_.marker.reset();
  held_.clear();
  latest_.clear();
  by_key_.clear();
  latest_bytes_ = 0;
  bytes_.clear();
  return reader_->assign({{options_.changelog, next_}});
}

Status Restorer::take(const Record& record) {
  ++result_.records;
  if (record.key == kMarkerKey) return take_marker(record);
  if (record.key == kGenesisKey && !result_.genesis) {
    // Who follows from before the first commit meets it here.
    const Result<std::uint64_t> id = decode_genesis(record.value);
    if (!id) return tl::unexpected(id.error());
    result_.genesis = *id;
  }
  if (is_control_key(record.key)) return {};
  held_.push_back({record.offset, bytes_.size(), record.key.size(), record.value.size(), record.tombstone});
  bytes_ += record.key;
  bytes_ += record.value;
  return {};
}

Status Restorer::take_marker(const Record& record) {
  Result<Marker> marker = decode_marker(record.value);
  if (!marker && marker.error().code == "format_newer") return tl::unexpected(marker.error());
  if (!marker) return damaged(marker.error().detail + " at offset " + std::to_string(record.offset));
  if (Status verified = verify(*marker, record.offset); !verified) return verified;
  // The store was filled from another history: from a restored backup, or by a process that had lost its partition.
  if (mark_) {
    const bool other = marker->sequence == mark_->sequence && marker->hash != mark_->hash;
    const bool no_successor =
        !result_.marker && marker->sequence == mark_->sequence + 1 && marker->previous != mark_->hash;
    forked_ = other || no_successor;
    if (forked_) return {};
  }
  result_.marker = std::move(*marker);
  result_.marker_offset = record.offset;
  merge();
  if (bytes_.size() < batch_bytes_max_) return {};
  if (latest_bytes_ > batch_bytes_max_ / 3 * 2) return write();
  compact();
  return {};
}

// Compaction may have removed records and markers: only what is next to each other can be held to the chain.
Status Restorer::verify(const Marker& marker, Offset offset) const {
  const std::string at = " at offset " + std::to_string(offset);
  if (result_.marker) {
    const Marker& last = *result_.marker;
    const bool repeated = marker.sequence == last.sequence && marker.hash == last.hash;
    if (marker.sequence <= last.sequence && !repeated) return damaged("commit markers go backwards" + at);
    if (marker.sequence == last.sequence + 1 && marker.previous != last.hash) {
      return damaged("a commit marker does not follow the one before it" + at);
    }
  }
  if (marker.count > held_.size()) return {};
  const auto first = held_.end() - static_cast<std::ptrdiff_t>(marker.count);
  if (first != held_.end() && first->offset != offset - static_cast<Offset>(marker.count)) return {};
  std::uint64_t content = 0;
  for (auto held = first; held != held_.end(); ++held) {
    content = chain_content(content, key_of(*held), held->tombstone ? std::nullopt : std::optional(value_of(*held)));
  }
  if (content != marker.content) return damaged("a commit's records do not match its marker" + at);
  return {};
}

// The records before a marker count from now on.
void Restorer::merge() {
  for (const Held& held : held_) {
    const auto at = by_key_.find(key_of(held));
    if (at == by_key_.end()) {
      latest_.push_back(held);
      by_key_.insert(static_cast<std::uint32_t>(latest_.size() - 1));
    } else {
      latest_bytes_ -= latest_[*at].size();
      latest_[*at] = held;
    }
    latest_bytes_ += held.size();
  }
  held_.clear();
}

// Only the bytes that still count stay.
void Restorer::compact() {
  std::string bytes;
  bytes.reserve(batch_bytes_max_);
  for (std::vector<Held>* records : {&latest_, &held_}) {
    for (Held& held : *records) {
      const std::size_t at = bytes.size();
      bytes.append(bytes_, held.key_at, held.size());
      held.key_at = at;
    }
  }
  bytes_.swap(bytes);
}

// Everything up to the last marker goes into the store, and the mark with it.
Status Restorer::write() {
  if (!result_.marker || !result_.genesis) return {};
  const auto before = options_.clock->now();
  std::vector<Change> changes;
  changes.reserve(latest_.size());
  for (const Held& held : latest_) {
    changes.push_back({key_of(held), held.tombstone ? std::nullopt : std::optional(value_of(held))});
  }
  // A store takes keys in order with less work.
  std::sort(changes.begin(), changes.end(), [](const Change& a, const Change& b) { return a.key < b.key; });
  const StoreMark mark{*result_.genesis, result_.marker_offset, result_.marker->sequence, result_.marker->hash,
                       to_ms(options_.clock->wall())};
  JUNCTURE_FAILPOINT("in_restore");
  if (Status written = store_->write(changes, encode_mark(mark)); !written) return written;
  latest_.clear();
  by_key_.clear();
  latest_bytes_ = 0;
  if (held_.empty()) {
    bytes_.clear();
  } else {
    compact();
  }
  written_ = options_.clock->now();
  result_.write_seconds += std::chrono::duration<double>(options_.clock->now() - before).count();
  return {};
}

Status Restorer::finish() {
  if (mark_ && (!result_.marker || result_.marker->sequence < mark_->sequence)) {
    return start_over("the store's commit is not in the changelog");
  }
  if (Status written = write(); !written) return written;
  for (const Held& held : held_) result_.torn.emplace(key_of(held));
  if (!result_.marker && !result_.torn.empty()) return damaged("there are changes but no commit marker");
  return {};
}

}  // namespace juncture::engine
