// Tells a RocksDB folder that another process, or this one, has open from one that cannot be opened.
#pragma once

#include <rocksdb/status.h>

#include <string>

namespace juncture {

// RocksDB has no code for it, only these words.
inline bool held_elsewhere(const rocksdb::Status& status) {
  const std::string text = status.ToString();
  return text.find("lock hold by current process") != std::string::npos ||
         text.find("While lock file") != std::string::npos;
}

}  // namespace juncture
