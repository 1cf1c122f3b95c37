// RocksDB's own messages, put with juncture's.
#pragma once

#include <rocksdb/env.h>

#include <memory>

namespace juncture {

// At level debug: what matters comes back as a status. RocksDB's own LOG file is not to be had: where the library was
// built with assertions, as Debian's is, a message on a full disk ends the process.
std::shared_ptr<rocksdb::Logger> rocks_messages();

}  // namespace juncture
