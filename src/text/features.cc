#include "text/features.h"

#include <libstemmer.h>

#include <algorithm>
#include <numeric>

#include "juncture/core/hash.h"

namespace juncture::text {
namespace {

// Seeds of the hash: part of the feature schema.
constexpr std::uint64_t kWordSeed = 1, kCharSeed = 2, kStartSeed = 3;
// No more than one match can end at a word and begin at a given one.
constexpr std::size_t kMatchesMax = kTokensMax * (kTokensMax + 1) / 2;

constexpr std::array<std::string_view, 4> kSlotNames{"", "<prod>", "<vend>", "<place>"};
void stem_all(StemCache& stemmer, const Normalised& from, Normalised& to) {
  to.clear();
  for (std::size_t i = 0; i < from.words(); ++i) {
    const std::string_view stem = stemmer.stem(from.word(i));
    to.append_word(stem.empty() ? from.word(i) : stem);
  }
}

void count(std::uint8_t& value) {
  value = static_cast<std::uint8_t>(std::min<int>(value + 1, 2));
}

// As a person counts them: `follow-up call` is two.
std::uint8_t typed_words(std::string_view raw) {
  raw = raw.substr(0, kTextBytesMax);
  std::size_t out = 0;
  bool inside = false;
  for (const char c : raw) {
    const bool space = c == ' ' || c == '\t' || c == '\n';
    if (!space && !inside) ++out;
    inside = !space;
  }
  return static_cast<std::uint8_t>(std::min<std::size_t>(out, 255));
}

}  // namespace

Form form_of(std::size_t words) {
  if (words <= 5) return Form::brief;
  return words < 9 ? Form::medium : Form::long_;
}

StemCache::StemCache() : stemmer_(sb_stemmer_new("english", nullptr)), entries_(kEntries) {
  JUNCTURE_ASSERT(stemmer_ != nullptr);
}

StemCache::~StemCache() {
  sb_stemmer_delete(stemmer_);
}

std::string_view StemCache::ask(std::string_view word) {
  const auto* in = reinterpret_cast<const sb_symbol*>(word.data());
  const sb_symbol* out = sb_stemmer_stem(stemmer_, in, static_cast<int>(word.size()));
  if (out == nullptr) return word;
  return {reinterpret_cast<const char*>(out), static_cast<std::size_t>(sb_stemmer_length(stemmer_))};
}

std::string_view StemCache::stem(std::string_view word) {
  if (word.size() > kWordMax) return ask(word);
  Entry& entry = entries_[hash64(word) % kEntries];
  if (std::string_view(entry.word.data(), entry.word_size) != word || entry.word_size == 0) {
    const std::string_view stem = ask(word);
    if (stem.size() > kWordMax) return stem;
    std::copy(word.begin(), word.end(), entry.word.begin());
    std::copy(stem.begin(), stem.end(), entry.stem.begin());
    entry.word_size = static_cast<std::uint8_t>(word.size());
    entry.stem_size = static_cast<std::uint8_t>(stem.size());
  }
  return {entry.stem.data(), entry.stem_size};
}

std::string stems_of(std::string_view phrase) {
  Normalised words, stems;
  words.read(phrase);
  StemCache stemmer;
  stem_all(stemmer, words, stems);
  if (stems.words() == 0) return {};
  return std::string(stems.text().substr(1, stems.text().size() - 2));
}

FeatureReader::FeatureReader(const std::vector<Phrase>& phrases, const PhraseMatcher& matcher, const WebIndex& web)
    : phrases_(phrases), matcher_(matcher), web_(web) {
  matcher_.prepare(scratch_);
  matches_.reserve(kMatchesMax);
  slot_matches_.reserve(kMatchesMax);
  out_.slots.reserve(kTokensMax);
  counted_.resize(phrases.size());
}

const Features& FeatureReader::read(std::string_view raw) {
  out_.word_count = out_.char_count = 0;
  out_.dense.fill(0);
  out_.role_hits.fill(0);
  out_.name_words = 0;
  out_.slots.clear();
  words_.read(raw);
  out_.words = static_cast<std::uint8_t>(words_.words());
  out_.typed_words = typed_words(raw);
  out_.form = form_of(words_.words());
  out_.text_hash = words_.words() == 0 ? 0 : hash64(words_.text());
  out_.kind = is_garbage(raw) ? TextKind::garbage : words_.words() == 0 ? TextKind::empty : TextKind::words;
  add_web_cues();  // also of an address that was typed as a query
  if (out_.kind != TextKind::words) return out_;
  stem_all(stemmer_, words_, stems_);
  match();
  if (is_foreign()) {
    out_.kind = TextKind::foreign;
    return out_;
  }
  choose_slots();
  add_word_features();
  add_slot_features();
  add_char_features();
  return out_;
}

std::uint8_t FeatureReader::token_at(std::uint32_t offset) const {
  std::size_t low = 0, high = stems_.words();
  while (low + 1 < high) {
    const std::size_t middle = (low + high) / 2;
    (stems_.token(middle).begin <= offset ? low : high) = middle;
  }
  return static_cast<std::uint8_t>(low);
}

std::string FeatureReader::words_at(const Match& match) const {
  std::string out;
  const std::size_t last = token_at(match.end - 1);
  for (std::size_t i = token_at(match.begin); i <= last; ++i) {
    if (!out.empty()) out += ' ';
    out += words_.word(i);
  }
  return out;
}

void FeatureReader::match() {
  matcher_.find(stems_.text(), scratch_, matches_, kMatchesMax);
  slot_matches_.clear();
  for (const Match& match : matches_) {
    const Phrase& phrase = phrases_[match.phrase];
    if (phrase.slot != Slot::none) slot_matches_.push_back(match);
    if (counted_[match.phrase] != 0 || is_negated(match)) continue;  // a repeated phrase says nothing new
    counted_[match.phrase] = 1;
    for (std::size_t y = 0; y < kEvidenceClasses; ++y) {
      if ((phrase.labels >> y & 1U) != 0) count(out_.dense[y]);
    }
    for (std::size_t m = 0; m < 4; ++m) {
      if ((phrase.moments >> m & 1U) != 0) count(out_.dense[kMomentCues + m]);
    }
    for (std::size_t r = 0; r < kRoles; ++r) {
      if ((phrase.roles >> r & 1U) != 0) count(out_.role_hits[r]);
    }
  }
  for (const Match& match : matches_) counted_[match.phrase] = 0;
}

void FeatureReader::add_web_cues() {
  cues_ = find_web_cues(words_, web_);
  std::copy(cues_.hits.begin(), cues_.hits.end(), out_.dense.begin() + kWebCueFeatures);
  out_.name_words = cues_.name_words;
}

bool FeatureReader::is_negated(const Match& match) const {
  return cues_.negated != 0 && (cues_.negated >> token_at(match.begin) & 1U) != 0;
}

// By script, else by function words of other languages where nothing speaks for the model's own. A model whose taxonomy
// names no foreign words takes every language for its own.
bool FeatureReader::is_foreign() const {
  if (!web_.knows_foreign_words()) return false;
  const std::string_view text = words_.text();
  const auto other_script =
      static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & '\x80') != 0; }));
  if (2 * other_script > text.size()) return true;
  const auto foreign = cues_.hits[index_of(WebCue::foreign)];
  if (foreign < 2) return false;
  const auto own = std::accumulate(cues_.hits.begin(), cues_.hits.begin() + index_of(WebCue::foreign), 0U) +
                   std::accumulate(out_.dense.begin(), out_.dense.begin() + kFormFeatures, 0U);
  return foreign > own;
}

