#include "inference/offline.h"

#include <algorithm>
#include <array>

namespace juncture {
namespace {

// Nats for each of the twelve stages, before eta. Judgements: what is certain to have happened speaks louder than a
// text, and a peer louder than an analyst, an analyst louder than a fair.
struct Kind {
  std::string_view name;
  std::array<float, kBuyingStages> nats;
};
constexpr std::array<Kind, 7> kKinds{{
    {"meeting", {0, .2F, .2F, .4F, .4F, 1.0F, 1.0F, 1.0F, .6F, 1.0F, 1.0F, .4F}},
    {"call", {0, .2F, 0, .2F, .4F, 1.2F, .8F, .4F, .4F, .6F, .8F, .2F}},
    {"rfp", {0, 0, 0, .2F, 1.6F, 2.2F, 2.2F, .6F, .2F, 1.0F, 0, 0}},
    {"analyst_report", {.2F, .8F, .4F, 1.0F, 1.4F, .6F, .8F, 0, .2F, 0, 0, 0}},
    {"approved_supplier_list", {0, 0, 0, 0, 1.4F, .6F, 2.0F, .2F, 0, .6F, .8F, 1.6F}},
    {"peer_reference", {0, .2F, .4F, .8F, 1.2F, .8F, 2.0F, .6F, .4F, 2.4F, .4F, 0}},
    {"trade_fair", {.2F, .6F, 0, .6F, .8F, .6F, .2F, 0, 0, 0, 0, 0}},
}};
// Somebody who shares these is a buyer.
constexpr float kNoneNats = -2.0F;

std::int16_t added(std::int16_t ratio, float nats) {
  const float sum = static_cast<float>(ratio) + nats * kRatioScale;
  return static_cast<std::int16_t>(std::clamp(sum, -30.0F * kRatioScale, 30.0F * kRatioScale));
}

}  // namespace

void observe_offline(std::string_view kind, Evidence& out) {
  const auto* const found =
      std::find_if(kKinds.begin(), kKinds.end(), [&](const Kind& known) { return known.name == kind; });
  if (found == kKinds.end()) return;
  for (std::size_t s = 0; s < kBuyingStages; ++s) out.ratio[s] = added(out.ratio[s], found->nats[s]);
  out.ratio[kNoneClass] = added(out.ratio[kNoneClass], kNoneNats);
  out.none = 0;
  if (out.has_text) return;
  // Not a repeat of another event without words.
  out.has_text = true;
  out.text_hash = static_cast<std::uint32_t>(out.at.id);
  out.moments.back() = 255;
}

}  // namespace juncture
