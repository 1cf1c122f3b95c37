#include "juncture/adapters/rocksdb_stores.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>
#include <rocksdb/write_buffer_manager.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "adapters/rocksdb/disk_watch.h"
#include "adapters/rocksdb/held_elsewhere.h"
#include "adapters/rocksdb/rocks_messages.h"
#include "adapters/rocksdb/scrubber.h"
#include "juncture/ports/faults.h"

namespace juncture {
namespace {

namespace fs = std::filesystem;
using namespace std::string_view_literals;

// State keys never start with a zero byte.
constexpr std::string_view kMarkKey = "\0mark"sv;

rocksdb::Slice slice(std::string_view bytes) {
  return {bytes.data(), bytes.size()};
}
std::string_view view(const rocksdb::Slice& bytes) {
  return {bytes.data(), bytes.size()};
}

// Any doubt about the files means: close, set aside, restore from the changelog. Never go on.
tl::unexpected<Error> failure(std::string_view doing, const std::string& path, const rocksdb::Status& status) {
  const std::string_view code = status.IsNoSpace()       ? "disk_full"sv
                                : held_elsewhere(status) ? "store_in_use"sv
                                : status.IsCorruption()  ? "store_damaged"sv
                                                         : "store_failed"sv;
  return fail(Domain::environment, code, std::string(doing) + " " + path + ": " + status.ToString());
}
tl::unexpected<Error> full(const std::string& path, std::string_view why) {
  return fail(Domain::environment, "disk_full", path + ": " + std::string(why));
}

// Which databases are open, for the figures and for copies.
struct OpenStores {
  mutable std::mutex mutex;
  std::map<rocksdb::DB*, std::string> databases;  // its folder's path

  std::vector<std::string> live_files(const std::string& path) const {
    const std::scoped_lock lock(mutex);
    const auto at = find(path);
    if (at == databases.end()) return {};
    std::vector<rocksdb::LiveFileMetaData> files;
    at->first->GetLiveFilesMetaData(&files);
    std::vector<std::string> out;
    out.reserve(files.size());
    for (const rocksdb::LiveFileMetaData& file : files) out.push_back(path + file.name);
    return out;
  }
  // REQUIRES: the lock.
  auto find(const std::string& path) const -> decltype(databases)::const_iterator {
    return std::find_if(databases.begin(), databases.end(), [&](const auto& entry) { return entry.second == path; });
  }
};

class RocksdbStore final : public Store {
 public:
  RocksdbStore(std::unique_ptr<rocksdb::DB> db, std::string path, std::shared_ptr<DiskWatch> disk,
               std::shared_ptr<OpenStores> open)
      : disk_(std::move(disk)), db_(std::move(db)), path_(std::move(path)), open_(std::move(open)) {
    const std::scoped_lock lock(open_->mutex);
    open_->databases.emplace(db_.get(), path_);
  }
  RocksdbStore(const RocksdbStore&) = delete;
  RocksdbStore& operator=(const RocksdbStore&) = delete;
  ~RocksdbStore() override {
    const std::scoped_lock lock(open_->mutex);
    open_->databases.erase(db_.get());
  }

  Result<std::optional<std::string>> get(std::string_view key) const override {
    rocksdb::PinnableSlice value;
    const rocksdb::Status status = db_->Get({}, db_->DefaultColumnFamily(), slice(key), &value);
    if (status.IsNotFound()) return std::nullopt;
    if (!status.ok()) return failure("read", path_, status);
    return std::string(value.data(), value.size());
  }

