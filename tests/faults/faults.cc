// What fail points and mutants do in the test build.
#include "juncture/ports/faults.h"

#include <atomic>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <string>

namespace juncture {
namespace {

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): read once, before any thread
  return value == nullptr ? std::string() : std::string(value);
}

struct Chosen {
  std::string point;
  long pass = 0;
  Chosen() : point(from_environment("JUNCTURE_FAILPOINT")) {
    const std::size_t colon = point.rfind(':');
    if (colon == std::string::npos) return;
    std::from_chars(point.data() + colon + 1, point.data() + point.size(), pass);
    point.resize(colon);
  }
};

std::string& chosen_mutant() {
  static std::string name = from_environment("JUNCTURE_MUTANT");
  return name;
}

}  // namespace

void pass_failpoint(std::string_view name) {
  static const Chosen chosen;
  static std::atomic<long> passes{0};
  if (name != chosen.point) return;
  if (++passes == chosen.pass) std::raise(SIGKILL);
}

bool is_mutant(std::string_view name) {
  return chosen_mutant() == name;
}

Timestamp mutant_wall_time() {
  return std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now());
}

void choose_mutant(std::string_view name) {
  chosen_mutant() = name;
}

}  // namespace juncture
