// Which instance of the group answers for which partition, as far as the group's coordinator has said.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "juncture/ports/log.h"

namespace juncture::apps {

// Asks once a second, sooner after a miss, and knows one topic's partitions at most. Any thread.
class OwnerDirectory {
 public:
  static constexpr Millis kEvery{1000};
  static constexpr Millis kAfterMiss{100};  // two questions lie so far apart at least
  static constexpr Millis kKnownFor{5000};  // the log does not answer: what it said last is forgotten

  // `log` outlives the directory.
  OwnerDirectory(Log& log, std::string group, std::string topic);
  ~OwnerDirectory();
  void start();
  void stop();

  // Where that partition's owner answers. Empty while a rebalance goes on, where the owner gave no endpoint, or when
  // the log has not answered for a while.
  std::string endpoint_of(Partition partition) const;
  // What endpoint_of() says was wrong: look again soon.
  void missed();
  // Asks now, on this thread: what the thread does.
  void refresh();

 private:
  Log& log_;
  const std::string group_, topic_;
  mutable std::mutex mutex_;
  std::condition_variable_any wake_;
  std::map<Partition, std::string> endpoints_;
  std::chrono::steady_clock::time_point answered_{};
  bool missed_ = false;
  std::jthread thread_;
};

}  // namespace juncture::apps
