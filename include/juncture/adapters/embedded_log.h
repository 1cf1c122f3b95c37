// The durable log inside the process, on RocksDB: what juncture runs on without a Kafka.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "juncture/adapters/memory_log.h"
#include "juncture/ports/log.h"

namespace juncture {

// What Producer::flush() and a committed transaction survive. A killed process loses nothing in either case.
enum class Fsync : std::uint8_t {
  on_flush,  // a power cut too: the write-ahead log is synced, once for all that wait
  never      // the operating system writes when it likes
};

struct EmbeddedLogOptions {
  std::string path;  // a folder; made if missing
  Fsync fsync = Fsync::on_flush;
  LocalLogOptions local;
};

// Errors: `log_in_use` when another process (or this one) has the folder open, `storage` for anything the disk says,
// `log_format` when a newer juncture wrote it. Format: docs/formats/embedded-log.md.
Result<std::unique_ptr<Log>> open_embedded_log(const EmbeddedLogOptions& options);

}  // namespace juncture
