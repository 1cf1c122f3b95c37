#include "juncture/adapters/http_client.h"

#include <utility>  // before Boost: 1.74 forgets it in C++20

#include <boost/asio/connect.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <list>
#include <map>
#include <set>
#include <thread>

namespace juncture {
namespace {

namespace http = boost::beast::http;
using Tcp = boost::asio::ip::tcp;
using ErrorCode = boost::system::error_code;
using Clock = std::chrono::steady_clock;

struct Idle {
  std::string endpoint;
  Tcp::socket socket;
  Clock::time_point until;
};

Error failed(std::string_view code, const std::string& endpoint, const std::string& why) {
  return {Domain::environment, code, endpoint + ": " + why};
}

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
}

}  // namespace

std::optional<HttpEndpoint> parse_endpoint(std::string_view url) {
  constexpr std::string_view kScheme = "http://";
  if (!url.starts_with(kScheme)) return std::nullopt;
  url.remove_prefix(kScheme.size());
  const std::size_t colon = url.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  HttpEndpoint out;
  std::string_view host = url.substr(0, colon);
  const std::string_view port = url.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
  if (error != std::errc{} || end != port.data() + port.size() || out.port == 0) return std::nullopt;
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    ErrorCode bad;
    boost::asio::ip::make_address_v6(std::string(host), bad);
    if (bad) return std::nullopt;
  } else if (host.size() > 253 || !std::all_of(host.begin(), host.end(), is_host_character)) {
    return std::nullopt;
  }
  out.host = host;
  return out;
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (is_host_character(c) || c == '_' || c == '~') {
      out.push_back(c);
    } else {
      out.append({'%', kHex[byte >> 4U], kHex[byte & 15U]});
    }
  }
  return out;
}

// Everything below runs on the client's thread but what says otherwise.
struct HttpClient::Impl {
  struct Call;

  explicit Impl(const HttpClientOptions& given) : options(given), work(io.get_executor()) {
    thread = std::thread([this] { io.run(); });
  }

  std::optional<Tcp::socket> take(const std::string& endpoint);
  void keep(const std::string& endpoint, Tcp::socket socket);
  void end_all();

  const HttpClientOptions options;
  boost::asio::io_context io{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work;
  std::set<std::shared_ptr<Call>> calls;
  std::list<Idle> idle;  // oldest first
  bool stopping = false;
  std::atomic<std::size_t> under_way{0};  // any thread
  std::atomic<bool> stopped{false};       // any thread
  std::atomic<std::uint64_t> answered{0}, unanswered{0}, refused{0};
  std::thread thread;
};

struct HttpClient::Impl::Call : std::enable_shared_from_this<Call> {
  Call(Impl& client, HttpCall given, Done callback)
      : impl(client),
        call(std::move(given)),
        done(std::move(callback)),
        socket(client.io),
        timer(client.io),
        resolver(client.io) {}

  void start();
  void connect();
  void send();
  void receive();
  void received();
  void fail_or_again(ErrorCode error);
  void finish(Result<HttpReply> result);

