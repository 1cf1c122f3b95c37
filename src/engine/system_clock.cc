#include <thread>

#include "juncture/engine/engine.h"

namespace juncture {
namespace {

class SystemClock final : public Clock {
 public:
  SteadyTime now() const override { return std::chrono::steady_clock::now(); }
  Timestamp wall() const override { return std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now()); }
  void sleep(Millis duration) override { std::this_thread::sleep_for(duration); }
};

}  // namespace

Clock& system_clock() {
  static SystemClock clock;
  return clock;
}

}  // namespace juncture
