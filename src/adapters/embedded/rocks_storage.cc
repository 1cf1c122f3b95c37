#include "adapters/embedded/rocks_storage.h"

#include <fmt/format.h>
#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <mutex>
#include <shared_mutex>
#include <system_error>
#include <utility>

#include "adapters/embedded/embedded_keys.h"
#include "adapters/rocksdb/held_elsewhere.h"
#include "adapters/rocksdb/rocks_messages.h"

namespace juncture {
namespace {

namespace keys = embedded_keys;

constexpr std::size_t kMemtableBytes = 64U << 20U;
constexpr std::chrono::seconds kLookAgain{1};  // of a full disk
constexpr std::uint64_t kWalBytesMax = 256ULL << 20U;

std::string_view view(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

rocksdb::Options rocks_options() {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.paranoid_checks = true;
  options.compression = rocksdb::kLZ4Compression;
  options.write_buffer_size = kMemtableBytes;
  options.max_write_buffer_number = 2;
  options.max_background_jobs = 2;
  options.max_total_wal_size = kWalBytesMax;
  options.bytes_per_sync = 1U << 20U;
  options.info_log = rocks_messages();
  rocksdb::BlockBasedTableOptions table;
  table.block_size = 16U << 10U;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

rocksdb::Status open_database(const std::string& path, std::unique_ptr<rocksdb::DB>& out) {
  rocksdb::DB* db = nullptr;
  rocksdb::Status opened = rocksdb::DB::Open(rocks_options(), path, &db);
  if (opened.ok()) out.reset(db);
  return opened;
}

class RocksStorage final : public LocalStorage {
 public:
  RocksStorage(std::string path, std::unique_ptr<rocksdb::DB> db, Fsync fsync)
      : path_(std::move(path)), fsync_(fsync), db_(std::move(db)) {}

  std::string_view kind() const override { return "embedded"; }
  std::string identity() const override {
    std::string id;
    db_->GetDbIdentity(id);
    return id;
  }
  Result<StoredLog> load() override;
  Status save_topic(const StoredTopic& topic) override;
  Status write(const WriteSet& set) override;
  Status sync() override;
  Status scan(PartitionId at, Offset from, Offset end, const std::function<bool(const StoredRecord&)>& each) override;
  Result<Offset> lower_bound(PartitionId at, Timestamp time) override;
  Status remove(PartitionId at, std::span<const Offset> offsets, const PartitionMark& mark) override;

 private:
  Error broken(const rocksdb::Status& status) const {
    return {Domain::environment, "storage", fmt::format("log in {}: {}", path_, status.ToString())};
  }
  Error damaged(std::string_view what) const {
    return {Domain::environment, "storage", fmt::format("log in {}: {} is damaged", path_, what)};
  }
  Error no_space() const {
    return {Domain::environment, "disk_full", fmt::format("log in {}: no space left on the disk", path_)};
  }
  Status have_room();
  Status changed(const rocksdb::Status& status);
  Status write(rocksdb::WriteBatch& batch, bool sync);
  Status remove_times(PartitionId at, Offset before, rocksdb::WriteBatch& batch) const;
  Status load_entry(std::string_view key, std::string_view value, StoredLog& out) const;

  const std::string path_;
  const Fsync fsync_;
  // Held shared by whoever uses the database, and alone while it is closed and opened again.
  mutable std::shared_mutex use_;
  std::unique_ptr<rocksdb::DB> db_;
  std::atomic<bool> full_{false};
  std::chrono::steady_clock::time_point tried_{};
};

// After a write-ahead log that could not be written, RocksDB 7.8 cannot go on with it, though it says that it has
// recovered. Closing and opening cuts off what was half written; it needs room for a memtable.
Status RocksStorage::have_room() {
  if (!full_.load(std::memory_order_acquire)) return {};
  const std::unique_lock lock(use_);
  if (!full_.load(std::memory_order_acquire)) return {};
  const auto now = std::chrono::steady_clock::now();
  if (now - tried_ < kLookAgain) return tl::unexpected(no_space());
  tried_ = now;
  std::error_code failed;
  const std::filesystem::space_info space = std::filesystem::space(path_, failed);
  if (failed || space.available < kMemtableBytes) return tl::unexpected(no_space());
  db_.reset();
  if (const rocksdb::Status opened = open_database(path_, db_); !opened.ok()) return tl::unexpected(broken(opened));
  full_.store(false, std::memory_order_release);
  return {};
}

Status RocksStorage::changed(const rocksdb::Status& status) {
  if (status.ok()) return {};
  if (!status.IsNoSpace()) return tl::unexpected(broken(status));
  full_.store(true, std::memory_order_release);
  return tl::unexpected(no_space());
}

Status RocksStorage::write(rocksdb::WriteBatch& batch, bool sync) {
  if (Status room = have_room(); !room) return room;
  const std::shared_lock lock(use_);
  if (full_.load(std::memory_order_acquire)) return tl::unexpected(no_space());
  rocksdb::WriteOptions options;
  options.sync = sync && fsync_ == Fsync::on_flush;
  return changed(db_->Write(options, &batch));
}

Status RocksStorage::load_entry(std::string_view key, std::string_view value, StoredLog& out) const {
  bool good = true;
  const char kind = key.front();
  key.remove_prefix(1);
  const auto topic = keys::take<TopicId>(key, good);
  if (kind == keys::kTopic) {
    StoredTopic stored{topic, {}};
    if (!good || !keys::read_topic(value, stored.spec)) return tl::unexpected(damaged("a topic"));
    out.topics.push_back(std::move(stored));
    return {};
  }
  const PartitionId at{topic, keys::take<Partition>(key, good)};
  if (kind == keys::kMark) {
    PartitionMark mark;
    if (!good || !keys::read_mark(value, mark)) return tl::unexpected(damaged("a partition's mark"));
    out.marks[at] = mark;
    return {};
  }
  const auto next = keys::take<Offset>(value, good);
  if (!good) return tl::unexpected(damaged("a group's position"));
  out.positions.push_back({std::string(key), at, {next, std::string(value)}});
  return {};
}

Result<StoredLog> RocksStorage::load() {
  std::string version;
  const rocksdb::Status got = db_->Get({}, std::string(1, keys::kVersion), &version);
  if (got.IsNotFound()) {
    rocksdb::WriteBatch batch;
    batch.Put(std::string(1, keys::kVersion), std::string(keys::kFormat));
    if (Status written = write(batch, true); !written) return tl::unexpected(written.error());
  } else if (!got.ok()) {
    return tl::unexpected(broken(got));
  } else if (version != keys::kFormat) {
    return fail(Domain::setup, "log_format",
                fmt::format("log in {} has format {}, and this juncture reads {}", path_, version, keys::kFormat));
  }
  StoredLog out;
  const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator({}));
  for (const char kind : {keys::kTopic, keys::kMark, keys::kPosition}) {
    const std::string first(1, kind);
    for (it->Seek(first); it->Valid() && it->key().starts_with(first); it->Next()) {
      if (Status read = load_entry(view(it->key()), view(it->value()), out); !read) return tl::unexpected(read.error());
    }
    if (!it->status().ok()) return tl::unexpected(broken(it->status()));
  }
  for (const auto& [at, mark] : out.marks) {
    const auto has = [id = at](const StoredTopic& topic) {
      return topic.id == id.topic && id.partition >= 0 && id.partition < topic.spec.partitions;
    };
    if (std::none_of(out.topics.begin(), out.topics.end(), has)) return tl::unexpected(damaged("the list of topics"));
  }
  return out;
}

Status RocksStorage::save_topic(const StoredTopic& topic) {
  std::string key(1, keys::kTopic);
  keys::put(key, topic.id);
  rocksdb::WriteBatch batch;
  batch.Put(key, keys::topic_value(topic.spec));
  return write(batch, true);
}

Status RocksStorage::write(const WriteSet& set) {
  rocksdb::WriteBatch batch;
  std::string value;
  for (const Append& append : set.records) {
    value.clear();
    keys::put_record(value, append.record);
    batch.Put(keys::record_key(append.at, append.record.offset), value);
  }
  for (const auto& [at, mark] : set.marks) batch.Put(keys::prefix(keys::kMark, at), keys::mark_value(mark));
  for (const TimeEntry& entry : set.times) {
    value.clear();
    keys::put(value, entry.offset);
    batch.Put(keys::time_key(entry.at, entry.timestamp), value);
  }
  for (const PositionChange& change : set.positions) {
    value.clear();
    keys::put(value, change.position.next);
    batch.Put(keys::prefix(keys::kPosition, change.at) + change.group, value + change.position.metadata);
  }
  return write(batch, false);
}

Status RocksStorage::sync() {
  if (fsync_ == Fsync::never) return {};
  const std::shared_lock lock(use_);
  if (full_.load(std::memory_order_acquire)) return tl::unexpected(no_space());
  return changed(db_->SyncWAL());
}

Status RocksStorage::scan(PartitionId at, Offset from, Offset end,
                          const std::function<bool(const StoredRecord&)>& each) {
  const std::string last = keys::record_key(at, end);
  const rocksdb::Slice bound(last);
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &bound;
  const std::shared_lock lock(use_);
  if (db_ == nullptr) return tl::unexpected(no_space());
  const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(options));
  for (it->Seek(keys::record_key(at, from)); it->Valid(); it->Next()) {
    StoredRecord record;
    bool good = true;
    std::string_view offset = view(it->key()).substr(it->key().size() - sizeof(Offset));
    record.offset = keys::take<Offset>(offset, good);
    if (!keys::read_record(view(it->value()), record)) return tl::unexpected(damaged("a record"));
    if (!each(record)) return {};
  }
  if (!it->status().ok()) return tl::unexpected(broken(it->status()));
  return {};
}

Result<Offset> RocksStorage::lower_bound(PartitionId at, Timestamp time) {
  const std::string first = keys::prefix(keys::kTime, at);
  const std::string wanted = keys::time_key(at, time);
  const rocksdb::Slice lower(first);
  const rocksdb::Slice upper(wanted);
  rocksdb::ReadOptions options;
  options.iterate_lower_bound = &lower;
  options.iterate_upper_bound = &upper;
  const std::shared_lock lock(use_);
  if (db_ == nullptr) return tl::unexpected(no_space());
  const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(options));
  it->SeekToLast();
  if (!it->status().ok()) return tl::unexpected(broken(it->status()));
  if (!it->Valid()) return Offset{0};
  std::string_view value = view(it->value());
  bool good = true;
  const auto offset = keys::take<Offset>(value, good);
  if (!good) return tl::unexpected(damaged("the time index"));
  return offset;
}

Status RocksStorage::remove_times(PartitionId at, Offset before, rocksdb::WriteBatch& batch) const {
  const std::string first = keys::prefix(keys::kTime, at);
  const std::shared_lock lock(use_);
  if (db_ == nullptr) return tl::unexpected(no_space());
  const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator({}));
  for (it->Seek(first); it->Valid() && it->key().starts_with(first); it->Next()) {
    std::string_view value = view(it->value());
    bool good = true;
    if (keys::take<Offset>(value, good) >= before) break;
    batch.Delete(it->key());
  }
  if (!it->status().ok()) return tl::unexpected(broken(it->status()));
  return {};
}

