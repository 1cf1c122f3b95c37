// Asks other instances over HTTP: a bounded number of calls at a time, on one thread of its own.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "juncture/core/counters.h"
#include "juncture/core/result.h"

namespace juncture {

// Host and port of "http://host:port"; none for anything else, a path or a name to log in with included.
struct HttpEndpoint {
  std::string host;  // without the brackets of an IPv6 address
  std::uint16_t port = 0;
};
std::optional<HttpEndpoint> parse_endpoint(std::string_view url);

// Text that may stand in a path or a query whatever it is.
std::string percent_encoded(std::string_view text);

struct HttpCall {
  std::string endpoint{};  // http://host:port
  std::string target{};    // path and query, percent-encoded
  std::vector<std::pair<std::string, std::string>> headers{};
};
struct HttpReply {
  int status = 0;
  std::string content_type{};
  std::string body{};
};

struct HttpClientOptions {
  std::chrono::milliseconds within{1000};    // from get() to the last byte of the answer
  std::chrono::milliseconds idle_max{5000};  // less than the server's: a connection that waits is closed by us
  std::size_t calls_max = 128;               // more are refused at once
  std::size_t idle_connections_max = 16;
  std::size_t answer_bytes_max = 1024 * 1024;
};

struct HttpClientStats {
  std::uint64_t answered = 0;  // any status
  std::uint64_t failed = 0;    // no answer in time, or none at all
  std::uint64_t refused = 0;   // calls_max
};

class HttpClient {
 public:
  // Called once: on the client's thread, or within get() when the call cannot be made. Errors are of the environment:
  // `overloaded`, `timed_out`, `unreachable`, `stopped`.
  using Done = std::function<void(Result<HttpReply>)>;

  explicit HttpClient(const HttpClientOptions& options = {});
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Any thread. GET is asked again once, on a new connection, when a kept one turns out to be closed.
  void get(HttpCall call, Done done);
  // Calls under way end with `stopped`. Idempotent.
  void stop();
  HttpClientStats stats() const;  // any thread

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace juncture
