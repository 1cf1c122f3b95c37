// The account's own filter against what one could do instead, on made-up accounts: people with lags, noise and gaps,
// and stages whose lengths are lognormal. Nothing here is fitted; the numbers are in docs/evaluation.md.
#include <array>
#include <catch2/catch.hpp>
#include <cmath>

#include "juncture/inference/account_filter.h"
#include "juncture/inference/filter.h"
#include "unit/inference/journey.h"

using namespace juncture;
using namespace juncture::test;

namespace {

double normal(Dice& dice) {
  double sum = -6;
  for (int i = 0; i < 12; ++i) sum += dice.unit();
  return sum;
}

struct Score {
  int asked = 0, right = 0, near = 0;
  double loss = 0;
  void add(const std::array<double, kBuyingStages>& odds, std::size_t truth) {
    std::size_t best = 0;
    for (std::size_t s = 1; s < kBuyingStages; ++s) best = odds[s] > odds[best] ? s : best;
    ++asked;
    right += best == truth;
    near += best + 1 >= truth && best <= truth + 1;
    loss -= std::log(std::max(odds[truth], 1e-6));
  }
};

std::array<double, kBuyingStages> twelve(const StageOdds& odds) {
  std::array<double, kBuyingStages> out{};
  double sum = 0;
  for (std::size_t s = 0; s < kBuyingStages; ++s) sum += out[s] = static_cast<double>(odds[s]);
  for (double& x : out) x /= sum;
  return out;
}

Member member_of(std::uint64_t id, const Prospect& prospect) {
  Member out;
  out.prospect = id;
  out.first_ms = prospect.head.first_ms;
  out.last_ms = prospect.head.last_ms;
  out.signals = prospect.head.signals;
  out.track = prospect.head.track;
  return out;
}

// Where the account stands on each day.
std::vector<std::size_t> truth_of(Dice& dice) {
  std::vector<std::size_t> out;
  const auto& p = chain().parameters();
  for (std::size_t s = 0; s < kBuyingStages; ++s) {
    const double days = p.dwell_median_days[s] * 1.4 * std::exp(p.dwell_sigma_log[s] * normal(dice));
    out.insert(out.end(), static_cast<std::size_t>(std::max(days, 1.0)), s);
  }
  return out;
}

// What somebody asks on a day: of the account's stage with a lag of their own, sometimes of anything.
Evidence asked(Dice& dice, std::size_t stage, int lag, std::int64_t at_ms, std::uint64_t id) {
  int about = static_cast<int>(stage) + lag + (dice.unit() < .2 ? (dice.unit() < .5 ? -1 : 1) : 0);
  if (dice.unit() < .12) about = static_cast<int>(dice.below(kBuyingStages));
  const auto y = static_cast<std::size_t>(std::clamp(about, 0, 11));
  Evidence out = query_for(y, at_ms, id, static_cast<float>(1.2 + .6 * normal(dice)));
  if (dice.unit() < .25) out.ratio[dice.below(kBuyingStages)] = static_cast<std::int16_t>(1.5F * kRatioScale);
  return out;
}

}  // namespace

TEST_CASE("the account's own filter stands closer to the truth than its people's mean, its furthest or its last one",
          "[account]") {
  Dice dice{20261122};
  Score own, mean, furthest, last;
  for (int a = 0; a < 60; ++a) {
    const std::vector<std::size_t> truth = truth_of(dice);
    const std::size_t size = 2 + dice.below(6);
    std::vector<Prospect> people(size);
    std::vector<int> lags;
    for (std::size_t m = 0; m < size; ++m) {
      const double u = dice.unit();
      lags.push_back(u < .68 ? 0 : u < .85 ? -1 : u < .91 ? -2 : 1);
    }
    std::uint64_t id = 1;
    std::size_t newest = 0;
    for (std::size_t day = 0; day < truth.size(); ++day) {
      const std::int64_t at = kStart + static_cast<std::int64_t>(day) * kDay;
      for (std::size_t m = 0; m < size; ++m) {
        if (dice.unit() > .06) continue;
        absorb(chain(), people[m], asked(dice, truth[day], lags[m], at + static_cast<std::int64_t>(m) * kHour, id++));
        newest = m;
      }
      if (day % 10 != 9) continue;
      Account account;
      std::array<double, kBuyingStages> sum{}, most{}, one{};
      double active = 0;
      std::size_t top = 0;
      for (std::size_t m = 0; m < size; ++m) {
        if (people[m].empty()) continue;
        account.members.push_back(member_of(m + 1, people[m]));
        const auto odds = twelve(read(chain(), people[m], from_ms(at + kDay)).stages);
        ++active;
        std::size_t best = 0;
        for (std::size_t s = 0; s < kBuyingStages; ++s) {
          sum[s] += odds[s];
          best = odds[s] > odds[best] ? s : best;
        }
        if (best >= top) {
          top = best;
          most = odds;
        }
        if (m == newest) one = odds;
      }
      if (active == 0) continue;
      for (double& x : sum) x /= active;
      own.add(twelve(read_account(chain(), account_belief(chain(), account), from_ms(at + kDay)).stages), truth[day]);
      mean.add(sum, truth[day]);
      furthest.add(most, truth[day]);
      last.add(one, truth[day]);
    }
  }
  const auto said = [](const char* name, const Score& score) {
    return std::string(name) + ": top-1 " + std::to_string(static_cast<double>(score.right) / score.asked) +
           ", within one " + std::to_string(static_cast<double>(score.near) / score.asked) + ", log loss " +
           std::to_string(score.loss / score.asked) + "\n";
  };
  INFO(said("own", own) << said("mean", mean) << said("furthest", furthest) << said("last", last));
  REQUIRE(own.asked > 1000);
  for (const Score* other : {&mean, &furthest, &last}) {
    // A hundredth for chance in the shares; none in the odds.
    CHECK(own.right + own.asked / 100 > other->right);
    CHECK(own.near + own.asked / 100 > other->near);
    CHECK(own.loss < other->loss - .1 * own.asked);
  }
}
