// Any bytes, in any pieces, through the same scanner, parser and router as a connection's: no crash, no hang, and
// nothing of the request in an answer's head.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "adapters/http/answer.h"
#include "adapters/http/exchange.h"

using namespace juncture;

namespace {

constexpr int kRequestsMax = 64;

std::vector<Route> sample_routes() {
  std::vector<Route> out(4);
  out[0].path = "/v1/prospects/{id}";
  out[0].serves = Serves::analyst;
  out[0].handler = [](const HttpRequest& r) { return json("\"" + std::to_string(r.parameter.size()) + "\""); };
  out[1].path = "/v1/signals";
  out[1].method = Method::post;
  out[1].serves = Serves::public_;
  out[1].body_bytes_max = 512;
  out[1].media_types = {"application/json", "text/plain"};
  out[1].handler = [](const HttpRequest&) { return json("{}", 202); };
  out[2].path = "/v1/suggestions";
  out[2].serves = Serves::public_;
  out[2].handler = [](const HttpRequest& r) {
    return query_number(r, "limit", 1, 10, 3) ? json("{}") : problem(400, "bad_query");
  };
  out[3].path = "/v1/stream";
  out[3].serves = Serves::analyst;
  out[3].stream = true;
  return out;
}

void check(bool right) {
  if (!right) std::abort();
}

// Returns false when the connection would be closed.
bool answer_one(Exchange& exchange, Exchange::Step step) {
  const HttpRequest& request = exchange.request();
  HttpAnswer answer;
  if (step == Exchange::Step::run && !exchange.route().stream) {
    check(exchange.resolution().answer == std::nullopt);
    check(request.body.size() <= exchange.route().body_bytes_max);
    answer = exchange.route().handler(request);
  } else if (step == Exchange::Step::answer) {
    answer = std::move(exchange.answer());
    check(answer.status >= 200 && answer.status < 600);
    check(answer.status < 300 || !answer.problem.empty());
  }
  const bool close = answer.close || exchange.must_close();
  const std::string bytes = serialised(answer, &request, {.keep_alive = !close, .request_id = request.request_id});
  const std::size_t end = bytes.find("\r\n\r\n");
  check(end != std::string::npos);
  // As many lines as we wrote, whatever was asked.
  std::size_t lines = 0;
  for (std::size_t at = 0; (at = bytes.find("\r\n", at)) < end; at += 2) ++lines;
  check(lines <= 13);
  check(bytes.find("\r\n\r\n", end + 1) == std::string::npos);
  return !close && step != Exchange::Step::stream;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const HttpLimits limits;
  static const Router router = Router::make(sample_routes(), limits).value();
  if (size == 0) return 0;
  const std::size_t piece = data[0] % 8 == 0 ? size : data[0];  // the first byte says how the rest is cut
  std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  Exchange exchange(router, limits, "127.0.0.1", "f");
  Exchange::Step step = Exchange::Step::more;
  int requests = 0;
  while (!rest.empty()) {
    step = exchange.feed(rest.substr(0, piece));
    rest.remove_prefix(std::min(piece, rest.size()));
    while (step != Exchange::Step::more) {
      if (step == Exchange::Step::send_continue) {
        step = exchange.feed({});
        continue;
      }
      if (!answer_one(exchange, step) || ++requests == kRequestsMax) return 0;
      step = exchange.next();
    }
  }
  return 0;
}
