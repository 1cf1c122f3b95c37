#include "apps/live_feed.h"

#include <algorithm>

#include "juncture/core/json_writer.h"

namespace juncture::apps {

LiveFeed::LiveFeed(std::unique_ptr<Reader> reader, Options options, std::map<TopicPartition, Offset> position)
    : reader_(std::move(reader)), options_(std::move(options)), position_(std::move(position)) {}

LiveFeed::~LiveFeed() {
  stop();
}

Result<std::unique_ptr<LiveFeed>> LiveFeed::open(Log& log, Options options) {
  auto reader = log.make_reader();
  if (!reader) return tl::unexpected(reader.error());
  const auto partitions = log.partition_count(options.topic);
  if (!partitions) return tl::unexpected(partitions.error());
  std::map<TopicPartition, Offset> from;
  for (Partition p = 0; p < partitions->value_or(0); ++p) {
    const TopicPartition at{options.topic, p};
    const auto marks = log.watermarks(at);
    if (!marks) return tl::unexpected(marks.error());
    from[at] = std::max(marks->begin, marks->end - options.history_max);
  }
  if (Status assigned = (*reader)->assign(from); !assigned) return tl::unexpected(assigned.error());
  return std::unique_ptr<LiveFeed>(new LiveFeed(std::move(*reader), std::move(options), std::move(from)));
}

void LiveFeed::start(SseHub& hub) {
  thread_ = std::jthread([this, &hub](const std::stop_token& stop) { follow(stop, hub); });
}

void LiveFeed::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void LiveFeed::follow(const std::stop_token& stop, SseHub& hub) {
  while (!stop.stop_requested()) {
    const auto records = reader_->poll(100ms, 512);
    if (!records) {
      // The log is away; it says so in its own metrics and readiness. Try again, not at once.
      std::this_thread::sleep_for(500ms);
      continue;
    }
    for (const Record& record : *records) take(record, hub);
  }
}

void LiveFeed::take(const Record& record, SseHub& hub) {
  position_[{std::string(record.topic), record.partition}] = record.offset + 1;
  remember(record);
  if (record.tombstone) {
    std::string row;
    JsonWriter json(row);
    json.begin_object();
    json.member("v", 1);
    json.member("erased", true);
    json.member("prospect", record.key);
    json.end_object();
    hub.publish(cursor(), row);
  } else {
    hub.publish(cursor(), record.value);
  }
}

void LiveFeed::remember(const Record& record) {
  const std::scoped_lock lock(mutex_);
  const std::string prospect(record.key);
  if (const auto known = by_prospect_.find(prospect); known != by_prospect_.end()) {
    latest_.erase(known->second);
    by_prospect_.erase(known);
  }
  if (record.tombstone) return;
  latest_.push_back({.prospect = prospect, .row = std::string(record.value), .at = record.timestamp});
  by_prospect_[prospect] = std::prev(latest_.end());
  while (latest_.size() > options_.prospects_max || latest_.front().at + options_.rows_kept_for < record.timestamp) {
    by_prospect_.erase(latest_.front().prospect);
    latest_.pop_front();
  }
}

std::string LiveFeed::snapshot() const {
  const std::scoped_lock lock(mutex_);
  std::string out = "[";
  for (const Latest& one : latest_) {
    if (out.size() > 1) out.push_back(',');
    out.append(one.row);
  }
  out.push_back(']');
  return out;
}

std::string LiveFeed::row_of(std::string_view prospect) const {
  const std::scoped_lock lock(mutex_);
  const auto found = by_prospect_.find(std::string(prospect));
  return found == by_prospect_.end() ? std::string() : found->second->row;
}

std::string LiveFeed::cursor() const {
  std::string text;
  for (const auto& [at, next] : position_) {
    if (!text.empty()) text.push_back('.');
    text.append(std::to_string(next));
  }
  return text;
}

}  // namespace juncture::apps
