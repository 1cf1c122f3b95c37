#include "juncture/learning/process_chain.h"

#include <algorithm>
#include <cmath>

#include "juncture/core/chance.h"
#include "juncture/core/math.h"

namespace juncture {
namespace {

constexpr double kTiny = 1e-9;
constexpr std::int64_t kHourMs = 3'600'000, kWeekMs = 168 * kHourMs;
constexpr double kTicksPerDay = 1440;  // of working time
constexpr std::size_t kClock = 48;     // half hours: automatic steps have theirs
constexpr double kClockHold = 0.1;     // pseudo-counts of each in what is pooled

std::int64_t in_week(std::int64_t at_ms) {
  return (at_ms % kWeekMs + kWeekMs) % kWeekMs;
}

std::size_t half_hour(std::int64_t at_ms) {
  return static_cast<std::size_t>(in_week(at_ms) / (kHourMs / 2)) % kClock;
}

// To a sum of 1.
void share_out(std::span<double> row) {
  double sum = 0;
  for (const double x : row) sum += x;
  for (double& x : row) x /= sum;
}

}  // namespace

WorkingTime::WorkingTime(std::span<const ProcessCase> cases) {
  std::array<double, kHours> steps{};
  steps.fill(1.0);
  for (const ProcessCase& of : cases) {
    for (const ProcessStep& step : of) steps[static_cast<std::size_t>(in_week(step.at_ms) / kHourMs)] += 1;
  }
  share_out(steps);
  for (std::size_t hour = 0; hour < kHours; ++hour) before_[hour + 1] = before_[hour] + 7 * steps[hour];
}

double WorkingTime::days(std::int64_t at_ms) const {
  const std::int64_t within = in_week(at_ms);
  const auto hour = static_cast<std::size_t>(within / kHourMs);
  const double part = static_cast<double>(within % kHourMs) / static_cast<double>(kHourMs);
  const std::int64_t weeks = (at_ms - within) / kWeekMs;
  return 7 * static_cast<double>(weeks) + before_[hour] + (before_[hour + 1] - before_[hour]) * part;
}

// Pooled figures of each activity, which the substates start from and are held to; then EM.
class ProcessChain::Fitter {
 public:
  Fitter(const ProcessChain& of, std::span<const ProcessCase> cases, const ProcessFitOptions& options)
      : of_(of),
        options_(options),
        m_(of.substates_),
        n_(of.activities_ * of.substates_),
        pooled_jumps_(of.activities_ * of.activities_, 0.1),
        pooled_clock_(of.activities_ * kClock, kClockHold),
        pooled_rate_(of.activities_),
        pooled_end_(of.activities_) {
    pool(cases);
  }

  // Substates differ in how long they last, from a third of the pooled time to many times it, and by chance.
  One begin(std::uint64_t seed, bool tells_time) const {
    const std::size_t a = of_.activities_;
    Chance chance(seed);
    One one{{n_, std::vector<double>(n_, 1.0 / static_cast<double>(n_)), std::vector<double>(n_ * n_),
             std::vector<double>(n_ * n_)},
            std::vector<double>(n_),
            std::vector<double>(n_ * kClock)};
    for (std::size_t x = 0; x < n_; ++x) {
      const std::size_t i = x / m_;
      double rate = m_ == 1 ? pooled_rate_[i] : 8.0 * pooled_rate_[i];
      for (std::size_t step = 0; step < x % m_; ++step) rate *= 0.35;
      one.end[x] = std::clamp(pooled_end_[i] * (0.5 + chance.uniform()), 0.001, 0.95);
      const std::span<double> jumps = std::span(one.chain.jumps).subspan(x * n_, n_);
      for (std::size_t y = 0; y < n_; ++y) jumps[y] = pooled_jumps_[i * a + y / m_] * (0.25 + chance.uniform());
      share_out(jumps);
      for (double& jump : jumps) jump *= rate;
      one.chain.moves[x * n_ + x] = -rate;
      const std::span<double> clock = std::span(one.clock).subspan(x * kClock, kClock);
      for (std::size_t c = 0; c < kClock; ++c) {
        clock[c] = pooled_clock_[i * kClock + c] * (tells_time ? 0.5 + chance.uniform() : 1.0);
      }
      share_out(clock);
    }
    return one;
  }

