#include "adapters/http/router.h"

#include <arpa/inet.h>
#include <simdjson.h>

#include <algorithm>
#include <array>

#include "adapters/http/head_scanner.h"

namespace juncture {
namespace {

constexpr std::size_t kQueryParametersMax = 32;
constexpr std::size_t kParameterBytesMax = 256;

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> out;
  path.remove_prefix(1);
  for (;;) {
    const std::size_t slash = path.find('/');
    out.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return out;
    path.remove_prefix(slash + 1);
  }
}

bool parse_query(std::string_view text, HttpRequest& request) {
  while (!text.empty()) {
    const std::size_t end = text.find('&');
    const std::string_view part = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (part.empty()) continue;
    const std::size_t equals = part.find('=');
    const auto name = percent_decoded(part.substr(0, equals), true);
    const auto value = equals == std::string_view::npos ? std::optional<std::string>("")
                                                        : percent_decoded(part.substr(equals + 1), true);
    if (!name || !value || request.query.size() == kQueryParametersMax) return false;
    request.query.emplace_back(*name, *value);
  }
  return true;
}

HttpAnswer allowed(std::string_view methods) {
  HttpAnswer out;
  out.status = 204;
  out.allow = methods;
  return out;
}

bool has_body(Method method) {
  return method == Method::post || method == Method::put;
}

}  // namespace

std::optional<std::string> percent_decoded(std::string_view text, bool plus) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '+' && plus) {
      c = ' ';
    } else if (c == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex(text[i + 1]);
      const int low = hex(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) return std::nullopt;
    out.push_back(c);
  }
  if (!simdjson::validate_utf8(out.data(), out.size())) return std::nullopt;
  return out;
}

bool is_loopback_host(std::string_view host) {
  std::string_view name = host;
  std::string_view port;
  if (host.starts_with('[')) {
    const std::size_t end = host.find(']');
    if (end == std::string_view::npos) return false;
    name = host.substr(0, end + 1);
    port = host.substr(end + 1);
  } else if (const std::size_t colon = host.find(':'); colon != std::string_view::npos) {
    name = host.substr(0, colon);
    port = host.substr(colon);
  }
  if (!port.empty() &&
      (port.front() != ':' || port.size() > 6 || port.find_first_not_of("0123456789", 1) != std::string_view::npos)) {
    return false;
  }
  if (same_word(name, "localhost") || name == "[::1]") return true;
  in_addr address{};
  return ::inet_pton(AF_INET, std::string(name).c_str(), &address) == 1 && name.starts_with("127.");
}

Result<Router> Router::make(std::vector<Route> routes, const HttpLimits& limits) {
  Router out;
  for (Route& route : routes) {
    if (!route.path.starts_with('/') || (route.handler == nullptr) != route.stream) {
      return fail(Domain::setup, "bad_route", "route " + route.path + ": a path and either a handler or a stream");
    }
    if (route.body_bytes_max == 0) route.body_bytes_max = limits.body_bytes_max;
    if (!has_body(route.method)) route.body_bytes_max = 0;
    out.body_bytes_max_ = std::max(out.body_bytes_max_, route.body_bytes_max);
    const auto known = std::find(out.paths_.begin(), out.paths_.end(), route.path);
    const auto at = static_cast<std::size_t>(known - out.paths_.begin());
    if (known == out.paths_.end()) {
      out.paths_.push_back(route.path);
      Path path;
      for (const std::string_view segment : segments_of(route.path)) {
        path.segments.emplace_back(segment.starts_with('{') ? "{" : std::string(segment));
      }
      if (std::count(path.segments.begin(), path.segments.end(), "{") > 1) {
        return fail(Domain::setup, "bad_route", "route " + route.path + ": more than one parameter");
      }
      out.trees_.push_back(std::move(path));
    }
    Path& path = out.trees_[at];
    for (const std::size_t other : path.routes) {
      if (out.routes_[other].method == route.method) {
        return fail(Domain::setup, "bad_route", "route twice: " + route.path);
      }
    }
    path.routes.push_back(out.routes_.size());
    path.allow += std::string(kMethodNames[index_of(route.method)]) + (route.method == Method::get ? ", HEAD, " : ", ");
    out.routes_.push_back(std::move(route));
  }
  for (Path& path : out.trees_) path.allow += "OPTIONS";
  return out;
}

