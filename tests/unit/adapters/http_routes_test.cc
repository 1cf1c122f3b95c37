#include <simdjson.h>

#include <array>
#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "adapters/http/router.h"
#include "juncture/adapters/http_server.h"
#include "juncture/core/embedded.h"
#include "raw_client.h"

using namespace juncture;

namespace juncture {

// The page and the description as this test wants them; the product's own are compiled into the binary.
std::span<const EmbeddedFile> embedded_files() {
  static constexpr std::array<EmbeddedFile, 5> kFiles{{{"index.html", "<!doctype html>"},
                                                       {"app.js", "let a;"},
                                                       {"style.css", "a {}"},
                                                       {"catalog.yaml", "items: SECRET"},
                                                       {"openapi.json", "{\"openapi\":\"3.1.0\"}"}}};
  return kFiles;
}

}  // namespace juncture

namespace {

std::string file_text(const std::string& path) {
  std::ifstream file(std::string(JUNCTURE_SOURCE_DIR) + "/" + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("the description names every route of the API with its method and no other", "[http]") {
  const std::set<std::string> wanted{
      "POST /v1/signals",      "GET /v1/suggestions", "POST /v1/feedback", "GET /v1/prospects/{id}",
      "GET /v1/accounts/{id}", "GET /v1/stream",      "GET /v1/status",    "GET /metrics",
      "GET /-/healthy",        "GET /-/ready",        "GET /openapi.json", "GET /",
      "GET /app.js",           "GET /style.css",      "POST /-/checkpoint"};
  simdjson::dom::parser parser;
  const std::string text = file_text("config/openapi.json");
  const simdjson::dom::element document = parser.parse(text);

  std::set<std::string> described;
  std::set<std::string> ids;
  for (const auto path : simdjson::dom::object(document["paths"])) {
    for (const auto operation : simdjson::dom::object(path.value)) {
      std::string method(operation.key);
      for (char& c : method) c = static_cast<char>(c - 'a' + 'A');
      described.insert(method + " " + std::string(path.key));
      CHECK(ids.insert(std::string(std::string_view(operation.value["operationId"]))).second);
    }
  }

  CHECK(std::string_view(document["openapi"]) == "3.1.0");
  CHECK(described == wanted);
}

TEST_CASE("every reference in the description leads somewhere", "[http]") {
  simdjson::dom::parser parser;
  const std::string text = file_text("config/openapi.json");
  const simdjson::dom::element document = parser.parse(text);
  std::size_t references = 0;

  for (std::size_t at = text.find("\"$ref\": \"#"); at != std::string::npos; at = text.find("\"$ref\": \"#", at + 1)) {
    const std::size_t begin = at + std::string_view("\"$ref\": \"#").size();
    const std::string pointer = text.substr(begin, text.find('"', begin) - begin);
    INFO(pointer);
    CHECK(document.at_pointer(pointer).error() == simdjson::SUCCESS);
    ++references;
  }

  CHECK(references > 50);
}

TEST_CASE("only what belongs to the page is served from the binary", "[http]") {
  std::vector<Route> routes = page_routes();
  for (Route& route : ops_routes({[] { return std::vector<std::string>{}; }, [] { return std::string("a 1\n"); },
                                  [] { return json("{}"); }})) {
    routes.push_back(std::move(route));
  }
  const auto server = HttpServer::start({}, routes).value();
  RawClient client(server->port());

  CHECK(client.get("/").ends_with("<!doctype html>"));
  CHECK(client.get("/app.js").find("Content-Type: text/javascript; charset=utf-8\r\n") != std::string::npos);
  CHECK(client.get("/style.css").find("ETag: \"") != std::string::npos);
  CHECK(client.get("/metrics").find("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n") != std::string::npos);
  CHECK(client.get("/openapi.json").ends_with("{\"openapi\":\"3.1.0\"}"));
  CHECK(client.get("/-/healthy").starts_with("HTTP/1.1 200 "));
  for (const char* path :
       {"/catalog.yaml", "/index.html", "/../config/catalog.yaml", "/%2e%2e/config/catalog.yaml",
        "/..%2fconfig%2fcatalog.yaml", "/..%5ccatalog.yaml", "/app.js/", "/app.js%2f..%2fcatalog.yaml", "/./app.js",
        "//app.js", "/App.js", "/app.js.map", "/etc/passwd", "/proc/self/environ"}) {
    INFO(path);
    const std::string answer = client.get(path);
    CHECK(answer.starts_with("HTTP/1.1 40"));
    CHECK(answer.find("SECRET") == std::string::npos);
  }
}

TEST_CASE("readiness says what is missing", "[http]") {
  std::vector<std::string> missing{"task prospects/3 is restoring"};
  const auto server =
      HttpServer::start({}, ops_routes({[&] { return missing; }, [] { return std::string(); }, {}})).value();

  const std::string not_ready = RawClient(server->port()).get("/-/ready");
  CHECK(not_ready.starts_with("HTTP/1.1 503 "));
  CHECK(not_ready.ends_with("{\"ready\":false,\"reasons\":[\"task prospects/3 is restoring\"]}\n"));
  missing.clear();
  CHECK(RawClient(server->port()).get("/-/ready").ends_with("{\"ready\":true,\"reasons\":[]}\n"));
}