  Status write(std::span<const Change> changes, std::string_view mark) override {
    // Whoever is told closes the store and opens it again, which waits for space.
    const DiskWatch::Refusal refusal = disk_->refusal();
    if (refusal == DiskWatch::Refusal::full) return full(path_, "no space left for what was written");
    if (refusal == DiskWatch::Refusal::broken) {
      return fail(Domain::environment, "store_failed", "write " + path_ + ": the disk refused what was written before");
    }
    if (refusal == DiskWatch::Refusal::damaged) {
      return fail(Domain::environment, "store_damaged", "read through " + disk_->damage());
    }
    rocksdb::WriteBatch batch;
    rocksdb::Status status;
    if (JUNCTURE_MUTANT("M7")) status = db_->Put({}, slice(kMarkKey), slice(mark));  // by itself, and with the WAL
    for (const Change& change : changes) {
      status = change.value ? batch.Put(slice(change.key), slice(*change.value)) : batch.Delete(slice(change.key));
      if (!status.ok()) return failure("prepare a write to", path_, status);
    }
    status = batch.Put(slice(kMarkKey), slice(mark));
    if (!status.ok()) return failure("prepare a write to", path_, status);
    rocksdb::WriteOptions options;
    options.disableWAL = true;
    status = db_->Write(options, &batch);
    if (!status.ok()) return failure("write", path_, status);
    return {};
  }

  Result<std::string> mark() const override {
    const Result<std::optional<std::string>> value = get(kMarkKey);
    if (!value) return tl::unexpected(value.error());
    return value->value_or(std::string());
  }

  Status scan(const std::function<void(std::string_view, std::string_view)>& each) const override {
    rocksdb::ReadOptions options;
    options.verify_checksums = true;
    options.fill_cache = false;
    const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator(options));
    for (at->SeekToFirst(); at->Valid(); at->Next()) {
      const std::string_view key = view(at->key());
      if (!key.empty() && key.front() == '\0') continue;
      each(key, view(at->value()));
    }
    if (!at->status().ok()) return failure("scan", path_, at->status());
    return {};
  }

  Status flush() override {
    const rocksdb::Status status = db_->Flush({});
    if (!status.ok()) return failure("flush", path_, status);
    return {};
  }

 private:
  std::shared_ptr<DiskWatch> disk_;  // the database calls it until it is closed
  std::unique_ptr<rocksdb::DB> db_;
  std::string path_;
  std::shared_ptr<OpenStores> open_;
};

// docs/formats/changelog.md says why these; RocksDB 7.8 loses or reorders flushes with more jobs and buffers.
rocksdb::Options database_options(const RocksdbOptions& options, const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::Options out;
  out.create_if_missing = true;
  out.paranoid_checks = true;
  out.force_consistency_checks = true;
  out.max_background_jobs = 2;
  out.write_buffer_size = options.write_buffer_bytes;
  out.max_write_buffer_number = 2;
  out.avoid_flush_during_shutdown = false;
  out.compression = rocksdb::kNoCompression;  // values are packed numbers
  out.info_log = rocks_messages();
  out.max_open_files = 256;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.block_size = 8 * 1024;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.checksum = rocksdb::kXXH3;
  out.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return out;
}

class RocksdbStoresOnDisk final : public RocksdbStores {
 public:
  explicit RocksdbStoresOnDisk(RocksdbOptions options)
      : options_(std::move(options)),
        cache_(rocksdb::NewLRUCache(options_.block_cache_bytes)),
        buffers_(std::make_shared<rocksdb::WriteBufferManager>(options_.write_buffers_bytes)),
        open_(std::make_shared<OpenStores>()) {
    if (options_.read_only) return;  // whoever only looks reads with checksums what it looks at
    scrubber_.emplace(database_options(options_, nullptr),
                      [open = open_](const std::string& path) { return open->live_files(path); });
  }

  Result<std::unique_ptr<Store>> open(std::string_view name) override {
    const std::string path = (options_.directory / name).string();
    if (Status room = check_room(); !room) return tl::unexpected(room.error());
    rocksdb::Options options = database_options(options_, cache_);
    auto disk = std::make_shared<DiskWatch>();
    options.listeners.push_back(disk);
    options.write_buffer_manager = buffers_;
    rocksdb::DB* db = nullptr;
    const rocksdb::Status status =
        options_.read_only ? rocksdb::DB::OpenForReadOnly(options, path, &db) : rocksdb::DB::Open(options, path, &db);
    if (!status.ok()) return failure("open", path, status);
    auto store = std::make_unique<RocksdbStore>(std::unique_ptr<rocksdb::DB>(db), path, disk, open_);
    if (scrubber_) scrubber_->watch(path, disk);
    return store;
  }

