#include "pipeline/standing.h"

#include <algorithm>
#include <limits>

#include "juncture/inference/filter.h"

namespace juncture {
namespace {

template <class Unsigned>
Unsigned scaled(float value, float scale) {
  constexpr auto kMost = static_cast<float>(std::numeric_limits<Unsigned>::max());
  return static_cast<Unsigned>(std::clamp(value * scale + .5F, 0.0F, kMost));
}

}  // namespace

bool concerns_account(const Prospect& prospect, const Evidence& evidence) {
  if (evidence.consent == Consent::denied) return true;  // it has left less than there was
  if (prospect.head.signals == 0) return false;          // only a link, of somebody who has done nothing yet
  if (evidence.at.time_ms < prospect.head.first_ms) return false;
  if (evidence.consent == Consent::granted) return true;
  for (std::size_t i = prospect.tail_count; i-- > 0;) {
    if (prospect.tail[i].at == evidence.at) return !prospect.tail[i].stripped;
  }
  return false;
}

AccountEvidence standing_of(const StageChain& chain, const Prospect& prospect, const Evidence& evidence) {
  const BeliefState& head = prospect.head;
  AccountEvidence out;
  if (evidence.consent == Consent::denied) {
    out.kind = AccountEvidence::Kind::standing;
  } else {
    out.at = evidence.at;
    out.type = evidence.type;
    out.form = evidence.form;
  }
  out.known = head.known;
  for (std::size_t m = 0; m < kMoments; ++m) out.moments[m] = scaled<std::uint8_t>(head.moments[m], 255);
  out.first_ms = head.first_ms;
  out.last_ms = head.last_ms;
  out.signals = head.signals;
  const StageOdds odds = stages_of(chain, prospect);
  for (std::size_t s = 0; s < kStages; ++s) out.stages[s] = scaled<std::uint16_t>(odds[s], 65535);
  for (std::size_t r = 0; r < kRoles; ++r) {
    out.has_roles = out.has_roles || head.roles[r] > 0;
    out.roles[r] = scaled<std::uint8_t>(head.roles[r], kNatsScale);
  }
  if (!out.has_roles) out.roles = {};
  out.person = prospect.link.known ? prospect.link.person : 0;
  out.basis = account_basis_of(prospect);
  out.offline = head.offline;
  out.track = head.track;
  return out;
}

}  // namespace juncture
