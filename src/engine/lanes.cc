#include "engine/lanes.h"

#include <algorithm>

#include "juncture/core/thread_name.h"

namespace juncture::engine {

Lanes::Lanes(std::size_t threads) {
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

Lanes::~Lanes() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wanted_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Lanes::run(const Jobs& jobs) {
  if (jobs.empty()) return;
  Batch batch{.jobs = &jobs, .next = 0, .left = jobs.size()};
  std::unique_lock lock(mutex_);
  batches_.push_back(&batch);
  if (jobs.size() > 1) wanted_.notify_all();
  while (batch.next < jobs.size()) do_next(lock, batch);
  done_.wait(lock, [&] { return batch.left == 0; });
}

void Lanes::do_next(std::unique_lock<std::mutex>& lock, Batch& batch) {
  const std::function<void()>& job = (*batch.jobs)[batch.next++];
  if (batch.next == batch.jobs->size()) std::erase(batches_, &batch);
  lock.unlock();
  job();
  lock.lock();
  if (--batch.left == 0) done_.notify_all();
}

void Lanes::work() {
  name_thread("commit-lane");
  std::unique_lock lock(mutex_);
  while (true) {
    wanted_.wait(lock, [this] { return stopping_ || !batches_.empty(); });
    if (stopping_) return;
    do_next(lock, *batches_.front());
  }
}

}  // namespace juncture::engine
