#include "state/evidence_codec.h"

#include <algorithm>
#include <array>

#include "juncture/ports/faults.h"
#include "juncture/state/codec.h"

namespace juncture {
namespace {

// Bits of the byte `flags`.
constexpr unsigned kKnown = 0x40, kByAnalyst = 0x80;
// Bits of the byte `flags2`, above the action.
constexpr unsigned kClamped = 0x08, kStripped = 0x10, kHasText = 0x20;

}  // namespace

void put_evidence(const Evidence& evidence, ByteWriter& out) {
  std::array<char, kEvidenceBytes> bytes{};
  store(evidence.at.time_ms, &bytes[0]);
  store(JUNCTURE_MUTANT("M12") ? 0 : evidence.at.id, &bytes[8]);
  // Feedback has no text: its 30 bytes of ratios hold what only feedback has.
  if (evidence.type == SignalType::feedback) {
    store(evidence.until_ms, &bytes[16]);
  } else {
    for (std::size_t y = 0; y < kEvidenceClasses; ++y) store(evidence.ratio[y], &bytes[16 + 2 * y]);
  }
  for (std::size_t m = 0; m + 1 < kMoments; ++m) bytes[46 + m] = static_cast<char>(evidence.moments[m]);
  bytes[50] = static_cast<char>(evidence.type);
  bytes[51] = static_cast<char>(evidence.none);
  store(evidence.content, &bytes[52]);
  store(evidence.text_hash, &bytes[56]);
  const unsigned flags = static_cast<unsigned>(evidence.consent) | static_cast<unsigned>(evidence.device) << 2U |
                         static_cast<unsigned>(evidence.form) << 4U | (evidence.known ? kKnown : 0U) |
                         (evidence.by_analyst ? kByAnalyst : 0U);
  const unsigned flags2 = static_cast<unsigned>(evidence.action) | (evidence.clamped ? kClamped : 0U) |
                          (evidence.stripped ? kStripped : 0U) | (evidence.has_text ? kHasText : 0U) |
                          static_cast<unsigned>(evidence.outcome) << 6U;
  // The strength of a role hint and the stage of a correction never meet.
  const unsigned low = evidence.role == kNoRole ? evidence.stage : evidence.role_strength;
  bytes[60] = static_cast<char>(flags);
  bytes[61] = static_cast<char>(flags2);
  bytes[62] = static_cast<char>(static_cast<unsigned>(evidence.role) << 4U | low);
  bytes[63] = static_cast<char>(evidence.kind);
  out.put(std::string_view(bytes.data(), bytes.size()));
}

Evidence take_evidence(ByteReader& in) {
  Evidence out;
  const std::string_view bytes = in.take_bytes(kEvidenceBytes);
  if (bytes.empty()) return out;
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };
  out.at = {fetch<std::int64_t>(&bytes[0]), fetch<std::uint64_t>(&bytes[8])};
  unsigned shares = 0;
  for (std::size_t m = 0; m + 1 < kMoments; ++m) shares += out.moments[m] = byte(46 + m);
  in.require(byte(50) <= static_cast<std::uint8_t>(SignalType::outcome));
  out.type = static_cast<SignalType>(byte(50));
  out.none = byte(51);
  out.content = fetch<std::uint32_t>(&bytes[52]);
  out.text_hash = fetch<std::uint32_t>(&bytes[56]);
  const unsigned flags = byte(60), flags2 = byte(61), role = byte(62);
  out.kind = byte(63);
  in.require((flags & 3U) <= static_cast<unsigned>(Consent::denied));
  in.require((flags >> 4U & 3U) <= static_cast<unsigned>(Form::long_));
  in.require((flags2 & 7U) <= static_cast<unsigned>(FeedbackAction::wrong));
  if (!in.ok()) return {};
  out.consent = static_cast<Consent>(flags & 3U);
  out.device = static_cast<Device>(flags >> 2U & 3U);
  out.form = static_cast<Form>(flags >> 4U & 3U);
  out.known = (flags & kKnown) != 0;
  out.by_analyst = (flags & kByAnalyst) != 0;
  out.action = static_cast<FeedbackAction>(flags2 & 7U);
  out.clamped = (flags2 & kClamped) != 0;
  out.stripped = (flags2 & kStripped) != 0;
  out.has_text = (flags2 & kHasText) != 0;
  out.outcome = static_cast<DealOutcome>(flags2 >> 6U);
  out.role = static_cast<std::uint8_t>(role >> 4U);
  (out.role == kNoRole ? out.stage : out.role_strength) = static_cast<std::uint8_t>(role & 15U);
  in.require(out.has_text ? shares <= 255 : shares == 0);
  if (out.has_text) out.moments[kMoments - 1] = static_cast<std::uint8_t>(255U - std::min(shares, 255U));
  if (out.type == SignalType::feedback) {
    out.until_ms = fetch<std::int64_t>(&bytes[16]);
    const std::string_view rest = bytes.substr(24, 22);
    in.require(!out.has_text && std::all_of(rest.begin(), rest.end(), [](char c) { return c == 0; }));
  } else {
    for (std::size_t y = 0; y < kEvidenceClasses; ++y) out.ratio[y] = fetch<std::int16_t>(&bytes[16 + 2 * y]);
  }
  return out;
}

}  // namespace juncture
