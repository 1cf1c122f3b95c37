#include "people.h"

#include <algorithm>

#include "draws.h"
#include "vocabulary_drift.h"

namespace juncture::journeys {
namespace {

constexpr std::int64_t kMinuteMs = 60'000;
constexpr int kDriftDay = 300;
// Of what a buyer does on a stage, the part that nobody outside can see.
constexpr std::array<double, kBuyingStages> kUnseen{.5, .6, .7, .5, .45, .4, .4, .4, .5, .6, .6, .7};
constexpr double kWeekend = .25;
constexpr std::array<double, 2> kVisitsPerDay{.0475, .177};  // of one person, by density
constexpr double kChildren = .4;                             // deeds that a deed leads to
constexpr double kFollowMinutes = 6;
constexpr std::array<std::string_view, 14> kProducts{
    "warehouse system", "payroll service", "boiler",        "document archive", "access control",
    "label printer",    "helpdesk tool",   "fleet tracker", "packaging line",   "backup service",
    "phone system",     "lab equipment",   "till system",   "cleaning robot"};

std::int64_t time_of_day(Chance& chance, bool mobile) {
  // Office hours with a peak at half past ten; phones on the way to work and at night as well.
  const bool office = !mobile || happens(chance, .4);
  const double hour = office ? 8 + 9.5 * (chance.uniform() + chance.uniform()) / 2 : 6.5 + 16.5 * chance.uniform();
  return static_cast<std::int64_t>(hour * 3'600'000);
}

// Which phrases a person on a day draws from.
std::size_t subject_of(Chance& chance, const Day& day, const Habits& habits) {
  if (happens(chance, habits.noise)) return kNoneClass;
  if (day.condition != Condition::active && happens(chance, .25)) {
    return index_of(day.condition == Condition::stalled ? Stage::stalled : Stage::rejected);
  }
  if (happens(chance, .06)) return chance.below(kBuyingStages);
  int stage = day.stage + habits.lag;
  if (happens(chance, .20)) stage += happens(chance, .5) ? 1 : -1;
  return static_cast<std::size_t>(std::clamp(stage, 0, static_cast<int>(kBuyingStages) - 1));
}

class Typing {
 public:
  Typing(const Plan& plan, const TextBank& bank, std::uint64_t seed) : plan_(plan), bank_(bank) {
    Chance chance = stream(seed, 3);
    product_ = kProducts[chance.below(kProducts.size())];
  }

  std::string text(Chance& chance, std::size_t subject, bool mobile, int day) const {
    std::string out = plan_.variant == Variant::g4 ? bank_.any(chance) : bank_.phrase(chance, subject, mobile);
    if (const std::size_t slot = out.find("{p}"); slot != std::string::npos) out.replace(slot, 3, product_);
    return plan_.variant == Variant::g5 && day >= kDriftDay ? drifted(out) : out;
  }

 private:
  const Plan& plan_;
  const TextBank& bank_;
  std::string_view product_;
};

}  // namespace

Habits habits_of(Chance& chance) {
  Habits out;
  const double lag = chance.uniform();
  out.lag = lag < .68 ? 0 : lag < .85 ? -1 : lag < .91 ? -2 : 1;
  out.noise = beta(chance, 1.5, 8);
  out.activity = gamma(chance, 2, .5);
  out.mobile = beta(chance, 1.5, 3);
  out.quiet = lognormal(chance, .1, .5);
  return out;
}

void act(const Plan& plan, const TextBank& bank, const Work& work, const Habits& habits, std::uint32_t person,
         Journey& journey) {
  Chance chance = stream(journey.seed, 100 + person);
  const Typing typing(plan, bank, journey.seed);
  double rate = kVisitsPerDay[index_of(plan.density)] * habits.activity;
  if (plan.variant == Variant::g6) rate *= lognormal(chance, 1, .7);
  const auto first_weekday = static_cast<int>((journey.start_ms / kDayMs + 3) % 7);
  const auto days = static_cast<int>(std::min(work.days.size(), journey.days.size()));
  for (int d = journey.people[person].joined; d < days; ++d) {
    const Day& day = work.days[static_cast<std::size_t>(d)];
    const double weekday = (first_weekday + d) % 7 >= 5 ? kWeekend : 1;
    const double quiet = day.condition == Condition::active ? 1 : habits.quiet;
    const int visits = poisson(chance, std::min(rate * weekday * quiet * 2 * (1 - kUnseen[day.stage]), 20.0));
    for (int v = 0; v < visits; ++v) {
      const bool mobile = happens(chance, habits.mobile);
      std::int64_t at = journey.start_ms + d * kDayMs + time_of_day(chance, mobile);
      for (int more = 1; more > 0; --more) {
        const std::size_t subject = subject_of(chance, day, habits);
        journey.deeds.push_back({.at_ms = at,
                                 .received_ms = at,
                                 .person = person,
                                 .serial = static_cast<std::uint32_t>(journey.deeds.size()),
                                 .device = mobile ? Device::mobile : Device::desktop,
                                 .text = typing.text(chance, subject, mobile, d)});
        more += poisson(chance, kChildren);
        at += kMinuteMs / 4 + static_cast<std::int64_t>(exponential(chance, kFollowMinutes * kMinuteMs));
      }
    }
  }
}

void run_bot(const TextBank& bank, std::uint32_t person, Journey& journey) {
  Chance chance = stream(journey.seed, 100 + person);
  const std::int64_t from = journey.start_ms + journey.people[person].joined * kDayMs;
  const std::int64_t to =
      std::min(from + 30 * kDayMs, journey.start_ms + static_cast<std::int64_t>(journey.days.size()) * kDayMs);
  for (std::int64_t at = from; at < to; at += 8 * 3'600'000) {
    journey.deeds.push_back({.at_ms = at,
                             .received_ms = at,
                             .person = person,
                             .serial = static_cast<std::uint32_t>(journey.deeds.size()),
                             .text = bank.phrase(chance, kNoneClass, false)});
  }
}

}  // namespace juncture::journeys
