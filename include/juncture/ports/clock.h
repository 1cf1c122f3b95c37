// Time as the engine sees it: the system's, or a test's own.
#pragma once

#include <chrono>

#include "juncture/core/types.h"

namespace juncture {

using SteadyTime = std::chrono::steady_clock::time_point;

// Thread safe. Nothing that reaches state may depend on it.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual SteadyTime now() const = 0;
  virtual Timestamp wall() const = 0;
  virtual void sleep(Millis duration) = 0;
};

}  // namespace juncture
