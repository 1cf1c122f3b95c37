// The only file that includes Beast: 17 s and 700 MB of compiler a time.
#include "adapters/http/exchange.h"

#include <utility>  // before Boost: 1.74 forgets it in C++20

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <algorithm>
#include <functional>
#include <iterator>
#include <limits>
#include <optional>

#include "adapters/http/answer.h"
#include "adapters/http/head_scanner.h"

namespace juncture {
namespace {

namespace http = boost::beast::http;
using ErrorCode = boost::beast::error_code;
using Text = boost::beast::string_view;

constexpr std::size_t kChunkExtensionBytesMax = 256;
constexpr std::size_t kChunkOverheadMax = 4096;
constexpr std::string_view kEmptyChunkedBody = "0\r\n\r\n";

std::string text_of(Text text) {
  return {text.data(), text.size()};
}

std::string_view view_of(Text text) {
  return {text.data(), text.size()};
}

Method method_of(std::string_view name) {
  const auto found = std::find(kMethodNames.begin(), kMethodNames.end() - 1, name);
  return static_cast<Method>(found - kMethodNames.begin());
}

// "application/json; charset=utf-8" gives "application/json".
std::string media_type_of(std::string_view header) {
  std::string out(header.substr(0, header.find(';')));
  while (!out.empty() && (out.back() == ' ' || out.back() == '\t')) out.pop_back();
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

// A link followed from elsewhere is no reading by a script: the page it opens is its own origin.
bool is_cross_origin(const HttpRequest& request, std::string_view fetch_site, std::string_view fetch_mode) {
  const bool reads = request.method == Method::get || request.method == Method::head;
  if (reads && fetch_mode == "navigate") return false;
  if (fetch_site == "cross-site" || fetch_site == "same-site") return true;
  if (request.origin.empty()) return false;
  return request.origin != "http://" + request.host && request.origin != "https://" + request.host;
}

HttpAnswer answer_of(const Refusal& refusal) {
  return problem(refusal.status, refusal.code, std::string(refusal.detail));
}

}  // namespace

struct Exchange::Impl {
  Impl(const Router& r, const HttpLimits& l, std::string peer, std::string id)
      : router(r), limits(l), remote(std::move(peer)), serial(std::move(id)), scanner(l) {}

  Step read_head();
  Step read_body();
  Step finish();
  Step refuse(HttpAnswer given);
  void fill_request();
  void reset();

  const Router& router;
  const HttpLimits& limits;
  std::string remote;
  std::string serial;
  std::uint64_t count = 0;

