#include "text/landing.h"

#include <algorithm>
#include <array>
#include <bit>
#include <string_view>

namespace juncture::text {
namespace {

constexpr std::size_t kUrlBytesMax = 512;
constexpr std::size_t kLabelMax = 63;  // of a host name, and what fits a word of bits
constexpr std::size_t kPathWordsMax = 12;

// Labels that registries put before a country's: co.uk, com.au.
constexpr std::array<std::string_view, 7> kSecondLevels{"co", "com", "org", "net", "gov", "ac", "edu"};
// Words of a query that are no part of a site's name.
constexpr std::array<std::string_view, 12> kNotNames{"www", "http", "https", "com",  "org",  "net",
                                                     "edu", "gov",  "login", "sign", "site", "website"};

template <std::size_t N>
bool is_one_of(std::string_view text, const std::array<std::string_view, N>& list) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

struct Address {
  std::string_view host;  // without user and port
  std::string_view path;  // without query and fragment
};

Address split(std::string_view url) {
  url = url.substr(0, kUrlBytesMax);
  Address out;
  const std::size_t scheme = url.find("//");
  if (scheme != std::string_view::npos && (scheme == 0 || url[scheme - 1] == ':')) {
    url.remove_prefix(scheme + 2);
    const std::size_t end = std::min(url.find_first_of("/?#"), url.size());
    out.host = url.substr(0, end);
    url.remove_prefix(end);
    if (const std::size_t user = out.host.rfind('@'); user != std::string_view::npos) out.host.remove_prefix(user + 1);
    if (const std::size_t port = out.host.find(':'); port != std::string_view::npos)
      out.host = out.host.substr(0, port);
  } else if (!url.starts_with('/')) {
    return out;  // neither an address nor a path
  }
  out.path = url.substr(0, url.find_first_of("?#"));
  return out;
}

// The labels of a host before its public suffix, joined: "maps.google.co.uk" is "mapsgoogle", and "google" its site.
struct SiteName {
  std::array<char, kLabelMax> letters{};
  std::size_t size = 0, site_at = 0;
  std::string_view joined() const { return {letters.data(), size}; }
  std::string_view site() const { return joined().substr(site_at); }
};

// A host in lower case.
class Host {
 public:
  explicit Host(std::string_view raw) : size_(std::min(raw.size(), buffer_.size())) {
    for (std::size_t i = 0; i < size_; ++i) {
      const char c = raw[i];
      buffer_[i] = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    }
    if (text().starts_with("www.")) begin_ = 4;
  }
  std::string_view text() const { return {buffer_.data() + begin_, size_ - begin_}; }

  SiteName site_name() const {
    SiteName out;
    std::string_view rest = text();
    const std::size_t top = rest.rfind('.');
    if (top == std::string_view::npos) return out;
    const bool country = rest.size() - top - 1 == 2;
    rest = rest.substr(0, top);
    if (const std::size_t second = rest.rfind('.'); country && second != std::string_view::npos) {
      if (is_one_of(rest.substr(second + 1), kSecondLevels)) rest = rest.substr(0, second);
    }
    for (const char c : rest) {
      if (c == '.') out.site_at = out.size;
      if (c == '.' || c == '-' || out.size == kLabelMax) continue;
      out.letters[out.size++] = c >= '0' && c <= '9' ? '0' : c;  // as in normalised words
    }
    return out;
  }

