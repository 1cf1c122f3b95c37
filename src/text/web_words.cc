#include "text/web_words.h"

#include <algorithm>
#include <bit>
#include <map>

#include "juncture/core/hash.h"

namespace juncture::text {
namespace {

constexpr std::uint64_t kSeed = 11;  // then one a place
constexpr unsigned kAtStart = 1U << index_of(WebCue::question) | 1U << index_of(WebCue::task);
constexpr unsigned kInstitution = 1U << index_of(WebCue::institution);

// Bits of the words behind a negation that it speaks of: `not easy to install` has nothing to install.
constexpr std::uint64_t kNegationWindow = 0b111;

bool is_vowel(char c) {
  return std::string_view("aeiou").find(c) != std::string_view::npos;
}

// "make" is "making", "cut" is "cutting", "boil" is "boiling".
std::string gerund_of(const std::string& verb) {
  const std::size_t n = verb.size();
  if (n < 3 || verb.find(' ') != std::string::npos) return {};
  if (verb[n - 1] == 'e' && verb[n - 2] != 'e') return verb.substr(0, n - 1) + "ing";
  const bool doubles = n <= 4 && !is_vowel(verb[n - 1]) && is_vowel(verb[n - 2]) && !is_vowel(verb[n - 3]) &&
                       std::string_view("wxy").find(verb[n - 1]) == std::string_view::npos;
  return verb + (doubles ? std::string(1, verb[n - 1]) : std::string()) + "ing";
}

std::string plural_of(const std::string& noun) {
  return noun.size() < 3 || noun.back() == 's' || noun.find(' ') != std::string::npos ? std::string() : noun + "s";
}

std::string normal(const std::string& phrase) {
  Normalised words;
  words.read(phrase);
  const std::string_view text = words.text();
  return words.words() == 0 ? std::string() : std::string(text.substr(1, text.size() - 2));
}

}  // namespace

std::vector<WebWord> make_web_words(const TaxonomyWeb& web) {
  std::map<std::pair<WebPlace, std::string>, std::uint16_t> bits;
  const auto add = [&](std::string text, WebPlace place, std::size_t bit) {
    if (text.empty()) return;
    std::uint16_t& of = bits[{place, std::move(text)}];
    of = static_cast<std::uint16_t>(of | 1U << bit);
  };
  for (std::size_t c = 0; c < kWebCues; ++c) {
    const auto cue = static_cast<WebCue>(c);
    for (const std::string& raw : web.queries[c]) {
      const std::string text = normal(raw);
      add(text, WebPlace::query, c);
      if (cue == WebCue::task) add(gerund_of(text), WebPlace::query, c);
      if (cue == WebCue::act || cue == WebCue::fact) add(plural_of(text), WebPlace::query, c);
    }
  }
  for (std::size_t k = 0; k < kLandingKinds; ++k) {
    for (const std::string& host : web.hosts[k]) add(host, WebPlace::host, k);
    for (const std::string& words : web.paths[k]) add(normal(words), WebPlace::path, k);
  }
  std::vector<WebWord> out;
  out.reserve(bits.size());
  for (const auto& [key, of] : bits) out.push_back({key.second, key.first, of});
  return out;
}

WebIndex::WebIndex(const std::vector<WebWord>& words) : table_(std::bit_ceil(4 * words.size() + 1)) {
  for (const WebWord& word : words) {
    entry(word.text, word.place).found.bits = word.bits;
    const bool foreign = (word.bits >> index_of(WebCue::foreign) & 1U) != 0;
    knows_foreign_ = knows_foreign_ || (word.place == WebPlace::query && foreign);
    if (word.place == WebPlace::host) continue;
    for (std::size_t space = word.text.find(' '); space != std::string::npos; space = word.text.find(' ', space + 1)) {
      entry(word.text.substr(0, space), word.place).found.longer = true;
    }
  }
}

WebIndex::Entry& WebIndex::entry(std::string_view text, WebPlace place) {
  const std::uint64_t hash = hash64(text, kSeed + static_cast<std::uint64_t>(place));
  std::size_t at = hash & (table_.size() - 1);
  while (table_[at].used && table_[at].hash != hash) at = (at + 1) & (table_.size() - 1);
  table_[at].hash = hash;
  table_[at].used = true;
  return table_[at];
}

WebIndex::Found WebIndex::find(std::string_view text, WebPlace place) const {
  if (table_.empty()) return {};
  const std::uint64_t hash = hash64(text, kSeed + static_cast<std::uint64_t>(place));
  for (std::size_t at = hash & (table_.size() - 1); table_[at].used; at = (at + 1) & (table_.size() - 1)) {
    if (table_[at].hash == hash) return table_[at].found;
  }
  return {};
}

WebCues find_web_cues(const Normalised& query, const WebIndex& index) {
  WebCues out;
  for (std::size_t first = 0; first < query.words();) {
    std::size_t taken = 1;
    std::uint16_t bits = 0;
    const std::size_t begin = query.token(first).begin;
    for (std::size_t count = 1; count <= kWebPhraseMax && first + count <= query.words(); ++count) {
      const Token last = query.token(first + count - 1);
      const std::string_view text = query.text().substr(begin, last.begin + last.size - begin);
      const WebIndex::Found found = index.find(text, WebPlace::query);
      if (found.bits != 0) {
        bits = found.bits;
        taken = count;
      }
      if (!found.longer) break;
    }
    const std::size_t next = first + taken;
    if (first != 0) bits = static_cast<std::uint16_t>(bits & ~kAtStart);
    // `hebrew university` is a name and `university ranking` is not.
    const bool names = next == query.words() || query.word(next) == "of" || query.word(next - 1) == "of";
    if (!names) bits = static_cast<std::uint16_t>(bits & ~kInstitution);
    for (std::size_t c = 0; c < kWebCues; ++c) {
      if ((bits >> c & 1U) != 0) out.hits[c] = static_cast<std::uint8_t>(std::min(out.hits[c] + 1, 2));
    }
    if ((bits >> index_of(WebCue::name) & 1U) != 0) out.name_words = static_cast<std::uint8_t>(out.name_words + taken);
    first = next;
    if ((bits >> index_of(WebCue::negation) & 1U) != 0 && first < kTokensMax) out.negated |= kNegationWindow << first;
  }
  return out;
}

}  // namespace juncture::text
