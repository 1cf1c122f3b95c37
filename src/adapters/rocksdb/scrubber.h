// Reads the files of open stores through, so that damage is found before what it hit is asked for.
#pragma once

#include <rocksdb/options.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "adapters/rocksdb/disk_watch.h"

namespace juncture {

// A thread of its own, at 64 MiB/s at most: what a store has when it is opened, soon after; all of it, once a week.
class Scrubber {
 public:
  // Paths of the files that make up the open store at a path; what else lies there may be half written. Any thread.
  using LiveFiles = std::function<std::vector<std::string>(const std::string& path)>;

  Scrubber(rocksdb::Options options, LiveFiles live_files);
  Scrubber(const Scrubber&) = delete;
  Scrubber& operator=(const Scrubber&) = delete;
  ~Scrubber();

  // Until `disk` is gone, which is told of damage. Any thread.
  void watch(std::string path, const std::shared_ptr<DiskWatch>& disk);

  std::size_t pending() const;  // stores that are open and due, or under way
  std::uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  using Clock = std::chrono::steady_clock;
  struct Watched {
    std::string path;
    std::weak_ptr<DiskWatch> disk;
    Clock::time_point due;
  };

  void run(const std::stop_token& stop);
  void scrub(const Watched& store, const std::stop_token& stop);
  // False: the thread ends.
  bool pause(std::chrono::duration<double> time, const std::stop_token& stop);

  const rocksdb::Options options_;
  const LiveFiles live_files_;
  mutable std::mutex mutex_;
  std::condition_variable_any wake_;
  std::vector<Watched> watched_;
  std::size_t under_way_ = 0;
  std::atomic<std::uint64_t> bytes_{0};
  std::jthread thread_;  // last: it uses the others
};

}  // namespace juncture