  Impl& impl;
  const HttpCall call;
  Done done;
  Tcp::socket socket;
  boost::asio::steady_timer timer;
  Tcp::resolver resolver;
  bool kept = false;  // the connection has answered before
  bool finished = false;
  http::request<http::empty_body> request;
  boost::beast::flat_buffer buffer;
  std::optional<http::response_parser<http::string_body>> parser;
};

void HttpClient::Impl::Call::start() {
  timer.expires_after(impl.options.within);
  timer.async_wait([self = shared_from_this()](ErrorCode stopped) {
    if (!stopped) self->finish(tl::unexpected(failed("timed_out", self->call.endpoint, "no answer in time")));
  });
  request.method(http::verb::get);
  request.version(11);
  request.target(call.target);
  request.set(http::field::host, call.endpoint.substr(std::string_view("http://").size()));
  for (const auto& [name, value] : call.headers) request.set(name, value);
  if (auto open = impl.take(call.endpoint)) {
    socket = std::move(*open);
    kept = true;
    return send();
  }
  connect();
}

void HttpClient::Impl::Call::connect() {
  const std::optional<HttpEndpoint> to = parse_endpoint(call.endpoint);
  if (!to) return finish(tl::unexpected(failed("unreachable", call.endpoint, "not http://host:port")));
  const auto connected = [self = shared_from_this()](ErrorCode error) {
    if (self->finished) return;
    if (error) return self->fail_or_again(error);
    self->socket.set_option(Tcp::no_delay(true), error);
    self->send();
  };
  ErrorCode name;
  if (const auto address = boost::asio::ip::make_address(to->host, name); !name) {
    return socket.async_connect(Tcp::endpoint(address, to->port), connected);
  }
  // A name may have several addresses, localhost for one.
  resolver.async_resolve(
      to->host, std::to_string(to->port),
      [self = shared_from_this(), connected](ErrorCode error, const Tcp::resolver::results_type& all) {
        if (self->finished) return;
        if (error) return self->fail_or_again(error);
        boost::asio::async_connect(self->socket, all,
                                   [connected](ErrorCode failure, const Tcp::endpoint&) { connected(failure); });
      });
}

void HttpClient::Impl::Call::send() {
  http::async_write(socket, request, [self = shared_from_this()](ErrorCode error, std::size_t) {
    if (self->finished) return;
    if (error) return self->fail_or_again(error);
    self->receive();
  });
}

void HttpClient::Impl::Call::receive() {
  parser.emplace();
  parser->body_limit(std::uint64_t{impl.options.answer_bytes_max});
  http::async_read(socket, buffer, *parser, [self = shared_from_this()](ErrorCode error, std::size_t) {
    if (self->finished) return;
    if (error) return self->fail_or_again(error);
    self->received();
  });
}

void HttpClient::Impl::Call::received() {
  auto& message = parser->get();
  const auto type = message[http::field::content_type];
  HttpReply reply{static_cast<int>(message.result_int()), std::string(type.data(), type.size()),
                  std::move(message.body())};
  if (parser->keep_alive() && buffer.size() == 0) impl.keep(call.endpoint, std::move(socket));
  finish(std::move(reply));
}

// The other end may have closed a kept connection just before we wrote to it.
void HttpClient::Impl::Call::fail_or_again(ErrorCode error) {
  if (!kept) return finish(tl::unexpected(failed("unreachable", call.endpoint, error.message())));
  kept = false;
  socket = Tcp::socket(impl.io);
  buffer.clear();
  connect();
}

void HttpClient::Impl::Call::finish(Result<HttpReply> result) {
  if (finished) return;
  finished = true;
  timer.cancel();
  resolver.cancel();
  ErrorCode ignored;
  socket.close(ignored);
  ++(result ? impl.answered : impl.unanswered);
  --impl.under_way;
  const auto self = shared_from_this();
  impl.calls.erase(self);
  done(std::move(result));
}

std::optional<Tcp::socket> HttpClient::Impl::take(const std::string& endpoint) {
  const Clock::time_point now = Clock::now();
  while (!idle.empty() && idle.front().until <= now) idle.pop_front();
  const auto found =
      std::find_if(idle.rbegin(), idle.rend(), [&](const Idle& one) { return one.endpoint == endpoint; });
  if (found == idle.rend()) return std::nullopt;
  Tcp::socket out = std::move(found->socket);
  idle.erase(std::next(found).base());
  return out;
}

void HttpClient::Impl::keep(const std::string& endpoint, Tcp::socket socket) {
  idle.push_back({endpoint, std::move(socket), Clock::now() + options.idle_max});
  if (idle.size() > options.idle_connections_max) idle.pop_front();
}

void HttpClient::Impl::end_all() {
  stopping = true;
  idle.clear();
  while (!calls.empty()) {
    const std::shared_ptr<Call> one = *calls.begin();
    one->finish(tl::unexpected(failed("stopped", one->call.endpoint, "this process is stopping")));
  }
  work.reset();
}

HttpClient::HttpClient(const HttpClientOptions& options) : impl_(std::make_unique<Impl>(options)) {}

HttpClient::~HttpClient() {
  stop();
}

void HttpClient::get(HttpCall call, Done done) {
  if (impl_->stopped.load()) {
    return done(tl::unexpected(failed("stopped", call.endpoint, "this process is stopping")));
  }
  if (++impl_->under_way > impl_->options.calls_max) {
    --impl_->under_way;
    ++impl_->refused;
    return done(tl::unexpected(failed("overloaded", call.endpoint, "too many requests wait for other instances")));
  }
  auto made = std::make_shared<Impl::Call>(*impl_, std::move(call), std::move(done));
  boost::asio::post(impl_->io, [impl = impl_.get(), made] {
    impl->calls.insert(made);
    if (impl->stopping) return impl->end_all();
    made->start();
  });
}

void HttpClient::stop() {
  if (!impl_->thread.joinable()) return;
  impl_->stopped.store(true);
  boost::asio::post(impl_->io, [impl = impl_.get()] { impl->end_all(); });
  impl_->thread.join();
}

HttpClientStats HttpClient::stats() const {
  return {impl_->answered.load(), impl_->unanswered.load(), impl_->refused.load()};
}

}  // namespace juncture
