// Server-sent events: rows from any thread to many browsers, bounded for each, resumable, with gaps said aloud.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "juncture/core/result.h"
#include "juncture/core/vocabulary.h"

namespace juncture {

struct HttpRequest;

// What a row can be filtered by: ?stage=, ?moment= and ?min=.
struct StreamTags {
  std::int8_t stage = -1;   // index of Stage, -1 unknown
  std::int8_t moment = -1;  // index of Moment
  float confidence = 1;
};

struct SseOptions {
  std::string source_kind = "embedded";  // said in the first frame, `event: hello`
  bool synthetic = false;
  std::size_t ring_rows = 5000;
  std::size_t client_bytes_max = 256 * 1024;  // further behind than this: `event: gap` and a snapshot
  std::uint32_t clients_max = 256;
  std::uint32_t clients_per_address_max = 64;
  std::chrono::milliseconds frame_every{250};
  std::chrono::milliseconds heartbeat_every{15000};
  std::chrono::milliseconds stall_max{30000};  // a client that takes nothing for so long is cut off
};

enum class SseDrop : std::uint8_t { slow, rate, unknown_cursor, stalled, refused };
inline constexpr std::array<std::string_view, 5> kSseDropNames{"slow", "rate", "unknown_cursor", "stalled", "refused"};

struct SseStats {
  std::uint32_t clients = 0;
  std::array<std::uint64_t, kSseDropNames.size()> dropped{};
  std::uint64_t rows = 0;
  std::uint64_t frames = 0;
};

// Frames, each ending in an empty line:
//   event: hello     data: {"source":"embedded","synthetic":false}, once, first
//   event: snapshot  data: what the owner's callback gives; when there is no cursor to go on from
//   (no event)       id: cursor; data: [row, row, ...], at most one each frame_every
//   event: gap       data: {"missed":12 or null,"reason":"slow"}; a snapshot follows
//   event: bye       the server stops; the browser's own reconnect goes on from the last id
class SseHub {
 public:
  // `snapshot` runs on the hub's thread and gives one JSON value.
  static Result<std::unique_ptr<SseHub>> start(SseOptions options, std::function<std::string()> snapshot);
  ~SseHub();
  SseHub(const SseHub&) = delete;
  SseHub& operator=(const SseHub&) = delete;

  // Any thread, never waits for a client. `cursor`: visible ASCII, at most 256 bytes. `json_row`: one JSON value.
  void publish(std::string cursor, std::string_view json_row, StreamTags tags = {});
  void stop();
  SseStats stats() const;  // any thread

  // For HttpServer. False when full: then the socket is still the caller's. Else the hub owns it from here on.
  bool adopt(int socket, bool v6, const HttpRequest& request);
  bool has_room(const std::string& remote) const;

 private:
  struct Impl;
  explicit SseHub(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace juncture