const Router::Path* Router::find(std::string_view path, HttpRequest& request, bool& bad_escape,
                                 std::size_t& index) const {
  const std::vector<std::string_view> segments = segments_of(path);
  for (index = 0; index < trees_.size(); ++index) {
    const Path& candidate = trees_[index];
    if (candidate.segments.size() != segments.size()) continue;
    std::optional<std::string_view> parameter;
    bool same = true;
    for (std::size_t i = 0; same && i < segments.size(); ++i) {
      if (candidate.segments[i] == "{") {
        parameter = segments[i];
        same = !segments[i].empty();
      } else {
        same = candidate.segments[i] == segments[i];
      }
    }
    if (!same) continue;
    if (parameter) {
      auto decoded = percent_decoded(*parameter, false);
      bad_escape = !decoded || decoded->size() > kParameterBytesMax || *decoded == "." || *decoded == "..";
      if (!bad_escape) request.parameter = std::move(*decoded);
    }
    return &candidate;
  }
  index = kNoRoute;
  return nullptr;
}

const Route* Router::accept(const HttpRequest& request, const Path& path, Resolution& out) const {
  const Method method = request.method == Method::head ? Method::get : request.method;
  for (const std::size_t index : path.routes) {
    if (routes_[index].method != method) continue;
    const Route& route = routes_[index];
    if (route.serves != Serves::public_ && request.cross_origin) {
      out.answer = problem(403, "cross_origin", "this route answers its own origin only");
      return nullptr;
    }
    // One instance asks another on a client's behalf: what is not for that client's route is not for it either.
    if (!request.forwarded.empty() && route.serves != Serves::public_ &&
        request.forwarded != kServesNames[index_of(route.serves)]) {
      out.answer = problem(403, "forwarded", "this route is not the one that was asked for");
      return nullptr;
    }
    const bool taken =
        std::find(route.media_types.begin(), route.media_types.end(), request.content_type) != route.media_types.end();
    if (has_body(method) && !taken) {
      out.answer = problem(415, "media_type", "send application/json");
      return nullptr;
    }
    out.route = index;
    return &route;
  }
  if (request.method == Method::options) {
    out.answer = allowed(path.allow);
  } else {
    out.answer = problem(405, "method_not_allowed", "see Allow");
    out.answer->allow = path.allow;
  }
  return nullptr;
}

Resolution Router::resolve(HttpRequest& request, std::string_view target, std::optional<std::uint64_t> length) const {
  Resolution out;
  const bool chunked = !length.has_value();
  const std::size_t mark = target.find('?');
  request.path = std::string(target.substr(0, mark));
  if (!request.host.empty() && !is_loopback_host(request.host)) {
    out.answer = problem(421, "misdirected", "Host names neither localhost nor a loopback address");
    return out;
  }
  if (target == "*") {
    out.answer = allowed("GET, HEAD, POST, OPTIONS");
    return out;
  }
  bool bad_escape = false;
  const Path* path = find(request.path, request, bad_escape, out.path);
  if (path == nullptr || bad_escape) {
    out.answer = bad_escape ? problem(400, "bad_path", "the path is not valid percent-encoded UTF-8")
                            : problem(404, "not_found", "no such path; see /openapi.json");
    return out;
  }
  if (mark != std::string_view::npos && !parse_query(target.substr(mark + 1), request)) {
    out.answer = problem(400, "bad_query", "the query is not valid percent-encoded UTF-8 of at most 32 parameters");
    return out;
  }
  const Route* route = accept(request, *path, out);
  if (route == nullptr) return out;
  out.body_bytes_max = route->body_bytes_max;
  if (!chunked && *length > route->body_bytes_max) {
    out.route = kNoRoute;
    out.answer =
        problem(413, "body_too_large", "the body may have " + std::to_string(route->body_bytes_max) + " bytes at most");
  }
  return out;
}

}  // namespace juncture