// Leftmost, then longest.
void FeatureReader::choose_slots() {
  std::sort(slot_matches_.begin(), slot_matches_.end(), [](const Match& a, const Match& b) {
    if (a.begin != b.begin) return a.begin < b.begin;
    return a.end != b.end ? a.end > b.end : a.phrase < b.phrase;
  });
  std::uint32_t free_from = 0;
  std::array<std::uint8_t, 4> counts{};
  for (const Match& match : slot_matches_) {
    if (match.begin < free_from) continue;
    free_from = match.end;
    const std::uint8_t first = token_at(match.begin);
    const std::uint8_t last = token_at(match.end - 1);
    const Slot slot = phrases_[match.phrase].slot;
    out_.slots.push_back({first, static_cast<std::uint8_t>(last - first + 1), slot});
    count(counts[static_cast<std::size_t>(slot)]);
  }
  out_.dense[kProducts] = std::min<std::uint8_t>(counts[1], 1);
  out_.dense[kVendors] = std::min<std::uint8_t>(counts[2], 1);
  out_.dense[kTwoVendors] = counts[2] >= 2 ? 1 : 0;
  out_.dense[kPlaces] = std::min<std::uint8_t>(counts[3], 1);
}

void FeatureReader::add_word(std::string_view gram, std::uint64_t seed, Origin origin) {
  if (out_.word_count == kWordFeaturesMax) return;
  out_.word[out_.word_count] = static_cast<std::uint16_t>(hash64(gram, seed) & (kBuckets - 1));
  out_.word_origin[out_.word_count] = origin;
  ++out_.word_count;
}

