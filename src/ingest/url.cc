#include "ingest/url.h"

#include <algorithm>

namespace juncture {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::string_view host_of(std::string_view authority) {
  if (const std::size_t user = authority.rfind('@'); user != std::string_view::npos) authority.remove_prefix(user + 1);
  if (!authority.empty() && authority.front() == '[') {
    const std::size_t end = authority.find(']');
    return end == std::string_view::npos ? std::string_view() : authority.substr(1, end - 1);
  }
  return authority.substr(0, authority.find(':'));
}

}  // namespace

UrlParts split_url(std::string_view url) {
  UrlParts parts;
  url = url.substr(0, url.find('#'));
  const std::size_t query = url.find('?');
  if (query != std::string_view::npos) parts.query = url.substr(query + 1);
  url = url.substr(0, query);
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos && url.find('/') == scheme + 1) {
    parts.scheme = url.substr(0, scheme);
    url.remove_prefix(scheme + 3);
    const std::size_t path = std::min(url.find('/'), url.size());
    parts.host = host_of(url.substr(0, path));
    url.remove_prefix(path);
  }
  parts.path = url;
  return parts;
}

std::optional<std::string_view> query_parameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.size() > name.size() + 1 && pair[name.size()] == '=' && pair.substr(0, name.size()) == name) {
      return pair.substr(name.size() + 1);
    }
  }
  return std::nullopt;
}

std::optional<std::string_view> decode_parameter(std::string_view encoded, Arena& arena) {
  char* const begin = arena.take(encoded.size());
  char* to = begin;
  for (std::size_t i = 0; i < encoded.size(); ++i) {
    const char c = encoded[i];
    if (c == '%' && i + 2 < encoded.size() && hex_digit(encoded[i + 1]) >= 0 && hex_digit(encoded[i + 2]) >= 0) {
      *to++ = static_cast<char>(hex_digit(encoded[i + 1]) * 16 + hex_digit(encoded[i + 2]));
      i += 2;
    } else {
      *to++ = c == '+' ? ' ' : c;
    }
  }
  std::string_view text(begin, static_cast<std::size_t>(to - begin));
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  if (find_invalid_utf8(text) != std::string_view::npos) return std::nullopt;
  return text;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

bool ends_with_ignoring_case(std::string_view text, std::string_view ending) {
  return text.size() >= ending.size() && equal_ignoring_case(text.substr(text.size() - ending.size()), ending);
}

}  // namespace juncture
