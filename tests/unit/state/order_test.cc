// The promise of order: whatever way signals arrive within 36 h, the state ends in the same bytes.
#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <set>

#include "juncture/inference/filter.h"
#include "juncture/state/codec.h"
#include "juncture/state/prospect_store.h"
#include "juncture/state/state_hash.h"
#include "unit/inference/journey.h"
#include "unit/state/memory_state.h"

using namespace juncture;
using namespace juncture::test;

namespace {

struct Step {
  Evidence evidence;
  std::string text;
  std::string account;
};

// 5 to 120 signals, at most 60 of them in any 36 h; one journey in six has consents that change on the way.
std::vector<Step> journey(std::uint64_t seed) {
  Dice dice{seed};
  std::vector<Step> out;
  const std::size_t count = 5 + dice.below(115);
  const std::int64_t pace = dice.below(3) == 0 ? 40 * kMinute : static_cast<std::int64_t>(1 + dice.below(30)) * kHour;
  const bool consents = dice.below(3) != 0, mixed = dice.below(6) == 0;
  std::int64_t at = kStart;
  for (std::size_t i = 0; i < count; ++i) {
    // Equal times happen: the id decides.
    if (dice.below(10) != 0) at += static_cast<std::int64_t>(dice.below(static_cast<std::uint64_t>(2 * pace)));
    if (dice.below(40) == 0) at += static_cast<std::int64_t>(dice.below(90)) * kDay;
    if (out.size() >= 60 && at - out[out.size() - 60].evidence.at.time_ms < 37 * kHour) {
      at = out[out.size() - 60].evidence.at.time_ms + 37 * kHour;
    }
    Step step{random_evidence(dice, at, dice.next(), consents), {}, {}};
    if (mixed && dice.below(12) == 0) step.evidence.consent = static_cast<Consent>(dice.below(3));
    if (step.evidence.has_text) step.text = "query number " + std::to_string(dice.below(1000));
    if (dice.below(5) == 0) step.account = "account-" + std::to_string(dice.below(3)) + ".example";
    out.push_back(std::move(step));
  }
  std::sort(out.begin(), out.end(), [](const Step& a, const Step& b) { return a.evidence.at < b.evidence.at; });
  return out;
}

// Each signal is delayed by up to 36 h after its event; some arrive twice.
std::vector<Step> shuffled(const std::vector<Step>& steps, std::uint64_t seed) {
  Dice dice{seed ^ 0xabcdefULL};
  std::vector<std::pair<std::int64_t, const Step*>> arrivals;
  const auto delay = static_cast<std::uint64_t>(36 * kHour - 1);
  for (const Step& step : steps) {
    arrivals.emplace_back(step.evidence.at.time_ms + static_cast<std::int64_t>(dice.below(delay)), &step);
    if (dice.below(8) == 0) {
      arrivals.emplace_back(step.evidence.at.time_ms + static_cast<std::int64_t>(dice.below(delay * 3)), &step);
    }
  }
  std::stable_sort(arrivals.begin(), arrivals.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Step> out;
  for (const auto& [at, step] : arrivals) out.push_back(*step);
  return out;
}

std::string value_after(const std::vector<Step>& steps, int* fresh = nullptr) {
  Prospect prospect;
  for (const Step& step : steps) {
    const Admission a = absorb(chain(), prospect, step.evidence, {.text = step.text, .account = step.account});
    if (fresh != nullptr && a == Admission::fresh) ++*fresh;
  }
  std::string out;
  encode(prospect, out);
  return out;
}

// All journeys through one task's state, `batch` signals of each at a time.
std::map<std::string, std::string, std::less<>> state_after(std::size_t journeys, bool in_order, std::size_t batch) {
  MemoryState state;
  ProspectStore store;
  std::vector<std::vector<Step>> all;
  for (std::size_t j = 0; j < journeys; ++j) {
    all.push_back(in_order ? journey(j) : shuffled(journey(j), j));
  }
  Prospect prospect;
  for (std::size_t from = 0, left = 1; left > 0; from += batch) {
    left = 0;
    for (std::size_t j = 0; j < journeys; ++j) {
      const std::string id = "p-" + std::to_string(j);
      for (std::size_t i = from; i < std::min(from + batch, all[j].size()); ++i, ++left) {
        const auto found = store.load(state, ProspectId(id), prospect);
        REQUIRE(found);
        const Step& step = all[j][i];
        if (absorb(chain(), prospect, step.evidence, {.text = step.text, .account = step.account}) ==
            Admission::fresh) {
          REQUIRE(store.save(state, ProspectId(id), prospect, *found));
        }
      }
    }
  }
  return state.values;
}

}  // namespace

TEST_CASE("a thousand journeys in any order within 36 h end in the same bytes", "[order]") {
  std::size_t different = 0, out_of_order = 0, largest = 0;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    const std::vector<Step> steps = journey(seed), arrivals = shuffled(steps, seed);
    for (std::size_t i = 1; i < arrivals.size(); ++i)
      out_of_order += arrivals[i].evidence.at < arrivals[i - 1].evidence.at;
    int fresh = 0;
    const std::string in_order = value_after(steps, &fresh), any_order = value_after(arrivals);
    CHECK(fresh == static_cast<int>(steps.size()));
    largest = std::max(largest, in_order.size());
    if (in_order != any_order) {
      ++different;
      CAPTURE(seed);
      std::string a, b;
      dump_state(std::string("\1Px", 3), in_order, a);
      dump_state(std::string("\1Px", 3), any_order, b);
      if (different == 1) CHECK(a == b);
    }
  }
  CHECK(different == 0);
  CHECK(out_of_order > 10'000);
  CHECK(largest <= kProspectBytesMax);
}

TEST_CASE("state with its expiry index is the same in any order and any batch size", "[order]") {
  const auto in_order = state_after(120, true, 1);
  const auto hash = state_hash(MapStore(in_order));
  REQUIRE(hash);
  CHECK(hash->prospects == 120);
  CHECK(hash->keys > 240);
  for (const std::size_t batch : {1UL, 7UL, 200UL}) {
    const auto any_order = state_after(120, false, batch);
    CHECK(state_hash(MapStore(any_order))->hex == hash->hex);
  }
}

TEST_CASE("the bytes of a hundred journeys are those of every other build and CPU", "[order]") {
  std::map<std::string, std::string, std::less<>> values = state_after(100, false, 13);
  std::string expected;
  std::ifstream(JUNCTURE_SOURCE_DIR "/tests/unit/state/golden/journeys.sha256") >> expected;
  CHECK(state_hash(MapStore(values))->hex == expected);
}
