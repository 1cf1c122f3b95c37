#include <algorithm>

#include "decision/masks.h"
#include "decision/utility.h"
#include "juncture/decision/decide.h"

namespace juncture {
namespace {

// Somebody in exactly this cell who has said yes to everything.
Reading reading_in(Cell cell, Timestamp as_of) {
  Reading reading;
  reading.as_of = as_of;
  reading.stages[index_of(cell.stage)] = 1;
  reading.moments[index_of(cell.moment)] = 1;
  reading.roles[kRoles - 1] = 1;
  reading.device = Device::desktop;
  reading.consent = Consent::granted;
  reading.known = true;
  return reading;
}

bool harmless(const Policy& policy, const ContentItem& item, Stage stage) {
  return policy.kill[index_of(stage)][item.kind] <= policy.kill_harmless;
}

bool covered(const Catalog& catalog, const Policy& policy, const Reading& reading, Cell cell, Audience audience) {
  const Limits limits = limits_of(policy, reading, audience);
  return std::any_of(catalog.items.begin(), catalog.items.end(), [&](const ContentItem& item) {
    const bool speaks = item.moments == 0 || (item.moments >> index_of(cell.moment) & 1U) != 0;
    return speaks && harmless(policy, item, cell.stage) && mask_of(item, policy, reading, limits) == MaskReason::none;
  });
}

}  // namespace

std::vector<Cell> uncovered_cells(const Catalog& catalog, const Policy& policy, Timestamp as_of, Audience audience) {
  std::vector<Cell> gaps;
  for (std::size_t s = 0; s < kStages; ++s) {
    const Stage stage = static_cast<Stage>(s);
    if (stage == Stage::rejected && audience == Audience::public_site) continue;
    for (std::size_t m = 0; m < index_of(Moment::unclear); ++m) {
      const Cell cell{static_cast<Moment>(m), stage};
      if (!covered(catalog, policy, reading_in(cell, as_of), cell, audience)) gaps.push_back(cell);
    }
  }
  return gaps;
}

Decision safe_default(const Catalog& public_catalog, const Policy& policy, Timestamp as_of) {
  Reading nobody;
  nobody.as_of = as_of;
  nobody.stages = policy.default_stages;
  nobody.moments[index_of(Moment::unclear)] = 1;
  nobody.roles[kRoles - 1] = 1;

  Catalog harmless_only;
  harmless_only.version = public_catalog.version;
  std::vector<std::uint32_t> places;  // in public_catalog, of each item kept
  for (std::uint32_t i = 0; i < public_catalog.items.size(); ++i) {
    const ContentItem& item = public_catalog.items[i];
    const bool harmless_always = std::all_of(policy.kill.begin(), policy.kill.end(), [&](const KindRow& row) {
      return row[item.kind] <= policy.kill_harmless;
    });
    const bool timeless = item.valid_until == Timestamp::max() || as_of != Timestamp{};
    if (item.tier != Tier::public_ || !harmless_always || !timeless) continue;
    harmless_only.items.push_back(item);
    places.push_back(i);
  }
  // Nothing is known, so there is nothing to be sure of: only what is harmless was let in.
  Policy relaxed = policy;
  relaxed.confidence_min = 0;
  relaxed.signals_min = 0;
  relaxed.show_threshold = -1;
  Decision decision = decide(harmless_only, relaxed, nobody, Audience::public_site);
  for (Ranked& ranked : decision.slate) ranked.item = places[ranked.item];
  for (Ranked& ranked : decision.rivals) ranked.item = places[ranked.item];
  for (Masked& masked : decision.masked) masked.item = places[masked.item];
  decision.threshold = 0;
  return decision;
}

}  // namespace juncture
