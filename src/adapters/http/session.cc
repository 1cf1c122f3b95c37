#include "adapters/http/session.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>

#include <ctime>
#include <exception>

#include "adapters/http/answer.h"
#include "adapters/http/sse_ring.h"

namespace juncture {
namespace {

using ErrorCode = boost::system::error_code;
constexpr std::size_t kDrainBytesMax = 256 * 1024;
constexpr std::chrono::milliseconds kLinger{1000};

HttpAnswer run_guarded(const Route& route, const HttpRequest& request) {
  try {
    return route.handler(request);
  } catch (const std::exception&) {  // a library below the handler; ours give values
    return problem(500, "internal", "the handler failed");
  }
}

}  // namespace

ServerContext::ServerContext(Router table, HttpLimits given, SseHub* stream_hub)
    : router(std::move(table)), limits(given), hub(stream_hub), seconds(router.paths().size() + 1) {
  for (const std::string& path : router.paths()) {
    std::size_t methods = 1;
    for (const Route& route : router.routes()) methods += route.path == path ? 1U : 0U;
    requests.emplace_back(methods);
  }
  requests.emplace_back(1);
}

bool ServerContext::run(const Route& route, const HttpRequest& request, const std::function<void(HttpAnswer)>& done) {
  const auto post_done = [this, done](HttpAnswer answer) {
    boost::asio::post(io, [answer = std::move(answer), done]() mutable { done(std::move(answer)); });
  };
  if (route.blocking) return offload([&route, &request, post_done] { post_done(run_guarded(route, request)); });
  HttpAnswer answer = run_guarded(route, request);
  answer.later ? answer.later(post_done) : done(std::move(answer));
  return true;
}

void ServerContext::count(const Resolution& resolution, Method method, int status, double elapsed) {
  const std::size_t path = resolution.path < router.paths().size() ? resolution.path : router.paths().size();
  std::size_t row = 0;
  bool declared = false;
  if (path < router.paths().size()) {
    for (const Route& route : router.routes()) {
      if (route.path != router.paths()[path]) continue;
      if (route.method == method || (route.method == Method::get && method == Method::head)) {
        declared = true;
        break;
      }
      ++row;
    }
  }
  std::vector<RequestCounters>& rows = requests[path];
  const auto code = static_cast<std::size_t>(status / 100 - 1);
  rows[declared ? row : rows.size() - 1].codes[code < 5 ? code : 4].add();
  seconds[path].observe(elapsed);
}

std::string_view ServerContext::date() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  if (now != date_second_) {
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    std::array<char, 40> text{};
    const std::size_t size = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    date_.assign(text.data(), size);
    date_second_ = now;
  }
  return date_;
}

Session::Session(Tcp::socket socket, ServerContext& context, std::string remote, std::uint64_t serial,
                 std::function<void(std::uint64_t)> closed)
    : socket_(std::move(socket)),
      context_(context),
      serial_(serial),
      closed_(std::move(closed)),
      exchange_(context.router, context.limits, remote, "r" + std::to_string(serial)),
      remote_(std::move(remote)),
      deadline_(Clock::now()),
      write_end_(deadline_),
      began_(deadline_) {}

void Session::start() {
  set_deadline(context_.limits.headers_within);
  state_ = State::idle;
  read();
}

void Session::set_deadline(std::chrono::milliseconds after) {
  deadline_ = Clock::now() + after;
}

// Deadlines are set when a phase begins and not moved by bytes that arrive in it.
void Session::set_read_deadline() {
  if (exchange_.head_complete()) {
    if (state_ != State::body) set_deadline(context_.limits.body_within);
    state_ = State::body;
  } else if (!exchange_.idle()) {
    if (state_ != State::head) {
      began_ = Clock::now();
      set_deadline(context_.limits.headers_within);
    }
    state_ = State::head;
  }
}

void Session::expire_before(Clock::time_point now) {
  if (state_ == State::closed || state_ == State::running || now < deadline_) return;
  if ((state_ == State::head || state_ == State::body) && !continuing_) {
    hang_up_ = true;
    send(problem(408, "request_timeout", "the request took too long to arrive"));
    return;
  }
  if (state_ == State::writing) {
    // What the kernel still holds for a peer that does not read would keep its memory and the peer hanging.
    ErrorCode ignored;
    socket_.set_option(boost::asio::socket_base::linger(true, 0), ignored);
  }
  close();
}

void Session::stop() {
  hang_up_ = true;
  if (state_ == State::idle || state_ == State::lingering) close();
}

void Session::abort() {
  close();
}

void Session::close() {
  if (state_ == State::closed) return;
  state_ = State::closed;
  ErrorCode ignored;
  socket_.close(ignored);
  boost::asio::post(context_.io, [self = shared_from_this()] { self->closed_(self->serial_); });
}

