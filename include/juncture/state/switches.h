// Since which record of its partition a task's state has been made with which knowledge; kept in the state itself.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "juncture/core/result.h"
#include "juncture/ports/state.h"

namespace juncture {

struct Switch {
  std::int64_t offset = 0;    // of the first record that was judged by it
  std::uint64_t version = 0;  // hash of everything that records are judged by
  friend bool operator==(const Switch&, const Switch&) = default;
};

// Oldest first. Bounded: the oldest go, and are counted.
struct Switches {
  static constexpr std::size_t kMax = 64;
  std::uint32_t dropped = 0;
  std::vector<Switch> kept;
  friend bool operator==(const Switches&, const Switches&) = default;
};

// docs/formats/state.md. What is not exactly an encoding is refused: `state_corrupt`.
void encode(const Switches& switches, std::string& out);
Result<Switches> decode_switches(std::string_view bytes);

// Notes that the record at `offset` is the first one to be judged by `version`. False: it already was in force.
Result<bool> note_switch(State& state, std::int64_t offset, std::uint64_t version);

// The key under which they are.
std::string switches_key();

}  // namespace juncture
