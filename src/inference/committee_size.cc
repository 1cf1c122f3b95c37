// How many people decide, from how many ids were seen of them: Bayes over groups of 1 to 24.
#include <algorithm>
#include <array>
#include <memory>

#include "juncture/core/math.h"
#include "juncture/inference/committee.h"

namespace juncture {
namespace {

constexpr std::size_t kPeopleMax = 24, kIdsMax = 24, kLevels = 3, kResponsibilities = 3;
// Of ids in general; docs/decisions/0009 says where they are from. First, the odds that a member leaves a trace here at
// all: where few ids were seen once only, more, and most.
constexpr std::array<double, kLevels> kSeen{.9, .8, .6};
constexpr double kBorrows = .08;       // odds that an unclaimed member is only seen under somebody else's id
constexpr double kMoreUnclaimed = .6;  // further ids of a person nobody has claimed, on average
constexpr double kMoreKnown = .35;     // unclaimed ids of a known person, on average
constexpr double kInside = .9;         // of the interval

using OfPeople = std::array<double, kPeopleMax + 1>;  // by a number of people
using Binomials = std::array<OfPeople, kPeopleMax + 1>;

double binomial(std::size_t n, std::size_t k, double p) {
  double out = 1;
  for (std::size_t i = 0; i < k; ++i) out *= p * static_cast<double>(n - i) / static_cast<double>(i + 1);
  for (std::size_t i = 0; i < n - k; ++i) out *= 1 - p;
  return out;
}

// [n][k], of k out of n.
Binomials binomials(double p) {
  Binomials out{};
  for (std::size_t n = 0; n <= kPeopleMax; ++n) {
    for (std::size_t k = 0; k <= n; ++k) out[n][k] = binomial(n, k, p);
  }
  return out;
}

// [k], of k where `mean` are to be expected.
std::array<double, kIdsMax + 1> poissons(double mean) {
  std::array<double, kIdsMax + 1> out{exact_exp(-mean)};
  for (std::size_t k = 1; k <= kIdsMax; ++k) out[k] = out[k - 1] * (mean / static_cast<double>(k));
  return out;
}

// Groups of up to eight are equally likely beforehand, of four where one office decides, of twelve where many do;
// larger ones ever less.
double prior_of(std::size_t people, std::size_t responsibility) {
  constexpr std::array<std::size_t, kResponsibilities> kUsual{8, 4, 12};
  double out = 1;
  for (std::size_t n = kUsual[responsibility]; n < people; ++n) out *= .7;
  return out;
}

// The shortest range that holds nine tenths.
SizeEstimate estimate(std::size_t least, const OfPeople& likelihood, std::size_t responsibility) {
  OfPeople odds{};
  double sum = 0;
  for (std::size_t n = least; n <= kPeopleMax; ++n) sum += odds[n] = prior_of(n, responsibility) * likelihood[n];
  SizeEstimate out{0, static_cast<int>(least), kPeopleMax};
  for (std::size_t n = least; n <= kPeopleMax; ++n) out.mean += static_cast<double>(n) * odds[n] / sum;
  for (double& share : odds) share /= sum;
  for (std::size_t low = least; low <= kPeopleMax; ++low) {
    double inside = 0;
    std::size_t high = low;
    while (high <= kPeopleMax && (inside += odds[high]) < kInside) ++high;
    if (high > kPeopleMax) break;
    if (static_cast<int>(high - low) >= out.high - out.low) continue;
    out.low = static_cast<int>(low);
    out.high = static_cast<int>(high);
  }
  return out;
}

// Of all that can be counted.
class Estimates {
 public:
  Estimates() {
    for (std::size_t l = 0; l < kLevels; ++l) seen_[l] = binomials(kSeen[l]);
    for (std::size_t people = 0; people <= kPeopleMax; ++people) {
      for (std::size_t own = 0; own <= kPeopleMax; ++own) {
        more_[own] = poissons(kMoreUnclaimed * static_cast<double>(own) + kMoreKnown * static_cast<double>(people));
      }
      for (std::size_t ids = 0; ids <= kIdsMax; ++ids) {
        if (people + ids > 0) fill(people, ids);
      }
    }
  }
  const SizeEstimate& of(std::size_t responsibility, std::size_t level, std::size_t people, std::size_t ids) const {
    return all_[((responsibility * kLevels + level) * (kPeopleMax + 1) + people) * (kIdsMax + 1) + ids];
  }

 private:
  // P(that many unclaimed ids | so many were seen beside those told apart).
  double unclaimed(std::size_t people, std::size_t hidden, std::size_t ids) const {
    // With nobody else's id to borrow, the only one of a group has his own.
    const Binomials& own_id = people + hidden > 1 ? own_ : all_own_;
    double out = 0;
    for (std::size_t own = 0; own <= std::min(hidden, ids); ++own) out += own_id[hidden][own] * more_[own][ids - own];
    return out;
  }
  void fill(std::size_t people, std::size_t ids) {
    OfPeople traces{};
    for (std::size_t seen = people; seen <= kPeopleMax; ++seen) traces[seen] = unclaimed(people, seen - people, ids);
    const std::size_t least = std::max<std::size_t>(people, 1);
    for (std::size_t l = 0; l < kLevels; ++l) {
      // P(that many people told apart, that many unclaimed ids | a group of that size).
      OfPeople likelihood{};
      for (std::size_t n = least; n <= kPeopleMax; ++n) {
        for (std::size_t seen = people; seen <= n; ++seen) {
          likelihood[n] += seen_[l][n][seen] * traces[seen] / static_cast<double>(seen + 1);
        }
      }
      for (std::size_t r = 0; r < kResponsibilities; ++r) {
        all_[((r * kLevels + l) * (kPeopleMax + 1) + people) * (kIdsMax + 1) + ids] = estimate(least, likelihood, r);
      }
    }
  }

  std::array<SizeEstimate, kResponsibilities * kLevels*(kPeopleMax + 1) * (kIdsMax + 1)> all_{};
  Binomials own_ = binomials(1 - kBorrows), all_own_ = binomials(1);
  std::array<Binomials, kLevels> seen_{};
  std::array<std::array<double, kIdsMax + 1>, kPeopleMax + 1> more_{};  // [own]: of the people at hand
};

// Whoever was seen on one day only was nearly not seen. One id more counts, and was.
std::size_t level_of(const IdCounts& ids) {
  const double share = static_cast<double>(ids.once + 1) / static_cast<double>(ids.people + ids.anonymous + 2);
  return share < .25 ? 0 : share < .5 ? 1 : 2;
}

}  // namespace

SizeEstimate committee_size(const IdCounts& ids, Responsibility responsibility) {
  static const std::unique_ptr<const Estimates> estimates = std::make_unique<const Estimates>();
  return estimates->of(index_of(responsibility), level_of(ids), std::min<std::size_t>(ids.people, kPeopleMax),
                       std::min<std::size_t>(ids.anonymous, kIdsMax));
}

}  // namespace juncture
