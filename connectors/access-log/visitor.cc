#include "visitor.h"

#include <algorithm>
#include <array>

namespace juncture {
namespace {

// Crawlers, AI agents that read for somebody, feed readers, monitors, libraries. Most say "bot", which comes first.
constexpr std::array kBotWords = std::to_array<std::string_view>({"bot",
                                                                  "crawl",
                                                                  "spider",
                                                                  "slurp",
                                                                  "feed",
                                                                  "rss",
                                                                  "curl/",
                                                                  "wget",
                                                                  "python",
                                                                  "java/",
                                                                  "go-http",
                                                                  "libwww",
                                                                  "perl",
                                                                  "ruby",
                                                                  "okhttp",
                                                                  "httpclient",
                                                                  "http_client",
                                                                  "axios",
                                                                  "node-fetch",
                                                                  "headless",
                                                                  "phantomjs",
                                                                  "chatgpt",
                                                                  "gptbot",
                                                                  "oai-search",
                                                                  "claude",
                                                                  "anthropic",
                                                                  "perplexity",
                                                                  "cohere",
                                                                  "google-extended",
                                                                  "mediapartners",
                                                                  "meta-external",
                                                                  "facebookexternal",
                                                                  "bytedance",
                                                                  "diffbot",
                                                                  "ezooms",
                                                                  "archiver",
                                                                  "archive.org",
                                                                  "nutch",
                                                                  "heritrix",
                                                                  "scrapy",
                                                                  "scanner",
                                                                  "nmap",
                                                                  "nikto",
                                                                  "monitor",
                                                                  "pingdom",
                                                                  "uptime",
                                                                  "nagios",
                                                                  "check_http",
                                                                  "zabbix",
                                                                  "sitemap",
                                                                  "validator",
                                                                  "linkcheck",
                                                                  "webcopier",
                                                                  "httrack",
                                                                  "preview",
                                                                  "whatsapp",
                                                                  "chef client",
                                                                  "puppet",
                                                                  "ansible",
                                                                  "apt-http",
                                                                  "yum",
                                                                  "git/",
                                                                  "lighthouse"});

bool has(std::string_view agent, std::string_view word) {
  return agent.find(word) != std::string_view::npos;
}

}  // namespace

bool is_bot(std::string_view agent) {
  if (agent.empty()) return true;
  if (has(agent, "cubot") && !has(agent, "googlebot")) return false;  // a make of phone
  return std::any_of(kBotWords.begin(), kBotWords.end(), [&](std::string_view word) { return has(agent, word); });
}

Device device_of(std::string_view agent) {
  if (has(agent, "ipad") || has(agent, "tablet") || has(agent, "kindle") || has(agent, "silk/")) return Device::tablet;
  if (has(agent, "mobi") || has(agent, "iphone") || has(agent, "ipod") || has(agent, "blackberry") ||
      has(agent, "opera mini")) {
    return Device::mobile;
  }
  if (has(agent, "android")) return Device::tablet;
  if (has(agent, "windows nt") || has(agent, "macintosh") || has(agent, "x11") || has(agent, "cros ")) {
    return Device::desktop;
  }
  return Device::unknown;
}

}  // namespace juncture
