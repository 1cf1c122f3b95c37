// A few threads on which the commits of several tasks wait for the log at the same time.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace juncture::engine {

// run() may be called from several threads at once; the jobs of all of them share the lanes.
class Lanes {
 public:
  using Jobs = std::vector<std::function<void()>>;

  // With no thread, run() does the jobs itself, one after the other.
  explicit Lanes(std::size_t threads);
  Lanes(const Lanes&) = delete;
  Lanes& operator=(const Lanes&) = delete;
  ~Lanes();

  // Returns when all of them are done. The caller does its share.
  void run(const Jobs& jobs);

 private:
  struct Batch {
    const Jobs* jobs = nullptr;
    std::size_t next = 0;
    std::size_t left = 0;
  };
  void work();
  void do_next(std::unique_lock<std::mutex>& lock, Batch& batch);

  std::mutex mutex_;
  std::condition_variable wanted_, done_;
  std::vector<Batch*> batches_;  // with jobs that nobody has begun
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace juncture::engine
