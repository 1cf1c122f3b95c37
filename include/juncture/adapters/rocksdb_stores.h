// State on disk: one RocksDB directory per task, one column family, no write-ahead log.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>

#include "juncture/ports/state.h"

namespace juncture {

struct RocksdbOptions {
  std::filesystem::path directory;                            // made if it is missing; a folder per task below it
  std::size_t block_cache_bytes = std::size_t{64} << 20U;     // shared by all tasks
  std::size_t write_buffer_bytes = std::size_t{16} << 20U;    // per task, twice at most
  std::size_t write_buffers_bytes = std::size_t{256} << 20U;  // of all tasks together; then they are written out early
  bool read_only = false;                                     // for looking at state that another process may hold
};

// What RocksDB itself says, summed over the open stores.
struct RocksdbUsage {
  std::uint64_t sst_bytes = 0, memtable_bytes = 0, block_cache_bytes = 0;
  bool write_stalled = false;
  // Each store's files are read through in the background when it is opened, and once a week: stores that wait for it,
  // bytes found sound. A damaged one says `store_damaged` at its next write.
  std::size_t scrub_pending = 0;
  std::uint64_t scrubbed_bytes = 0;
};

class RocksdbStores : public Stores {
 public:
  virtual RocksdbUsage usage() const = 0;  // any thread
  // A copy of every open store in `folder`, which is made and must not be there yet: hard links where the file system
  // has them. Each is of one instant, its mark with it; it may be opened by another process, which reads on from the
  // mark. Returns how many. Any thread; a store that is about to close waits for its copy.
  virtual Result<std::size_t> checkpoint(const std::filesystem::path& folder) = 0;
};

Result<std::unique_ptr<RocksdbStores>> make_rocksdb_stores(const RocksdbOptions& options);

}  // namespace juncture
