#include "apps/verify/match.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <unordered_map>
#include <unordered_set>

namespace juncture::apps::verify {
namespace {

bool is_there(Fate fate) {
  return fate == Fate::matched || fate == Fate::replaced;
}

// Where older records are gone, the last ones are those that must be there: the lists are gone through from the end. At
// least once the beginning has to do, because what was withheld when it was repeated is out of its order.
bool is_backwards(const Lane& lane) {
  return (lane.compacted || lane.front_cut) && !lane.repeats_legal;
}

// Goes through both lists once. Not for a compacted topic at least once.
class Matcher {
 public:
  Matcher(const Lane& lane, const std::vector<Expected>& expected, std::span<const std::size_t> which,
          const KeyNames& keys, std::vector<Fate>& fates, Findings& findings)
      : lane_(lane),
        expected_(expected),
        which_(which),
        keys_(keys),
        fates_(fates),
        findings_(findings),
        gone_(lane.compacted ? lane.gone : 0) {
    for (std::uint32_t i = 0; i < which.size(); ++i) places_[at(i).print.a].push_back(i);
  }

  void take(const Found& found) {
    const std::optional<std::size_t> ahead = find(found, next_, which_.size());
    const std::optional<std::size_t> behind = find(found, 0, next_);
    // Where the same bytes are expected more than once, as removals are, it is the one that needs no gap.
    if (ahead && (!behind || may_skip(*ahead, room_to(found.gone)))) return advance(*ahead, found);
    if (behind) return again(found, *behind);
    ++strangers_;
    ++strangers_of_[found.key];
    complain("output_changed", found);
  }

  void finish() {
    replace(next_, which_.size());
    gaps_.push_back({gap_from_, which_.size(), room_to(0)});
    if (lane_.compacted) excuse_compacted();
    if (is_backwards(lane_)) std::reverse(complaints_.begin(), complaints_.end());
    for (const Complaint& one : complaints_) report(one);
  }
  std::uint64_t repeats() const { return repeats_; }

 private:
  // Expected ones between two that were found, and as many of them as can have been compacted: each leaves an offset
  // without a record.
  struct Gap {
    std::size_t from, to;
    Offset room;
  };
  struct Complaint {
    std::string_view kind;
    Found found;
    std::size_t expected;  // place of what is due then, or the end
  };

  const Expected& at(std::size_t i) const { return expected_[which_[i]]; }
  Fate& fate(std::size_t i) { return fates_[which_[i]]; }
  bool there(std::size_t i) const { return is_there(fates_[which_[i]]); }
  Offset room_to(Offset gone) const { return lane_.compacted ? gone_ - gone : 0; }

  // The first place of that record in [from, to).
  std::optional<std::size_t> find(const Found& found, std::size_t from, std::size_t to) const {
    const auto known = places_.find(found.print.a);
    if (known == places_.end()) return std::nullopt;
    for (auto place = std::lower_bound(known->second.begin(), known->second.end(), from);
         place != known->second.end() && *place < to; ++place) {
      if (at(*place).print == found.print) return *place;
    }
    return std::nullopt;
  }

  // All up to there may be missing, or have been compacted, or have other bytes.
  bool may_skip(std::size_t to, Offset room) const {
    room += static_cast<Offset>(strangers_);
    for (std::size_t i = next_; i < to; ++i) {
      if (lane_.allowance.withheld(at(i)) || lane_.allowance.unfinished(at(i))) continue;
      if (--room < 0) return false;
    }
    return true;
  }

  void advance(std::size_t to, const Found& found) {
    replace(next_, to);
    // Which of several like it this is may be uncertain: then it parts nothing.
    if (lane_.compacted && places_.at(found.print.a).size() == 1) {
      gaps_.push_back({gap_from_, to, room_to(found.gone)});
      gap_from_ = to + 1;
      gone_ = found.gone;
    }
    fate(to) = Fate::matched;
    if (lane_.compacted) oldest_[at(to).key] = to;
    next_ = to + 1;
  }

  // A record that nobody expected stands for one that is missing beside it: one of its key, if there is one.
  void replace(std::size_t from, std::size_t to) {
    for (const bool same_key : {true, false}) {
      for (std::size_t i = from; i < to && strangers_ > 0; ++i) {
        if (there(i)) continue;
        const auto stranger = strangers_of_.find(at(i).key);
        const bool same = stranger != strangers_of_.end() && stranger->second > 0;
        if (same_key && !same) continue;
        if (same) --stranger->second;
        --strangers_;
        fate(i) = Fate::replaced;
        if (lane_.compacted) oldest_[at(i).key] = std::max(oldest_[at(i).key], i);
      }
    }
    strangers_ = 0;
    strangers_of_.clear();
  }

