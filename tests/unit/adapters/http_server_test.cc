#include "juncture/adapters/http_server.h"

#include <sys/resource.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <future>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "raw_client.h"

using namespace juncture;
using namespace std::chrono_literals;

namespace {

Route get_route(std::string path, std::function<HttpAnswer(const HttpRequest&)> handler) {
  Route out;
  out.path = std::move(path);
  out.serves = Serves::public_;
  out.handler = std::move(handler);
  return out;
}

Route echo_route() {
  Route out = get_route("/v1/signals", [](const HttpRequest& r) { return json(r.body, 202); });
  out.method = Method::post;
  return out;
}

HttpServerOptions at(std::string address, std::uint16_t port = 0, HttpLimits limits = {}) {
  return {std::move(address), port, limits};
}

std::unique_ptr<HttpServer> started(std::vector<Route> routes, HttpLimits limits = {}) {
  auto out = HttpServer::start(at("127.0.0.1", 0, limits), std::move(routes));
  REQUIRE(out.has_value());
  return std::move(*out);
}

std::unique_ptr<HttpServer> small_server(HttpLimits limits = {}) {
  return started({get_route("/", [](const HttpRequest&) { return json("{\"a\":1}"); }), echo_route()}, limits);
}

int status_of(const std::string& answer) {
  return answer.size() < 12 ? 0 : std::atoi(answer.c_str() + 9);
}

std::size_t open_files() {
  std::size_t out = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++out;
  return out;
}

}  // namespace

TEST_CASE("a server listens on loopback and nowhere else", "[http]") {
  for (const char* address : {"0.0.0.0", "::", "192.168.0.1", "example.org", "", "8.8.8.8"}) {
    const auto out = HttpServer::start(at(address), {echo_route()});
    REQUIRE_FALSE(out.has_value());
    CHECK(out.error().domain == Domain::setup);
    CHECK(out.error().code == "listen_address");
  }
  const auto first = small_server();
  const auto again = HttpServer::start(at("127.0.0.1", first->port()), {echo_route()});
  REQUIRE_FALSE(again.has_value());
  CHECK(again.error().code == "listen");
}

