// The last rows of the stream, numbered, and the frames made of them. No socket and no thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "juncture/adapters/sse_hub.h"

namespace juncture {

// What one client asked for. Zero sets and a zero minimum let all rows pass.
struct StreamFilter {
  std::uint16_t stages = 0;  // bit s: Stage s
  std::uint8_t moments = 0;
  float confidence_min = 0;

  bool passes_all() const { return stages == 0 && moments == 0 && confidence_min <= 0; }
  bool passes(const StreamTags& tags) const;
};

// From ?stage=cost_benefit,negotiation&moment=buy&min=0.6; an error names the value that is not known.
Result<StreamFilter> stream_filter(const HttpRequest& request);

class SseRing {
 public:
  explicit SseRing(std::size_t rows_max) : rows_max_(rows_max) {}

  void add(std::string cursor, std::string json, StreamTags tags);
  void skip(std::uint64_t rows);  // rows that came and went without being kept

  std::uint64_t begin() const { return first_; }
  std::uint64_t end() const { return first_ + rows_.size(); }
  std::string_view last_cursor() const { return rows_.empty() ? std::string_view{} : rows_.back().cursor; }
  // Where to go on after the newest row of that cursor.
  std::optional<std::uint64_t> after(std::string_view cursor) const;
  std::uint64_t bytes_from(std::uint64_t from) const;

  struct Frame {
    std::string text;        // empty when no row passes
    std::uint64_t next = 0;  // the first row not looked at
  };
  // Rows from `from` on, as many as `bytes_max` allows, at least one.
  Frame frame(std::uint64_t from, const StreamFilter& filter, std::size_t bytes_max) const;

 private:
  struct Row {
    std::string cursor;
    std::string json;
    StreamTags tags;
    std::uint64_t bytes_end = 0;  // of all rows ever, this one included
  };
  std::size_t rows_max_;
  std::deque<Row> rows_;
  std::uint64_t first_ = 0;
  std::uint64_t bytes_ = 0;
};

std::string hello_frame(const SseOptions& options);
std::string gap_frame(std::optional<std::uint64_t> missed, std::string_view reason);
std::string snapshot_frame(std::string_view cursor, std::string json);
// One line whatever is in it: raw line ends in JSON can only be white space.
std::string one_line(std::string text);

}  // namespace juncture