  Status set_aside(std::string_view name) override {
    std::error_code error;
    const fs::path from = options_.directory / name;
    if (!fs::exists(from, error)) return {};
    // An empty one is not worth keeping, and one copy of a damaged one is enough to look at.
    const fs::path to = options_.directory / (std::string(name) + ".aside");
    fs::remove_all(to, error);
    fs::rename(from, to, error);
    if (error) return fail(Domain::environment, "store_failed", "set aside " + from.string() + ": " + error.message());
    return {};
  }

  RocksdbUsage usage() const override {
    RocksdbUsage out;
    const std::scoped_lock lock(open_->mutex);
    for (const auto& [db, path] : open_->databases) {
      std::uint64_t value = 0;
      if (db->GetIntProperty(rocksdb::DB::Properties::kTotalSstFilesSize, &value)) out.sst_bytes += value;
      if (db->GetIntProperty(rocksdb::DB::Properties::kSizeAllMemTables, &value)) out.memtable_bytes += value;
      if (db->GetIntProperty(rocksdb::DB::Properties::kIsWriteStopped, &value)) {
        out.write_stalled = out.write_stalled || value != 0;
      }
    }
    out.block_cache_bytes = cache_->GetUsage();
    if (scrubber_) {
      out.scrub_pending = scrubber_->pending();
      out.scrubbed_bytes = scrubber_->bytes();
    }
    return out;
  }

  Result<std::size_t> checkpoint(const fs::path& folder) override {
    std::error_code error;
    if (!fs::create_directory(folder, error)) {
      return fail(Domain::environment, "store_failed",
                  "make " + folder.string() + ": " + (error ? error.message() : "it is already there"));
    }
    std::vector<std::string> paths;
    {
      const std::scoped_lock lock(open_->mutex);
      for (const auto& [db, path] : open_->databases) paths.push_back(path);
    }
    std::size_t copied = 0;
    for (const std::string& path : paths) {
      const Result<bool> done = copy_open(path, folder / fs::path(path).filename());
      if (!done) return tl::unexpected(done.error());
      if (*done) ++copied;
    }
    return copied;
  }

 private:
  // False if it was closed meanwhile. The lock is held: a database must not go away while it is copied.
  Result<bool> copy_open(const std::string& path, const fs::path& to) const {
    const std::scoped_lock lock(open_->mutex);
    const auto at = open_->find(path);
    if (at == open_->databases.end()) return false;
    rocksdb::Checkpoint* made = nullptr;
    rocksdb::Status status = rocksdb::Checkpoint::Create(at->first, &made);
    const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
    // Zero: what is still in memory is written out first. There is no write-ahead log to copy instead.
    if (status.ok()) status = checkpoint->CreateCheckpoint(to.string(), 0);
    if (!status.ok()) return failure("copy", path, status);
    return true;
  }
  // A store that cannot write its buffers out is not worth opening: it would be closed again at once.
  Status check_room() const {
    if (options_.read_only) return {};
    std::error_code error;
    const fs::space_info space = fs::space(options_.directory, error);
    if (error || space.available >= 2 * options_.write_buffer_bytes) return {};
    return full(options_.directory.string(), std::to_string(space.available >> 20U) + " MiB left; a store needs " +
                                                 std::to_string(2 * options_.write_buffer_bytes >> 20U) + " MiB");
  }

  RocksdbOptions options_;
  std::shared_ptr<rocksdb::Cache> cache_;
  std::shared_ptr<rocksdb::WriteBufferManager> buffers_;
  std::shared_ptr<OpenStores> open_;
  std::optional<Scrubber> scrubber_;  // of stores that are written
};

}  // namespace

Result<std::unique_ptr<RocksdbStores>> make_rocksdb_stores(const RocksdbOptions& options) {
  if (!options.read_only) {
    std::error_code error;
    fs::create_directories(options.directory, error);
    if (error) {
      return fail(Domain::setup, "store_failed", "make " + options.directory.string() + ": " + error.message());
    }
    fs::permissions(options.directory, fs::perms::owner_all, error);
  }
  return std::make_unique<RocksdbStoresOnDisk>(options);
}

}  // namespace juncture
