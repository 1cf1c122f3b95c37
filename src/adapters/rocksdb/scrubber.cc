#include "adapters/rocksdb/scrubber.h"

#include <rocksdb/convenience.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "juncture/core/thread_name.h"

namespace juncture {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::hours kEvery{24 * 7};
constexpr double kBytesPerSecond = double{64 << 20U};

}  // namespace

Scrubber::Scrubber(rocksdb::Options options, LiveFiles live_files)
    : options_(std::move(options)),
      live_files_(std::move(live_files)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

Scrubber::~Scrubber() {
  thread_.request_stop();
  thread_.join();
}

void Scrubber::watch(std::string path, const std::shared_ptr<DiskWatch>& disk) {
  {
    const std::scoped_lock lock(mutex_);
    watched_.push_back({.path = std::move(path), .disk = disk, .due = Clock::now()});
  }
  wake_.notify_all();
}

std::size_t Scrubber::pending() const {
  const std::scoped_lock lock(mutex_);
  const Clock::time_point now = Clock::now();
  return under_way_ +
         static_cast<std::size_t>(std::count_if(watched_.begin(), watched_.end(), [&](const Watched& store) {
           return store.due <= now && !store.disk.expired();
         }));
}

void Scrubber::run(const std::stop_token& stop) {
  name_thread("scrubber");
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    std::erase_if(watched_, [](const Watched& store) { return store.disk.expired(); });
    const auto next = std::min_element(watched_.begin(), watched_.end(),
                                       [](const Watched& a, const Watched& b) { return a.due < b.due; });
    const Clock::time_point now = Clock::now();
    if (next == watched_.end() || next->due > now) {
      const std::size_t known = watched_.size();
      wake_.wait_until(lock, stop, next == watched_.end() ? now + kEvery : next->due,
                       [&] { return watched_.size() != known; });
      continue;
    }
    const Watched store = *next;
    next->due = now + kEvery;
    under_way_ = 1;
    lock.unlock();
    scrub(store, stop);
    lock.lock();
    under_way_ = 0;
  }
}

void Scrubber::scrub(const Watched& store, const std::stop_token& stop) {
  std::error_code error;
  for (const std::string& file : live_files_(store.path)) {
    const std::uintmax_t size = fs::file_size(file, error);
    if (error) continue;  // compacted away meanwhile
    const rocksdb::Status status = rocksdb::VerifySstFileChecksum(options_, {}, {}, file);
    const std::shared_ptr<DiskWatch> disk = store.disk.lock();
    if (disk == nullptr) return;
    if (status.ok()) {
      bytes_.fetch_add(size, std::memory_order_relaxed);
    } else if (!fs::exists(file, error)) {
      continue;
    } else if (status.IsIOError()) {
      // Says nothing of the bytes: whoever needs them will hear the same.
      spdlog::warn("cannot read through {}: {}", file, status.ToString());
    } else {
      disk->found_damaged(file + ": " + status.ToString());
      return;
    }
    if (!pause(std::chrono::duration<double>(static_cast<double>(size) / kBytesPerSecond), stop)) return;
  }
}

bool Scrubber::pause(std::chrono::duration<double> time, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, stop, time, [] { return false; });
  return !stop.stop_requested();
}

}  // namespace juncture
