// Follows the committed recommendations and hands each row to the live page's hub.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>

#include "juncture/adapters/sse_hub.h"
#include "juncture/core/result.h"
#include "juncture/ports/log.h"

namespace juncture::apps {

// Reads the topic itself, in no group: what the page shows is what is committed, and a cursor is a vector of offsets.
class LiveFeed {
 public:
  struct Options {
    std::string topic;
    Millis rows_kept_for{24h};  // what a snapshot may still show: the text's time to live
    std::size_t prospects_max = 2000;
    Offset history_max = 1000;  // records per partition read at start
  };
  static Result<std::unique_ptr<LiveFeed>> open(Log& log, Options options);
  ~LiveFeed();

  // `hub` outlives the feed. The thread starts here.
  void start(SseHub& hub);
  void stop();
  // A JSON array with the latest row of each prospect, oldest first. Any thread.
  std::string snapshot() const;
  // The latest row of that prospect, empty if there is none. Any thread.
  std::string row_of(std::string_view prospect) const;

 private:
  struct Latest {
    std::string prospect;
    std::string row;
    Timestamp at{};
  };
  LiveFeed(std::unique_ptr<Reader> reader, Options options, std::map<TopicPartition, Offset> position);
  void follow(const std::stop_token& stop, SseHub& hub);
  void take(const Record& record, SseHub& hub);
  void remember(const Record& record);
  std::string cursor() const;

  std::unique_ptr<Reader> reader_;
  Options options_;
  std::map<TopicPartition, Offset> position_;
  mutable std::mutex mutex_;
  std::list<Latest> latest_;  // oldest first
  std::unordered_map<std::string, std::list<Latest>::iterator> by_prospect_;
  std::jthread thread_;
};

}  // namespace juncture::apps
