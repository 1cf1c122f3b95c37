// Which days people work: weekends and holidays of one place. Days are those of UTC.
#pragma once

#include <array>
#include <chrono>
#include <string>
#include <vector>

namespace juncture {

struct Calendar {
  std::string version;
  std::array<bool, 7> working_days{true, true, true, true, true, false, false};  // Monday first
  std::vector<std::chrono::sys_days> holidays;                                   // sorted
};

}  // namespace juncture
