// Simulated buying journeys with their truth: a job queue with rework, worked off by a committee that is mostly unseen.
// Shares no code, table or family of distributions with inference, so that it can judge it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "juncture/core/signal.h"
#include "juncture/journeys/text_bank.h"

namespace juncture::journeys {

// g1 base, g2 the same at a chosen density, g3 adversarial (bots, shared devices and addresses, a second project, wrong
// clocks, duplicates, lateness, split accounts), g4 texts without any signal, g5 words that drift from day 300 on, g6 a
// world in which stages, visits and stalls are not what anyone expects.
enum class Variant : std::uint8_t { g1, g2, g3, g4, g5, g6 };
inline constexpr std::array<std::string_view, 6> kVariantNames{"G1", "G2", "G3", "G4", "G5", "G6"};
enum class Density : std::uint8_t { sparse, dense };  // about 44 and 165 signals a journey
inline constexpr std::array<std::string_view, 2> kDensityNames{"sparse", "dense"};
enum class Condition : std::uint8_t { active, stalled, rejected };
inline constexpr std::array<std::string_view, 3> kConditionNames{"active", "stalled", "rejected"};
enum class End : std::uint8_t { won, lost, no_decision, open };
inline constexpr std::array<std::string_view, 4> kEndNames{"won", "lost", "no_decision", "open"};

struct Plan {
  Variant variant = Variant::g1;
  Density density = Density::dense;
};

inline constexpr std::int64_t kDayMs = 86'400'000;

// Where the work stands on one day.
struct Day {
  std::uint8_t stage = 0;
  Condition condition = Condition::active;
  float done = 0;  // of the stage's work, 0..1
};

struct Person {
  std::string id;
  std::int32_t joined = 0;      // day
  bool of_committee = true;     // false: a bot, a neighbour behind the same address, someone on another project
  std::uint32_t device_of = 0;  // whose id the signals carry; itself, but for those who share a device
};

// One thing a person did.
struct Deed {
  std::int64_t at_ms = 0;        // as the person's clock has it
  std::int64_t received_ms = 0;  // when it arrived
  std::uint32_t person = 0;
  std::uint32_t serial = 0;  // equal for a duplicate
  SignalType type = SignalType::query;
  Device device = Device::desktop;
  bool split = false;  // carries the account's other name
  std::string text;
};

struct Journey {
  std::uint64_t seed = 0;
  std::string account;
  std::int64_t start_ms = 0;  // midnight of day 0, UTC
  std::uint8_t tier = 0;      // of small, medium, large
  End end = End::open;
  std::vector<Person> people;
  std::vector<Day> days;
  std::vector<Deed> deeds;  // by arrival
};

// The journey of that seed: same seed, same journey, on any machine. Seeds below 10,000 are to train on, those below
// 20,000 to calibrate on, those from 20,000 on to test on.
Journey journey_of(const Plan& plan, const TextBank& bank, std::uint64_t seed);

// The deed as a signal; its views hold while `journey` lives and until the next call with `scratch`.
Signal signal_of(const Journey& journey, const Deed& deed, std::string& scratch);

// One line of JSON for the journey, one a person, one a day: docs/formats/journeys.md.
void write_truth(const Plan& plan, const Journey& journey, std::string& out);

}  // namespace juncture::journeys