void Session::read() {
  socket_.async_read_some(boost::asio::buffer(chunk_), [self = shared_from_this()](ErrorCode error, std::size_t size) {
    if (self->state_ == State::closed) return;
    if (self->state_ == State::lingering) {
      self->drained_ += size;
      if (error || self->drained_ > kDrainBytesMax) return self->close();
      return self->read();
    }
    // A time-out's answer is being written: whatever still arrives is of no use.
    if (self->state_ == State::writing || self->state_ == State::running) return;
    if (error) return self->close();
    self->handle(self->exchange_.feed({self->chunk_.data(), size}));
  });
}

void Session::handle(Exchange::Step step) {
  switch (step) {
    case Exchange::Step::more:
      set_read_deadline();
      read();
      return;
    case Exchange::Step::send_continue:
      set_read_deadline();
      continuing_ = true;
      return send_raw("HTTP/1.1 100 Continue\r\n\r\n");
    case Exchange::Step::run:
      return run_handler();
    case Exchange::Step::stream:
      return hand_over_stream();
    case Exchange::Step::answer: {
      if (state_ == State::idle) began_ = Clock::now();
      return send(std::move(exchange_.answer()));
    }
  }
}

void Session::run_handler() {
  if (state_ == State::idle) began_ = Clock::now();
  state_ = State::running;
  if (exchange_.route().stream) {  // HEAD of a stream
    HttpAnswer answer;
    answer.content_type = "text/event-stream";
    return send(std::move(answer));
  }
  const bool taken =
      context_.run(exchange_.route(), exchange_.request(), [self = shared_from_this()](HttpAnswer answer) {
        if (self->state_ == State::closed) return;
        self->send(std::move(answer));
      });
  if (!taken) send(problem(503, "overloaded", "too many requests are waiting for the log"));
}

void Session::hand_over_stream() {
  state_ = State::running;
  SseHub* hub = context_.hub;
  if (context_.stopping || hub == nullptr || !hub->has_room(remote_)) {
    return send(problem(503, "streams_full", "no more streams can be opened"));
  }
  if (const auto filter = stream_filter(exchange_.request()); !filter) return send(problem(filter.error()));
  const bool v6 = socket_.local_endpoint().address().is_v6();
  ErrorCode error;
  const int handle = socket_.release(error);
  context_.count(exchange_.resolution(), Method::get, 200, 0);
  if (!error && !hub->adopt(handle, v6, exchange_.request())) {
    Tcp::socket back(context_.io, v6 ? Tcp::v6() : Tcp::v4(), handle);  // closes it
  }
  close();
}

void Session::send(HttpAnswer answer) {
  const HttpRequest& request = exchange_.request();
  if (answer.close || exchange_.must_close() || context_.stopping ||
      ++requests_ >= context_.limits.requests_per_connection_max) {
    hang_up_ = true;
  }
  SendOptions options;
  options.head_only = request.method == Method::head;
  options.keep_alive = !hang_up_;
  options.request_id = request.request_id;
  options.date = context_.date();
  std::string bytes = serialised(answer, &request, options);
  const double elapsed = std::chrono::duration<double>(Clock::now() - began_).count();
  context_.count(exchange_.resolution(), request.method, answer.status, elapsed);
  borrowed_ = answer.borrowed;
  send_raw(std::move(bytes));
}

void Session::send_raw(std::string bytes) {
  if (!continuing_) state_ = State::writing;
  out_ = std::move(bytes);
  sent_ = 0;
  write_end_ = Clock::now() + context_.limits.write_within;
  if (!continuing_) deadline_ = std::min(write_end_, Clock::now() + context_.limits.write_stall_max);
  write();
}

void Session::write() {
  const std::size_t head = std::min(sent_, out_.size());
  const std::size_t body = sent_ - head;
  const std::array<boost::asio::const_buffer, 2> parts{
      boost::asio::const_buffer(out_.data() + head, out_.size() - head),
      boost::asio::const_buffer(borrowed_.data() + body, borrowed_.size() - body)};
  socket_.async_write_some(parts, [self = shared_from_this()](ErrorCode error, std::size_t size) {
    if (self->state_ == State::closed) return;
    if (error) return self->close();
    self->sent_ += size;
    if (self->sent_ == self->out_.size() + self->borrowed_.size()) return self->written();
    if (!self->continuing_) {
      self->deadline_ = std::min(self->write_end_, Clock::now() + self->context_.limits.write_stall_max);
    }
    self->write();
  });
}

void Session::written() {
  borrowed_ = {};
  if (continuing_) {
    continuing_ = false;
    return handle(exchange_.feed({}));
  }
  if (hang_up_) return linger();
  state_ = State::idle;
  set_deadline(context_.limits.idle_max);
  handle(exchange_.next());
}

// Closing with unread bytes would reset the connection and could take the answer with it.
void Session::linger() {
  state_ = State::lingering;
  set_deadline(kLinger);
  ErrorCode error;
  socket_.shutdown(Tcp::socket::shutdown_send, error);
  if (error) return close();
  read();
}

}  // namespace juncture
