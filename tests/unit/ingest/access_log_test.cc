#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "juncture/ingest/connector.h"

namespace juncture {
namespace {

struct Counts {
  std::size_t read = 0, accepted = 0, rejected = 0, pages = 0, queries = 0;
  std::map<std::string, std::size_t> ignored, reasons;
};

Counts count_lines(const std::filesystem::path& file) {
  Counts counts;
  Scratch scratch;
  std::vector<Signal> signals;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    ++counts.read;
    const ParseOutcome outcome =
        find_connector("access-log")->parse(scratch, line, {.received_at = from_ms(1763784000000)}, signals);
    if (outcome.rejected()) {
      ++counts.rejected;
      ++counts.reasons[std::string(outcome.rejection.code) + "@" + std::to_string(outcome.rejection.position)];
      continue;
    }
    ++counts.accepted;
    if (!outcome.accepted()) ++counts.ignored[std::string(outcome.ignored)];
    for (const Signal& signal : signals) ++(signal.type == SignalType::query ? counts.queries : counts.pages);
  }
  return counts;
}

}  // namespace

// The file is public (Elastic's examples) but too large to keep here: set JUNCTURE_APACHE_LOGS to its path.
TEST_CASE("ten thousand real lines are read with exactly one broken", "[.][access-log][data]") {
  const char* path = std::getenv("JUNCTURE_APACHE_LOGS");
  REQUIRE(path != nullptr);
  const Counts counts = count_lines(path);

  for (const auto& [reason, count] : counts.ignored) WARN(reason << " " << count);
  for (const auto& [reason, count] : counts.reasons) WARN(reason << " " << count);
  WARN("pages " << counts.pages << " queries " << counts.queries);
  CHECK(counts.read == 10000);
  CHECK(counts.accepted + counts.rejected == counts.read);
  CHECK(counts.rejected == 1);
  CHECK(counts.queries > 0);
}

namespace {

struct Line {
  Scratch scratch;
  std::vector<Signal> signals;
  ParseOutcome outcome;
};

constexpr std::string_view kFirefox = "Mozilla/5.0 (X11; Linux x86_64; rv:27.0) Gecko/20100101 Firefox/27.0";

void parse(Line& line, std::string_view request, std::string_view referrer = "-", std::string_view agent = kFirefox,
           ParseContext context = {.received_at = from_ms(1763784000000)}) {
  const std::string text = "203.0.113.7 - - [17/May/2015:10:05:03 +0000] \"" + std::string(request) + "\" 200 10 \"" +
                           std::string(referrer) + "\" \"" + std::string(agent) + "\"";
  line.outcome = find_connector("access-log")->parse(line.scratch, text, context, line.signals);
}

std::string words(std::string_view request, std::string_view referrer) {
  Line line;
  parse(line, request, referrer);
  for (const Signal& signal : line.signals) {
    if (signal.type == SignalType::query) return std::string(signal.text);
  }
  return "-";
}

std::string reason(std::string_view request, std::string_view agent) {
  Line line;
  parse(line, request, "-", agent);
  return std::string(line.outcome.ignored);
}

}  // namespace

TEST_CASE("search words come from the request, the referrer or the campaign", "[access-log]") {
  CHECK(words("GET /find?q=erp+cost%20%E2%82%AC HTTP/1.1", "-") == "erp cost €");
  CHECK(words("GET /a HTTP/1.1", "http://www.google.co.uk/search?hl=en&q=what%20is+erp") == "what is erp");
  CHECK(words("GET /a HTTP/1.1", "https://de.search.yahoo.com/search?p=lager") == "lager");
  CHECK(words("GET /a?utm_term=crm HTTP/1.1", "-") == "crm");
  CHECK(words("GET /a HTTP/1.1", "https://other.example/search?q=erp") == "-");
  CHECK(words("GET /a HTTP/1.1", "https://www.google.com/url?q=http%3A%2F%2Fshop.example") == "-");
  CHECK(words("GET /a HTTP/1.1", "https://google.com.evil.example/?x=1") == "-");
  CHECK(words("GET /a?s=20 HTTP/1.1", "-") == "-");
  CHECK(words("GET /a?q=%ff HTTP/1.1", "-") == "-");
  CHECK(words("GET /a?q=100%+free%2 HTTP/1.1", "-") == "100% free%2");
}

TEST_CASE("a search elsewhere is a query and a page view, a search on the site a query alone", "[access-log]") {
  Line line;
  parse(line, "GET /a HTTP/1.1", "https://www.bing.com/search?q=erp");
  REQUIRE(line.signals.size() == 2);
  CHECK(line.signals[0].type == SignalType::query);
  CHECK(line.signals[1].type == SignalType::page);
  CHECK(line.signals[0].id != line.signals[1].id);
  CHECK(line.signals[0].prospect == line.signals[1].prospect);
  parse(line, "GET /?s=erp HTTP/1.1");
  CHECK(line.signals.size() == 1);
}

TEST_CASE("programs, assets and other methods are set apart", "[access-log]") {
  CHECK(reason("GET / HTTP/1.1", "-") == "bot");
  CHECK(reason("GET / HTTP/1.1", "Mozilla/5.0 (compatible; Googlebot/2.1)") == "bot");
  CHECK(reason("GET / HTTP/1.1", "Mozilla/5.0 AppleWebKit; compatible; ClaudeBot/1.0") == "bot");
  CHECK(reason("GET / HTTP/1.1", "curl/7.88.1") == "bot");
  CHECK(reason("GET / HTTP/1.1", "Mozilla/5.0 (Linux; Android 9; CUBOT X19) Mobile") == "");
  CHECK(reason("GET /a.CSS?v=1 HTTP/1.1", kFirefox) == "asset");
  CHECK(reason("GET /feed/ HTTP/1.1", kFirefox) == "asset");
  CHECK(reason("GET /?flav=rss20 HTTP/1.1", kFirefox) == "asset");
  CHECK(reason("GET /guide.pdf HTTP/1.1", kFirefox) == "");
  CHECK(reason("HEAD / HTTP/1.1", kFirefox) == "method");
}

TEST_CASE("a visitor's id is stable, and another seed gives another", "[access-log]") {
  Line first, again, other, seeded;
  parse(first, "GET /a HTTP/1.1");
  parse(again, "GET /b HTTP/1.1");
  parse(other, "GET /a HTTP/1.1", "-", "Mozilla/5.0 (Macintosh)");
  parse(seeded, "GET /a HTTP/1.1", "-", kFirefox, {.received_at = from_ms(1763784000000), .visitor_seed = 7});
  const auto id = [](const Line& line) { return line.signals.at(0).prospect.text(); };
  CHECK(id(first) == id(again));
  CHECK(id(first) != id(other));
  CHECK(id(first) != id(seeded));
  CHECK(first.signals[0].anonymous);
  CHECK(first.signals[0].consent == Consent::absent);
}

}  // namespace juncture