  void again(const Found& found, std::size_t place) {
    const Fate before = fate(place);
    fate(place) = Fate::matched;
    // Where a wrong record is in its place, a repeat may be right.
    if (lane_.repeats_legal && before != Fate::missing) {
      ++repeats_;
      return;
    }
    complain(before == Fate::matched ? "output_doubled" : "output_reordered", found);
  }

  // What a later record of the key stands for, and removals of what is no longer there, may be gone, where there is
  // room for it. Those that can be missing for another reason come last.
  void excuse_compacted() {
    std::vector<bool> may(which_.size());
    std::unordered_set<std::uint32_t> stood_for;
    for (std::size_t i = 0; i < which_.size(); ++i) {
      const Expected& one = at(i);
      const auto oldest = oldest_.find(one.key);
      const bool nothing_left = oldest == oldest_.end() || oldest->second <= i;
      may[i] = fate(i) == Fate::missing && (stood_for.contains(one.key) || (one.tombstone && nothing_left));
      // One that is missing without an excuse is reported by itself.
      const bool due = !lane_.allowance.withheld(one) && !lane_.allowance.unfinished(one);
      if (there(i) || may[i] || due) stood_for.insert(one.key);
    }
    for (const bool withheld : {false, true}) {
      for (Gap& gap : gaps_) {
        for (std::size_t i = gap.from; i < gap.to && gap.room > 0; ++i) {
          if (!may[i] || fate(i) != Fate::missing || lane_.allowance.withheld(at(i)) != withheld) continue;
          fate(i) = Fate::compacted;
          --gap.room;
        }
      }
    }
  }

  void complain(std::string_view kind, const Found& found) { complaints_.push_back({kind, found, next_}); }

  void report(const Complaint& one) {
    if (findings_.full()) return findings_.add({});
    std::size_t place_of_due = one.expected;
    while (lane_.compacted && place_of_due < which_.size() && at(place_of_due).key != one.found.key) ++place_of_due;
    const auto print = [&](const Print& bytes, std::uint32_t key) {
      return fmt::format("{:016x} of `{}`", bytes.a, keys_.text(key));
    };
    Difference out{one.kind,
                   place(lane_.topic, lane_.partition, one.found.offset),
                   keys_.text(one.found.key),
                   "nothing more",
                   print(one.found.print, one.found.key),
                   0,
                   std::pair(TopicPartition{lane_.topic, lane_.partition}, one.found.offset)};
    if (place_of_due < which_.size()) {
      const Expected& due = at(place_of_due);
      out.expected = fmt::format("{}, which {}@{} causes", print(due.print, due.key), lane_.input, due.source);
      out.due = due.print.a;
    }
    findings_.add(std::move(out));
  }

  const Lane& lane_;
  const std::vector<Expected>& expected_;
  const std::span<const std::size_t> which_;
  const KeyNames& keys_;
  std::vector<Fate>& fates_;
  Findings& findings_;
  std::unordered_map<std::uint64_t, std::vector<std::uint32_t>> places_;
  std::size_t next_ = 0;
  std::uint64_t strangers_ = 0;  // unexpected ones since the last match, and how many of each key
  std::unordered_map<std::uint32_t, std::uint64_t> strangers_of_;
  std::uint64_t repeats_ = 0;
  std::size_t gap_from_ = 0;  // behind the last one whose place is certain, and its `gone`
  Offset gone_ = 0;
  std::vector<Gap> gaps_;
  std::vector<Complaint> complaints_;
  std::unordered_map<std::uint32_t, std::size_t> oldest_;  // place of the last one that was found of a key
};

// A compacted topic at least once: what was repeated may be all that is left of a record, or what was written first. So
// the last record of each key is held to be the last, and all others to be right, in whatever order they are.
class LastMatcher {
 public:
  LastMatcher(const Lane& lane, const std::vector<Expected>& expected, std::span<const std::size_t> which,
              const KeyNames& keys, std::vector<Fate>& fates, Findings& findings)
      : lane_(lane),
        expected_(expected),
        keys_(keys),
        fates_(fates),
        findings_(findings),
        room_(static_cast<std::uint64_t>(lane.gone)) {
    for (const std::size_t i : which) {
      places_[expected[i].print.a].push_back(i);
      of_key_[expected[i].key].push_back(i);
    }
  }