  // Answers the objective before each iteration.
  std::vector<double> run(One& one, Sightings& seen, bool tells_time) const {
    std::vector<double> out;
    for (int iteration = 0; iteration < options_.iterations; ++iteration) {
      of_.set_weights(one, seen);
      Entries entries{std::vector<double>(n_), std::vector<double>(n_ * kClock)};
      const ExpectedCounts counts =
          expected_counts(one.chain, seen, [&](std::size_t h, std::size_t s, std::span<const double> odds) {
            const bool last = s + 1 == seen.histories[h].size();
            const std::size_t clock = seen.histories[h][s].weight % kClock;
            for (std::size_t x = 0; x < n_; ++x) {
              entries.clock[x * kClock + clock] += odds[x];
              if (last) entries.ended[x] += odds[x];
            }
          });
      const double objective = counts.log_likelihood + log_prior(one);
      const bool enough = !out.empty() && objective - out.back() < options_.least_gain * std::abs(out.back());
      out.push_back(objective);
      if (enough) break;
      maximise(one, counts, entries);
      if (tells_time) maximise_clock(one, entries);
    }
    return out;
  }

 private:
  // Expected numbers of entries into a state that were the last of their case, and of all by the half hour.
  struct Entries {
    std::vector<double> ended, clock;
  };

  void pool(std::span<const ProcessCase> cases) {
    const std::size_t a = of_.activities_;
    std::vector<double> days(a, 1e-3), steps(a, 1.0), ends(a, 0.5);
    for (const ProcessCase& steps_of : cases) {
      for (std::size_t k = 0; k < steps_of.size(); ++k) {
        const ProcessStep& step = steps_of[k];
        steps[step.activity] += 1;
        pooled_clock_[step.activity * kClock + half_hour(step.at_ms)] += 1;
        if (k + 1 == steps_of.size()) {
          ends[step.activity] += 1;
        } else {
          pooled_jumps_[step.activity * a + steps_of[k + 1].activity] += 1;
          days[step.activity] += of_.time_.days(steps_of[k + 1].at_ms) - of_.time_.days(step.at_ms);
        }
      }
    }
    for (std::size_t i = 0; i < a; ++i) {
      share_out(std::span(pooled_jumps_).subspan(i * a, a));
      share_out(std::span(pooled_clock_).subspan(i * kClock, kClock));
      pooled_end_[i] = std::min(ends[i] / steps[i], 0.9);
      pooled_rate_[i] = std::max(steps[i] - ends[i], 0.5) / days[i];
    }
  }

  double rate_of(const One& one, std::size_t x) const { return -one.chain.moves[x * n_ + x]; }
  double prior_jump(std::size_t x, std::size_t y) const {
    return options_.prior_jumps * pooled_jumps_[x / m_ * of_.activities_ + y / m_] / static_cast<double>(m_);
  }

  // Gamma for rates, beta for ends, Dirichlet for the others, all as pseudo-counts; without constants.
  double log_prior(const One& one) const {
    double sum = 0;
    const double b = options_.prior_dwells;
    for (std::size_t x = 0; x < n_; ++x) {
      const std::size_t i = x / m_;
      const double rate = rate_of(one, x), end = one.end[x];
      sum += b * (exact_log(rate) - rate / pooled_rate_[i]);
      sum += b * (pooled_end_[i] * exact_log(end) + (1 - pooled_end_[i]) * exact_log(1 - end));
      sum += exact_log(one.chain.start[x]);
      for (std::size_t y = 0; y < n_; ++y) sum += prior_jump(x, y) * exact_log(one.chain.jumps[x * n_ + y] / rate);
      for (std::size_t c = 0; c < kClock; ++c) {
        sum += options_.prior_clock * pooled_clock_[i * kClock + c] * exact_log(one.clock[x * kClock + c]);
      }
    }
    return sum;
  }

  void maximise(One& one, const ExpectedCounts& counts, const Entries& entries) const {
    const double b = options_.prior_dwells;
    for (std::size_t x = 0; x < n_; ++x) {
      const std::size_t i = x / m_;
      double gone = 0, entered = 0;
      for (std::size_t y = 0; y < n_; ++y) {
        gone += counts.jumps[x * n_ + y];
        one.chain.jumps[x * n_ + y] = counts.jumps[x * n_ + y] + prior_jump(x, y);
      }
      share_out(std::span(one.chain.jumps).subspan(x * n_, n_));
      const double rate = (gone + b) / (counts.days[x] + b / pooled_rate_[i]);
      for (std::size_t y = 0; y < n_; ++y) one.chain.jumps[x * n_ + y] *= rate;
      one.chain.moves[x * n_ + x] = -rate;
      for (std::size_t c = 0; c < kClock; ++c) entered += entries.clock[x * kClock + c];
      one.end[x] = std::clamp((entries.ended[x] + b * pooled_end_[i]) / (entered + b), kTiny, 1 - kTiny);
      one.chain.start[x] = counts.start[x] + 1;
    }
    share_out(one.chain.start);
  }

