// A log in this process's memory: for tests, and for trying things out. Gone with the process.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "juncture/ports/log.h"

namespace juncture {

// Retention took records that no group had read.
struct DroppedUnread {
  TopicPartition at;
  std::uint64_t records = 0;
  Offset begin = 0;  // the first offset that is left
};

// Of the logs that live inside the process: memory and embedded.
struct LocalLogOptions {
  Millis retention_check{30'000};  // how often retention and compaction run; zero: never
  // The clock behind retention and records without a timestamp; none: the system's.
  std::function<Timestamp()> now;
  // Called by the log's own thread; none: a warning is logged.
  std::function<void(const DroppedUnread&)> on_dropped_unread;
};

// Errors of memory and embedded log, beside those of ports/log.h: `offset_missing`, `unknown_topic`,
// `unknown_partition`, `record_too_large` (over 1 MB, as Kafka), `not_owner`, `fenced`, `closed`, `storage`.
std::unique_ptr<Log> make_memory_log(LocalLogOptions options = {});

}  // namespace juncture
