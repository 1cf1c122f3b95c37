#include "juncture/journeys/journey.h"

#include <algorithm>

#include "adversary.h"
#include "draws.h"
#include "people.h"
#include "work.h"

namespace juncture::journeys {
namespace {

constexpr std::int64_t kFirstDay = 17'897;  // 2019-01-01
constexpr std::size_t kCommitteeMax = 12;

std::vector<Person> committee_of(const std::string& account, Chance& chance) {
  const std::size_t size = std::min<std::size_t>(1 + static_cast<std::size_t>(poisson(chance, 2.5)), kCommitteeMax);
  std::vector<Person> out;
  for (std::size_t p = 0; p < size; ++p) {
    out.push_back({.id = account + "-p" + std::to_string(p),
                   .joined = p == 0 ? 0 : static_cast<std::int32_t>(std::min(exponential(chance, 80), 700.0)),
                   .of_committee = true,
                   .device_of = static_cast<std::uint32_t>(p)});
  }
  return out;
}

}  // namespace

Journey journey_of(const Plan& plan, const TextBank& bank, std::uint64_t seed) {
  Chance chance = stream(seed, 0);
  Journey out;
  out.seed = seed;
  // Files of several variants may be read together.
  out.account = std::string("g") + kVariantNames[index_of(plan.variant)][1] + kDensityNames[index_of(plan.density)][0] +
                '-' + std::to_string(seed);
  out.start_ms = (kFirstDay + static_cast<std::int64_t>(chance.below(364))) * kDayMs;
  out.people = committee_of(out.account, chance);
  const auto weekday = static_cast<int>((out.start_ms / kDayMs + 3) % 7);
  const auto people = static_cast<int>(out.people.size());
  const Work work = work_of(plan, seed, weekday, people);
  out.tier = work.tier;
  out.end = work.end;
  out.days = work.days;

  for (std::uint32_t p = 0; p < out.people.size(); ++p) act(plan, bank, work, habits_of(chance), p, out);
  if (plan.variant == Variant::g3) {
    std::uint32_t p = static_cast<std::uint32_t>(out.people.size());
    const Intruders in = let_in(out);
    if (in.bot) run_bot(bank, p++, out);
    // A neighbour buys something else of their own; the second project is another committee's, in the same account.
    if (in.neighbour) act(plan, bank, work_of(plan, seed + 500'000, weekday, 1), habits_of(chance), p++, out);
    if (in.second_project) act(plan, bank, work_of(plan, seed + 600'000, weekday, people), habits_of(chance), p++, out);
    spoil(out);
  }
  std::stable_sort(out.deeds.begin(), out.deeds.end(), [](const Deed& a, const Deed& b) {
    return a.received_ms != b.received_ms ? a.received_ms < b.received_ms : a.serial < b.serial;
  });
  return out;
}

Signal signal_of(const Journey& journey, const Deed& deed, std::string& scratch) {
  const Person& person = journey.people[journey.people[deed.person].device_of];
  const std::string account = journey.account + (deed.split ? "-b" : "");
  scratch = account + "-" + std::to_string(deed.serial);
  Signal out;
  out.id = scratch;
  out.prospect = ProspectId(person.id);
  out.anonymous = true;
  out.account = AccountId(std::string_view(scratch).substr(0, account.size()));
  out.type = deed.type;
  out.occurred_at = from_ms(deed.at_ms);
  out.text = deed.text;
  out.device = deed.device;
  out.consent = Consent::granted;
  out.source = "simulate";
  return out;
}

}  // namespace juncture::journeys
