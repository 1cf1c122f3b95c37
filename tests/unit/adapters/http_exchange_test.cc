#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "adapters/http/answer.h"
#include "adapters/http/exchange.h"

using namespace juncture;
using Step = Exchange::Step;

namespace {

std::vector<Route> sample_routes() {
  std::vector<Route> out(4);
  out[0].path = "/v1/prospects/{id}";
  out[0].serves = Serves::analyst;
  out[0].handler = [](const HttpRequest& r) { return json("\"" + r.parameter + "\""); };
  out[1].path = "/v1/signals";
  out[1].method = Method::post;
  out[1].serves = Serves::public_;
  out[1].body_bytes_max = 256;
  out[1].media_types = {"application/json", "text/plain"};
  out[1].handler = [](const HttpRequest&) { return json("{}", 202); };
  out[2].path = "/";
  out[2].serves = Serves::public_;
  out[2].handler = [](const HttpRequest&) { return json("{}"); };
  out[3].path = "/v1/stream";
  out[3].serves = Serves::analyst;
  out[3].stream = true;
  return out;
}

struct Outcome {
  Step step = Step::more;
  int status = 0;  // of an answer; 0 when a handler would run
  bool close = false;
  HttpRequest request;
};

// Feeds the bytes whole, then once more byte by byte: both must come to the same end.
Outcome outcome_of(const std::string& bytes, HttpLimits limits = {}) {
  const Router router = Router::make(sample_routes(), limits).value();
  Outcome outcomes[2];
  for (int way = 0; way < 2; ++way) {
    Exchange exchange(router, limits, "127.0.0.1", "t");
    Step step = Step::more;
    if (way == 0) step = exchange.feed(bytes);
    for (std::size_t i = 0; way == 1 && i < bytes.size() && step == Step::more; ++i) {
      step = exchange.feed(std::string_view(bytes).substr(i, 1));
      if (step == Step::send_continue) step = exchange.feed({});
    }
    if (step == Step::send_continue) step = exchange.feed({});
    outcomes[way] = {step, step == Step::answer ? exchange.answer().status : 0, exchange.must_close(),
                     exchange.request()};
  }
  CHECK(outcomes[0].step == outcomes[1].step);
  CHECK(outcomes[0].status == outcomes[1].status);
  return outcomes[0];
}

std::string post(const std::string& headers, const std::string& body) {
  return "POST /v1/signals HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" + headers + "\r\n" + body;
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

const std::string kChunked = "Transfer-Encoding: chunked\r\n";

const std::string kGet = "GET / HTTP/1.1\r\n";
const std::string kHost = "Host: localhost\r\n";

// Two lengths, encodings that one side may not know, names that hide from one side, and chunks.
std::vector<std::string> framing_tricks() {
  return {
      // framing by two lengths
      post("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
      post("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", "0\r\n\r\n"),
      post("Content-Length: 2\r\nContent-Length: 2\r\n", "{}"),
      post("Content-Length: 2\r\nContent-Length: 3\r\n", "{}"), post("Content-Length: 2, 2\r\n", "{}"),
      post("Content-Length: +2\r\n", "{}"), post("Content-Length: -2\r\n", "{}"), post("Content-Length: 0x2\r\n", "{}"),
      post("Content-Length: 2 \t2\r\n", "{}"), post("Content-Length:\r\n", "{}"), post("Content-Length: 2.0\r\n", "{}"),
      post("Content-Length: 18446744073709551618\r\n", "{}"), post("Content-Length: 99999999999999999999999\r\n", "{}"),
      post("Content-Length: \"2\"\r\n", "{}"),
      // transfer encodings that one side may not know
      post("Transfer-Encoding: identity\r\n", "{}"), post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"),
      post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"),
      post("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"),
      post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n"),
      post("Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n"), post("Transfer-Encoding: chunked;q=1\r\n", "0\r\n\r\n"),
      post("Transfer-Encoding:\r\n", "0\r\n\r\n"), post("Transfer-Encoding: chu\tnked\r\n", "0\r\n\r\n"),
      "POST /v1/signals HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      // names that hide from one side
      post("Content-Length : 2\r\n", "{}"), post("Content-Length\t: 2\r\n", "{}"), post(" Content-Length: 2\r\n", "{}"),
      post("\tTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"),
      post("X: y\r\n Transfer-Encoding: chunked\r\n", "0\r\n\r\n"), post("X: y\r\n\tfolded\r\n", "{}"),
      post("Content-Length: 2\r\n 0\r\n", "{}"), post("Content_Length[]: 2\r\n", "{}"), post(": 2\r\n", "{}"),
      post("Content-Length 2\r\n", "{}"),
      post("Trans\x0b"
           "fer-Encoding: chunked\r\n",
           "0\r\n\r\n"),
      // chunks
      post(kChunked, "2\n{}\r\n0\r\n\r\n"), post(kChunked, "2\r\n{}0\r\n\r\n"), post(kChunked, "2\r\n{}X\r\n0\r\n\r\n"),
      post(kChunked, "g\r\n{}\r\n0\r\n\r\n"), post(kChunked, "-2\r\n{}\r\n0\r\n\r\n"),
      post(kChunked, "0x2\r\n{}\r\n0\r\n\r\n"), post(kChunked, " 2\r\n{}\r\n0\r\n\r\n"),
      post(kChunked, "\r\n{}\r\n0\r\n\r\n"), post(kChunked, "2;\x01\r\n{}\r\n0\r\n\r\n"),
      post(kChunked, "2;a=\"\n\"\r\n{}\r\n0\r\n\r\n"),
      post(kChunked, "2;" + repeated("a", 300) + "\r\n{}\r\n0\r\n\r\n"),
      post(kChunked, "11111111111111111\r\n{}\r\n0\r\n\r\n"),
      post(kChunked, "2\r\n{}\r\n0\r\nContent-Length: 5\r\n\r\n"),
      post(kChunked, "2\r\n{}\r\n0\r\nX-Trailer: a\r\n\r\n"), post(kChunked, "2\r\n{}\r\n0\r\nHost: evil\r\n\r\n")};
}

// Line ends, characters, request lines, hosts, and bodies where there are none.
std::vector<std::string> head_tricks() {
  const std::string get = kGet;
  const std::string host = kHost;
  return {// line ends
          "GET / HTTP/1.1\nHost: localhost\n\n", get + "Host: localhost\n\r\n", get + host + "\n",
          get + "Host: localhost\r\r\n\r\n", get + "Host: local\rhost\r\n\r\n", "GET / HTTP/1.1\r\r\n\r\n",
          "\r\n" + get + host + "\r\n", "\n" + get + host + "\r\n", post("X: a\rContent-Length: 2\r\n", "{}"),
          post("X: a\nContent-Length: 2\r\n", "{}"),
          // characters
          get + host + std::string("X: a\0b\r\n\r\n", 9),
          get + host +
              "X: a\x01"
              "b\r\n\r\n",
          get + host + "X: a\x7f\r\n\r\n", std::string("GET /\0 HTTP/1.1\r\n", 17) + host + "\r\n",
          "GET /\x80 HTTP/1.1\r\n" + host + "\r\n", "GET /a#b HTTP/1.1\r\n" + host + "\r\n",
          "GET /a\\b HTTP/1.1\r\n" + host + "\r\n", "GET /a\tb HTTP/1.1\r\n" + host + "\r\n",
          // request lines
          "GET  / HTTP/1.1\r\n" + host + "\r\n", "GET / HTTP/1.1 \r\n" + host + "\r\n", "GET /\r\n\r\n",
          "GET / http/1.1\r\n" + host + "\r\n", "GET / HTTP/1.1x\r\n" + host + "\r\n",
          "G\x01T / HTTP/1.1\r\n" + host + "\r\n", "GET\t/ HTTP/1.1\r\n" + host + "\r\n",
          " GET / HTTP/1.1\r\n" + host + "\r\n", "GET http://localhost/ HTTP/1.1\r\n" + host + "\r\n",
          "GET * HTTP/1.1\r\n" + host + "\r\n", "GET localhost:80 HTTP/1.1\r\n" + host + "\r\n",
          "AVERYLONGMETHODNAME / HTTP/1.1\r\n" + host + "\r\n",
          // hosts
          get + "\r\n", get + host + host + "\r\n", get + host + "Host: evil\r\n\r\n",
          // bodies where there are none
          get + host + "Content-Length: 3\r\n\r\nabc", get + host + kChunked + "\r\n0\r\n\r\n",
          "OPTIONS / HTTP/1.1\r\n" + host + "Content-Length: 1\r\n\r\nx",
          "HEAD / HTTP/1.1\r\n" + host + "Content-Length: 1\r\n\r\nx"};
}

}  // namespace

TEST_CASE("what proxies say of the client is handed on as it was sent, every line of it", "[http]") {
  const std::string head = "GET /v1/prospects/p HTTP/1.1\r\nHost: localhost\r\n";
  CHECK(outcome_of(head + "\r\n").request.forwarded_for.empty());
  const Outcome one = outcome_of(head + "X-Forwarded-For: 192.0.2.7\r\n\r\n");
  CHECK(one.request.forwarded_for == "192.0.2.7");
  CHECK(one.request.remote == "127.0.0.1");
  const Outcome two =
      outcome_of(head + "x-forwarded-for: 198.51.100.1, 192.0.2.7\r\nX-Forwarded-For: 10.0.0.1\r\n\r\n");
  CHECK(two.request.forwarded_for == "198.51.100.1, 192.0.2.7,10.0.0.1");
}

TEST_CASE("what two parsers could read in two ways is refused and the connection closed", "[http]") {
  std::vector<std::string> corpus = framing_tricks();
  for (std::string& bytes : head_tricks()) corpus.push_back(std::move(bytes));

  CHECK(corpus.size() >= 60);
  for (const std::string& bytes : corpus) {
    INFO(bytes);
    const Outcome outcome = outcome_of(bytes);
    CHECK(outcome.step == Step::answer);
    CHECK(outcome.status == 400);
    CHECK(outcome.close);
  }
}

TEST_CASE("ordinary requests of browsers, curl and beacons are taken", "[http]") {
  const std::vector<std::string> corpus{"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
                                        "GET / HTTP/1.1\r\nhost:127.0.0.1:8080\r\n\r\n",
                                        "GET / HTTP/1.0\r\n\r\n",
                                        "GET / HTTP/1.1\r\nHost: [::1]:9\r\nAccept: */*\r\nX-Empty:\r\n\r\n",
                                        "GET /?a=%41&b=c+d HTTP/1.1\r\nHost: LOCALHOST\r\nContent-Length: 0\r\n\r\n",
                                        post("Content-Length: 2\r\n", "{}"),
                                        post(kChunked, "2\r\n{}\r\n0\r\n\r\n"),
                                        post(kChunked, "1;a=b\r\n{\r\n1\r\n}\r\n0\r\n\r\n"),
                                        post("Transfer-Encoding: CHUNKED\r\n", "2\r\n{}\r\n0\r\n\r\n"),
                                        post("Content-Length: 2\r\nExpect: 100-continue\r\n", "{}"),
                                        post("Content-Length: 2\r\nContent-Encoding: identity\r\n", "{}"),
                                        "POST /v1/signals HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                                        "text/plain;charset=UTF-8\r\nContent-Length: 2\r\n\r\n{}"};
  for (const std::string& bytes : corpus) {
    INFO(bytes);
    const Outcome outcome = outcome_of(bytes);
    CHECK(outcome.step == Step::run);
    if (outcome.request.method == Method::post) CHECK(outcome.request.body == "{}");
  }
}

TEST_CASE("an empty chunked body may come in any pieces", "[http]") {
  for (const std::string body : {"0\r\n\r\n", "000000\r\n\r\n", "0;a=b\r\n\r\n"}) {
    const Outcome outcome = outcome_of(post(kChunked, body));
    CHECK(outcome.step == Step::run);
    CHECK(outcome.request.body.empty());
  }
}

TEST_CASE("each limit takes N and refuses N + 1", "[http]") {
  HttpLimits limits;
  limits.request_line_bytes_max = 64;
  limits.header_bytes_max = 128;
  limits.header_fields_max = 3;
  const std::string host = "Host: localhost\r\n";
  const auto line = [](std::size_t size) { return "GET /?" + std::string(size - 15, 'a') + " HTTP/1.1\r\n"; };

  CHECK(outcome_of(line(64) + host + "\r\n", limits).step == Step::run);
  CHECK(outcome_of(line(66) + host + "\r\n", limits).status == 414);
  CHECK(outcome_of(std::string(70, 'G'), limits).status == 414);
  CHECK(outcome_of("GET / HTTP/1.1\r\n" + host + "A: b\r\nC: d\r\n\r\n", limits).step == Step::run);
  CHECK(outcome_of("GET / HTTP/1.1\r\n" + host + "A: b\r\nC: d\r\nE: f\r\n\r\n", limits).status == 431);
  CHECK(outcome_of("GET / HTTP/1.1\r\n" + host + "A: " + std::string(100, 'b') + "\r\n\r\n", limits).step == Step::run);
  CHECK(outcome_of("GET / HTTP/1.1\r\n" + host + "A: " + std::string(120, 'b') + "\r\n\r\n", limits).status == 431);
  const std::string type = "POST /v1/signals HTTP/1.1\r\n" + host + "Content-Type: text/plain\r\n";
  CHECK(outcome_of(type + "Content-Length: 256\r\n\r\n" + std::string(256, 'x'), limits).step == Step::run);
  CHECK(outcome_of(type + "Content-Length: 257\r\n\r\n", limits).status == 413);
  CHECK(outcome_of(type + kChunked + "\r\n100\r\n" + std::string(256, 'x') + "\r\n0\r\n\r\n").step == Step::run);
  CHECK(outcome_of(type + kChunked + "\r\n100\r\n" + std::string(256, 'x') + "\r\n1\r\nx\r\n0\r\n\r\n").status == 413);
  CHECK(outcome_of(type + kChunked + "\r\n" + repeated("1\r\nx\r\n", 256) + "0\r\n\r\n").step == Step::run);
  CHECK(outcome_of(type + kChunked + "\r\n" + repeated("0000000000000000000000000001\r\nx\r\n", 256)).status == 413);
}

TEST_CASE("each refusal has its own status", "[http]") {
  const auto status = [](const std::string& line, const std::string& headers = {}) {
    return outcome_of(line + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n").status;
  };
  CHECK(status("GET /nothing") == 404);
  CHECK(status("GET /v1/prospects/") == 404);
  CHECK(status("GET /v1/prospects/a/b") == 404);
  CHECK(status("DELETE /v1/prospects/a") == 405);
  CHECK(status("POST /", "Content-Length: 0\r\nContent-Type: application/json\r\n") == 405);
  CHECK(status("BREW /") == 411);
  CHECK(status("POST /v1/signals") == 411);
  CHECK(status("POST /v1/signals", "Content-Length: 2\r\n") == 415);
  CHECK(status("POST /v1/signals", "Content-Length: 2\r\nContent-Type: text/html\r\n") == 415);
  CHECK(status("POST /v1/signals", "Content-Length: 2\r\nContent-Type: text/plain\r\nContent-Encoding: gzip\r\n") ==
        415);
  CHECK(status("POST /v1/signals", "Content-Length: 2\r\nExpect: tea\r\n") == 417);
  CHECK(status("OPTIONS /") == 204);
  CHECK(status("OPTIONS *") == 204);
  CHECK(outcome_of("GET / HTTP/2.0\r\n\r\n").status == 505);
  CHECK(outcome_of("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").status == 400);
}

TEST_CASE("a rebound host name and a foreign origin are turned away", "[http]") {
  const auto with = [](const std::string& headers, const std::string& target = "/v1/prospects/a") {
    return outcome_of("GET " + target + " HTTP/1.1\r\n" + headers + "\r\n").status;
  };
  for (const char* host :
       {"evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1", "0.0.0.0", "localhost:80:80",
        "[::1", "[::2]", "127.1", "2130706433", "localhost:port", "user@localhost"}) {
    INFO(host);
    CHECK(with("Host: " + std::string(host) + "\r\n") == 421);
  }
  for (const char* host : {"localhost", "localhost:8080", "127.0.0.1:1", "127.9.9.9", "[::1]:8080", "[::1]"}) {
    INFO(host);
    CHECK(with("Host: " + std::string(host) + "\r\n") == 0);
  }
  CHECK(with("Host: localhost:1\r\nOrigin: http://localhost:1\r\n") == 0);
  CHECK(with("Host: localhost:1\r\nOrigin: http://localhost:2\r\n") == 403);
  CHECK(with("Host: localhost:1\r\nOrigin: null\r\n") == 403);
  CHECK(with("Host: localhost:1\r\nSec-Fetch-Site: cross-site\r\n") == 403);
  CHECK(with("Host: localhost:1\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n") == 0);
  CHECK(with("Host: localhost:1\r\nOrigin: https://shop.example\r\n", "/") == 0);
}

TEST_CASE("paths and queries are decoded once, strictly, and never climb", "[http]") {
  const auto ask = [](const std::string& target) {
    return outcome_of("GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
  };
  CHECK(ask("/v1/prospects/v-3a10").request.parameter == "v-3a10");
  CHECK(ask("/v1/prospects/a%20%C3%A9+b").request.parameter == "a \xc3\xa9+b");
  CHECK(ask("/v1/prospects/%252e").request.parameter == "%2e");
  for (const char* bad :
       {"/v1/prospects/..", "/v1/prospects/%2e%2e", "/v1/prospects/.", "/v1/prospects/a%00b", "/v1/prospects/%zz",
        "/v1/prospects/%4", "/v1/prospects/%ff", "/v1/prospects/%0d%0a", "/?a=%", "/?a=%00", "/?%ff=1"}) {
    INFO(bad);
    CHECK(ask(bad).status == 400);
  }
  for (const char* missing :
       {"/../etc/passwd", "/%2e%2e/etc/passwd", "/..%2f..%2fetc", "//", "/./", "/v1/../", "/index.html/..", "/%2e",
        "/V1/stream", "/v1/stream/", "/v1%2fstream", "/;/", "/.git/config"}) {
    INFO(missing);
    CHECK(ask(missing).status == 404);
  }
  const HttpRequest request = ask("/?limit=3&slot=home+hero&x=1%2B1&empty&&a=b=c").request;
  CHECK(request.query_value("limit") == "3");
  CHECK(request.query_value("slot") == "home hero");
  CHECK(request.query_value("x") == "1+1");
  CHECK(request.query_value("empty") == "");
  CHECK(request.query_value("a") == "b=c");
  CHECK_FALSE(request.query_value("none").has_value());
  CHECK(query_number(request, "limit", 1, 10, 5) == 3);
  CHECK(query_number(request, "none", 1, 10, 5) == 5);
  CHECK_FALSE(query_number(request, "limit", 4, 10, 5).has_value());
  CHECK_FALSE(query_number(request, "slot", 4, 10, 5).has_value());
  CHECK(ask("/?" + repeated("a=b&", 32)).status == 0);
  CHECK(ask("/?" + repeated("a=b&", 33)).status == 400);
}

TEST_CASE("pipelined requests come out one after the other", "[http]") {
  const HttpLimits limits;
  const Router router = Router::make(sample_routes(), limits).value();
  Exchange exchange(router, limits, "127.0.0.1", "t");

  const std::string get = "GET /v1/prospects/a HTTP/1.1\r\nHost: localhost\r\n\r\n";
  Step step = exchange.feed(get + post("Content-Length: 2\r\n", "{}") + get.substr(0, 20));

  CHECK(step == Step::run);
  CHECK(exchange.request().parameter == "a");
  CHECK(exchange.next() == Step::run);
  CHECK(exchange.request().body == "{}");
  CHECK(exchange.next() == Step::more);
  CHECK(exchange.feed(get.substr(20)) == Step::run);
  CHECK_FALSE(exchange.must_close());
}

TEST_CASE("the route table refuses what cannot be served", "[http]") {
  const HttpLimits limits;
  std::vector<Route> twice = sample_routes();
  twice.push_back(twice[0]);
  CHECK_FALSE(Router::make(twice, limits).has_value());
  std::vector<Route> empty(1);
  empty[0].path = "/x";
  CHECK_FALSE(Router::make(empty, limits).has_value());
  std::vector<Route> two = sample_routes();
  two[0].path = "/{a}/{b}";
  CHECK_FALSE(Router::make(two, limits).has_value());
}

TEST_CASE("a request id is echoed only when it is sane", "[http]") {
  const auto id = [](const std::string& given) {
    return outcome_of("GET / HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: " + given + "\r\n\r\n").request.request_id;
  };
  CHECK(id("abc-1.2_Z") == "abc-1.2_Z");
  CHECK(id("a b") == "t-1");
  CHECK(id("a\"b") == "t-1");
  CHECK(id(std::string(65, 'a')) == "t-1");
}

TEST_CASE("an answer carries the security headers and nothing of the request", "[http]") {
  HttpAnswer answer = problem(404, "not_found", "no such path; see /openapi.json");
  const std::string bytes = serialised(answer, nullptr, {.request_id = "t-1", .date = "Sun, 22 Nov 2026 05:00:00 GMT"});

  CHECK(bytes.starts_with("HTTP/1.1 404 Not Found\r\n"));
  for (const char* header :
       {"X-Content-Type-Options: nosniff\r\n", "Referrer-Policy: no-referrer\r\n", "default-src 'none'",
        "require-trusted-types-for 'script'", "frame-ancestors 'none'", "Cache-Control: no-store",
        "Content-Type: application/problem+json\r\n", "Connection: keep-alive\r\n"}) {
    CHECK(bytes.find(header) != std::string::npos);
  }
  CHECK(bytes.substr(bytes.find("\r\n\r\n") + 4) ==
        R"({"type":"urn:juncture:error:not_found","title":"Not Found","status":404,)"
        R"("detail":"no such path; see /openapi.json","instance":"urn:juncture:request:t-1"})");
}