  void maximise_clock(One& one, const Entries& entries) const {
    for (std::size_t x = 0; x < n_; ++x) {
      const std::span<double> clock = std::span(one.clock).subspan(x * kClock, kClock);
      for (std::size_t c = 0; c < kClock; ++c) {
        clock[c] = entries.clock[x * kClock + c] + options_.prior_clock * pooled_clock_[x / m_ * kClock + c];
      }
      share_out(clock);
    }
  }

  const ProcessChain& of_;
  const ProcessFitOptions& options_;
  std::size_t m_, n_;
  std::vector<double> pooled_jumps_, pooled_clock_, pooled_rate_, pooled_end_;
};

ProcessChain ProcessChain::fit(std::span<const ProcessCase> cases, std::size_t activities,
                               const ProcessFitOptions& options) {
  ProcessChain out;
  out.activities_ = activities;
  out.substates_ = options.substates;
  out.time_ = WorkingTime(cases);
  const Fitter fitter(out, cases, options);
  Sightings seen = out.sightings_of(cases, true);
  for (int c = 0; c < options.chains; ++c) {
    const bool tells_time = c % 2 == 0;
    One one = fitter.begin(options.seed + static_cast<std::uint64_t>(c), tells_time);
    std::vector<double> objective = fitter.run(one, seen, tells_time);
    if (c == 0) out.objective_ = std::move(objective);
    out.chains_.push_back(std::move(one));
  }
  return out;
}

// Rows: first of steps that the case goes on from, then of those that it ends at; in them by activity, then half hour.
void ProcessChain::set_weights(const One& one, Sightings& seen) const {
  const std::size_t n = one.chain.states, half = activities_ * kClock;
  seen.weights.assign(2 * half, std::vector<double>(n));
  for (std::size_t x = 0; x < n; ++x) {
    for (std::size_t c = 0; c < kClock; ++c) {
      const std::size_t row = x / substates_ * kClock + c;
      seen.weights[row][x] = (1 - one.end[x]) * one.clock[x * kClock + c];
      seen.weights[half + row][x] = one.end[x] * one.clock[x * kClock + c];
    }
  }
}

Sightings ProcessChain::sightings_of(std::span<const ProcessCase> cases, bool complete) const {
  Sightings out;
  out.tick_days = 1 / kTicksPerDay;
  const auto tick_of = [&](const ProcessStep& step) {
    return static_cast<std::int64_t>(time_.days(step.at_ms) * kTicksPerDay);
  };
  for (const ProcessCase& steps : cases) {
    auto& history = out.histories.emplace_back();
    for (std::size_t k = 0; k < steps.size(); ++k) {
      // Ticks of the clock, not of the gap: they add up to the whole.
      const std::int64_t ticks = k == 0 ? 0 : tick_of(steps[k]) - tick_of(steps[k - 1]);
      const std::size_t last = complete && k + 1 == steps.size() ? activities_ : 0;
      const std::size_t row = (steps[k].activity + last) * kClock + half_hour(steps[k].at_ms);
      history.push_back({ticks, k > 0, static_cast<std::uint32_t>(row)});
    }
  }
  return out;
}

std::vector<std::vector<ProcessOdds>> ProcessChain::read(std::span<const ProcessCase> cases) const {
  std::vector<std::vector<ProcessOdds>> out;
  for (const ProcessCase& steps : cases)
    out.emplace_back(steps.size(), ProcessOdds{0, std::vector<double>(activities_)});
  Sightings seen = sightings_of(cases, false);
  const double share = 1.0 / static_cast<double>(chains_.size());
  for (const One& one : chains_) {
    const std::size_t n = one.chain.states;
    set_weights(one, seen);
    filtered(one.chain, seen, [&](std::size_t h, std::size_t step, std::span<const double> going_on) {
      // The filter takes each step as one that was gone on from; before that is known, it may be the last.
      ProcessOdds& odds = out[h][step];
      double entered = 0, ended = 0;
      for (std::size_t x = 0; x < n; ++x) {
        if (going_on[x] == 0) continue;
        entered += going_on[x] / (1 - one.end[x]);
        ended += going_on[x] / (1 - one.end[x]) * one.end[x];
        const double weight = share * going_on[x] / -one.chain.moves[x * n + x];
        for (std::size_t y = 0; y < n; ++y) odds.next[y / substates_] += weight * one.chain.jumps[x * n + y];
      }
      odds.last += share * ended / entered;
    });
  }
  return out;
}

}  // namespace juncture
