// Finds the route of a request and decodes its target; says 404, 405, 413, 415, 421 and 403 where they are due.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "juncture/adapters/http_server.h"

namespace juncture {

inline constexpr std::size_t kNoRoute = static_cast<std::size_t>(-1);

// What is known of a request once its head has been read.
struct Resolution {
  std::size_t route = kNoRoute;  // kNoRoute: `answer` says why
  std::size_t path = kNoRoute;   // index into Router::paths(), for statistics; kNoRoute for "other"
  std::size_t body_bytes_max = 0;
  std::optional<HttpAnswer> answer;  // to be sent in place of running a handler
};

class Router {
 public:
  // Checks the table: templates well formed, no route twice, a handler or a stream each.
  static Result<Router> make(std::vector<Route> routes, const HttpLimits& limits);

  // Fills in parameter and query. `target` is as sent. A `length` none means chunked.
  Resolution resolve(HttpRequest& request, std::string_view target, std::optional<std::uint64_t> length) const;

  const Route& route(std::size_t index) const { return routes_[index]; }
  const std::vector<Route>& routes() const { return routes_; }
  const std::vector<std::string>& paths() const { return paths_; }  // distinct templates
  std::size_t body_bytes_max() const { return body_bytes_max_; }

 private:
  struct Path {
    std::vector<std::string> segments;  // "{" for the parameter
    std::string allow;                  // "GET, HEAD, OPTIONS"
    std::vector<std::size_t> routes;
  };
  const Path* find(std::string_view path, HttpRequest& request, bool& bad_escape, std::size_t& index) const;
  const Route* accept(const HttpRequest& request, const Path& path, Resolution& out) const;

  std::vector<Route> routes_;
  std::vector<std::string> paths_;
  std::vector<Path> trees_;  // beside paths_
  std::size_t body_bytes_max_ = 0;
};

// Percent-decoding; `plus` turns '+' into a space. None for a bad escape, a control character or invalid UTF-8.
std::optional<std::string> percent_decoded(std::string_view text, bool plus);
// localhost, 127.0.0.0/8 or [::1], with or without a port: anything else in Host is a rebound name.
bool is_loopback_host(std::string_view host);

}  // namespace juncture
