// What may be the matter with a prospect or an account: closed set, entered and left once each time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace juncture {

// Stored as bit numbers: only ever grows at the end.
enum class Condition : std::uint8_t {
  warning_signs,      // problems are looked into; no project yet
  surge,              // far more signals than the subject's own usual
  no_decision_risk,   // likely to be stalled within 30 days
  stalled,            // likely to have stopped
  silently_rejected,  // likely to have decided for somebody else without a word
  split,              // of an account: its people are stages apart
  buying              // of an account: the last stages, with the people it takes
};
inline constexpr std::size_t kConditions = 7;
inline constexpr std::array<std::string_view, kConditions> kConditionNames{
    "warning_signs", "surge", "no_decision_risk", "stalled", "silently_rejected", "split", "buying"};

constexpr std::string_view name_of(Condition condition) {
  return kConditionNames[static_cast<std::size_t>(condition)];
}

// A set of them, one bit each.
using Conditions = std::uint8_t;
constexpr Conditions bit_of(Condition condition) {
  return static_cast<Conditions>(1U << static_cast<unsigned>(condition));
}
constexpr bool holds(Conditions all, Condition condition) {
  return (all & bit_of(condition)) != 0;
}
constexpr Conditions with(Conditions all, Condition condition, bool on) {
  return static_cast<Conditions>(on ? all | bit_of(condition) : all & ~bit_of(condition));
}

}  // namespace juncture
