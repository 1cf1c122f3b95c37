#include "juncture/adapters/http_server.h"

#include "adapters/http/session.h"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include <algorithm>
#include <atomic>
#include <thread>

namespace juncture {
namespace {

using ErrorCode = boost::system::error_code;
constexpr int kBacklog = 4096;
constexpr std::chrono::milliseconds kAcceptPause{100};

Result<Tcp::endpoint> loopback_endpoint(const HttpServerOptions& options) {
  ErrorCode error;
  const auto address = boost::asio::ip::make_address(options.address, error);
  if (error) {
    return fail(Domain::setup, "listen_address",
                "'" + options.address + "' is not an IP address; use 127.0.0.1 or ::1");
  }
  if (!address.is_loopback()) {
    return fail(Domain::setup, "listen_address",
                "'" + options.address +
                    "' is not a loopback address: this version has no keys yet and listens on "
                    "127.0.0.0/8 and ::1 only; put a proxy that checks who asks in front of it");
  }
  return Tcp::endpoint(address, options.port);
}

}  // namespace

struct HttpServer::Impl {
  Impl(Router router, const HttpLimits& limits, SseHub* hub)
      : context(std::move(router), limits, hub),
        acceptor(context.io),
        sweep_timer(context.io),
        pause_timer(context.io),
        stop_timer(context.io),
        pool(limits.blocking_threads) {}

  Status listen(const Tcp::endpoint& endpoint);
  void accept();
  void admit(Tcp::socket socket);
  void sweep();
  void begin_stop();
  bool offload(std::function<void()> work);

