#include "pipeline/hot_keys.h"

#include <catch2/catch.hpp>
#include <string>

using namespace juncture;
using namespace std::chrono_literals;

TEST_CASE("a key is hot once a minute, with the record after the limit", "[hot]") {
  HotKeys keys(100);
  const Timestamp start = from_ms(1'700'000'000'000 / 60'000 * 60'000);
  int told = 0;

  for (int i = 0; i < 100; ++i) told += keys.count("bot", start + Millis{i}) ? 1 : 0;
  CHECK(told == 0);
  CHECK(keys.count("bot", start + 1s) == hash64("bot"));
  for (int i = 0; i < 500; ++i) told += keys.count("bot", start + 2s) ? 1 : 0;
  CHECK(told == 0);
  for (int i = 0; i < 500; ++i) told += keys.count("bot", start + 61s) ? 1 : 0;
  CHECK(told == 1);
}

TEST_CASE("among many others the one hot key is found, and no other", "[hot]") {
  HotKeys keys(5000);
  const Timestamp start = from_ms(1'700'000'000'000 / 60'000 * 60'000);
  int told = 0;
  // One record in ten is the bot's: 100,000 records of 40,000 prospects in one minute.
  for (int i = 0; i < 100'000; ++i) {
    const std::string key = i % 10 == 0 ? "bot" : "p-" + std::to_string(i % 40'000);
    const auto hot = keys.count(key, start + Millis{i / 2});
    if (!hot) continue;
    CHECK(*hot == hash64("bot"));
    ++told;
  }
  CHECK(told == 1);
}

TEST_CASE("without a limit nothing is hot", "[hot]") {
  HotKeys keys(0);
  for (int i = 0; i < 10'000; ++i) CHECK_FALSE(keys.count("bot", from_ms(0)));
}
