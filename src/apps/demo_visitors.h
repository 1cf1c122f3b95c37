// Synthetic visitors for `juncture demo`: a documented generator, labelled as synthetic wherever it shows.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "juncture/core/result.h"
#include "juncture/core/signal.h"

namespace juncture::apps {

// Journeys, not noise: each visitor belongs to an account that works through the twelve stages at its own pace, looks
// back, skips, goes quiet, and uses a phone now and then. docs/architecture.md, "The demo's visitors", says how.
// Not thread safe. Same seed, same visitors.
class DemoVisitors {
 public:
  using Emit = std::function<void(const Signal&)>;

  DemoVisitors(std::uint64_t seed, std::string_view phrases);

  // Up to twelve weeks of history before `now`, in event-time order.
  void history(Timestamp now, const Emit& emit);
  // The next signal, at `now`.
  void next(Timestamp now, const Emit& emit);

 private:
  struct Phrase {
    int stage = 0;
    Moment moment = Moment::know;
    std::string text;
  };
  struct Visitor {
    std::string id;
    std::string account;
    std::string product;
    double stage = 1;   // where the account stands, 1..12
    double pace = 0.1;  // stages a signal, on average
    bool known = false;
    bool denied = false;
    bool noise = false;  // a student or a job seeker, not a buyer
    std::uint32_t signals = 0;
  };

  std::uint64_t draw();
  double uniform();
  std::size_t below(std::size_t n) { return draw() % n; }
  void step(Visitor& visitor, Timestamp at, const Emit& emit);
  const Phrase& phrase_for(int stage);

  std::uint64_t seed_;
  std::uint64_t count_ = 0;
  std::vector<Phrase> phrases_;
  std::vector<Visitor> visitors_;
  std::string id_, text_;
};

}  // namespace juncture::apps
