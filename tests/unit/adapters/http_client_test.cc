#include "juncture/adapters/http_client.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <memory>
#include <thread>

#include "juncture/adapters/http_server.h"
#include "raw_client.h"

using namespace juncture;
using namespace std::chrono_literals;

namespace {

Route route(std::string path, Serves serves, std::function<HttpAnswer(const HttpRequest&)> handler) {
  Route out;
  out.path = std::move(path);
  out.serves = serves;
  out.handler = std::move(handler);
  return out;
}

std::unique_ptr<HttpServer> serve(std::vector<Route> routes, HttpLimits limits = {}) {
  auto out = HttpServer::start({"127.0.0.1", 0, limits}, std::move(routes));
  REQUIRE(out.has_value());
  return std::move(*out);
}

std::string at(std::uint16_t port) {
  return "http://127.0.0.1:" + std::to_string(port);
}

Result<HttpReply> ask(HttpClient& client, HttpCall call) {
  auto said = std::make_shared<std::promise<Result<HttpReply>>>();
  client.get(std::move(call), [said](Result<HttpReply> reply) { said->set_value(std::move(reply)); });
  auto future = said->get_future();
  REQUIRE(future.wait_for(10s) == std::future_status::ready);
  return future.get();
}

// Listens and never answers.
class Silent {
 public:
  Silent() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const plain = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(::bind(socket_, plain, size) == 0);
    REQUIRE(::listen(socket_, 16) == 0);
    REQUIRE(::getsockname(socket_, plain, &size) == 0);
    port = ntohs(address.sin_port);
  }
  ~Silent() { ::close(socket_); }
  Silent(const Silent&) = delete;
  Silent& operator=(const Silent&) = delete;
  std::uint16_t port = 0;

 private:
  int socket_;
};

}  // namespace

TEST_CASE("an endpoint is a scheme, a host and a port, and nothing else", "[http]") {
  const auto named = parse_endpoint("http://node-1.example.org:8080");
  REQUIRE(named);
  CHECK(named->host == "node-1.example.org");
  CHECK(named->port == 8080);
  const auto six = parse_endpoint("http://[::1]:81");
  REQUIRE(six);
  CHECK(six->host == "::1");
  for (const char* bad : {"", "http://", "https://a:1", "http://a", "http://a:", "http://a:0", "http://a:65536",
                          "http://a:1/", "http://a:1/path", "http://user@a:1", "http://a b:1", "http://:1",
                          "http://[zz]:1", "http://a:1\r\nX: y", "http://a\r\n:1", "http://[::1:1", "http://::1:1"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_endpoint(bad));
  }
}

TEST_CASE("what is encoded comes out of a path and of a query as it was", "[http]") {
  std::string every;
  for (int c = 0x20; c < 0x7f; ++c) every.push_back(static_cast<char>(c));
  every += "\xc3\xa9";
  const auto server = serve(
      {route("/v1/{id}", Serves::public_, [](const HttpRequest& r) { return json(r.parameter); }),
       route("/q", Serves::public_, [](const HttpRequest& r) { return json(std::string(*r.query_value("p"))); })});
  HttpClient client;

  const auto path = ask(client, {at(server->port()), "/v1/" + percent_encoded(every)});
  const auto query = ask(client, {at(server->port()), "/q?p=" + percent_encoded(every)});

  REQUIRE(path);
  CHECK(path->body == every);
  CHECK(path->content_type == "application/json");
  REQUIRE(query);
  CHECK(query->body == every);
  CHECK(percent_encoded("\r\n") == "%0D%0A");
  // A name with two addresses, one of which nobody listens on.
  CHECK(ask(client, {"http://localhost:" + std::to_string(server->port()), "/v1/a"}));
}

TEST_CASE("a connection is kept and used again, and replaced when the other end has closed it", "[http]") {
  HttpLimits limits;
  limits.idle_max = 100ms;
  const auto server = serve({route("/", Serves::public_, [](const HttpRequest&) { return json("{}"); })}, limits);
  HttpClient client;

  for (int i = 0; i < 5; ++i) CHECK(ask(client, {at(server->port()), "/"}));
  CHECK(server->stats().connections == 1);
  std::this_thread::sleep_for(600ms);
  CHECK(ask(client, {at(server->port()), "/"}));

  CHECK(server->stats().connections == 2);
  CHECK(client.stats().answered == 6);
  CHECK(client.stats().failed == 0);
}