 private:
  std::array<char, 255> buffer_{};
  std::size_t size_, begin_ = 0;
};

// Kinds of a host or of the domain that it is under; a subdomain's own entry wins.
std::uint8_t kinds_of_host(std::string_view host, const WebIndex& index) {
  while (host.find('.') != std::string_view::npos) {
    const std::uint16_t kinds = index.find(host, WebPlace::host).bits;
    if (kinds != 0) return static_cast<std::uint8_t>(kinds);
    host.remove_prefix(host.find('.') + 1);
  }
  return 0;
}

// Length of the longest common subsequence by Hyyrö's bits: a step a letter of `b`; `a` is at most 63 letters.
std::size_t common_letters(std::string_view a, const Normalised& query) {
  std::array<std::uint64_t, 256> places{};
  for (std::size_t i = 0; i < a.size(); ++i) places[static_cast<unsigned char>(a[i])] |= std::uint64_t{1} << i;
  std::uint64_t free = ~std::uint64_t{0};
  for (std::size_t w = 0; w < query.words(); ++w) {
    if (is_one_of(query.word(w), kNotNames)) continue;
    for (const char c : query.word(w)) {
      const std::uint64_t hits = free & places[static_cast<unsigned char>(c)];
      free = (free + hits) | (free - hits);
    }
  }
  const std::uint64_t all = (std::uint64_t{1} << a.size()) - 1;
  return static_cast<std::size_t>(std::popcount(~free & all));
}

void compare_to_site(const Host& host, const Normalised& query, LandingFacts& out) {
  const SiteName name = host.site_name();
  const std::string_view joined = name.joined(), site = name.site();
  if (site.empty() || query.words() == 0) return;
  std::size_t letters = 0, used = 0, next_initial = 0;
  std::uint64_t covered = 0;
  for (std::size_t i = 0; i < query.words(); ++i) {
    const std::string_view word = query.word(i);
    if (is_one_of(word, kNotNames)) continue;
    letters += word.size();
    if (next_initial < site.size() && word.front() == site[next_initial]) ++next_initial;
    const std::size_t at = word.size() >= 2 ? joined.find(word) : std::string_view::npos;
    if (at == std::string_view::npos) continue;
    out.leads = out.leads || (letters == word.size() && at >= name.site_at);
    used += word.size();
    covered |= ((std::uint64_t{1} << word.size()) - 1) << at;
  }
  if (letters == 0) return;
  const std::uint64_t in_site = covered >> name.site_at;
  out.covered = static_cast<float>(std::popcount(in_site)) / static_cast<float>(site.size());
  out.used = static_cast<float>(used) / static_cast<float>(letters);
  out.likeness = 2.0F * static_cast<float>(common_letters(site, query)) / static_cast<float>(site.size() + letters);
  out.initials = site.size() >= 3 && next_initial == site.size() && query.words() >= site.size();
}

void read_path(std::string_view path, const WebIndex& index, LandingFacts& out) {
  std::array<char, kUrlBytesMax> buffer{};
  std::array<std::size_t, kPathWordsMax> begins{};
  std::size_t size = 0, words = 0;
  bool in_word = false, in_segment = false;
  for (const char raw : path) {
    const char c = raw >= 'A' && raw <= 'Z' ? static_cast<char>(raw + ('a' - 'A')) : raw;
    if (c == '/') in_segment = false;
    if (c != '/' && !in_segment) {
      in_segment = true;
      if (out.depth < 255) ++out.depth;
    }
    if (!(c >= 'a' && c <= 'z')) {
      in_word = false;
      continue;
    }
    if (!in_word) {
      if (words == kPathWordsMax) break;
      if (size != 0) buffer[size++] = ' ';
      begins[words++] = size;
      in_word = true;
    }
    buffer[size++] = c;
  }
  for (std::size_t first = 0; first < words; ++first) {
    for (std::size_t last = first; last < std::min(words, first + kWebPhraseMax); ++last) {
      const std::size_t end = last + 1 < words ? begins[last + 1] - 1 : size;
      const std::string_view phrase(buffer.data() + begins[first], end - begins[first]);
      const WebIndex::Found found = index.find(phrase, WebPlace::path);
      out.path_kinds = static_cast<std::uint8_t>(out.path_kinds | found.bits);
      if (!found.longer) break;
    }
  }
}

}  // namespace

LandingFacts read_landing(const Landing& landing, const Normalised& query, const WebIndex& index) {
  LandingFacts out;
  if (!landing.referrer.empty()) out.from_kinds = kinds_of_host(Host(split(landing.referrer).host).text(), index);
  if (landing.url.empty()) return out;
  const Address address = split(landing.url);
  if (address.host.empty() && address.path.empty()) return out;
  out.page = true;
  const Host host(address.host);
  out.host_kinds = kinds_of_host(host.text(), index);
  compare_to_site(host, query, out);
  read_path(address.path, index, out);
  return out;
}

}  // namespace juncture::text