void FeatureReader::add_word_features() {
  const char* text = stems_.text().data();
  const std::size_t words = stems_.words();
  out_.dense[kFormFeatures + index_of(out_.form)] = 1;
  for (std::size_t i = 0; i < words; ++i) {
    const Token token = stems_.token(i);
    const auto at = static_cast<std::uint8_t>(i);
    const std::string_view word = stems_.word(i);
    add_word(word, kWordSeed, {at, 1});
    if (i == 0) add_word(word, kStartSeed, {at, 1});
    if (i + 1 < words) {
      const Token next = stems_.token(i + 1);
      const auto size = static_cast<std::size_t>(next.begin + next.size - token.begin);
      add_word({text + token.begin, size}, kWordSeed, {at, 2});
    }
    if (word.front() == '0') out_.dense[kHasNumber] = 1;
    if (word.front() == '$') out_.dense[kHasCurrency] = 1;
  }
}

// Unigrams and bigrams of the text in which names are replaced by their slot; only those that hold a slot.
void FeatureReader::add_slot_features() {
  std::size_t size = 0, previous_begin = 0, next_slot = 0;
  bool previous_slot = false;
  std::uint8_t previous_token = 0;
  for (std::size_t i = 0; i < stems_.words();) {
    const bool is_slot = next_slot < out_.slots.size() && out_.slots[next_slot].token == i;
    const std::string_view word =
        is_slot ? kSlotNames[static_cast<std::size_t>(out_.slots[next_slot].slot)] : stems_.word(i);
    const std::size_t begin = size;
    std::copy(word.begin(), word.end(), slotted_.begin() + static_cast<std::ptrdiff_t>(size));
    size += word.size();
    slotted_[size++] = ' ';
    const auto at = static_cast<std::uint8_t>(i);
    if (is_slot) add_word(word, kWordSeed, {at, out_.slots[next_slot].tokens});
    if (begin > 0 && (is_slot || previous_slot)) {
      const std::string_view gram(slotted_.data() + previous_begin, size - 1 - previous_begin);
      const std::size_t last = i + (is_slot ? out_.slots[next_slot].tokens : 1U);
      add_word(gram, kWordSeed, {previous_token, static_cast<std::uint8_t>(last - previous_token)});
    }
    i += is_slot ? out_.slots[next_slot].tokens : 1U;
    if (is_slot) ++next_slot;
    previous_begin = begin;
    previous_slot = is_slot;
    previous_token = at;
  }
}

void FeatureReader::add_char_features() {
  const char* text = words_.text().data();
  for (std::size_t i = 0; i < words_.words(); ++i) {
    const Token token = words_.token(i);
    const std::size_t begin = token.begin - 1U, end = begin + token.size + 2U;
    for (std::size_t size = 3; size <= 5; ++size) {
      for (std::size_t at = begin; at + size <= end && out_.char_count < kCharFeaturesMax; ++at) {
        const std::uint64_t hash = hash64({text + at, size}, kCharSeed);
        out_.chars[out_.char_count] = static_cast<std::uint16_t>(hash & (kBuckets - 1));
        out_.char_origin[out_.char_count++] = static_cast<std::uint8_t>(i);
      }
    }
  }
}

}  // namespace juncture::text
