// The phrases a text is searched for: cues of labels and names that stand for a slot.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "juncture/core/result.h"

struct hs_database;
struct hs_scratch;

namespace juncture::text {

enum class Slot : std::uint8_t { none, product, vendor, place };

struct Phrase {
  std::string stems;         // normalised, stemmed, single spaces, none at the ends
  std::uint16_t labels = 0;  // bit y: cue of evidence class y
  std::uint16_t roles = 0;   // bit r: cue of role r
  std::uint8_t moments = 0;  // bit m: cue of moment m
  Slot slot = Slot::none;
  friend bool operator==(const Phrase&, const Phrase&) = default;
};

struct Match {
  std::uint32_t phrase = 0;
  std::uint32_t begin = 0;  // of the first word in the stemmed text
  std::uint32_t end = 0;    // one past the last word
};

// Per thread.
class MatchScratch {
 public:
  MatchScratch() = default;
  MatchScratch(const MatchScratch&) = delete;
  MatchScratch& operator=(const MatchScratch&) = delete;
  ~MatchScratch();
  hs_scratch* get() const { return scratch_; }

 private:
  friend class PhraseMatcher;
  hs_scratch* scratch_ = nullptr;
};

// Immutable; any thread with its own scratch.
class PhraseMatcher {
 public:
  PhraseMatcher() = default;
  PhraseMatcher(PhraseMatcher&& other) noexcept;
  PhraseMatcher& operator=(PhraseMatcher&& other) noexcept;
  ~PhraseMatcher();

  static Result<PhraseMatcher> compile(const std::vector<Phrase>& phrases);
  void prepare(MatchScratch& scratch) const;
  // All occurrences as whole words, in no given order, at most `limit`. `text` starts and ends with a space.
  void find(std::string_view text, const MatchScratch& scratch, std::vector<Match>& out, std::size_t limit) const;

 private:
  hs_database* database_ = nullptr;
  std::vector<std::uint32_t> sizes_;
};

}  // namespace juncture::text
