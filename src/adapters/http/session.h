// One connection of the server: reads, runs, answers, and obeys a single absolute deadline. API thread only.
#pragma once

#include <utility>  // before Boost: 1.74 forgets it in C++20

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "adapters/http/exchange.h"
#include "juncture/adapters/sse_hub.h"
#include "juncture/core/counters.h"

namespace juncture {

using Clock = std::chrono::steady_clock;
using Tcp = boost::asio::ip::tcp;

// Written by the API thread only.
struct RequestCounters {
  std::array<Counter, 5> codes;
};

// What sessions share; owned by the server.
struct ServerContext {
  ServerContext(Router table, HttpLimits given, SseHub* stream_hub);

  // Runs the handler, on the pool if the route says so, and calls `done` on the API thread, when HttpAnswer::later is
  // ready if it is set. False: the queue is full.
  bool run(const Route& route, const HttpRequest& request, const std::function<void(HttpAnswer)>& done);
  void count(const Resolution& resolution, Method method, int status, double seconds);
  std::string_view date();  // of the current second

  Router router;
  HttpLimits limits;
  SseHub* hub;
  boost::asio::io_context io{1};
  std::function<bool(std::function<void()>)> offload;  // to the pool; false when its queue is full
  bool stopping = false;

  // One row per path, beside Router::paths(), and a last one for "other"; in each the declared methods, then "other".
  std::vector<std::vector<RequestCounters>> requests;
  std::vector<Histogram> seconds;

 private:
  std::string date_;
  std::int64_t date_second_ = -1;
};

class Session : public std::enable_shared_from_this<Session> {
 public:
  // `closed` is called once, when the server may forget the session.
  Session(Tcp::socket socket, ServerContext& context, std::string remote, std::uint64_t serial,
          std::function<void(std::uint64_t)> closed);
  void start();
  void expire_before(Clock::time_point now);  // hangs up when the deadline has passed
  void stop();                                // at once when idle, else after the answer under way
  void abort();

 private:
  void read();
  void handle(Exchange::Step step);
  void run_handler();
  void hand_over_stream();
  void send(HttpAnswer answer);
  void send_raw(std::string bytes);
  void write();
  void written();
  void linger();
  void close();
  void set_deadline(std::chrono::milliseconds after);
  void set_read_deadline();

  Tcp::socket socket_;
  ServerContext& context_;
  std::uint64_t serial_;
  std::function<void(std::uint64_t)> closed_;
  Exchange exchange_;
  std::string remote_;
  std::array<char, 8192> chunk_{};
  std::string out_;            // head, and body unless borrowed
  std::string_view borrowed_;  // body that outlives us
  std::size_t sent_ = 0;
  Clock::time_point deadline_;
  Clock::time_point write_end_;
  Clock::time_point began_;
  std::uint32_t requests_ = 0;
  std::size_t drained_ = 0;
  enum class State : std::uint8_t { idle, head, body, running, writing, lingering, closed };
  State state_ = State::idle;
  bool continuing_ = false;  // what is written is "100 Continue"
  bool hang_up_ = false;
};

}  // namespace juncture
