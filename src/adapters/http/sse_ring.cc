#include "adapters/http/sse_ring.h"

#include <algorithm>
#include <charconv>

#include "juncture/adapters/http_server.h"
#include "juncture/core/json_writer.h"

namespace juncture {
namespace {

constexpr std::size_t kCursorBytesMax = 256;

bool is_cursor(std::string_view text) {
  return text.size() <= kCursorBytesMax &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

template <std::size_t N>
Result<std::uint16_t> bits_of(std::string_view list, const std::array<std::string_view, N>& names) {
  std::uint16_t out = 0;
  while (!list.empty()) {
    const std::size_t end = list.find(',');
    const std::string_view name = list.substr(0, end);
    list = end == std::string_view::npos ? std::string_view{} : list.substr(end + 1);
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) return fail(Domain::record, "bad_query", "an unknown name in the stream's filter");
    out = static_cast<std::uint16_t>(out | (1U << static_cast<unsigned>(found - names.begin())));
  }
  return out;
}

}  // namespace

bool StreamFilter::passes(const StreamTags& tags) const {
  const bool stage = stages == 0 || (tags.stage >= 0 && ((stages >> static_cast<unsigned>(tags.stage)) & 1U) != 0);
  const bool moment = moments == 0 || (tags.moment >= 0 && ((moments >> static_cast<unsigned>(tags.moment)) & 1U) != 0);
  return stage && moment && tags.confidence >= confidence_min;
}

Result<StreamFilter> stream_filter(const HttpRequest& request) {
  StreamFilter out;
  const auto stages = bits_of(request.query_value("stage").value_or(""), kStageNames);
  if (!stages) return tl::unexpected(stages.error());
  const auto moments = bits_of(request.query_value("moment").value_or(""), kMomentNames);
  if (!moments) return tl::unexpected(moments.error());
  out.stages = *stages;
  out.moments = static_cast<std::uint8_t>(*moments);
  if (const auto least = request.query_value("min"); least && !least->empty()) {
    const auto [end, error] = std::from_chars(least->data(), least->data() + least->size(), out.confidence_min);
    const bool whole = error == std::errc{} && end == least->data() + least->size();
    if (!whole || !(out.confidence_min >= 0.0F && out.confidence_min <= 1.0F)) {
      return fail(Domain::record, "bad_query", "min is a number from 0 to 1");
    }
  }
  return out;
}

std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r' || c == '\0'; }, ' ');
  return text;
}

void SseRing::add(std::string cursor, std::string json, StreamTags tags) {
  if (!is_cursor(cursor)) cursor.clear();
  bytes_ += json.size() + 1;
  rows_.push_back({std::move(cursor), one_line(std::move(json)), tags, bytes_});
  while (rows_.size() > rows_max_) {
    rows_.pop_front();
    ++first_;
  }
}

void SseRing::skip(std::uint64_t rows) {
  if (rows == 0) return;
  first_ = end() + rows;
  rows_.clear();
}

std::optional<std::uint64_t> SseRing::after(std::string_view cursor) const {
  for (std::size_t i = rows_.size(); i > 0; --i) {
    if (rows_[i - 1].cursor == cursor) return first_ + i;
  }
  return std::nullopt;
}

std::uint64_t SseRing::bytes_from(std::uint64_t from) const {
  if (from >= end()) return 0;
  const Row& row = rows_[std::max(from, first_) - first_];
  return bytes_ - row.bytes_end + row.json.size() + 1;
}

SseRing::Frame SseRing::frame(std::uint64_t from, const StreamFilter& filter, std::size_t bytes_max) const {
  Frame out;
  std::string_view cursor;
  out.next = std::max(from, first_);
  std::string rows;
  for (; out.next < end(); ++out.next) {
    const Row& row = rows_[out.next - first_];
    if (!filter.passes(row.tags)) continue;
    if (!rows.empty() && rows.size() + row.json.size() > bytes_max) break;
    rows.append(rows.empty() ? "" : ",").append(row.json);
    cursor = row.cursor;
  }
  if (rows.empty()) return out;
  out.text.reserve(rows.size() + cursor.size() + 32);
  if (!cursor.empty()) out.text.append("id: ").append(cursor).append("\n");
  out.text.append("data: [").append(rows).append("]\n\n");
  return out;
}

std::string hello_frame(const SseOptions& options) {
  std::string data;
  JsonWriter writer(data);
  writer.begin_object();
  writer.member("source", std::string_view(options.source_kind));
  writer.member("synthetic", options.synthetic);
  writer.end_object();
  return "retry: 2000\nevent: hello\ndata: " + data + "\n\n";
}

std::string gap_frame(std::optional<std::uint64_t> missed, std::string_view reason) {
  std::string data;
  JsonWriter writer(data);
  writer.begin_object();
  writer.key("missed");
  if (missed) {
    writer.value(*missed);
  } else {
    writer.null();
  }
  writer.member("reason", reason);
  writer.end_object();
  return "event: gap\ndata: " + data + "\n\n";
}

std::string snapshot_frame(std::string_view cursor, std::string json) {
  std::string out = "event: snapshot\n";
  if (!cursor.empty()) out.append("id: ").append(cursor).append("\n");
  out.append("data: ").append(one_line(std::move(json))).append("\n\n");
  return out;
}

}  // namespace juncture
