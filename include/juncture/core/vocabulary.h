// The closed sets of the domain, in the order in which they are stored. Never reorder: docs/formats/state.md.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace juncture {

enum class Moment : std::uint8_t { know, go, do_, buy, unclear };
inline constexpr std::size_t kMoments = 5;
inline constexpr std::array<std::string_view, kMoments> kMomentNames{"know", "go", "do", "buy", "unclear"};

// Twelve buying stages in order, then the two hidden conditions.
enum class Stage : std::uint8_t {
  problem_realization,
  scoping,
  champion_search,
  solution_visualization,
  long_listing,
  supplier_outreach,
  shortlisting,
  internal_poc,
  cost_benefit,
  bake_off,
  negotiation,
  sign_off,
  stalled,
  rejected
};
inline constexpr std::size_t kBuyingStages = 12;
inline constexpr std::size_t kStages = 14;
inline constexpr std::array<std::string_view, kStages> kStageNames{"problem_realization",
                                                                   "scoping",
                                                                   "champion_search",
                                                                   "solution_visualization",
                                                                   "long_listing",
                                                                   "supplier_outreach",
                                                                   "shortlisting",
                                                                   "internal_poc",
                                                                   "cost_benefit",
                                                                   "bake_off",
                                                                   "negotiation",
                                                                   "sign_off",
                                                                   "stalled",
                                                                   "rejected"};

// What a text can be evidence of: the 14 conditions, or none of them (not a buyer of ours).
inline constexpr std::size_t kEvidenceClasses = 15;
inline constexpr std::size_t kNoneClass = 14;

enum class Device : std::uint8_t { unknown, desktop, mobile, tablet };
inline constexpr std::array<std::string_view, 4> kDeviceNames{"unknown", "desktop", "mobile", "tablet"};

// Absent is neither denial nor consent: session-only state, linked to nobody.
enum class Consent : std::uint8_t { absent, granted, denied };
inline constexpr std::array<std::string_view, 3> kConsentNames{"absent", "granted", "denied"};

enum class SignalType : std::uint8_t {
  query,
  page,
  content,
  chat,
  email,
  offline,
  identify,
  feedback,
  outcome,
  erase,
  // Control records of the canonical topic; a foreign source can never make one.
  tick,
  catalog,
  policy,
  model
};
inline constexpr std::size_t kSignalTypes = 14;
inline constexpr std::array<std::string_view, kSignalTypes> kSignalTypeNames{
    "query",    "page",    "content", "chat", "email",   "offline", "identify",
    "feedback", "outcome", "erase",   "tick", "catalog", "policy",  "model"};

enum class FeedbackAction : std::uint8_t { none, impression, click, accept, dismiss, snooze, wrong };
inline constexpr std::array<std::string_view, 7> kFeedbackActionNames{"none",    "impression", "click", "accept",
                                                                      "dismiss", "snooze",     "wrong"};

// Form of a query: brief up to 5 words, long from 9.
enum class Form : std::uint8_t { brief, medium, long_ };
inline constexpr std::array<std::string_view, 3> kFormNames{"brief", "medium", "long"};

// Who may see an item. Unknown or missing means sales_only.
enum class Tier : std::uint8_t { public_, gated, analyst_approved, sales_only };
inline constexpr std::array<std::string_view, 4> kTierNames{"public", "gated", "analyst_approved", "sales_only"};

// What is kept of the text of queries and titles.
enum class TextPrivacy : std::uint8_t { verbatim, hashed, none };
inline constexpr std::array<std::string_view, 3> kTextPrivacyNames{"verbatim", "hashed", "none"};

// How an account came to be known, weakest first; a stronger one is not replaced by a weaker one.
enum class AccountBasis : std::uint8_t { network, domain, declared };
inline constexpr std::array<std::string_view, 3> kAccountBasisNames{"network", "domain", "declared"};
// Odds that it is right, of 255: what accounts weigh a person by.
inline constexpr std::array<std::uint8_t, 3> kAccountConfidence{102, 217, 255};

using StageOdds = std::array<float, kStages>;
using MomentOdds = std::array<float, kMoments>;

template <class Enum>
constexpr std::size_t index_of(Enum value) {
  return static_cast<std::size_t>(value);
}
constexpr std::string_view name_of(Moment v) {
  return kMomentNames[index_of(v)];
}
constexpr std::string_view name_of(Stage v) {
  return kStageNames[index_of(v)];
}
constexpr std::string_view name_of(Device v) {
  return kDeviceNames[index_of(v)];
}
constexpr std::string_view name_of(Consent v) {
  return kConsentNames[index_of(v)];
}
constexpr std::string_view name_of(SignalType v) {
  return kSignalTypeNames[index_of(v)];
}
constexpr std::string_view name_of(FeedbackAction v) {
  return kFeedbackActionNames[index_of(v)];
}
constexpr std::string_view name_of(Form v) {
  return kFormNames[index_of(v)];
}
constexpr std::string_view name_of(AccountBasis v) {
  return kAccountBasisNames[index_of(v)];
}
constexpr std::string_view name_of(Tier v) {
  return kTierNames[index_of(v)];
}

// The value of that name in `names`, if there is one: parse_name<Moment>(kMomentNames, "know").
template <class Enum, std::size_t N>
constexpr std::optional<Enum> parse_name(const std::array<std::string_view, N>& names, std::string_view name) {
  for (std::size_t i = 0; i < N; ++i) {
    if (names[i] == name) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

// 0 to 13 for a stage by its name, as labelled queries spell it; kNoneClass for "none".
constexpr std::optional<std::size_t> evidence_class_of(std::string_view name) {
  if (name == "none") return kNoneClass;
  if (name == "stalled_no_decision") return index_of(Stage::stalled);
  if (name == "silently_rejected") return index_of(Stage::rejected);
  const auto stage = parse_name<Stage>(kStageNames, name);
  return stage ? std::optional(index_of(*stage)) : std::nullopt;
}

}  // namespace juncture
