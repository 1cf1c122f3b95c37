#include "text/augment.h"

#include <algorithm>
#include <array>

namespace juncture::text {
namespace {

constexpr std::size_t kSlotVariants = 6;
constexpr std::array<std::string_view, 34> kFunctionWords{
    "a",  "an",  "the",  "of",   "to",    "for",  "in",  "on",   "at",   "by",   "with", "from",
    "is", "are", "do",   "does", "did",   "be",   "it",  "its",  "our",  "your", "my",   "we",
    "i",  "and", "that", "this", "their", "will", "has", "have", "been", "as"};

const std::vector<std::string>* names_of(const SlotNames& names, Slot slot) {
  switch (slot) {
    case Slot::product:
      return &names.products;
    case Slot::vendor:
      return &names.vendors;
    case Slot::place:
      return &names.places;
    case Slot::none:
      break;
  }
  return nullptr;
}

void append(std::string& out, std::string_view word) {
  if (!out.empty()) out += ' ';
  out += word;
}

std::string with_other_names(const SlotNames& names, const FeatureReader& reader, const std::vector<SlotSpan>& slots,
                             Chance& chance) {
  std::string out;
  std::size_t next = 0;
  for (std::size_t i = 0; i < reader.words().words();) {
    if (next < slots.size() && slots[next].token == i) {
      const std::vector<std::string>* list = names_of(names, slots[next].slot);
      if (list != nullptr && !list->empty()) append(out, (*list)[chance.below(list->size())]);
      i += slots[next++].tokens;
    } else {
      append(out, reader.words().word(i++));
    }
  }
  return out;
}

std::string telegram(const FeatureReader& reader) {
  std::string out;
  for (std::size_t i = 0; i < reader.words().words(); ++i) {
    const std::string_view word = reader.words().word(i);
    if (std::find(kFunctionWords.begin(), kFunctionWords.end(), word) == kFunctionWords.end()) append(out, word);
  }
  return out;
}

// One error in eight words: two letters swapped, one left out or one doubled.
std::string mistyped(const FeatureReader& reader, Chance& chance) {
  std::string out;
  const std::size_t words = reader.words().words();
  const std::size_t phase = chance.below(std::min<std::size_t>(words, 8));
  for (std::size_t i = 0; i < words; ++i) {
    std::string word(reader.words().word(i));
    if (i % 8 == phase && word.size() > 3) {
      const std::size_t at = 1 + chance.below(word.size() - 2);
      const std::size_t kind = chance.below(3);
      if (kind == 0) std::swap(word[at], word[at + 1]);
      if (kind == 1) word.erase(at, 1);
      if (kind == 2) word.insert(at, 1, word[at]);
    }
    append(out, word);
  }
  return out;
}

}  // namespace

std::vector<Variant> variants_of(const std::string& phrase, const SlotNames& names, FeatureReader& reader,
                                 Chance& chance) {
  std::vector<Variant> out{{phrase, 1.0}};
  const Features& features = reader.read(phrase);
  if (features.kind != TextKind::words) return out;
  const std::vector<SlotSpan> slots = features.slots;
  const std::string brief = telegram(reader);
  if (!brief.empty() && brief.size() + 1 < reader.words().text().size() - 1) out.push_back({brief, 0.5});
  out.push_back({mistyped(reader, chance), 0.25});
  if (!slots.empty()) {
    for (std::size_t i = 0; i < kSlotVariants; ++i) {
      out.push_back({with_other_names(names, reader, slots, chance), 1.0 / static_cast<double>(kSlotVariants)});
    }
  }
  return out;
}

}  // namespace juncture::text
