// The content that can be supplied, and who may see it. Loaded from YAML by config; immutable afterwards.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "juncture/core/types.h"
#include "juncture/core/vocabulary.h"

namespace juncture {

// Order of config/taxonomy.yaml; kAbstain is not an item's kind.
inline constexpr std::size_t kContentKinds = 18;
inline constexpr std::array<std::string_view, kContentKinds> kContentKindNames{
    "early_warning_signs",   "explainer",          "how_to",      "cost_of_delay",          "analyst_report",
    "requirements_template", "champion_kit",       "case_study",  "reference_architecture", "competitor_comparison",
    "roi_argument",          "security_pack",      "poc_guide",   "pricing_guide",          "reference_call",
    "contract_pack",         "human_conversation", "event_invite"};
using ContentKind = std::uint8_t;  // an index into kContentKindNames

// POWN: the message an item carries.
enum class Pown : std::uint8_t { problem, opportunity, want, need };
inline constexpr std::array<std::string_view, 4> kPownNames{"problem", "opportunity", "want", "need"};

inline constexpr std::size_t kRoles = 15;
inline constexpr std::array<std::string_view, kRoles> kRoleNames{
    "cfo", "cio",       "head_of_software", "security",   "procurement", "legal",      "operations", "line_of_business",
    "hr",  "executive", "clinical",         "facilities", "end_user",    "consultant", "unknown"};

struct ContentItem {
  std::string id;
  std::string title;
  std::string url;  // https only
  ContentKind kind = 0;
  std::uint16_t stages = 0;      // bit s set: made for Stage s; 0 means the kind's own stages
  std::uint8_t moments = 0;      // bit m set: answers Moment m; 0 means any
  std::uint16_t roles = 0;       // bit r set: for role r; 0 means anyone
  std::string application;       // the problem it is applied to, e.g. "payroll"; empty means general
  std::uint8_t pown = 0;         // bit set of Pown
  Tier tier = Tier::sales_only;  // deny by default
  float minutes = 0;             // length for the reader
  std::string language = "en";
  Timestamp valid_from{};
  Timestamp valid_until = Timestamp::max();
  std::uint32_t key = 0;  // 32-bit hash of id: what state remembers of it
};

struct Catalog {
  std::string version;             // as written in the file, plus '+' and 8 hex digits of its content hash
  std::vector<ContentItem> items;  // sorted by id
};

}  // namespace juncture
