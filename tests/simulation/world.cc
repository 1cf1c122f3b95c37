#include "simulation/world.h"

#include <algorithm>
#include <cstdio>

namespace juncture::simulation {
namespace {

constexpr Ms kWorthSharing = 60;  // shorter waits only move the clock
constexpr int kDepthMax = 2;

}  // namespace

void World::note(std::string_view what, std::int64_t a, std::int64_t b, std::int64_t c) {
  std::uint64_t mixed = hash_;
  for (const std::int64_t value : {now, a, b, c})
    mixed = (mixed ^ static_cast<std::uint64_t>(value)) * 0x100000001b3ULL;
  hash_ = hash64(what, mixed);
  if (print_) {
    std::printf("%8lld ms %*s%.*s %lld %lld %lld\n", static_cast<long long>(now), depth_ * 2, "",
                static_cast<int>(what.size()), what.data(), static_cast<long long>(a), static_cast<long long>(b),
                static_cast<long long>(c));
  }
}

void World::violated(std::string_view oracle, std::string detail) {
  if (!oracle_.empty()) return;
  note("violated");
  oracle_ = oracle;
  failure_ = std::move(detail);
}

void World::pass(Ms duration) {
  const Ms until = now + duration;
  if (duration >= kWorthSharing && depth_ < kDepthMax && run_others) {
    ++depth_;
    run_others(until);
    --depth_;
  }
  now = std::max(now, until);
}

void World::wait(Host& host, Ms duration) {
  if (host.dead) {
    host.clock_ahead += std::max<Ms>(duration, 1);
  } else {
    pass(duration);
  }
}

void World::freeze(Host& host, Ms duration) {
  note("freeze", host.number, duration);
  host.frozen_until = now + duration;
  pass(duration);
}

bool World::alive(Host& host) {
  if (host.dead) return false;
  if (host.freezes_in >= 0 && host.freezes_in-- == 0) freeze(host, host.freezes_for);
  if (!host.dead && host.dies_in >= 0 && host.dies_in-- == 0) on_death(host);
  return !host.dead;
}

}  // namespace juncture::simulation
