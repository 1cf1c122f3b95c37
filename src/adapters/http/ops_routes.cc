#include <utility>

#include "juncture/adapters/http_server.h"
#include "juncture/core/embedded.h"
#include "juncture/core/hash.h"
#include "juncture/core/json_writer.h"

namespace juncture {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kTypes{
    {{".html", "text/html; charset=utf-8"},
     {".js", "text/javascript; charset=utf-8"},
     {".css", "text/css; charset=utf-8"},
     {".svg", "image/svg+xml"},
     {".png", "image/png"},
     {".ico", "image/x-icon"},
     {".woff2", "font/woff2"}}};

std::string_view type_of(std::string_view name) {
  for (const auto& [ending, type] : kTypes) {
    if (name.ends_with(ending)) return type;
  }
  return {};
}

std::string tag_of(std::string_view data) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out = "\"";
  for (std::uint64_t rest = hash64(data), i = 0; i < 16; ++i, rest >>= 4U) out.push_back(kHex[rest & 15U]);
  return out + "\"";
}

Route file_route(std::string path, Serves serves, std::string_view type, std::string_view data) {
  Route out;
  out.path = std::move(path);
  out.serves = serves;
  out.handler = [type, data, tag = tag_of(data)](const HttpRequest&) {
    HttpAnswer answer;
    answer.content_type = std::string(type);
    answer.borrowed = data;
    answer.etag = tag;
    answer.cache = Cache::revalidate;
    return answer;
  };
  return out;
}

}  // namespace

std::vector<Route> ops_routes(HealthRoutes callbacks) {
  std::vector<Route> out;
  Route route;
  route.path = "/-/healthy";
  route.handler = [](const HttpRequest&) { return json("{\"healthy\":true}\n"); };
  out.push_back(route);

  route.path = "/-/ready";
  route.handler = [not_ready = std::move(callbacks.not_ready)](const HttpRequest&) {
    const std::vector<std::string> reasons = not_ready();
    std::string body;
    JsonWriter writer(body);
    writer.begin_object();
    writer.member("ready", reasons.empty());
    writer.key("reasons").begin_array();
    for (const std::string& reason : reasons) writer.value(std::string_view(reason));
    writer.end_array();
    writer.end_object();
    return json(body + "\n", reasons.empty() ? 200 : 503);
  };
  out.push_back(route);

  route.path = "/metrics";
  route.handler = [metrics = std::move(callbacks.metrics)](const HttpRequest&) {
    HttpAnswer answer = json(metrics());
    answer.content_type = "text/plain; version=0.0.4; charset=utf-8";
    return answer;
  };
  out.push_back(route);

  Route copy;
  copy.method = Method::post;
  copy.path = "/-/checkpoint";
  copy.blocking = true;
  copy.media_types.emplace_back("application/x-www-form-urlencoded");  // what curl -d '' says; the body says nothing
  copy.handler = [checkpoint = std::move(callbacks.checkpoint)](const HttpRequest&) { return checkpoint(); };
  out.push_back(std::move(copy));

  out.push_back(file_route("/openapi.json", Serves::public_, "application/json", embedded("openapi.json")));
  return out;
}

std::vector<Route> page_routes() {
  std::vector<Route> out;
  for (const EmbeddedFile& file : embedded_files()) {
    const std::string_view type = type_of(file.name);
    if (type.empty()) continue;
    out.push_back(
        file_route(file.name == "index.html" ? "/" : "/" + std::string(file.name), Serves::analyst, type, file.data));
  }
  return out;
}

}  // namespace juncture
