#include "apps/verify/match.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <unordered_map>

namespace juncture::apps::verify {
namespace {

class Matcher {
 public:
  Matcher(const Lane& lane, const std::vector<Expected>& expected, const std::vector<std::size_t>& which,
          const KeyNames& keys, std::vector<Fate>& fates, Findings& findings)
      : lane_(lane), expected_(expected), which_(which), keys_(keys), fates_(fates), findings_(findings) {
    for (std::uint32_t i = 0; i < which.size(); ++i) places_[expected[which[i]].print.a].push_back(i);
  }

  void take(const Found& found) {
    const std::optional<std::size_t> ahead = find(found, next_, which_.size());
    const std::optional<std::size_t> behind = find(found, 0, next_);
    // Where the same bytes are expected more than once, as removals are, it is the one that needs no gap.
    if (ahead && (!behind || may_skip(next_, *ahead))) return advance(*ahead);
    if (behind) return again(found, *behind);
    ++strangers_;
    complain("output_changed", found, next_ < which_.size() ? text(which_[next_]) : "nothing more");
  }

  void finish() {
    replace(next_, which_.size());
    if (!lane_.front_cut) return;
    for (const std::size_t i : which_) {
      if (fates_[i] == Fate::matched || fates_[i] == Fate::replaced) break;
      fates_[i] = Fate::expired;
    }
  }
  std::uint64_t repeats() const { return repeats_; }

 private:
  // The first place of that record in [from, to).
  std::optional<std::size_t> find(const Found& found, std::size_t from, std::size_t to) const {
    const auto at = places_.find(found.print.a);
    if (at == places_.end()) return std::nullopt;
    for (auto place = std::lower_bound(at->second.begin(), at->second.end(), from);
         place != at->second.end() && *place < to; ++place) {
      if (expected_[which_[*place]].print == found.print) return *place;
    }
    return std::nullopt;
  }

  bool may_skip(std::size_t from, std::size_t to) const {
    return std::all_of(which_.begin() + static_cast<std::ptrdiff_t>(from),
                       which_.begin() + static_cast<std::ptrdiff_t>(to), [&](std::size_t i) {
                         return lane_.allowance.withheld(expected_[i]) || lane_.allowance.unfinished(expected_[i]);
                       });
  }

  void advance(std::size_t to) {
    replace(next_, to);
    fates_[which_[to]] = Fate::matched;
    next_ = to + 1;
  }

  // A record that nobody expected stands for one that is missing beside it.
  void replace(std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to && strangers_ > 0; ++i, --strangers_) fates_[which_[i]] = Fate::replaced;
    strangers_ = 0;
  }

  void again(const Found& found, std::size_t place) {
    Fate& fate = fates_[which_[place]];
    if (fate == Fate::matched && lane_.repeats_legal) {
      ++repeats_;
      return;
    }
    complain(fate == Fate::matched ? "output_doubled" : "output_reordered", found,
             next_ < which_.size() ? text(which_[next_]) : "nothing more");
    fate = Fate::matched;
  }

  std::string text(std::size_t i) const {
    const Expected& expected = expected_[i];
    return fmt::format("{:016x} of `{}`, which {}@{} causes", expected.print.a, keys_.text(expected.key), lane_.input,
                       expected.source);
  }

  void complain(std::string_view kind, const Found& found, std::string expected) {
    findings_.add({kind, place(lane_.topic, lane_.partition, found.offset), keys_.text(found.key), std::move(expected),
                   fmt::format("{:016x} of `{}`", found.print.a, keys_.text(found.key))});
  }

  const Lane& lane_;
  const std::vector<Expected>& expected_;
  const std::vector<std::size_t>& which_;
  const KeyNames& keys_;
  std::vector<Fate>& fates_;
  Findings& findings_;
  std::unordered_map<std::uint64_t, std::vector<std::uint32_t>> places_;
  std::size_t next_ = 0;
  std::size_t strangers_ = 0;  // unexpected ones since the last match
  std::uint64_t repeats_ = 0;
};

}  // namespace

std::uint64_t match(const Lane& lane, const std::vector<Expected>& expected, const std::vector<std::size_t>& which,
                    const std::vector<Found>& found, const KeyNames& keys, std::vector<Fate>& fates,
                    Findings& findings) {
  Matcher matcher(lane, expected, which, keys, fates, findings);
  for (const Found& one : found) matcher.take(one);
  matcher.finish();
  return matcher.repeats();
}

}  // namespace juncture::apps::verify
