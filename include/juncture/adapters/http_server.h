// HTTP on loopback: strict parsing, absolute limits, a closed table of routes, answers with fixed headers only.
#pragma once

#include <array>
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
#include "juncture/core/vocabulary.h"

namespace juncture {

enum class Method : std::uint8_t { get, head, post, put, delete_, options, other };
inline constexpr std::array<std::string_view, 7> kMethodNames{"GET",    "HEAD",    "POST", "PUT",
                                                              "DELETE", "OPTIONS", "other"};

struct HttpRequest {
  Method method = Method::get;
  std::string path{};                                        // without the query, still percent-encoded
  std::vector<std::pair<std::string, std::string>> query{};  // decoded, valid UTF-8, at most 32
  std::string parameter{};                                   // decoded value of the route's {name}
  std::string body{};
  std::string content_type{};  // media type only, lower case
  std::string if_none_match{};
  std::string last_event_id{};
  std::string host{};
  std::string origin{};
  std::string request_id{};     // the client's X-Request-Id if it is sane, else one made here
  std::string remote{};         // address of the peer, without its port
  std::string forwarded_for{};  // X-Forwarded-For as it was sent, its lines joined by commas; who believes it decides
  std::string authorization{};  // passed on to another instance, never read here
  std::string forwarded{};      // Juncture-Forwarded: another instance asks; what its client's route serves
  bool cross_origin = false;    // Origin names another host, or Sec-Fetch-Site says cross-site
  bool opted_out = false;       // Sec-GPC: 1
  bool keep_alive = true;

  // The first query parameter of that name.
  std::optional<std::string_view> query_value(std::string_view name) const {
    for (const auto& [key, value] : query) {
      if (key == name) return value;
    }
    return std::nullopt;
  }
};

enum class Cache : std::uint8_t { no_store, revalidate };

struct HttpAnswer {
  int status = 200;
  std::string content_type = "application/json";
  std::string body{};
  std::string_view borrowed{};  // sent in place of `body` when not empty; must live as long as the process
  std::string etag{};           // with its quotes; answered with 304 when the request names it
  Cache cache = Cache::no_store;
  std::string_view allow{};    // of a 405 and of OPTIONS
  int retry_after_s = 0;       // 0: not sent
  std::string_view problem{};  // error code, a literal: the body becomes application/problem+json
  std::string detail{};        // of the problem
  bool close = false;          // hang up after this answer
  std::string location{};      // of a redirect; percent-encoded
  // Set: this is no answer yet. Called once, it gives the answer later, from any thread, to what it is given.
  std::function<void(std::function<void(HttpAnswer)>)> later{};
};

// RFC 9457: {type, title, status, detail, instance}. `code` is a literal listed in docs/operations.md.
HttpAnswer problem(int status, std::string_view code, std::string detail = {});
HttpAnswer json(std::string body, int status = 200);
// Of an Error of ours: record 400, environment 503, setup 500.
HttpAnswer problem(const Error& error);

// Whole number from the query within [least, most]; `fallback` if it is absent; an error if it is anything else.
Result<std::int64_t> query_number(const HttpRequest& request, std::string_view name, std::int64_t least,
                                  std::int64_t most, std::int64_t fallback);

enum class Serves : std::uint8_t { public_, analyst, ops };
inline constexpr std::array<std::string_view, 3> kServesNames{"public", "analyst", "ops"};

struct Route {
  Method method = Method::get;  // get answers HEAD too
  std::string path{};           // "/v1/prospects/{id}": at most one {name}, a whole segment
  Serves serves = Serves::ops;  // analyst and ops refuse requests of another origin
  std::function<HttpAnswer(const HttpRequest&)> handler{};
  bool blocking = false;  // the handler may wait, for the log say: it runs on a small pool instead of the API's thread
  bool stream = false;    // goes to the SseHub; no handler
  std::size_t body_bytes_max = 0;                            // 0: HttpLimits::body_bytes_max
  std::vector<std::string> media_types{"application/json"};  // of POST and PUT bodies
};

struct HttpLimits {
  std::size_t request_line_bytes_max = 2048;
  std::size_t header_bytes_max = 8192;
  std::size_t header_fields_max = 64;
  std::size_t body_bytes_max = 64 * 1024;
  std::chrono::milliseconds headers_within{5000};  // from the first byte, however slowly they drip
  std::chrono::milliseconds body_within{10000};
  std::chrono::milliseconds idle_max{15000};
  std::chrono::milliseconds write_stall_max{10000};
  std::chrono::milliseconds write_within{60000};
  std::chrono::milliseconds stop_within{1000};
  std::uint32_t requests_per_connection_max = 1000;
  std::uint32_t connections_max = 1024;  // streams included
  std::uint32_t blocking_queue_max = 256;
  std::uint32_t blocking_threads = 2;
};

struct HttpServerOptions {
  std::string address = "127.0.0.1";  // loopback only in this version
  std::uint16_t port = 0;             // 0: any free one
  HttpLimits limits{};
};

struct RouteStats {
  std::string route{};  // template, or "other"
  std::string_view method{};
  std::array<std::uint64_t, 5> codes{};  // 1xx to 5xx
};
struct RouteSeconds {
  std::string route{};
  HistogramValue seconds{};
};
struct HttpStats {
  std::vector<RouteStats> requests{};
  std::vector<RouteSeconds> seconds{};
  std::uint64_t connections = 0;          // accepted since start
  std::uint64_t connections_refused = 0;  // over connections_max
  std::uint64_t accept_pauses = 0;        // out of file descriptors: accepting waited
};

class SseHub;

class HttpServer {
 public:
  // Listens before it returns. `hub` may be null when no route streams; it outlives the server.
  static Result<std::unique_ptr<HttpServer>> start(const HttpServerOptions& options, std::vector<Route> routes,
                                                   SseHub* hub = nullptr);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::uint16_t port() const;
  // Takes no more requests, finishes those under way within stop_within, joins. Idempotent.
  void stop();
  HttpStats stats() const;  // any thread

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Routes that every listener has.
struct HealthRoutes {
  std::function<std::vector<std::string>()> not_ready{};  // reasons; empty means ready
  std::function<std::string()> metrics{};                 // text of /metrics
  std::function<HttpAnswer()> checkpoint{};               // of POST /-/checkpoint; may take its time
};
// /-/healthy, /-/ready, /-/checkpoint, /metrics and /openapi.json.
std::vector<Route> ops_routes(HealthRoutes callbacks);
// "/" and one route for each embedded .js, .css, .svg, .png and .ico file, with an ETag. Never a path from a request.
std::vector<Route> page_routes();

}  // namespace juncture
