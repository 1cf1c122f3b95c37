// Places where a test may kill the process, and known mistakes that the tests must catch. Empty in what users run.
#pragma once

#include <string_view>

#include "juncture/core/types.h"

namespace juncture {

// The host's clock, for the one mutant that reads it. There is none in what users run.
Timestamp mutant_wall_time();

#ifdef JUNCTURE_FAULTS

// Kills the process (SIGKILL) when the environment says JUNCTURE_FAILPOINT=name:n and this is its n-th pass.
void pass_failpoint(std::string_view name);
// True for the one mistake that JUNCTURE_MUTANT, or choose_mutant(), names.
bool is_mutant(std::string_view name);
void choose_mutant(std::string_view name);

// NOLINTNEXTLINE(cppcoreguidelines-macro-usage): nothing of it may be left in what users run
#define JUNCTURE_FAILPOINT(name) ::juncture::pass_failpoint(name)
// NOLINTNEXTLINE(cppcoreguidelines-macro-usage)
#define JUNCTURE_MUTANT(name) ::juncture::is_mutant(name)

#else

// NOLINTNEXTLINE(cppcoreguidelines-macro-usage)
#define JUNCTURE_FAILPOINT(name) static_cast<void>(0)
// NOLINTNEXTLINE(cppcoreguidelines-macro-usage)
#define JUNCTURE_MUTANT(name) false

#endif

}  // namespace juncture
