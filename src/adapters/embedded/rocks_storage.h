// The records of the embedded log in one RocksDB with a write-ahead log.
#pragma once

#include <memory>

#include "adapters/memory/local_storage.h"
#include "juncture/adapters/embedded_log.h"

namespace juncture {

Result<std::unique_ptr<LocalStorage>> open_rocks_storage(const EmbeddedLogOptions& options);

}  // namespace juncture
