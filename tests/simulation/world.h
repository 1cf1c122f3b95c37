// What everything in a simulation shares: the seed's random numbers, simulated time, the trace, and the first failure.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "juncture/core/hash.h"
#include "juncture/ports/clock.h"

namespace juncture::simulation {

using Ms = std::int64_t;  // simulated milliseconds since the start

// splitmix64: small, and the same everywhere.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15ULL + 0x1234567) {}
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31U);
  }
  std::int64_t below(std::int64_t bound) {
    return static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(bound));
  }
  std::int64_t between(std::int64_t low, std::int64_t high) { return low + below(high - low + 1); }
  bool chance(std::int64_t per_mille) { return below(1000) < per_mille; }

 private:
  std::uint64_t state_;
};

// One life of a process, from its start to its death.
struct Host {
  int number = 0;
  bool dead = false;    // what it still does has no effect on anything
  Ms frozen_until = 0;  // SIGSTOP
  Ms cut_until = 0;     // from the brokers
  Ms clock_ahead = 0;   // a dead process's own time
  Ms wall_ahead = 0;    // its clock is wrong by this
  int dies_in = -1;     // requests and writes from now; negative: not planned
  int freezes_in = -1;  // the same
  Ms freezes_for = 0;
};

class World {
 public:
  World(std::uint64_t seed, bool print) : random(seed), print_(print) {}

  Random random;
  Ms now = 0;
  std::int64_t faults = 0;  // per thousand requests
  // Lets every process that can run do so until then.
  std::function<void(Ms until)> run_others;
  std::function<void(Host&)> on_death;

  // One line of the trace.
  void note(std::string_view what, std::int64_t a = 0, std::int64_t b = 0, std::int64_t c = 0);
  std::uint64_t trace_hash() const { return hash_; }
  // The first one counts.
  void violated(std::string_view oracle, std::string detail);
  const std::string& oracle() const { return oracle_; }
  const std::string& failure() const { return failure_; }

  // Time passes for a living process that waits; a dead one only fools itself.
  void wait(Host& host, Ms duration);
  // False when the process is dead. Here a planned death or freeze comes true.
  bool alive(Host& host);
  void freeze(Host& host, Ms duration);
  bool can_run(const Host& host) const { return !host.dead && host.frozen_until <= now; }

 private:
  void pass(Ms duration);

  bool print_;
  int depth_ = 0;
  std::uint64_t hash_ = 0;
  std::string oracle_, failure_;
};

class SimClock final : public Clock {
 public:
  SimClock(World& world, Host& host) : world_(world), host_(host) {}
  SteadyTime now() const override { return SteadyTime{Millis{1'000'000 + world_.now + host_.clock_ahead}}; }
  Timestamp wall() const override { return from_ms(kEpoch + world_.now + host_.clock_ahead + host_.wall_ahead); }
  void sleep(Millis duration) override { world_.wait(host_, duration.count()); }
  static constexpr std::int64_t kEpoch = 1'700'000'000'000;

 private:
  World& world_;
  Host& host_;
};

}  // namespace juncture::simulation
