#include "adversary.h"

#include "draws.h"

namespace juncture::journeys {
namespace {

constexpr std::int64_t kHourMs = 3'600'000;

void add_stranger(Journey& journey, Chance& chance, const char* what) {
  const auto index = static_cast<std::uint32_t>(journey.people.size());
  journey.people.push_back({.id = journey.account + what,
                            .joined = static_cast<std::int32_t>(chance.below(journey.days.size())),
                            .of_committee = false,
                            .device_of = index});
}

}  // namespace

Intruders let_in(Journey& journey) {
  Chance chance = stream(journey.seed, 4);
  Intruders in{.bot = happens(chance, .3), .neighbour = happens(chance, .3), .second_project = happens(chance, .3)};
  if (in.bot) add_stranger(journey, chance, "-b");
  if (in.neighbour) add_stranger(journey, chance, "-n");
  if (in.second_project) add_stranger(journey, chance, "-x");
  return in;
}

void spoil(Journey& journey) {
  Chance chance = stream(journey.seed, 5);
  std::vector<std::int64_t> clock(journey.people.size());
  std::vector<bool> split(journey.people.size());
  for (std::size_t p = 0; p < journey.people.size(); ++p) {
    if (happens(chance, .05)) clock[p] = -static_cast<std::int64_t>(6 * kHourMs * chance.uniform());
    split[p] = p > 0 && happens(chance, .1);
    if (p > 0 && happens(chance, .1)) journey.people[p].device_of = static_cast<std::uint32_t>(p - 1);
  }
  std::vector<Deed> again;
  for (Deed& deed : journey.deeds) {
    deed.at_ms += clock[deed.person];
    deed.split = split[deed.person];
    if (happens(chance, .05)) deed.received_ms += static_cast<std::int64_t>(29 * kHourMs * chance.uniform());
    if (!happens(chance, .03)) continue;
    again.push_back(deed);
    again.back().received_ms += static_cast<std::int64_t>(kHourMs * chance.uniform());
  }
  journey.deeds.insert(journey.deeds.end(), again.begin(), again.end());
}

}  // namespace juncture::journeys