Status RocksStorage::remove(PartitionId at, std::span<const Offset> offsets, const PartitionMark& mark) {
  rocksdb::WriteBatch batch;
  for (const Offset offset : offsets) batch.Delete(keys::record_key(at, offset));
  batch.Put(keys::prefix(keys::kMark, at), keys::mark_value(mark));
  if (Status found = remove_times(at, mark.begin, batch); !found) return found;
  return write(batch, false);
}

}  // namespace

Result<std::unique_ptr<LocalStorage>> open_rocks_storage(const EmbeddedLogOptions& options) {
  std::error_code failed;
  std::filesystem::create_directories(options.path, failed);
  if (failed) {
    return fail(Domain::setup, "storage", fmt::format("cannot make folder {}: {}", options.path, failed.message()));
  }
  std::unique_ptr<rocksdb::DB> db;
  const rocksdb::Status opened = open_database(options.path, db);
  if (opened.ok()) {
    return std::unique_ptr<LocalStorage>(new RocksStorage(options.path, std::move(db), options.fsync));
  }
  if (held_elsewhere(opened)) {
    return fail(Domain::setup, "log_in_use",
                fmt::format("folder {} is in use by another juncture; stop that one or give this one another folder",
                            options.path));
  }
  return fail(Domain::environment, "storage",
              fmt::format("cannot open the log in {}: {}", options.path, opened.ToString()));
}

}  // namespace juncture