  ServerContext context;
  Tcp::acceptor acceptor;
  boost::asio::steady_timer sweep_timer, pause_timer, stop_timer;
  boost::asio::thread_pool pool;
  std::atomic<std::uint32_t> queued{0};
  std::unordered_map<std::uint64_t, std::shared_ptr<Session>> sessions;
  std::uint64_t serial = 0;
  std::uint16_t port = 0;
  Counter connections, refused, pauses;
  std::thread thread;
};

Status HttpServer::Impl::listen(const Tcp::endpoint& endpoint) {
  ErrorCode error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(Tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(kBacklog, error);
  if (error) {
    return fail(Domain::setup, "listen",
                "cannot listen on " + endpoint.address().to_string() + " port " + std::to_string(endpoint.port()) +
                    ": " + error.message() + "; choose another port, or 0 for any free one");
  }
  port = acceptor.local_endpoint().port();
  return {};
}

void HttpServer::Impl::accept() {
  acceptor.async_accept([this](ErrorCode error, Tcp::socket socket) {
    if (context.stopping || error == boost::asio::error::operation_aborted) return;
    if (error == boost::asio::error::no_descriptors || error.value() == ENFILE || error.value() == ENOBUFS ||
        error.value() == ENOMEM) {
      // The connection stays in the backlog; asking again at once would spin.
      pauses.add();
      pause_timer.expires_after(kAcceptPause);
      pause_timer.async_wait([this](ErrorCode stopped) {
        if (!stopped) accept();
      });
      return;
    }
    if (!error) admit(std::move(socket));
    accept();
  });
}

void HttpServer::Impl::admit(Tcp::socket socket) {
  ErrorCode error;
  const Tcp::endpoint peer = socket.remote_endpoint(error);
  if (error) return;
  const std::uint32_t streams = context.hub == nullptr ? 0 : context.hub->stats().clients;
  if (sessions.size() + streams >= context.limits.connections_max) {
    refused.add();
    constexpr std::string_view kFull =
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 1\r\nConnection: close\r\n\r\n";
    socket.non_blocking(true, error);
    socket.write_some(boost::asio::buffer(kFull.data(), kFull.size()), error);
    return;
  }
  socket.set_option(Tcp::no_delay(true), error);
  connections.add();
  const std::uint64_t id = ++serial;
  auto session = std::make_shared<Session>(std::move(socket), context, peer.address().to_string(), id,
                                           [this](std::uint64_t closed) {
                                             sessions.erase(closed);
                                             if (context.stopping && sessions.empty()) context.io.stop();
                                           });
  sessions.emplace(id, session);
  session->start();
}

// One timer for all deadlines: a thousand comparisons four times a second cost less than a timer for each.
void HttpServer::Impl::sweep() {
  const HttpLimits& limits = context.limits;
  const auto shortest = std::min({limits.headers_within, limits.body_within, limits.idle_max, limits.write_stall_max});
  sweep_timer.expires_after(std::clamp<std::chrono::milliseconds>(shortest / 4, std::chrono::milliseconds(5),
                                                                  std::chrono::milliseconds(250)));
  sweep_timer.async_wait([this](ErrorCode stopped) {
    if (stopped) return;
    const Clock::time_point now = Clock::now();
    for (const auto& [id, session] : sessions) session->expire_before(now);
    sweep();
  });
}

bool HttpServer::Impl::offload(std::function<void()> work) {
  if (queued.load() >= context.limits.blocking_queue_max) return false;
  ++queued;
  boost::asio::post(pool, [this, work = std::move(work)] {
    work();
    --queued;
  });
  return true;
}

void HttpServer::Impl::begin_stop() {
  context.stopping = true;
  ErrorCode ignored;
  acceptor.close(ignored);
  for (const auto& [id, session] : sessions) session->stop();
  stop_timer.expires_after(context.limits.stop_within);
  stop_timer.async_wait([this](ErrorCode) {
    for (const auto& [id, session] : sessions) session->abort();
    context.io.stop();
  });
  boost::asio::post(context.io, [this] {
    if (sessions.empty()) context.io.stop();
  });
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpServer::~HttpServer() {
  stop();
}

Result<std::unique_ptr<HttpServer>> HttpServer::start(const HttpServerOptions& options, std::vector<Route> routes,
                                                      SseHub* hub) {
  auto endpoint = loopback_endpoint(options);
  if (!endpoint) return tl::unexpected(endpoint.error());
  auto router = Router::make(std::move(routes), options.limits);
  if (!router) return tl::unexpected(router.error());
  auto impl = std::make_unique<Impl>(std::move(*router), options.limits, hub);
  if (Status listening = impl->listen(*endpoint); !listening) return tl::unexpected(listening.error());
  Impl* const raw = impl.get();
  raw->context.offload = [raw](std::function<void()> work) { return raw->offload(std::move(work)); };
  raw->accept();
  raw->sweep();
  raw->thread = std::thread([raw] { raw->context.io.run(); });
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

std::uint16_t HttpServer::port() const {
  return impl_->port;
}

void HttpServer::stop() {
  if (!impl_->thread.joinable()) return;
  boost::asio::post(impl_->context.io, [impl = impl_.get()] { impl->begin_stop(); });
  impl_->thread.join();
  impl_->pool.join();
  impl_->sessions.clear();
}

HttpStats HttpServer::stats() const {
  const ServerContext& context = impl_->context;
  const std::vector<std::string>& paths = context.router.paths();
  HttpStats out;
  out.connections = impl_->connections.value();
  out.connections_refused = impl_->refused.value();
  out.accept_pauses = impl_->pauses.value();
  for (std::size_t p = 0; p < context.requests.size(); ++p) {
    const std::string name = p < paths.size() ? paths[p] : "other";
    std::size_t row = 0;
    const auto add = [&](std::string_view method) {
      RouteStats stats{name, method, {}};
      for (std::size_t c = 0; c < stats.codes.size(); ++c) stats.codes[c] = context.requests[p][row].codes[c].value();
      out.requests.push_back(std::move(stats));
      ++row;
    };
    for (const Route& route : context.router.routes()) {
      if (route.path == name) add(kMethodNames[index_of(route.method)]);
    }
    add("other");
    out.seconds.push_back({name, context.seconds[p].value()});
  }
  return out;
}

}  // namespace juncture
