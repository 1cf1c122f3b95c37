#include "juncture/adapters/sse_hub.h"

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "adapters/http/sse_ring.h"
#include "juncture/adapters/http_server.h"
#include "raw_client.h"

using namespace juncture;

namespace {

struct Fixture {
  explicit Fixture(SseOptions options = {}) {
    options.frame_every = std::chrono::milliseconds(20);
    hub = SseHub::start(options, [] { return std::string("[\"all\"]"); }).value();
    Route stream;
    stream.path = "/v1/stream";
    stream.serves = Serves::analyst;
    stream.stream = true;
    server = HttpServer::start({}, {stream}, hub.get()).value();
  }
  ~Fixture() { server->stop(); }

  std::unique_ptr<RawClient> open(const std::string& query = {}, const std::string& headers = {}) {
    auto out = std::make_unique<RawClient>(server->port());
    out->send("GET /v1/stream" + query + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n");
    return out;
  }

  std::unique_ptr<SseHub> hub;
  std::unique_ptr<HttpServer> server;
};

std::string row(int i) {
  return "{\"i\":" + std::to_string(i) + "}";
}
void publish(SseHub& hub, int from, int to, std::size_t padding = 0) {
  for (int i = from; i < to; ++i) hub.publish("c" + std::to_string(i), row(i) + std::string(padding, ' '));
}

}  // namespace

TEST_CASE("a new client is greeted, given a snapshot, then what comes", "[sse]") {
  Fixture f;
  const auto client = f.open();

  const std::string head = client->read_until("\r\n\r\n");
  CHECK(head.find("Content-Type: text/event-stream\r\n") != std::string::npos);
  CHECK(head.find("Cache-Control: no-store\r\n") != std::string::npos);
  CHECK(head.find("X-Accel-Buffering: no\r\n") != std::string::npos);
  CHECK(head.find("nosniff") != std::string::npos);
  CHECK(client->read_until("\n\n") ==
        "retry: 2000\nevent: hello\ndata: {\"source\":\"embedded\",\"synthetic\":false}\n\n");
  CHECK(client->read_until("\n\n") == "event: snapshot\ndata: [\"all\"]\n\n");
  publish(*f.hub, 0, 1);
  CHECK(client->read_until("\n\n") == "id: c0\ndata: [{\"i\":0}]\n\n");
  CHECK(f.hub->stats().clients == 1);
}

TEST_CASE("a client that comes back goes on after its last row", "[sse]") {
  Fixture f;
  publish(*f.hub, 0, 10);

  const auto by_header = f.open("", "Last-Event-ID: c6\r\n");
  by_header->read_until("hello");
  by_header->read_until("\n\n");
  CHECK(by_header->read_until("\n\n") == "id: c9\ndata: [{\"i\":7},{\"i\":8},{\"i\":9}]\n\n");
  const auto by_query = f.open("?cursor=c8");
  by_query->read_until("hello");
  by_query->read_until("\n\n");
  CHECK(by_query->read_until("\n\n") == "id: c9\ndata: [{\"i\":9}]\n\n");
}

TEST_CASE("a long resume comes whole, in several frames", "[sse]") {
  Fixture f;
  publish(*f.hub, 0, 4000, 1000);

  const auto client = f.open("?cursor=c0");
  const std::string all = client->read_until("\"i\":3999}");

  CHECK(all.find("event: gap") == std::string::npos);
  for (int i = 1; i < 4000; i += 111) CHECK(all.find(row(i)) != std::string::npos);
}

TEST_CASE("a cursor that is unknown or too old is a gap and a snapshot", "[sse]") {
  SseOptions options;
  options.ring_rows = 5;
  Fixture f(options);
  publish(*f.hub, 0, 10);

  for (const char* cursor : {"c2", "elsewhere"}) {
    const auto client = f.open("?cursor=" + std::string(cursor));
    client->read_until("hello");
    client->read_until("\n\n");
    CHECK(client->read_until("\n\n") == "event: gap\ndata: {\"missed\":null,\"reason\":\"unknown_cursor\"}\n\n");
    CHECK(client->read_until("\n\n") == "event: snapshot\nid: c9\ndata: [\"all\"]\n\n");
  }
  CHECK(f.hub->stats().dropped[index_of(SseDrop::unknown_cursor)] == 2);
}

TEST_CASE("a client that does not read loses rows, is told how many, and holds no memory", "[sse]") {
  Fixture f;
  const auto client = f.open();
  client->read_until("snapshot");
  client->read_until("\n\n");

  // Rows that one frame could carry, until the kernel's buffers are full and no more frames go out.
  int published = 0;
  bool blocked = false;
  while (!blocked && published < 200000) {
    const std::uint64_t frames = f.hub->stats().frames;
    publish(*f.hub, published, published + 200, 1000);
    published += 200;
    const auto step = std::chrono::steady_clock::now();
    while (f.hub->stats().frames == frames && !blocked) {
      blocked = std::chrono::steady_clock::now() - step > std::chrono::milliseconds(200);
      std::this_thread::yield();
    }
  }
  REQUIRE(blocked);
  publish(*f.hub, published, published + 1000, 1000);
  const std::string before = client->read_until("event: gap\n");
  const std::string gap = client->read_until("\n\n");

  CHECK(before.ends_with("event: gap\n"));
  CHECK(gap.ends_with(",\"reason\":\"slow\"}\n\n"));
  CHECK(std::atoi(gap.c_str() + std::string_view("data: {\"missed\":").size()) >= 1000);
  CHECK(client->read_until("\n\n").starts_with("event: snapshot\nid: c"));
  CHECK(f.hub->stats().dropped[index_of(SseDrop::slow)] == 1);
  publish(*f.hub, -1, 0);
  CHECK(client->read_until("\n\n") == "id: c-1\ndata: [{\"i\":-1}]\n\n");
}

TEST_CASE("filters let through what was asked for", "[sse]") {
  Fixture f;
  const auto client = f.open("?stage=cost_benefit,negotiation&moment=buy&min=0.5");
  client->read_until("snapshot");
  client->read_until("\n\n");
  const auto stage = static_cast<std::int8_t>(Stage::negotiation);
  const auto buy = static_cast<std::int8_t>(Moment::buy);

  f.hub->publish("a", "1", {0, buy, 1});
  f.hub->publish("b", "2", {stage, 0, 1});
  f.hub->publish("c", "3", {stage, buy, 0.4F});
  f.hub->publish("d", "4", {stage, buy, 0.6F});
  f.hub->publish("e", "5");

  CHECK(client->read_until("\n\n") == "id: d\ndata: [4]\n\n");
}

TEST_CASE("what is in a row stays in its event", "[sse]") {
  SseRing ring(10);
  ring.add("c\n\nevent: x", "{\"a\":1,\n\n\"event: bye\":\r2}", {});
  const std::string text = ring.frame(0, {}, 1000).text;

  CHECK(text == "data: [{\"a\":1,  \"event: bye\": 2}]\n\n");
}

TEST_CASE("the ring keeps the newest rows and counts the bytes behind", "[sse]") {
  SseRing ring(3);
  for (int i = 0; i < 5; ++i) ring.add("c" + std::to_string(i), "12345", {});

  CHECK(ring.begin() == 2);
  CHECK(ring.end() == 5);
  CHECK(ring.bytes_from(3) == 12);
  CHECK(ring.bytes_from(0) == 18);
  CHECK(ring.bytes_from(5) == 0);
  CHECK_FALSE(ring.after("c1").has_value());
  CHECK(ring.after("c3") == 4);
  CHECK(ring.frame(3, {}, 1000).next == 5);
  CHECK(ring.frame(2, {}, 6).next == 3);
  ring.skip(10);
  CHECK(ring.begin() == 15);
  CHECK(ring.end() == 15);
}

TEST_CASE("a bad filter is a problem, not a stream", "[sse]") {
  HttpRequest request;
  request.query = {{"stage", "nonsense"}};
  CHECK_FALSE(stream_filter(request).has_value());
  request.query = {{"min", "2"}};
  CHECK_FALSE(stream_filter(request).has_value());
  request.query = {{"min", "nan"}};
  CHECK_FALSE(stream_filter(request).has_value());
  Fixture f;
  const auto client = f.open("?stage=nonsense");
  CHECK(client->read_answer().starts_with("HTTP/1.1 400 "));
}

TEST_CASE("full hubs refuse, and places come back when clients leave", "[sse]") {
  SseOptions options;
  options.clients_per_address_max = 2;
  Fixture f(options);
  auto first = f.open();
  auto second = f.open();
  first->read_until("hello");
  second->read_until("hello");

  const auto third = f.open();
  CHECK(third->read_answer().starts_with("HTTP/1.1 503 "));
  first.reset();
  const auto began = std::chrono::steady_clock::now();
  while (f.hub->stats().clients == 2 && std::chrono::steady_clock::now() - began < std::chrono::seconds(5)) {
    std::this_thread::yield();
  }
  const auto fourth = f.open();
  CHECK(fourth->read_until("hello").starts_with("HTTP/1.1 200 "));
}

TEST_CASE("a quiet stream beats, and a stopped one says bye", "[sse]") {
  SseOptions options;
  options.heartbeat_every = std::chrono::milliseconds(50);
  Fixture f(options);
  const auto client = f.open();
  client->read_until("snapshot");
  client->read_until("\n\n");

  CHECK(client->read_until("\n\n") == ": hb\n\n");
  f.hub->stop();
  CHECK(client->read_until("event: bye\ndata: {}\n\n").ends_with("event: bye\ndata: {}\n\n"));
  CHECK(client->ended());
}

TEST_CASE("a client that takes nothing at all is cut off", "[sse]") {
  SseOptions options;
  options.stall_max = std::chrono::milliseconds(200);
  Fixture f(options);
  const auto client = f.open();
  client->read_until("snapshot");
  client->read_until("\n\n");

  const auto began = std::chrono::steady_clock::now();
  int published = 0;
  while (f.hub->stats().dropped[index_of(SseDrop::stalled)] == 0 &&
         std::chrono::steady_clock::now() - began < std::chrono::seconds(20)) {
    const std::uint64_t frames = f.hub->stats().frames;
    publish(*f.hub, published, published + 200, 1000);
    published += 200;
    const auto step = std::chrono::steady_clock::now();
    while (f.hub->stats().frames == frames && std::chrono::steady_clock::now() - step < std::chrono::milliseconds(30)) {
      std::this_thread::yield();
    }
  }

  CHECK(f.hub->stats().dropped[index_of(SseDrop::stalled)] == 1);
  CHECK(f.hub->stats().clients == 0);
}