TEST_CASE("who does not answer is given up after the time that is allowed, who is not there at once", "[http]") {
  const Silent silent;
  HttpClientOptions options;
  options.within = 300ms;
  HttpClient client(options);
  const auto began = std::chrono::steady_clock::now();

  const auto late = ask(client, {at(silent.port), "/"});
  const auto took = std::chrono::steady_clock::now() - began;
  const auto nobody = ask(client, {"http://127.0.0.1:1", "/"});
  const auto nonsense = ask(client, {"ftp://127.0.0.1:1", "/"});

  REQUIRE_FALSE(late);
  CHECK(late.error().code == "timed_out");
  CHECK(took >= 300ms);
  CHECK(took < 3s);
  REQUIRE_FALSE(nobody);
  CHECK(nobody.error().code == "unreachable");
  REQUIRE_FALSE(nonsense);
  CHECK(nonsense.error().code == "unreachable");
  CHECK(client.stats().failed == 3);
}

TEST_CASE("calls over the limit are refused at once, and stopping ends those under way", "[http]") {
  const Silent silent;
  HttpClientOptions options;
  options.within = 30s;
  options.calls_max = 3;
  HttpClient client(options);
  std::atomic<int> stopped{0}, refused{0};

  for (int i = 0; i < 5; ++i) {
    client.get({at(silent.port), "/"}, [&](Result<HttpReply> reply) {
      if (reply) return;
      if (reply.error().code == "stopped") ++stopped;
      if (reply.error().code == "overloaded") ++refused;
    });
  }
  CHECK(refused == 2);
  client.stop();
  CHECK(stopped == 3);

  client.get({at(silent.port), "/"}, [&](const Result<HttpReply>&) { ++stopped; });
  CHECK(stopped == 4);
}

TEST_CASE("an answer that comes later goes to the request that waits for it", "[http]") {
  std::promise<std::function<void(HttpAnswer)>> asked;
  const auto server =
      serve({route("/later", Serves::public_,
                   [&](const HttpRequest&) {
                     HttpAnswer out;
                     out.later = [&](std::function<void(HttpAnswer)> done) { asked.set_value(std::move(done)); };
                     return out;
                   }),
             route("/now", Serves::public_, [](const HttpRequest&) { return json("{\"now\":1}"); })});
  RawClient waiting(server->port());
  waiting.send("GET /later HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const auto done = asked.get_future().get();
  RawClient other(server->port());
  CHECK(other.get("/now").find("{\"now\":1}") != std::string::npos);

  std::thread([&] { done(json("{\"late\":1}", 202)); }).join();

  const std::string answer = waiting.read_answer();
  CHECK(answer.starts_with("HTTP/1.1 202"));
  CHECK(answer.find("{\"late\":1}") != std::string::npos);
}

TEST_CASE("a public question never reaches what is not public by way of another instance", "[http]") {
  const auto server = serve({route("/open", Serves::public_, [](const HttpRequest&) { return json("{}"); }),
                             route("/sales", Serves::analyst, [](const HttpRequest&) { return json("{\"sales\":1}"); }),
                             route("/ops", Serves::ops, [](const HttpRequest&) { return json("{}"); })});
  HttpClient client;
  const auto status = [&](const std::string& path, const std::string& asked_for) {
    const auto reply = ask(client, {at(server->port()), path, {{"Juncture-Forwarded", asked_for}}});
    return reply ? reply->status : 0;
  };

  CHECK(status("/open", "public") == 200);
  CHECK(status("/sales", "public") == 403);
  CHECK(status("/sales", "anything") == 403);
  CHECK(status("/ops", "public") == 403);
  CHECK(status("/ops", "analyst") == 403);
  CHECK(status("/sales", "analyst") == 200);
}
