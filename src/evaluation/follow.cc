#include "evaluation/follow.h"

#include <algorithm>

#include "juncture/inference/filter.h"

namespace juncture {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;
constexpr int kNoStage = -1;

std::size_t day_of(const RecordedJourney& journey, std::int64_t at_ms) {
  return static_cast<std::size_t>(std::max<std::int64_t>(at_ms - journey.from_ms, 0) / kDayMs);
}

template <class Odds>
std::uint8_t best_of(const Odds& odds) {
  return static_cast<std::uint8_t>(std::max_element(odds.begin(), odds.begin() + kBuyingStages) - odds.begin());
}

// Odds of one of the twelve, the hidden conditions apart.
float share(const StageOdds& odds, std::size_t stage) {
  float sum = 0;
  for (std::size_t s = 0; s < kBuyingStages; ++s) sum += odds[s];
  return odds[stage] / sum;
}

// Where the true stage and what is done of it lie on the chain's own scale of progress, 0..100.
float true_progress(const StageChain& chain, const TrueDay& day) {
  float begin = 0;
  std::size_t phase = 0;
  for (std::size_t s = 0;; ++s) {
    const float half = chain.progress_of(phase) - begin;
    const auto phases = chain.phases_of(s);
    const float end = begin + 2 * half * static_cast<float>(phases);
    if (s == day.stage) return begin + day.done * (end - begin);
    begin = end;
    phase += phases;
  }
}

// The same signal without any noise in what it says.
Evidence told(Evidence evidence, std::uint8_t stage) {
  constexpr float kSureNats = 8;
  evidence.has_text = true;
  evidence.none = 0;
  evidence.ratio.fill(static_cast<std::int16_t>(-kSureNats * kRatioScale));
  evidence.ratio[stage] = static_cast<std::int16_t>(kSureNats * kRatioScale);
  return evidence;
}

float stopped_odds(const StageOdds& odds) {
  return odds[index_of(Stage::stalled)] + odds[index_of(Stage::rejected)];
}

class Follower {
 public:
  Follower(const StageChain& chain, const PlainHmm& hmm, const RecordedJourney& journey)
      : chain_(chain), hmm_(hmm), journey_(journey), odds_(hmm.initial()) {
    last_active_ = journey.days.size();
    while (last_active_ > 0 && journey.days[last_active_ - 1].condition == TrueCondition::stalled) --last_active_;
  }

  void take(const Evidence& evidence, const TrueDay& day) {
    absorb(chain_, prospect_, evidence);
    Evidence mute = evidence;
    mute.has_text = false;
    absorb(chain_, untold_, mute);
    absorb(chain_, noiseless_, told(evidence, day.stage));
    hmm_.step(evidence, odds_);
    end_silence(day_of(journey_, evidence.at.time_ms));
    last_ms_ = evidence.at.time_ms;
    if (day.condition == TrueCondition::rejected) return;
    const StageOdds said = stages_of(chain_, prospect_);
    EventRow row;
    row.truth = day.stage;
    row.found = best_of(said);
    row.found_hmm = best_of(odds_);
    row.p_truth = share(said, row.truth);
    row.p_found = share(said, row.found);
    row.p_truth_hmm = static_cast<float>(odds_[row.truth]);
    row.p_found_hmm = static_cast<float>(odds_[row.found_hmm]);
    row.p_truth_untold = share(stages_of(chain_, untold_), row.truth);
    trace_.events.push_back(row);
  }

  void close_day(std::size_t d) {
    const TrueDay& day = journey_.days[d];
    const std::int64_t now = journey_.from_ms + static_cast<std::int64_t>(d + 1) * kDayMs;
    stopped_ = day.condition == TrueCondition::active ? 0 : static_cast<std::uint16_t>(stopped_ + 1);
    if (prospect_.empty()) return;
    const Reading said = read(chain_, prospect_, from_ms(now));
    DayRow row;
    row.stopped_days = stopped_;
    row.final_stall = journey_.no_decision && d >= last_active_;
    row.progress = true_progress(chain_, day);
    row.covered = row.progress >= said.progress_lo && row.progress <= said.progress_hi;
    row.width = said.progress_hi - said.progress_lo;
    row.stalled = said.stages[index_of(Stage::stalled)];
    row.stopped = stopped_odds(said.stages);
    cross(d, row.stopped, stopped_odds(read(chain_, noiseless_, from_ms(now)).stages));
    row.silence = static_cast<float>(now - last_ms_) / static_cast<float>(kDayMs);
    trace_.days.push_back(row);
    seek(d, day, best_of(said.stages), best_of(odds_));
  }