  void take(const Found& found) {
    last_[found.key] = found;
    bool known = false;
    for (const std::size_t i : places_[found.print.a]) {
      if (expected_[i].print != found.print) continue;
      known = true;
      if (fates_[i] == Fate::matched) continue;
      fates_[i] = Fate::matched;
      return;
    }
    if (known) {
      ++repeats_;
      return;
    }
    ++strangers_[found.key];
    complain("output_changed", found, "one of those that are expected");
  }

  void finish() {
    for (auto& [key, places] : of_key_) places.resize(stood_for(key, places));
    for (const bool withheld : {false, true}) {
      for (const auto& [key, places] : of_key_) excuse(key, places, withheld);
    }
  }
  std::uint64_t repeats() const { return repeats_; }

 private:
  // How many of a key's, oldest first, the last one that was found stands for; what is newer may be missing, or is
  // reported.
  std::size_t stood_for(std::uint32_t key, const std::vector<std::size_t>& places) {
    const auto last = last_.find(key);
    for (std::size_t n = places.size(); n > 0; --n) {
      const Expected& one = expected_[places[n - 1]];
      if (last != last_.end() && one.print == last->second.print) return n;
      if (lane_.allowance.withheld(one) || lane_.allowance.unfinished(one)) continue;
      if (one.tombstone && last == last_.end()) return n;
      const bool replaced = last != last_.end() && places_.at(last->second.print.a).empty();
      if (replaced) return n;
      if (fates_[places[n - 1]] == Fate::missing) return n - 1;
      complain("output_reordered", last->second, text(one));
      return n;
    }
    return 0;
  }

  // A changed record stands for one that is missing; others have left an offset without a record.
  void excuse(std::uint32_t key, const std::vector<std::size_t>& places, bool withheld) {
    for (auto place = places.rbegin(); place != places.rend(); ++place) {
      Fate& fate = fates_[*place];
      if (fate != Fate::missing || lane_.allowance.withheld(expected_[*place]) != withheld) continue;
      std::uint64_t& strangers = strangers_[key];
      if (strangers == 0 && room_ == 0) continue;
      fate = strangers > 0 ? Fate::replaced : Fate::compacted;
      strangers > 0 ? --strangers : --room_;
    }
  }

  std::string text(const Expected& one) const {
    return fmt::format("{:016x} as the last, which {}@{} causes", one.print.a, lane_.input, one.source);
  }

  void complain(std::string_view kind, const Found& found, std::string expected) {
    findings_.add({kind, place(lane_.topic, lane_.partition, found.offset), keys_.text(found.key), std::move(expected),
                   fmt::format("{:016x}", found.print.a), 0,
                   std::pair(TopicPartition{lane_.topic, lane_.partition}, found.offset)});
  }

  const Lane& lane_;
  const std::vector<Expected>& expected_;
  const KeyNames& keys_;
  std::vector<Fate>& fates_;
  Findings& findings_;
  std::unordered_map<std::uint64_t, std::vector<std::size_t>> places_;
  std::map<std::uint32_t, std::vector<std::size_t>> of_key_;
  std::unordered_map<std::uint32_t, Found> last_;
  std::unordered_map<std::uint32_t, std::uint64_t> strangers_;
  std::uint64_t room_;
  std::uint64_t repeats_ = 0;
};

template <class Matching>
std::uint64_t run(Matching matching, const std::vector<Found>& found) {
  for (const Found& one : found) matching.take(one);
  matching.finish();
  return matching.repeats();
}

}  // namespace

std::uint64_t match(const Lane& lane, const std::vector<Expected>& expected, std::vector<std::size_t> which,
                    std::vector<Found> found, const KeyNames& keys, std::vector<Fate>& fates, Findings& findings) {
  if (is_backwards(lane)) {
    std::reverse(which.begin(), which.end());
    std::reverse(found.begin(), found.end());
  }
  return lane.compacted && lane.repeats_legal ? run(LastMatcher(lane, expected, which, keys, fates, findings), found)
                                              : run(Matcher(lane, expected, which, keys, fates, findings), found);
}

void expire(const std::vector<std::size_t>& which, std::vector<Fate>& fates) {
  for (auto i = which.begin(); i != which.end() && !is_there(fates[*i]); ++i) fates[*i] = Fate::expired;
}

}  // namespace juncture::apps::verify
