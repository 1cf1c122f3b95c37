// juncture_simulation [--seed N | --seeds FROM:COUNT] [--threads N] [--repeat N] [--mutant NAME]
// Runs seeds, says which fail, and prints one hash of all of their traces. A single seed prints its trace.
#include <atomic>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "juncture/core/hash.h"
#include "juncture/ports/faults.h"
#include "simulation/simulation.h"

namespace juncture::simulation {
namespace {

struct Wanted {
  std::uint64_t from = 1, count = 1000;
  bool single = false;
  unsigned threads = 2;
  std::uint64_t repeat = 0;  // so many of them twice, to compare
  std::string mutant;
};

Verdict run(std::uint64_t seed, bool print, const std::string& mutant) {
  Simulation simulation(seed, print, mutant);
  return simulation.run();
}

bool number(std::string_view text, std::uint64_t& value) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  return parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size();
}

bool parse(int count, char** words, Wanted& wanted) {
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string_view name = words[i], value = words[i + 1];
    std::uint64_t parsed = 0;
    if (name == "--mutant") {
      wanted.mutant = value;
      continue;
    }
    if (name == "--seeds") {
      const std::size_t colon = value.find(':');
      if (colon == value.npos || !number(value.substr(0, colon), wanted.from)) return false;
      if (!number(value.substr(colon + 1), wanted.count)) return false;
      continue;
    }
    if (!number(value, parsed)) return false;
    if (name == "--seed") {
      wanted.from = parsed;
      wanted.count = 1;
      wanted.single = true;
    } else if (name == "--threads") {
      wanted.threads = static_cast<unsigned>(parsed);
    } else if (name == "--repeat") {
      wanted.repeat = parsed;
    } else {
      return false;
    }
  }
  return count % 2 == 1;
}

struct Results {
  std::vector<std::uint64_t> hashes;
  std::map<std::uint64_t, Verdict> failed;
};

// Mutants stop at the first seed that shows them.
Results run_all(const Wanted& wanted) {
  Results out;
  out.hashes.resize(wanted.count);
  std::mutex mutex;
  std::atomic<std::uint64_t> next{0};
  std::atomic<bool> caught{false};
  std::vector<std::jthread> threads;
  for (unsigned i = 0; i < wanted.threads; ++i) {
    threads.emplace_back([&] {
      while (!caught) {
        const std::uint64_t at = next++;
        if (at >= wanted.count) return;
        const Verdict verdict = run(wanted.from + at, false, wanted.mutant);
        out.hashes[at] = verdict.hash;
        if (verdict.oracle.empty()) continue;
        const std::scoped_lock lock(mutex);
        out.failed[wanted.from + at] = verdict;
        caught = !wanted.mutant.empty();
      }
    });
  }
  threads.clear();
  return out;
}

int run_mutant(const Wanted& wanted) {
#ifdef JUNCTURE_FAULTS
  choose_mutant(wanted.mutant);
#endif
  const Results results = run_all(wanted);
  if (results.failed.empty()) {
    std::printf("%s: not caught in %llu seeds\n", wanted.mutant.c_str(), static_cast<unsigned long long>(wanted.count));
    return 1;
  }
  const auto& [seed, verdict] = *results.failed.begin();
  std::printf("%s: caught by \"%s\" after %llu seeds: %s\n", wanted.mutant.c_str(), verdict.oracle.c_str(),
              static_cast<unsigned long long>(seed - wanted.from + 1), verdict.detail.c_str());
  return 0;
}

int run_seeds(const Wanted& wanted) {
  Results results = run_all(wanted);
  for (const auto& [seed, verdict] : results.failed) {
    std::printf("seed %llu: %s: %s\n", static_cast<unsigned long long>(seed), verdict.oracle.c_str(),
                verdict.detail.c_str());
  }
  for (std::uint64_t i = 0; i < std::min(wanted.repeat, wanted.count); ++i) {
    const std::uint64_t seed = wanted.from + i;
    if (run(seed, false, {}).hash == results.hashes[i]) continue;
    std::printf("seed %llu ran differently the second time\n", static_cast<unsigned long long>(seed));
    results.failed[seed] = {};
  }
  std::uint64_t all = 0;
  for (const std::uint64_t hash : results.hashes) {
    all = hash64({reinterpret_cast<const char*>(&hash), sizeof hash}, all);
  }
  std::printf("%llu seeds from %llu, %zu failed, hash %016llx\n", static_cast<unsigned long long>(wanted.count),
              static_cast<unsigned long long>(wanted.from), results.failed.size(),
              static_cast<unsigned long long>(all));
  if (results.failed.empty()) return 0;
  std::printf("the first one again, with its trace:\n");
  run(results.failed.begin()->first, true, {});
  return 1;
}

int main(int count, char** words) {
  Wanted wanted;
  if (!parse(count, words, wanted)) {
    std::fputs(
        "usage: juncture_simulation [--seed N | --seeds FROM:COUNT] [--threads N] [--repeat N] [--mutant NAME]\n",
        stderr);
    return 2;
  }
  if (!wanted.single) return wanted.mutant.empty() ? run_seeds(wanted) : run_mutant(wanted);
#ifdef JUNCTURE_FAULTS
  choose_mutant(wanted.mutant);
#endif
  const Verdict verdict = run(wanted.from, true, wanted.mutant);
  std::printf("%s\n", verdict.oracle.empty() ? "as it must be" : (verdict.oracle + ": " + verdict.detail).c_str());
  return verdict.oracle.empty() ? 0 : 1;
}

}  // namespace
}  // namespace juncture::simulation

int main(int count, char** words) {
  return juncture::simulation::main(count, words);
}
