#include <algorithm>
#include <set>

#include "config/units.h"
#include "juncture/config/load.h"
#include "juncture/core/account_table.h"

namespace juncture {
namespace {

// What librdkafka must be told by juncture alone, or a promise is off.
constexpr std::array<std::string_view, 9> kOwnProperties{"bootstrap.servers",
                                                         "group.id",
                                                         "transactional.id",
                                                         "enable.auto.commit",
                                                         "enable.auto.offset.store",
                                                         "enable.idempotence",
                                                         "auto.offset.reset",
                                                         "acks",
                                                         "partition.assignment.strategy"};
constexpr std::array<std::string_view, 3> kViews{"public", "analyst", "ops"};

class Rules {
 public:
  explicit Rules(const Origins& origins) : origins_(origins) {}

  void refuse(const std::string& path, const std::string& what) {
    const auto found = origins_.find(path);
    const std::string where = found == origins_.end() ? "" : found->second + ": ";
    errors.push_back({Domain::setup, "config", where + "`" + path + "` " + what});
  }

  std::vector<Error> errors;

 private:
  const Origins& origins_;
};

bool legal_name(std::string_view name) {
  return name.size() <= 100 && std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
                  c == '-';
         });
}

// 127.0.0.0/8, ::1 and the name; nothing is resolved.
bool loopback(std::string_view address) {
  if (address == "localhost" || address == "::1" || address == "[::1]") return true;
  int dots = 0;
  int part = 0;
  int length = 0;
  for (const char c : address) {
    if (c == '.') {
      if (length == 0) return false;
      ++dots;
      part = length = 0;
    } else if (c >= '0' && c <= '9') {
      part = part * 10 + (c - '0');
      if (++length > 3 || part > 255) return false;
    } else {
      return false;
    }
  }
  return dots == 3 && length > 0 && address.starts_with("127.");
}

void check_log(const Config& config, Rules& rules) {
  if (!legal_name(config.application) || config.application.empty()) {
    rules.refuse("application", "must be letters, digits, `.`, `_` or `-`");
  }
  if (!legal_name(config.engine.member)) rules.refuse("engine.member", "must be letters, digits, `.`, `_` or `-`");
  if (!legal_name(config.log.topics.prefix)) {
    rules.refuse("log.topics.prefix", "must be letters, digits, `.`, `_` or `-`");
  }
  if (config.log.data.empty()) rules.refuse("log.data", "is empty: name a folder");
  if (config.log.kind == LogKind::kafka && config.log.kafka.brokers.empty()) {
    rules.refuse("log.kafka.brokers", "is empty: name at least one `host:port`");
  }
  if (config.log.kind == LogKind::memory && config.profile == Profile::production) {
    rules.refuse("log.kind", "is `memory`, which forgets everything: not in `profile: production`");
  }
  for (const auto& [name, value] : config.log.kafka.properties) {
    if (std::find(kOwnProperties.begin(), kOwnProperties.end(), name) == kOwnProperties.end()) continue;
    rules.refuse("log.kafka.properties." + name, "is set by juncture itself: no record may be lost or doubled");
  }
  std::set<std::string> topics;
  for (std::size_t i = 0; i < config.input.size(); ++i) {
    const InputConfig& input = config.input[i];
    const std::string path = "input[" + std::to_string(i) + "]";
    if (input.topic.empty() || !legal_name(input.topic)) rules.refuse(path + ".topic", "is not the name of a topic");
    if (input.format.empty()) rules.refuse(path + ".format", "is empty: name a connector");
    if (!topics.insert(input.topic).second) rules.refuse(path + ".topic", "is there twice: `" + input.topic + "`");
  }
}

// http://host:port and nothing behind it: what others put their own path after.
bool legal_endpoint(std::string_view url) {
  constexpr std::string_view kScheme = "http://";
  if (!url.starts_with(kScheme)) return false;
  url.remove_prefix(kScheme.size());
  const std::size_t colon = url.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const auto port = config::parse_integer(url.substr(colon + 1));
  const std::string_view host = url.substr(0, colon);
  return port && *port >= 1 && *port <= 65'535 && host.size() <= 253 &&
         std::all_of(host.begin(), host.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  std::string_view(".-:[]").find(c) != std::string_view::npos;
         });
}

void check_http(const Config& config, Rules& rules) {
  if (!config.http.advertised.empty() && !legal_endpoint(config.http.advertised)) {
    rules.refuse("http.advertised", "is `" + config.http.advertised + "`, not `http://host:port`");
  }
  if (!config.http.advertised.empty() && config.files.token_key.empty()) {
    rules.refuse("files.token_key",
                 "is empty, and `http.advertised` is set: instances that answer for each other sign "
                 "with one key; make a file with `openssl rand -hex 32` and give it to all");
  }
  for (const std::string& proxy : config.http.trusted_proxies) {
    if (parse_network(proxy)) continue;
    rules.refuse("http.trusted_proxies",
                 "has `" + proxy + "`, which is no network: an address, or one as 10.0.0.0/8 or 2001:db8::/32");
  }
  if (config.http.listeners.empty()) rules.refuse("http.listeners", "is empty: nothing could be seen or served");
  std::set<std::pair<std::string, std::int64_t>> taken;
  for (std::size_t i = 0; i < config.http.listeners.size(); ++i) {
    const ListenerConfig& listener = config.http.listeners[i];
    const std::string path = "http.listeners[" + std::to_string(i) + "]";
    if (!loopback(listener.address)) {
      rules.refuse(path + ".address", "is `" + listener.address +
                                          "`: this version serves loopback only (127.0.0.1, ::1, localhost), since it "
                                          "has no keys yet; put a proxy that checks who asks in front");
    }
    if (listener.port != 0 && !taken.insert({listener.address, listener.port}).second) {
      rules.refuse(path + ".port", "is taken by another listener: " + std::to_string(listener.port));
    }
    if (listener.serves.empty()) rules.refuse(path + ".serves", "is empty: any of public, analyst, ops");
    for (const std::string& view : listener.serves) {
      if (std::find(kViews.begin(), kViews.end(), view) != kViews.end()) continue;
      rules.refuse(path + ".serves",
                   "has `" + view + "`, which is not one of public, analyst, ops" + config::did_you_mean(view, kViews));
    }
  }
}

}  // namespace

std::vector<Error> validate(const Config& config, const Origins& origins) {
  Rules rules(origins);
  check_log(config, rules);
  check_http(config, rules);
  const EngineConfig& engine = config.engine;
  if (engine.commit_interval > engine.commit_interval_max) {
    rules.refuse("engine.commit_interval", "is longer than `engine.commit_interval_max`");
  }
  if (engine.start != "earliest" && engine.start != "latest" && !config::parse_time(engine.start)) {
    rules.refuse("engine.start", "is `" + engine.start + "`, not earliest, latest or a time as 2026-01-31T00:00:00Z");
  }
  if (config.privacy.text != TextPrivacy::none && config.privacy.text_ttl > config.privacy.prospect_ttl) {
    rules.refuse("privacy.text_ttl", "is longer than `privacy.prospect_ttl`");
  }
  return std::move(rules.errors);
}

}  // namespace juncture
