#include "juncture/state/switches.h"

#include <catch2/catch.hpp>

#include "unit/state/memory_state.h"

using namespace juncture;

TEST_CASE("a switch is noted once, and again only for another version", "[switches]") {
  test::MemoryState state;
  CHECK(note_switch(state, 0, 7).value());
  CHECK_FALSE(note_switch(state, 12, 7).value());
  CHECK(note_switch(state, 20, 8).value());
  CHECK(note_switch(state, 30, 7).value());

  const auto value = state.get(switches_key());
  REQUIRE((value && *value));
  const auto switches = decode_switches(**value);
  REQUIRE(switches);
  CHECK(switches->kept == std::vector<Switch>{{0, 7}, {20, 8}, {30, 7}});
  CHECK(switches->dropped == 0);
}

TEST_CASE("the list of switches is bounded and says what it has lost", "[switches]") {
  test::MemoryState state;
  for (int i = 0; i < 100; ++i) REQUIRE(note_switch(state, i, static_cast<std::uint64_t>(i + 1)).value());
  const auto value = state.get(switches_key());
  const auto switches = decode_switches(**value);
  REQUIRE(switches);
  CHECK(switches->kept.size() == Switches::kMax);
  CHECK(switches->dropped == 36);
  CHECK(switches->kept.front() == Switch{36, 37});
}

TEST_CASE("what is no list of switches is refused", "[switches]") {
  std::string bytes;
  encode(Switches{.dropped = 1, .kept = {{5, 6}}}, bytes);
  CHECK(bytes.size() == 21);
  CHECK(decode_switches(bytes).value() == Switches{1, {{5, 6}}});
  CHECK_FALSE(decode_switches(bytes + "x"));
  CHECK_FALSE(decode_switches(bytes.substr(0, 20)));
  CHECK_FALSE(decode_switches(""));
  bytes[0] = 9;
  CHECK_FALSE(decode_switches(bytes));
}
