// Turns a text into the features of the linear model: hashed n-grams and a few counts.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "juncture/core/text_evidence.h"
#include "juncture/core/web.h"
#include "text/normalise.h"
#include "text/phrases.h"
#include "text/web_words.h"

struct sb_stemmer;

namespace juncture::text {

inline constexpr std::size_t kBuckets = 65'536;
inline constexpr std::size_t kWordFeaturesMax = 4 * kTokensMax + 8;
inline constexpr std::size_t kCharFeaturesMax = 1'600;  // three lengths a byte of 512, and the spaces

// Counts that have a weight of their own, at most 2 each.
inline constexpr std::size_t kCueFeatures = kEvidenceClasses;  // hits of cues of each class
inline constexpr std::size_t kMomentCues = kCueFeatures;       // then of the four moments
inline constexpr std::size_t kFormFeatures = kMomentCues + 4;  // then brief, medium, long
inline constexpr std::size_t kHasNumber = kFormFeatures + 3;
inline constexpr std::size_t kHasCurrency = kHasNumber + 1;
inline constexpr std::size_t kProducts = kHasCurrency + 1;
inline constexpr std::size_t kVendors = kProducts + 1;
inline constexpr std::size_t kTwoVendors = kVendors + 1;
inline constexpr std::size_t kPlaces = kTwoVendors + 1;
inline constexpr std::size_t kWebCueFeatures = kPlaces + 1;  // hits of each WebCue
inline constexpr std::size_t kDense = kWebCueFeatures + kWebCues;

enum class TextKind : std::uint8_t { empty, garbage, foreign, words };

// Where a hashed feature comes from, for explanations.
struct Origin {
  std::uint8_t token = 0;
  std::uint8_t tokens = 1;
};

struct SlotSpan {
  std::uint8_t token = 0;
  std::uint8_t tokens = 1;
  Slot slot = Slot::none;
};

struct Features {
  TextKind kind = TextKind::empty;
  Form form = Form::brief;
  std::uint8_t words = 0;
  std::uint8_t typed_words = 0;  // between spaces, whatever they are made of
  std::uint8_t name_words = 0;   // of names of well-known sites
  std::uint64_t text_hash = 0;
  std::size_t word_count = 0, char_count = 0;
  std::array<std::uint16_t, kWordFeaturesMax> word{};
  std::array<std::uint16_t, kCharFeaturesMax> chars{};
  std::array<Origin, kWordFeaturesMax> word_origin{};
  std::array<std::uint8_t, kCharFeaturesMax> char_origin{};
  std::array<std::uint8_t, kDense> dense{};
  std::array<std::uint8_t, kRoles> role_hits{};
  std::vector<SlotSpan> slots;  // left to right, none overlap
};

Form form_of(std::size_t words);

// Stems of the words of late: a stemmer's answer costs as much as the rest of a word. Forgets by overwriting.
class StemCache {
 public:
  StemCache();
  StemCache(const StemCache&) = delete;
  StemCache& operator=(const StemCache&) = delete;
  ~StemCache();
  // Valid until the next call.
  std::string_view stem(std::string_view word);

 private:
  static constexpr std::size_t kEntries = 1'024, kWordMax = 23;
  struct Entry {
    std::array<char, kWordMax> word{}, stem{};
    std::uint8_t word_size = 0, stem_size = 0;
  };
  std::string_view ask(std::string_view word);
  sb_stemmer* stemmer_;
  std::vector<Entry> entries_;
};

// Per thread. What it is made of outlives it.
class FeatureReader {
 public:
  FeatureReader(const std::vector<Phrase>& phrases, const PhraseMatcher& matcher, const WebIndex& web);
  FeatureReader(const FeatureReader&) = delete;
  FeatureReader& operator=(const FeatureReader&) = delete;

  // Valid until the next call.
  const Features& read(std::string_view raw);
  const Features& features() const { return out_; }  // of the last one read
  const Normalised& words() const { return words_; }
  const std::vector<Match>& matches() const { return matches_; }
  std::string words_at(const Match& match) const;  // as typed, but normal
  bool is_negated(const Match& match) const;       // then it counts for nothing

 private:
  void stem();
  void match();
  void choose_slots();
  void add_word_features();
  void add_web_cues();
  bool is_foreign() const;
  void add_slot_features();
  void add_char_features();
  void add_word(std::string_view gram, std::uint64_t seed, Origin origin);
  std::uint8_t token_at(std::uint32_t offset) const;

  const std::vector<Phrase>& phrases_;
  const PhraseMatcher& matcher_;
  const WebIndex& web_;
  MatchScratch scratch_;
  StemCache stemmer_;
  Normalised words_, stems_;
  std::vector<Match> matches_, slot_matches_;
  std::vector<std::uint8_t> counted_;  // per phrase: hits of this text
  std::array<char, kTextBytesMax * 2> slotted_{};
  WebCues cues_;
  Features out_;
};

// The stems of a phrase as FeatureReader sees them; empty if nothing is left.
std::string stems_of(std::string_view phrase);

}  // namespace juncture::text
