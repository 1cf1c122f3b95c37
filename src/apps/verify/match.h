// Ordered lists of outputs, expected against found: what is missing, changed, doubled, reordered, withheld or
// compacted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "apps/verify/findings.h"
#include "apps/verify/fold.h"

namespace juncture::apps::verify {

// An output as the log has it.
struct Found {
  std::uint32_t key = 0;
  Offset offset = 0;
  Offset gone = 0;  // offsets of the partition before it at which there is no record (any more)
  Print print;
};

// Which expected outputs may not be there, depending on when the engine ran.
struct Allowance {
  Offset settled = 0;                  // outputs of records from here on may not have been written yet
  std::int64_t behind_ms = 0;          // gated outputs of records older than this may be withheld
  std::optional<std::uint64_t> stale;  // of so many records at most

  bool unfinished(const Expected& expected) const { return expected.source >= settled; }
  bool withheld(const Expected& expected) const {
    return expected.gate == Gate::late || (expected.gate == Gate::head && expected.at_ms < behind_ms);
  }
};

enum class Fate : std::uint8_t {
  missing,  // not found; who may be missing is decided record by record
  matched,
  replaced,   // another record is in its place, and reported
  compacted,  // a later one of its key stands for it
  expired,    // its topic no longer goes back so far
  unknown     // made with files that are not at hand
};

struct Lane {
  std::string topic;
  Partition partition = 0;
  std::string input;  // topic and partition of the input, for people
  Allowance allowance;
  bool front_cut = false;      // retention has taken the beginning: what is missing there is for expire() to say
  bool repeats_legal = false;  // at least once
  bool compacted = false;      // of a key, older records may be gone
  Offset gone = 0;             // as Found has it, at the end of the partition
};

// Gives each of `expected` (indices `which` of it, in order) its fate. Returns how many of `found` are legal repeats.
std::uint64_t match(const Lane& lane, const std::vector<Expected>& expected, std::vector<std::size_t> which,
                    std::vector<Found> found, const KeyNames& keys, std::vector<Fate>& fates, Findings& findings);

// Of all that one task wrote to a partition whose beginning is gone, in order: nothing before the first that is there
// was found, and none of it can be expected.
void expire(const std::vector<std::size_t>& which, std::vector<Fate>& fates);

}  // namespace juncture::apps::verify
