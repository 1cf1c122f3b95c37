#include "access_log.h"

#include <algorithm>
#include <array>

#include "ingest/accounts.h"
#include "ingest/event_time.h"
#include "ingest/url.h"
#include "juncture/core/hash.h"
#include "log_line.h"
#include "visitor.h"

namespace juncture {
namespace {

constexpr std::array kAssetEndings = std::to_array<std::string_view>(
    {".css",  ".js",  ".mjs",  ".map",   ".png",  ".jpg",  ".jpeg",       ".gif",   ".ico", ".svg", ".webp",
     ".avif", ".bmp", ".woff", ".woff2", ".ttf",  ".otf",  ".eot",        ".mp3",   ".mp4", ".ogg", ".webm",
     ".avi",  ".mov", ".xml",  ".rss",   ".atom", ".json", "/robots.txt", ".zip",   ".gz",  ".tgz", ".bz2",
     ".xz",   ".rpm", ".deb",  ".jar",   ".iso",  ".swf",  "/feed",       "/feed/", "/rss", "/atom"});
constexpr std::array kSearchParameters =
    std::to_array<std::string_view>({"q", "s", "search", "query", "search_query", "keyword", "keywords", "searchterm"});

struct SearchEngine {
  std::string_view host;  // a label of the host's name, or its whole end
  std::array<std::string_view, 3> parameters;
};
constexpr std::array<SearchEngine, 16> kSearchEngines{{{"google", {"q"}},
                                                       {"bing", {"q"}},
                                                       {"duckduckgo", {"q"}},
                                                       {"yahoo", {"p", "q"}},
                                                       {"yandex", {"text"}},
                                                       {"baidu", {"wd", "word"}},
                                                       {"ask", {"q"}},
                                                       {"aol", {"q", "query"}},
                                                       {"ecosia", {"q"}},
                                                       {"startpage", {"query", "q"}},
                                                       {"qwant", {"q"}},
                                                       {"naver", {"query"}},
                                                       {"sogou", {"query"}},
                                                       {"seznam", {"q"}},
                                                       {"brave", {"q"}},
                                                       {"ixquick", {"query", "q"}}}};

ParseOutcome ignored(std::string_view reason) {
  return {.kind = ParseOutcome::Kind::ignored, .ignored = reason};
}
ParseOutcome rejected(Rejection rejection) {
  return {.kind = ParseOutcome::Kind::rejected, .ignored = {}, .rejection = std::move(rejection)};
}

std::string_view hex_id(std::string_view prefix, std::uint64_t hash, Arena& arena) {
  constexpr std::string_view kHex = "0123456789abcdef";
  char* id = arena.take(prefix.size() + 16);
  std::copy(prefix.begin(), prefix.end(), id);
  for (std::size_t i = 0; i < 16; ++i) id[prefix.size() + i] = kHex[(hash >> (60 - 4 * i)) & 0xfU];
  return {id, prefix.size() + 16};
}

std::string_view lower_case(std::string_view text, Arena& arena) {
  char* to = arena.take(text.size());
  std::transform(text.begin(), text.end(), to,
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return {to, text.size()};
}

// Files that a page pulls in, and feeds, which programs read.
bool is_asset(const UrlParts& url) {
  const bool file = std::any_of(kAssetEndings.begin(), kAssetEndings.end(),
                                [&](std::string_view ending) { return ends_with_ignoring_case(url.path, ending); });
  return file || url.query.find("=rss") != std::string_view::npos || url.query.find("=atom") != std::string_view::npos;
}

bool has_label(std::string_view host, std::string_view label) {
  while (!host.empty()) {
    const std::size_t end = std::min(host.find('.'), host.size());
    if (equal_ignoring_case(host.substr(0, end), label)) return true;
    host.remove_prefix(std::min(end + 1, host.size()));
  }
  return false;
}

// Words that somebody typed: with a letter in it (any script), and not another address.
std::optional<std::string_view> search_words(std::optional<std::string_view> encoded, Arena& arena) {
  if (!encoded) return std::nullopt;
  const std::optional<std::string_view> text = decode_parameter(*encoded, arena);
  if (!text || text->size() > kSignalTextBytesMax) return std::nullopt;
  const bool address =
      equal_ignoring_case(text->substr(0, 7), "http://") || equal_ignoring_case(text->substr(0, 8), "https://");
  if (address) return std::nullopt;
  const bool letters = std::any_of(text->begin(), text->end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
  });
  const bool controls =
      std::any_of(text->begin(), text->end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  return letters && !controls ? text : std::nullopt;
}

std::optional<std::string_view> words_of_referrer(std::string_view referrer, Arena& arena) {
  const UrlParts url = split_url(referrer);
  if (url.query.empty() || url.host.empty()) return std::nullopt;
  for (const SearchEngine& engine : kSearchEngines) {
    if (!has_label(url.host, engine.host)) continue;
    for (const std::string_view name : engine.parameters) {
      if (name.empty()) continue;
      if (auto words = search_words(query_parameter(url.query, name), arena)) return words;
    }
  }
  return std::nullopt;
}

std::optional<std::string_view> words_of_site_search(const UrlParts& url, Arena& arena) {
  for (const std::string_view name : kSearchParameters) {
    if (auto words = search_words(query_parameter(url.query, name), arena)) return words;
  }
  return std::nullopt;
}

// One line is a page view, a search on the site, or a page view behind a search elsewhere.
void add_signals(const LogLine& line, std::uint64_t hash, const Signal& page, Arena& arena, std::vector<Signal>& out) {
  const UrlParts url = split_url(line.target);
  Signal query = page;
  query.type = SignalType::query;
  query.id = hex_id("q-", hash, arena);
  if (const auto words = words_of_site_search(url, arena)) {
    query.text = *words;
    out.push_back(query);
    return;
  }
  auto words = words_of_referrer(line.referrer, arena);
  if (!words) words = search_words(query_parameter(url.query, "utm_term"), arena);
  if (words) {
    query.text = *words;
    out.push_back(query);
  }
  out.push_back(page);
}

}  // namespace

ParseOutcome parse_access_log(Scratch& scratch, std::string_view payload, const ParseContext& context,
                              std::vector<Signal>& out) {
  out.clear();
  if (payload.size() > kPayloadBytesMax) return rejected({"too_large", kPayloadBytesMax, "at most 65536 bytes"});
  Arena& arena = scratch.buffers().arena;
  arena.clear();
  std::string_view text = payload;
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  if (text.empty()) return rejected({"empty", 0, {}});
  if (const std::size_t at = find_invalid_utf8(text); at != std::string_view::npos) {
    return rejected({"invalid_utf8", at, {}});
  }
  text = arena.keep(text);
  LogLine line;
  if (auto problem = read_log_line(text, line)) return rejected(std::move(*problem));
  const std::string_view agent = lower_case(line.agent, arena);
  if (is_bot(agent)) return ignored("bot");
  if (line.status >= 400 || line.status < 200) return ignored("error_status");
  if (line.method.empty()) return rejected({"invalid_request", line.target_position, "not a request line"});
  if (line.status >= 300 && line.status != 304) return ignored("redirect");
  if (line.method != "GET") return ignored("method");
  if (line.target.size() > kStringBytesMax || line.referrer.size() > kStringBytesMax) {
    return rejected({"too_long", line.target_position, "a URL has at most 4096 bytes"});
  }
  if (is_asset(split_url(line.target))) return ignored("asset");

  Signal page;
  page.type = SignalType::page;
  const std::uint64_t hash = hash64(text);
  page.id = hex_id("l-", hash, arena);
  page.prospect = ProspectId(hex_id("v-", hash64(line.agent, hash64(line.address, context.visitor_seed)), arena));
  page.anonymous = true;
  const EventTime time = correct_time({.created = line.at, .sent = {}}, context.received_at);
  page.occurred_at = time.at;
  page.clamped = time.clamped;
  page.url = line.target;
  page.referrer = line.referrer;
  page.device = device_of(agent);
  page.consent = context.consent;
  page.source = context.source.empty() ? std::string_view("access-log") : context.source;
  if (context.accounts != nullptr)
    resolve_account(*context.accounts, {.email = {}, .address = line.address}, page, arena);
  add_signals(line, hash, page, arena, out);
  return {};
}

}  // namespace juncture