TEST_CASE("requests follow each other on one connection", "[http]") {
  const auto server = small_server();
  RawClient client(server->port());

  for (int i = 0; i < 3; ++i) {
    const std::string answer = client.get("/");
    CHECK(status_of(answer) == 200);
    CHECK(answer.ends_with("{\"a\":1}"));
  }
  CHECK(
      client
          .ask("POST /v1/signals HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 5\r\n"
               "\r\n[1,2]")
          .ends_with("[1,2]"));
  const std::string head = client.ask("HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  CHECK(head.find("Content-Length: 7\r\n") != std::string::npos);
  CHECK(head.ends_with("\r\n\r\n"));
  CHECK(client.get("/").ends_with("{\"a\":1}"));
  const std::string options = client.ask("OPTIONS / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  CHECK(options.find("Allow: GET, HEAD, OPTIONS\r\n") != std::string::npos);
  const std::string last = client.get("/", "Connection: close\r\n");
  CHECK(last.find("Connection: close\r\n") != std::string::npos);
  CHECK(client.ended());
}

TEST_CASE("a refused request gets its problem and the connection ends without losing it", "[http]") {
  const auto server = small_server();
  RawClient client(server->port());

  const std::string answer = client.ask(
      "POST /v1/signals HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
      "70000\r\n\r\n" +
      std::string(70000, 'x'));

  CHECK(status_of(answer) == 413);
  CHECK(answer.find("application/problem+json") != std::string::npos);
  CHECK(answer.find("urn:juncture:error:body_too_large") != std::string::npos);
  CHECK(client.ended());
}

TEST_CASE("an expected 100 comes before the body is sent", "[http]") {
  const auto server = small_server();
  RawClient client(server->port());

  client.send(
      "POST /v1/signals HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
      "Expect: 100-continue\r\n\r\n");
  CHECK(client.read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  CHECK(client.ask("{}").ends_with("{}"));
}

TEST_CASE("absolute deadlines end slow heads, slow bodies, idle connections and unread answers", "[http]") {
  HttpLimits limits;
  limits.headers_within = 150ms;
  limits.body_within = 150ms;
  limits.idle_max = 150ms;
  limits.write_stall_max = 150ms;
  const std::string big(8 * 1024 * 1024, 'b');
  const auto server = started({get_route("/", [](const HttpRequest&) { return json("{}"); }), echo_route(),
                               get_route("/big", [&big](const HttpRequest&) { return json(big); })},
                              limits);

  SECTION("a head that drips") {
    RawClient client(server->port());
    std::string answer;
    const auto began = std::chrono::steady_clock::now();
    client.send("GET / HTTP/1.1\r\nHost: localhost\r\nX: ");
    while (std::chrono::steady_clock::now() - began < 5s) {
      if (!client.send("a")) break;
      pollfd ready{client.handle(), POLLIN, 0};
      if (::poll(&ready, 1, 20) > 0) break;
    }
    CHECK(status_of(client.read_answer()) == 408);
    CHECK(std::chrono::steady_clock::now() - began < 2s);
  }
  SECTION("a body that drips") {
    RawClient client(server->port());
    client.send(
        "POST /v1/signals HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
        "9000\r\n\r\n");
    const auto began = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - began < 5s) {
      if (!client.send("a")) break;
      pollfd ready{client.handle(), POLLIN, 0};
      if (::poll(&ready, 1, 20) > 0) break;
    }
    CHECK(status_of(client.read_answer()) == 408);
  }
  SECTION("an idle connection") {
    RawClient client(server->port());
    CHECK(status_of(client.get("/")) == 200);
    CHECK(client.ended());
  }
  SECTION("a connection that never says anything") {
    RawClient client(server->port());
    CHECK(client.ended());
  }
  SECTION("an answer that nobody reads") {
    RawClient client(server->port());
    client.send("GET /big HTTP/1.1\r\nHost: localhost\r\n\r\n");
    pollfd gone{client.handle(), POLLRDHUP, 0};  // POLLERR and POLLHUP come unasked
    CHECK(::poll(&gone, 1, 5000) == 1);
    CHECK(client.read_answer().size() < big.size());
  }
}

TEST_CASE("the connection after the last allowed one is told so", "[http]") {
  HttpLimits limits;
  limits.connections_max = 3;
  const auto server = small_server(limits);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(std::make_unique<RawClient>(server->port()));
    CHECK(status_of(clients.back()->get("/")) == 200);
  }

  RawClient fourth(server->port());

  CHECK(status_of(fourth.read_answer()) == 503);
  CHECK(fourth.ended());
  CHECK(status_of(clients[0]->get("/")) == 200);
  CHECK(server->stats().connections_refused == 1);
}

TEST_CASE("a connection serves so many requests and no more", "[http]") {
  HttpLimits limits;
  limits.requests_per_connection_max = 2;
  const auto server = small_server(limits);
  RawClient client(server->port());

  CHECK(client.get("/").find("Connection: keep-alive") != std::string::npos);
  CHECK(client.get("/").find("Connection: close") != std::string::npos);
  CHECK(client.ended());
}

TEST_CASE("out of file descriptors, accepting waits and then goes on", "[http]") {
  const auto server = small_server();
  RawClient before(server->port());
  CHECK(status_of(before.get("/")) == 200);
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const rlimit old = limit;
  auto late = std::make_unique<RawClient>(server->port());  // accepted before the limit falls
  CHECK(status_of(late->get("/")) == 200);

  // A socket made first, so that the client side needs no descriptor under the low limit.
  const int waiting = ::socket(AF_INET, SOCK_STREAM, 0);
  limit.rlim_cur = open_files() - 1;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(server->port());
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(::connect(waiting, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  const auto began = std::chrono::steady_clock::now();
  while (server->stats().accept_pauses < 2 && std::chrono::steady_clock::now() - began < 5s) std::this_thread::yield();
  const std::uint64_t pauses = server->stats().accept_pauses;
  CHECK(status_of(before.get("/")) == 200);
  ::setrlimit(RLIMIT_NOFILE, &old);

  CHECK(pauses >= 2);
  CHECK(pauses < 20);
  const std::string_view request = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
  CHECK(::send(waiting, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size()));
  pollfd ready{waiting, POLLIN, 0};
  CHECK(::poll(&ready, 1, 5000) == 1);
  ::close(waiting);
}

TEST_CASE("a handler that waits holds up nobody else, and a full queue is said at once", "[http]") {
  std::promise<void> gate;
  std::shared_future<void> open = gate.get_future().share();
  std::atomic<int> entered{0};
  Route slow = get_route("/slow", [open, &entered](const HttpRequest&) {
    ++entered;
    open.wait();
    return json("{\"slow\":1}");
  });
  slow.blocking = true;
  HttpLimits limits;
  limits.blocking_threads = 1;
  limits.blocking_queue_max = 2;
  const auto server = started({slow, get_route("/", [](const HttpRequest&) { return json("{}"); })}, limits);
  RawClient first(server->port());
  RawClient second(server->port());
  const std::string request = "GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n";
  first.send(request);
  while (entered == 0) std::this_thread::yield();
  second.send(request);

  RawClient quick(server->port());
  CHECK(status_of(quick.get("/")) == 200);
  RawClient third(server->port());
  std::string refused = third.ask(request);
  // The second request may still have been on its way when the third came; then the third took its place.
  CHECK((status_of(refused) == 503 || refused.empty()));
  CHECK(refused.find("Retry-After: 1\r\n") != std::string::npos);

  gate.set_value();
  CHECK(status_of(first.read_answer()) == 200);
  CHECK(status_of(second.read_answer()) == 200);
}

TEST_CASE("embedded data has an ETag and is not sent twice", "[http]") {
  Route file = get_route("/app.js", [](const HttpRequest&) {
    HttpAnswer out;
    out.content_type = "text/javascript";
    out.borrowed = "let a = 1;";
    out.etag = "\"0123\"";
    out.cache = Cache::revalidate;
    return out;
  });
  const auto server = started({file});
  RawClient client(server->port());

  CHECK(client.get("/app.js").ends_with("let a = 1;"));
  const std::string again = client.get("/app.js", "If-None-Match: \"0123\"\r\n");
  CHECK(status_of(again) == 304);
  CHECK(again.ends_with("\r\n\r\n"));
  CHECK(again.find("Cache-Control: no-cache\r\n") != std::string::npos);
  CHECK(client.get("/app.js", "If-None-Match: \"9999\"\r\n").ends_with("let a = 1;"));
  CHECK(client.ask("HEAD /app.js HTTP/1.1\r\nHost: localhost\r\n\r\n").find("Content-Length: 10\r\n") !=
        std::string::npos);
}

TEST_CASE("statistics have a row for every route from the start and only for those", "[http]") {
  const auto server = small_server();
  const std::size_t rows = server->stats().requests.size();
  CHECK(rows == 5);  // two routes with their method and "other", and one row for the rest
  RawClient client(server->port());
  client.get("/");
  client.ask("HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  client.ask("OPTIONS / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  for (int i = 0; i < 50; ++i) {
    RawClient(server->port()).get("/v" + std::to_string(i));
    RawClient(server->port())
        .ask("M" + std::to_string(i) + " / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
  }

  const HttpStats stats = server->stats();

  REQUIRE(stats.requests.size() == rows);
  CHECK(stats.requests[0].route == "/");
  CHECK(stats.requests[0].method == "GET");
  CHECK(stats.requests[0].codes[1] == 2);
  CHECK(stats.requests[1].codes[1] == 1);   // OPTIONS
  CHECK(stats.requests[1].codes[3] == 50);  // unknown methods
  CHECK(stats.requests[4].route == "other");
  CHECK(stats.requests[4].codes[3] == 50);
  CHECK(stats.connections == 101);
}

TEST_CASE("stopping finishes the request under way and takes no other", "[http]") {
  std::promise<void> gate;
  std::shared_future<void> open = gate.get_future().share();
  std::atomic<bool> entered{false};
  Route slow = get_route("/slow", [open, &entered](const HttpRequest&) {
    entered = true;
    open.wait();
    return json("{}");
  });
  slow.blocking = true;
  auto server = started({slow});
  const std::uint16_t port = server->port();
  RawClient client(port);
  RawClient idle(port);
  client.send("GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n");
  while (!entered) std::this_thread::yield();

  std::thread stopper([&] { server->stop(); });
  CHECK(idle.ended());
  gate.set_value();
  const std::string answer = client.read_answer();
  stopper.join();

  CHECK(status_of(answer) == 200);
  CHECK(answer.find("Connection: close\r\n") != std::string::npos);
  CHECK_FALSE(RawClient(port).connected());
}
