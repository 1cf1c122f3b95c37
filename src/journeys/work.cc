#include "work.h"

#include <algorithm>
#include <cmath>

#include "draws.h"

namespace juncture::journeys {
namespace {

constexpr int kDaysMax = 1500;
constexpr double kNoDecisionDays = 180;
constexpr double kForGood = .4;            // odds that nobody ever comes back to a purchase that stalled
constexpr std::uint64_t kWorldSeeds = 20;  // so many journeys share a world in G6
constexpr std::uint8_t kShortlist = 6, kBakeOff = 9;
// Working days that each job takes half of all committees of the small tier.
constexpr std::array<double, kBuyingStages> kWorkDays{21, 20, 17, 15, 14, 9, 6.5, 21, 12.5, 10, 13, 7.5};
constexpr std::array<double, 3> kTierWork{1, 1.4, 2};

class Queue {
 public:
  Queue(const Plan& plan, std::uint64_t seed, int people) : chance_(stream(seed, 1)), people_(people) {
    const double size = chance_.uniform();
    tier_ = size < .5 ? 0 : size < .85 ? 1 : 2;
    speed_ = lognormal(chance_, 1, .22);
    std::array<double, kBuyingStages> world{};
    world.fill(1);
    if (plan.variant == Variant::g6) {
      Chance of_world = stream(seed / kWorldSeeds, 2);
      for (double& factor : world) factor = lognormal(of_world, 1, .4);
      stalling_ = lognormal(of_world, 1, .7);
    }
    for (std::size_t j = 0; j < effort_.size(); ++j) {
      const double scale = j == kShortlist ? 1 : kTierWork[tier_];
      effort_[j] = gamma(chance_, 3, 1.12 * kWorkDays[j] / 3) * scale * world[j];
      skipped_[j] = tier_ == 0 && (j == 7 || j == 9) && happens(chance_, .3);
    }
  }

  std::uint8_t tier() const { return tier_; }

  // Lives through one day; false once there is nothing more to come.
  bool live(bool weekend, Day& out, End& end) {
    if (stalled_left_ > 0) {
      stalled_left_ -= 1;
      stalled_for_ += 1;
    } else {
      stalled_for_ = 0;
      if (!work(weekend)) {
        end = rejected_ ? End::lost : End::won;
        return false;
      }
    }
    out.stage = job_;
    out.done = static_cast<float>(std::min(done_[job_] / effort_[job_], 1.0));
    out.condition = rejected_ ? Condition::rejected : stalled_left_ > 0 ? Condition::stalled : Condition::active;
    if (stalled_for_ > kNoDecisionDays) {
      end = rejected_ ? End::lost : End::no_decision;
      return false;
    }
    return true;
  }

 private:
  bool work(bool weekend) {
    attention_ = .93 * attention_ + .081 * normal(chance_);  // stays within .22 of its mean, as a rule
    if (!weekend) done_[job_] += speed_ * exact_exp(attention_);
    if (done_[job_] >= effort_[job_]) {
      if (job_ == kShortlist && happens(chance_, .25)) rejected_ = true;
      if (job_ == kBakeOff && happens(chance_, .30)) rejected_ = true;
      do {
        if (++job_ == kBuyingStages) return false;
      } while (skipped_[job_]);
    }
    if (job_ >= 3 && happens(chance_, .004 * people_)) push_back();
    const bool heavy = job_ == 0 || job_ == 2 || job_ == 8 || job_ == 11;
    const double stall = .0022 * (1 + .25 * (people_ - 1)) * (heavy ? 1.6 : 1) * stalling_;
    if (happens(chance_, stall)) {
      const double length = std::ceil(lognormal(chance_, 75, .7));
      stalled_left_ = happens(chance_, kForGood) ? kDaysMax : length;
    }
    return true;
  }

  // Someone new reopens what was settled; half of what was done on it stays.
  void push_back() {
    const auto jobs = static_cast<std::uint8_t>(1 + chance_.below(3));
    const auto target = static_cast<std::uint8_t>(job_ > jobs ? job_ - jobs : 0);
    for (std::size_t j = target; j <= job_; ++j) done_[j] = std::min(done_[j], effort_[j]) / 2;
    job_ = target;
  }

  Chance chance_;
  int people_;
  std::uint8_t tier_ = 0, job_ = 0;
  double speed_ = 1, stalling_ = 1, attention_ = 0, stalled_left_ = 0, stalled_for_ = 0;
  bool rejected_ = false;
  std::array<double, kBuyingStages> effort_{}, done_{};
  std::array<bool, kBuyingStages> skipped_{};
};

}  // namespace

Work work_of(const Plan& plan, std::uint64_t seed, int first_weekday, int people) {
  Queue queue(plan, seed, people);
  Work out;
  out.tier = queue.tier();
  for (int d = 0; d < kDaysMax; ++d) {
    Day day;
    if (!queue.live((first_weekday + d) % 7 >= 5, day, out.end)) break;
    out.days.push_back(day);
  }
  return out;
}

}  // namespace juncture::journeys
