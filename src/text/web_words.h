// The words by which queries and pages of the whole web are told apart, and a table that finds them.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "juncture/core/taxonomy.h"
#include "text/normalise.h"

namespace juncture::text {

enum class WebPlace : std::uint8_t { query, host, path };
inline constexpr std::size_t kWebPhraseMax = 4;  // words of a longer entry are not looked for

// As typed, not stemmed: `installation` asks for nothing to be installed.
struct WebWord {
  std::string text;  // normal words with single spaces, or a host in lower case
  WebPlace place = WebPlace::query;
  std::uint16_t bits = 0;  // of WebCue in a query, else of LandingKind
  friend bool operator==(const WebWord&, const WebWord&) = default;
};

// Sorted, without repeats; with the plurals of nouns and the gerunds of tasks.
std::vector<WebWord> make_web_words(const TaxonomyWeb& web);

// Immutable, any thread.
class WebIndex {
 public:
  struct Found {
    std::uint16_t bits = 0;
    bool longer = false;  // the words also begin a longer entry
  };

  WebIndex() = default;
  explicit WebIndex(const std::vector<WebWord>& words);
  Found find(std::string_view text, WebPlace place) const;
  bool knows_foreign_words() const { return knows_foreign_; }

 private:
  struct Entry {
    std::uint64_t hash = 0;
    Found found;
    bool used = false;
  };
  Entry& entry(std::string_view text, WebPlace place);
  std::vector<Entry> table_;  // open addressing, a power of two
  bool knows_foreign_ = false;
};

struct WebCues {
  std::array<std::uint8_t, kWebCues> hits{};  // at most 2 each
  std::uint8_t name_words = 0;                // words that are the name of a well-known site
  std::uint64_t negated = 0;                  // bit i: word i stands just behind a negation
};

// Longest entries first, left to right; those of `question` and `task` only at the start, those of `institution` only
// at the end or where an `of` follows.
WebCues find_web_cues(const Normalised& query, const WebIndex& index);

}  // namespace juncture::text
