#include "juncture/text/pown.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace juncture {
namespace {

constexpr std::size_t kWordsMax = 64;
constexpr std::size_t kWordBytesMax = 24;

// Beginnings of words: `fail` also stands for failing and failure.
struct Cues {
  std::array<std::string_view, 24> stems;
};
constexpr std::array<Cues, 4> kCues{{
    {{"alarm",   "breach",   "broke", "cause",   "complain", "crash",   "creep",    "delay",
      "doubled", "downtime", "error", "fail",    "fix",      "hack",    "incident", "issue",
      "late",    "leak",     "lose",  "mistake", "outage",   "problem", "risk",     "why"}},
    {{"advantage", "automat", "benefit", "boost",     "faster",  "future",     "gain",   "grant",
      "grow",      "improv",  "increas", "incentive", "innovat", "opportunit", "optimi", "payback",
      "potential", "reduc",   "return",  "roi",       "save",    "saving",     "subsid", "trend"}},
    {{"alternativ", "appeal",    "award",  "best", "choose", "compar", "cool", "easiest",
      "favourit",   "favorit",   "ideal",  "like", "lookin", "modern", "nice", "prefer",
      "rated",      "recommend", "review", "top",  "versus", "vs",     "want", "wish"}},
    {{"approv",  "audit",  "certif",  "compliance", "comply", "deadline", "essential", "gdpr",
      "iso",     "law",    "legal",   "licen",      "mandat", "minimum",  "must",      "need",
      "obligat", "policy", "regulat", "require",    "rule",   "specific", "standard",  "urgent"}},
}};

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Short stems are whole words with their endings: `top` is no beginning of topology, `law` none of lawn.
bool says(std::string_view word, std::string_view stem) {
  if (!word.starts_with(stem)) return false;
  if (stem.size() > 4) return true;
  constexpr std::array<std::string_view, 6> kEndings{"", "s", "d", "ed", "ing", "ure"};
  return std::find(kEndings.begin(), kEndings.end(), word.substr(stem.size())) != kEndings.end();
}

}  // namespace

std::optional<std::size_t> pown_of(std::string_view text) {
  std::array<std::size_t, kCues.size()> counts{};
  std::size_t words = 0;
  for (std::size_t at = 0; at < text.size() && words < kWordsMax;) {
    std::array<char, kWordBytesMax> lower{};
    std::size_t size = 0;
    for (; at < text.size() && is_letter(text[at]); ++at) {
      if (size < lower.size()) lower[size++] = static_cast<char>(text[at] | 0x20);
    }
    if (size == 0) {
      ++at;
      continue;
    }
    ++words;
    const std::string_view word(lower.data(), size);
    for (std::size_t k = 0; k < kCues.size(); ++k) {
      const auto& stems = kCues[k].stems;
      counts[k] +=
          std::any_of(stems.begin(), stems.end(), [&](std::string_view stem) { return says(word, stem); }) ? 1U : 0U;
    }
  }
  const auto* const most = std::max_element(counts.begin(), counts.end());
  if (*most == 0 || std::count(counts.begin(), counts.end(), *most) > 1) return std::nullopt;
  return static_cast<std::size_t>(most - counts.begin());
}

}  // namespace juncture
