// Brings a task's store up to the end of its changelog, a slice of time at a go, in batches cut at commit markers.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "engine/marker.h"
#include "juncture/core/hash.h"
#include "juncture/ports/clock.h"
#include "juncture/ports/log.h"
#include "juncture/ports/state.h"

namespace juncture::engine {

struct RestoreResult {
  std::optional<std::uint64_t> genesis;
  std::optional<Marker> marker;  // last one; none: nothing was ever committed
  Offset marker_offset = 0;
  Offset end = 0;  // of the changelog: where the next record will go, or later
  // Keys of a commit that has no marker: its process died half-way. Their records stay in the changelog, so what the
  // store holds must be written after them before anything else.
  std::set<std::string> torn;
  std::uint64_t records = 0;
  double write_seconds = 0;
};

// After `error` of a store that is closed: what can't be read once can't be read again, and the changelog has all of
// it.
void set_aside_damaged(Stores& stores, std::string_view store_name, const Error& error);

class Restorer {
 public:
  struct Options {
    std::string store_name;
    TopicPartition changelog;
    Millis stale_after{};
    std::size_t read_ahead_bytes = std::size_t{16} << 20U;
    Clock* clock = nullptr;
  };
  Restorer(Log& log, Stores& stores, Options options);
  Restorer(const Restorer&) = delete;
  Restorer& operator=(const Restorer&) = delete;

  // True when done. Call until then; each call works for about `budget`.
  Result<bool> advance(Millis budget);
  // Instead of it, for a store that is to be kept up to date: takes what the changelog has now and says how many
  // records that was. Whole commits reach the store about once a second.
  Result<std::size_t> follow();
  // What follow() has taken so far goes into the store, as far as it is whole.
  Status settle() { return latest_.empty() ? Status{} : write(); }
  // The next offset of the changelog.
  Offset next() const { return next_; }
  RestoreResult& result() { return result_; }
  std::unique_ptr<Store> take_store() { return std::move(store_); }

 private:
  struct Held {
    Offset offset = 0;
    std::size_t key_at = 0, key_size = 0, value_size = 0;
    bool tombstone = false;
    std::size_t size() const { return key_size + value_size; }
  };
  // Of places in latest_, by their keys; a key may be looked up as it is.
  struct KeyHash {
    using is_transparent = void;
    const Restorer* self;
    std::size_t operator()(std::string_view key) const { return hash64(key); }
    std::size_t operator()(std::uint32_t at) const { return (*this)(self->key_of(self->latest_[at])); }
  };
  struct KeyEqual {
    using is_transparent = void;
    const Restorer* self;
    bool operator()(std::uint32_t a, std::uint32_t b) const { return a == b; }
    bool operator()(std::string_view key, std::uint32_t at) const { return key == self->key_of(self->latest_[at]); }
    bool operator()(std::uint32_t at, std::string_view key) const { return (*this)(key, at); }
  };
  Status open();
  Result<std::size_t> read(Millis timeout, Offset end);
  Status read_genesis();
  Status start_over(std::string_view why);
  Status take(const Record& record);
  Status take_marker(const Record& record);
  Status verify(const Marker& marker, Offset offset) const;
  void merge();
  void compact();
  Status write();
  Status finish();
  std::string_view key_of(const Held& held) const;
  std::string_view value_of(const Held& held) const;

  Log& log_;
  Stores& stores_;
  Options options_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Reader> reader_;
  std::optional<StoreMark> mark_;
  RestoreResult result_;
  Offset next_ = 0;
  Millis waited_{};
  SteadyTime written_{};
  std::size_t batch_bytes_max_;
  bool opened_ = false;
  bool forked_ = false;
  bool started_over_ = false;
  // Keys and values of all that follows, and of what has been superseded since the last compact().
  std::string bytes_;
  std::vector<Held> held_;  // records since the last marker, as they came
  // Of the commits before it, what the store does not hold yet: a key's last record only.
  std::vector<Held> latest_;
  std::unordered_set<std::uint32_t, KeyHash, KeyEqual> by_key_{0, KeyHash{this}, KeyEqual{this}};
  std::size_t latest_bytes_ = 0;
};

}  // namespace juncture::engine