  std::string buffer;
  HeadScanner scanner;
  std::optional<http::request_parser<http::string_body>> parser;
  std::function<void(std::uint64_t, Text, ErrorCode&)> check_chunk;
  std::ptrdiff_t head_fields = 0;
  std::size_t wire_bytes = 0;  // of a chunked body, sizes and line ends included
  bool head_done = false;
  bool chunked = false;
  bool continued = false;
  bool close = false;
  HttpRequest request;
  Resolution resolution;
  HttpAnswer answer;
};

Exchange::Exchange(const Router& router, const HttpLimits& limits, std::string remote, std::string serial)
    : impl_(std::make_unique<Impl>(router, limits, std::move(remote), std::move(serial))) {}
Exchange::~Exchange() = default;

bool Exchange::idle() const {
  return impl_->buffer.empty() && !impl_->head_done;
}
bool Exchange::head_complete() const {
  return impl_->head_done;
}
HttpRequest& Exchange::request() {
  return impl_->request;
}
const Route& Exchange::route() const {
  return impl_->router.route(impl_->resolution.route);
}
const Resolution& Exchange::resolution() const {
  return impl_->resolution;
}
HttpAnswer& Exchange::answer() {
  return impl_->answer;
}
bool Exchange::must_close() const {
  return impl_->close;
}

Exchange::Step Exchange::feed(std::string_view bytes) {
  impl_->buffer.append(bytes);
  return impl_->head_done ? impl_->read_body() : impl_->read_head();
}

Exchange::Step Exchange::next() {
  impl_->reset();
  return impl_->buffer.empty() ? Step::more : impl_->read_head();
}

void Exchange::Impl::reset() {
  scanner = HeadScanner(limits);
  parser.reset();
  head_done = chunked = continued = false;
  wire_bytes = 0;
  request = HttpRequest{};
  resolution = Resolution{};
  answer = HttpAnswer{};
}

// A refusal ends the connection when the request has a body that nobody will read or cannot be told from the next one.
Exchange::Step Exchange::Impl::refuse(HttpAnswer given) {
  answer = std::move(given);
  const bool whole = parser.has_value() && parser->is_done();
  if (!whole) close = true;
  answer.close = close;
  return Step::answer;
}

Exchange::Step Exchange::Impl::read_head() {
  if (request.request_id.empty()) {
    request.request_id = serial + "-" + std::to_string(++count);
    request.remote = remote;
  }
  switch (scanner.scan(buffer)) {
    case HeadScanner::State::more:
      return Step::more;
    case HeadScanner::State::refused:
      return refuse(answer_of(scanner.refusal()));
    case HeadScanner::State::complete:
      break;
  }
  parser.emplace();
  parser->header_limit(static_cast<std::uint32_t>(limits.request_line_bytes_max + limits.header_bytes_max + 4));
  parser->body_limit(std::numeric_limits<std::uint64_t>::max());  // per route, below; none would refuse all in 1.74
  parser->eager(false);
  ErrorCode error;
  const std::size_t size = scanner.size();
  // One structural element a call: the request line, then the fields.
  std::size_t used = 0;
  while (!error && !parser->is_header_done() && used < size) {
    used += parser->put(boost::asio::const_buffer(buffer.data() + used, size - used), error);
  }
  if (error || !parser->is_header_done() || used != size) {
    return refuse(problem(400, "bad_request", "the head cannot be parsed"));
  }
  buffer.erase(0, size);
  head_done = true;
  const auto& fields = parser->get().base();
  head_fields = std::distance(fields.begin(), fields.end());
  chunked = parser->chunked();
  fill_request();
  const std::string target = text_of(fields.target());
  const auto length = parser->content_length();
  resolution = router.resolve(request, target,
                              chunked ? std::nullopt : std::optional<std::uint64_t>(length.has_value() ? *length : 0));
  if (resolution.answer) return refuse(*resolution.answer);
  parser->body_limit(std::uint64_t{resolution.body_bytes_max});
  parser->eager(true);
  check_chunk = [](std::uint64_t, Text extension, ErrorCode& bad) {
    const bool plain = std::all_of(extension.begin(), extension.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
    if (!plain || extension.size() > kChunkExtensionBytesMax) {
      bad = http::make_error_code(http::error::bad_chunk_extension);
    }
  };
  parser->on_chunk_header(check_chunk);
  const bool expects = same_word(view_of(fields[http::field::expect]), "100-continue");
  if (expects && !parser->is_done() && buffer.empty() && !continued) {
    continued = true;
    return Step::send_continue;
  }
  return read_body();
}

void Exchange::Impl::fill_request() {
  const auto& fields = parser->get().base();
  request.method = method_of(view_of(fields.method_string()));
  request.host = text_of(fields[http::field::host]);
  request.origin = text_of(fields[http::field::origin]);
  request.content_type = media_type_of(view_of(fields[http::field::content_type]));
  request.if_none_match = text_of(fields[http::field::if_none_match]);
  request.last_event_id = text_of(fields["Last-Event-ID"]);
  request.authorization = text_of(fields[http::field::authorization]);
  request.forwarded = text_of(fields["Juncture-Forwarded"]);
  const auto [first, last] = fields.equal_range("X-Forwarded-For");
  for (auto line = first; line != last; ++line) {
    if (line != first) request.forwarded_for += ',';
    request.forwarded_for += text_of(line->value());
  }
  request.opted_out = fields["Sec-GPC"] == "1";
  request.cross_origin = is_cross_origin(request, view_of(fields["Sec-Fetch-Site"]), view_of(fields["Sec-Fetch-Mode"]));
  request.keep_alive = parser->keep_alive();
  if (!request.keep_alive) close = true;
  const std::string_view id = view_of(fields["X-Request-Id"]);
  if (is_sane_request_id(id)) request.request_id = std::string(id);
}

Exchange::Step Exchange::Impl::read_body() {
  // Beast 1.74 asserts when an empty body's last chunk comes in pieces; no chunked body is shorter than this.
  if (chunked && wire_bytes == 0 && buffer.size() < kEmptyChunkedBody.size()) return Step::more;
  ErrorCode error;
  std::size_t used = 0;
  while (!parser->is_done() && used < buffer.size()) {
    const std::size_t n = parser->put(boost::asio::const_buffer(buffer.data() + used, buffer.size() - used), error);
    used += n;
    if (error || n == 0) break;
  }
  buffer.erase(0, used);
  wire_bytes += used;
  if (error && error != http::error::need_more) {
    if (error == http::error::body_limit) {
      return refuse(problem(413, "body_too_large",
                            "the body may have " + std::to_string(resolution.body_bytes_max) + " bytes at most"));
    }
    return refuse(problem(400, "bad_request", "the body's chunks cannot be parsed"));
  }
  if (parser->is_done()) return finish();
  // What the parser leaves in the buffer is an unfinished chunk head or trailer; neither may grow without bound.
  if (buffer.size() > kChunkOverheadMax) {
    return refuse(problem(400, "bad_request", "a chunk's head or trailer is too long"));
  }
  if (chunked && wire_bytes > 2 * resolution.body_bytes_max + kChunkOverheadMax) {
    return refuse(problem(413, "body_too_large", "the chunks are too many for so small a body"));
  }
  return Step::more;
}

Exchange::Step Exchange::Impl::finish() {
  const auto& fields = parser->get().base();
  if (std::distance(fields.begin(), fields.end()) != head_fields) {
    close = true;
    return refuse(problem(400, "bad_request", "trailers are not taken"));
  }
  request.body = std::move(parser->get().body());
  const Route& route = router.route(resolution.route);
  return route.stream && request.method == Method::get ? Step::stream : Step::run;
}

}  // namespace juncture
