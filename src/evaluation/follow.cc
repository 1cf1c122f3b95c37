#include "evaluation/follow.h"

#include <algorithm>

#include "juncture/core/hash.h"
#include "juncture/inference/committee.h"
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
template <class Odds>
float share(const Odds& odds, std::size_t stage) {
  double sum = 0;
  for (std::size_t s = 0; s < kBuyingStages; ++s) sum += static_cast<double>(odds[s]);
  return static_cast<float>(static_cast<double>(odds[stage]) / sum);
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

template <class Odds>
Said said_of(const Odds& odds, std::size_t truth) {
  Said out;
  out.found = best_of(odds);
  out.p_truth = share(odds, truth);
  out.p_found = share(odds, out.found);
  return out;
}

class Follower {
 public:
  Follower(const Models& models, const RecordedJourney& journey)
      : models_(models),
        chain_(models.chain),
        journey_(journey),
        odds_(models.hmm.initial()),
        odds_trained_(models.hmm_trained.initial()) {
    last_active_ = journey.days.size();
    while (last_active_ > 0 && journey.days[last_active_ - 1].condition == TrueCondition::stalled) --last_active_;
  }

  void take(const Evidence& evidence, const TrueDay& day) {
    absorb(chain_, prospect_, evidence);
    Evidence mute = evidence;
    mute.has_text = false;
    absorb(chain_, untold_, mute);
    absorb(chain_, noiseless_, told(evidence, day.stage));
    if (models_.fitted != nullptr) absorb(*models_.fitted, fitted_, evidence);
    models_.hmm.step(evidence, odds_);
    models_.hmm_trained.step(evidence, odds_trained_);
    end_silence(day_of(journey_, evidence.at.time_ms));
    last_ms_ = evidence.at.time_ms;
    if (day.condition == TrueCondition::rejected) return;
    EventRow row;
    row.truth = day.stage;
    row.said[index_of(Model::filter)] = said_of(stages_of(chain_, prospect_), row.truth);
    if (models_.fitted != nullptr) {
      row.said[index_of(Model::fitted)] = said_of(stages_of(*models_.fitted, fitted_), row.truth);
    }
    row.said[index_of(Model::hmm)] = said_of(odds_, row.truth);
    row.said[index_of(Model::hmm_trained)] = said_of(odds_trained_, row.truth);
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
    row.final_stall = journey_.end == JourneyEnd::no_decision && d >= last_active_;
    row.progress = true_progress(chain_, day);
    row.covered = row.progress >= said.progress_lo && row.progress <= said.progress_hi;
    row.width = said.progress_hi - said.progress_lo;
    row.stalled = said.stages[index_of(Stage::stalled)];
    row.stopped = stopped_odds(said.stages);
    const StageOdds noiseless = read(chain_, noiseless_, from_ms(now)).stages;
    cross(d, row.stopped, stopped_odds(noiseless));
    row.silence = static_cast<float>(now - last_ms_) / static_cast<float>(kDayMs);
    trace_.days.push_back(row);
    std::array<std::uint8_t, kModels> found{};
    found.fill(best_of(said.stages));
    if (models_.fitted != nullptr) {
      found[index_of(Model::fitted)] = best_of(read(*models_.fitted, fitted_, from_ms(now)).stages);
    }
    found[index_of(Model::hmm)] = best_of(odds_);
    found[index_of(Model::hmm_trained)] = best_of(odds_trained_);
    seek(d, day, found, best_of(noiseless));
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
    Change change;
  };

  void seek(std::size_t d, const TrueDay& day, const std::array<std::uint8_t, kModels>& found, std::uint8_t noiseless) {
    if (day.condition != TrueCondition::rejected && day.stage != stage_) {
      if (stage_ != kNoStage) {
        Sought& one = sought_.emplace_back();
        one.since = d;
        one.change.days.fill(kNotFound);
        one.change.noiseless = kNotFound;
      }
      stage_ = day.stage;
    }
    std::erase_if(sought_, [&](Sought& one) {
      const auto days = static_cast<float>(d - one.since);
      one.visited |= 1U << static_cast<unsigned>(stage_);
      const auto been = [&](std::uint8_t stage) { return (one.visited >> stage & 1U) != 0; };
      float last = 0;
      for (std::size_t m = 0; m < kModels; ++m) {
        if (been(found[m])) one.change.days[m] = std::min(one.change.days[m], days);
        last = std::max(last, one.change.days[m]);
      }
      if (been(noiseless)) one.change.noiseless = std::min(one.change.noiseless, days);
      const bool over = days >= kNotFound || std::max(last, one.change.noiseless) < kNotFound;
      if (over) trace_.changes.push_back(one.change);
      return over;
    });
  }

  const Models& models_;
  const StageChain& chain_;
  const RecordedJourney& journey_;
  PlainHmm::Odds odds_, odds_trained_;
  Prospect prospect_, fitted_, untold_, noiseless_;
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

Trace follow(const Models& models, const RecordedJourney& journey, std::span<const Evidence> evidence) {
  Follower follower(models, journey);
  std::size_t next = 0;
  for (std::size_t d = 0; d < journey.days.size(); ++d) {
    for (; next < evidence.size() && day_of(journey, evidence[next].at.time_ms) <= d; ++next) {
      follower.take(evidence[next], journey.days[d]);
    }
    follower.close_day(d);
  }
  return follower.finish();
}

std::vector<SizeRow> committee_sizes(const RecordedJourney& journey) {
  constexpr int kMost = 8;
  std::vector<SizeRow> out;
  Account account;
  std::vector<std::size_t> next(journey.people.size());
  for (std::size_t d = 0; d < journey.days.size(); ++d) {
    const std::int64_t now = journey.from_ms + static_cast<std::int64_t>(d + 1) * kDayMs;
    int joined = 0;
    account.members.clear();
    for (std::size_t p = 0; p < journey.people.size(); ++p) {
      const RecordedPerson& person = journey.people[p];
      joined += person.of_committee && person.from_ms < now ? 1 : 0;
      while (next[p] < person.evidence.size() && person.evidence[next[p]].at.time_ms < now) ++next[p];
      if (next[p] == 0) continue;
      Member& member = account.members.emplace_back();
      member.prospect = hash64(person.prospect);
      member.first_ms = person.evidence.front().at.time_ms;
      member.last_ms = person.evidence[next[p] - 1].at.time_ms;
      member.known = person.evidence[next[p] - 1].known;
    }
    const SizeEstimate size = committee_size(count_ids(account, now));
    if (size.high == 0 || joined < 1 || joined > kMost) continue;  // nobody was heard of for half a year
    out.push_back({size.low <= joined && joined <= size.high, static_cast<float>(size.high - size.low)});
  }
  return out;
}

}  // namespace juncture
