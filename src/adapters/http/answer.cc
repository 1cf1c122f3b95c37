#include "adapters/http/answer.h"

#include <algorithm>
#include <charconv>

#include "juncture/core/json_writer.h"

namespace juncture {
namespace {

// On every answer, so that no route can forget them.
constexpr std::string_view kSecurityHeaders =
    "X-Content-Type-Options: nosniff\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; form-action 'none'; "
    "require-trusted-types-for 'script'\r\n";

std::string problem_body(const HttpAnswer& answer, std::string_view request_id) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object();
  writer.member("type", "urn:juncture:error:" + std::string(answer.problem));
  writer.member("title", reason_of(answer.status));
  writer.member("status", answer.status);
  writer.member("detail", std::string_view(answer.detail));
  writer.member("instance", "urn:juncture:request:" + std::string(request_id));
  writer.end_object();
  return out;
}

// True when If-None-Match holds the tag, weak or not, or a star.
bool names_tag(std::string_view header, std::string_view tag) {
  return header == "*" || header.find(tag) != std::string_view::npos;
}

}  // namespace

bool is_sane_request_id(std::string_view id) {
  return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  });
}

std::string_view reason_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 411:
      return "Length Required";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 421:
      return "Misdirected Request";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Status";
  }
}

std::string serialised(HttpAnswer& answer, const HttpRequest* request, const SendOptions& options) {
  if (!answer.problem.empty()) {
    answer.body = problem_body(answer, options.request_id);
    answer.borrowed = {};
    answer.content_type = "application/problem+json";
  }
  if (answer.status == 200 && !answer.etag.empty() && request != nullptr &&
      names_tag(request->if_none_match, answer.etag)) {
    answer.status = 304;
    answer.body.clear();
    answer.borrowed = {};
  }
  const std::size_t length = answer.borrowed.empty() ? answer.body.size() : answer.borrowed.size();
  std::string out;
  out.reserve(900 + answer.body.size());
  out.append("HTTP/1.1 ").append(std::to_string(answer.status)).append(" ").append(reason_of(answer.status));
  out.append("\r\nDate: ").append(options.date).append("\r\n");
  if (answer.status != 204 && answer.status != 304) {
    out.append("Content-Type: ").append(answer.content_type);
    out.append("\r\nContent-Length: ").append(std::to_string(length)).append("\r\n");
  }
  out.append(answer.cache == Cache::no_store ? "Cache-Control: no-store\r\n" : "Cache-Control: no-cache\r\n");
  if (!answer.etag.empty()) out.append("ETag: ").append(answer.etag).append("\r\n");
  if (!answer.allow.empty()) out.append("Allow: ").append(answer.allow).append("\r\n");
  if (!answer.location.empty()) out.append("Location: ").append(answer.location).append("\r\n");
  if (answer.retry_after_s > 0) {
    out.append("Retry-After: ").append(std::to_string(answer.retry_after_s)).append("\r\n");
  }
  out.append("X-Request-Id: ").append(options.request_id).append("\r\n").append(kSecurityHeaders);
  out.append(options.keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n");
  if (options.head_only || answer.status == 204 || answer.status == 304) {
    answer.borrowed = {};
  } else if (answer.borrowed.empty()) {
    out.append(answer.body);
  }
  return out;
}

std::string stream_head(std::string_view request_id) {
  std::string out = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n";
  out.append("X-Accel-Buffering: no\r\nX-Request-Id: ").append(request_id).append("\r\n").append(kSecurityHeaders);
  out.append("Connection: close\r\n\r\n");
  return out;
}

HttpAnswer problem(int status, std::string_view code, std::string detail) {
  HttpAnswer out;
  out.status = status;
  out.problem = code;
  out.detail = std::move(detail);
  if (status == 503) out.retry_after_s = 1;
  return out;
}

HttpAnswer problem(const Error& error) {
  switch (error.domain) {
    case Domain::record:
      return problem(400, error.code, error.detail);
    case Domain::environment:
      return problem(503, error.code, error.detail);
    case Domain::setup:
      break;
  }
  return problem(500, error.code, error.detail);
}

HttpAnswer json(std::string body, int status) {
  HttpAnswer out;
  out.status = status;
  out.body = std::move(body);
  return out;
}

Result<std::int64_t> query_number(const HttpRequest& request, std::string_view name, std::int64_t least,
                                  std::int64_t most, std::int64_t fallback) {
  const auto text = request.query_value(name);
  if (!text) return fallback;
  std::int64_t out = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), out);
  if (error != std::errc{} || end != text->data() + text->size() || out < least || out > most) {
    return fail(Domain::record, "bad_query",
                std::string(name) + " is a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return out;
}

}  // namespace juncture