  Trace finish() {
    for (const Sought& one : sought_) trace_.changes.push_back(one.change);
    end_silence(journey_.days.size());
    return std::move(trace_);
  }

 private:
  static constexpr std::size_t kNever = ~std::size_t{0};

  void cross(std::size_t d, float odds, float odds_noiseless) {
    if (crossed_ == kNever && odds >= .5F) crossed_ = d;
    if (crossed_noiseless_ == kNever && odds_noiseless >= .5F) crossed_noiseless_ = d;
  }
  // Left out: silences in which neither crosses, both do on the first day, or one does a day before it ends.
  void end_silence(std::size_t d) {
    const std::size_t first = std::min({crossed_, crossed_noiseless_, d});
    const std::size_t second = std::min(std::max(crossed_, crossed_noiseless_), d);
    const bool both = crossed_ != kNever && crossed_noiseless_ != kNever;
    if (both ? second > day_of(journey_, last_ms_) : second - first > 1) {
      trace_.crossings.push_back({static_cast<float>(second - first)});
    }
    crossed_ = crossed_noiseless_ = kNever;
  }

  // A change that is still looked for: where the buyer has been since, a bit a stage.
  struct Sought {
    std::size_t since = 0;
    std::uint32_t visited = 0;
    Change change{kNotFound, kNotFound};
  };

  void seek(std::size_t d, const TrueDay& day, std::uint8_t found, std::uint8_t found_hmm) {
    if (day.condition != TrueCondition::rejected && day.stage != stage_) {
      if (stage_ != kNoStage) sought_.push_back({.since = d});
      stage_ = day.stage;
    }
    std::erase_if(sought_, [&](Sought& one) {
      const auto days = static_cast<float>(d - one.since);
      one.visited |= 1U << static_cast<unsigned>(stage_);
      if ((one.visited >> found & 1U) != 0) one.change.days = std::min(one.change.days, days);
      if ((one.visited >> found_hmm & 1U) != 0) one.change.days_hmm = std::min(one.change.days_hmm, days);
      const bool over = days >= kNotFound || std::max(one.change.days, one.change.days_hmm) < kNotFound;
      if (over) trace_.changes.push_back(one.change);
      return over;
    });
  }

  const StageChain& chain_;
  const PlainHmm& hmm_;
  const RecordedJourney& journey_;
  PlainHmm::Odds odds_;
  Prospect prospect_, untold_, noiseless_;
  Trace trace_;
  std::size_t last_active_ = 0, crossed_ = kNever, crossed_noiseless_ = kNever;
  std::int64_t last_ms_ = 0;
  std::uint16_t stopped_ = 0;
  int stage_ = kNoStage;
  std::vector<Sought> sought_;
};

}  // namespace

std::vector<std::uint8_t> stages_at(const RecordedJourney& journey, std::span<const Evidence> evidence) {
  std::vector<std::uint8_t> out;
  for (const Evidence& one : evidence) {
    const std::size_t d = day_of(journey, one.at.time_ms);
    if (d < journey.days.size()) out.push_back(journey.days[d].stage);
  }
  return out;
}

Trace follow(const StageChain& chain, const PlainHmm& hmm, const RecordedJourney& journey,
             std::span<const Evidence> evidence) {
  Follower follower(chain, hmm, journey);
  std::size_t next = 0;
  for (std::size_t d = 0; d < journey.days.size(); ++d) {
    for (; next < evidence.size() && day_of(journey, evidence[next].at.time_ms) <= d; ++next) {
      follower.take(evidence[next], journey.days[d]);
    }
    follower.close_day(d);
  }
  return follower.finish();
}

}  // namespace juncture
