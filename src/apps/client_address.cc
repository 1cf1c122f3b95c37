#include "apps/client_address.h"

#include <algorithm>

#include "juncture/core/result.h"

namespace juncture::apps {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Some proxies add a port: 192.0.2.7:4711, [2001:db8::7]:4711.
std::string_view without_port(std::string_view text) {
  if (text.starts_with('[')) return text.substr(1, text.find(']') - 1);
  const std::size_t colon = text.find(':');
  return colon != std::string_view::npos && colon == text.rfind(':') ? text.substr(0, colon) : text;
}

bool holds_any(const std::vector<Network>& networks, std::string_view text) {
  const auto address = parse_address(text);
  return address && std::any_of(networks.begin(), networks.end(), [&](const Network& n) { return n.holds(*address); });
}

}  // namespace

std::vector<Network> networks_of(const std::vector<std::string>& texts) {
  std::vector<Network> out;
  for (const std::string& text : texts) {
    const auto network = parse_network(text);
    JUNCTURE_ASSERT(network);
    out.push_back(*network);
  }
  return out;
}

std::string_view client_address(std::string_view remote, std::string_view forwarded_for,
                                const std::vector<Network>& trusted) {
  std::string_view client = remote;
  // From the nearest hop on: each that is trusted says who was before it.
  while (holds_any(trusted, client) && !forwarded_for.empty()) {
    const std::size_t comma = forwarded_for.rfind(',');
    client = without_port(trimmed(comma == std::string_view::npos ? forwarded_for : forwarded_for.substr(comma + 1)));
    forwarded_for = comma == std::string_view::npos ? std::string_view{} : forwarded_for.substr(0, comma);
  }
  return parse_address(client) ? client : std::string_view{};
}

}  // namespace juncture::apps
