#include "juncture/learning/process_chain.h"

#include <algorithm>
#include <cmath>

#include "juncture/core/chance.h"
#include "juncture/core/math.h"

namespace juncture {
namespace {

constexpr double kDayMs = 86'400'000.0;
constexpr double kTiny = 1e-9;

}  // namespace

// Pooled figures of each activity, which the substates start from and are held to; then EM.
class ProcessChain::Fitter {
 public:
  Fitter(ProcessChain& out, std::span<const ProcessCase> cases, const ProcessFitOptions& options)
      : out_(out),
        options_(options),
        n_(out.chain_.states),
        pooled_jumps_(out.activities_ * out.activities_, 0.1),
        pooled_rate_(out.activities_),
        pooled_end_(out.activities_) {
    pool(cases);
  }

  // Substates differ in how long they last, from a third of the pooled time to many times it, and by chance.
  void begin(std::uint64_t seed) {
    const std::size_t a = out_.activities_, m = out_.substates_;
    Chance chance(seed);
    std::vector<double>& jumps = out_.chain_.jumps;
    for (std::size_t x = 0; x < n_; ++x) {
      const std::size_t i = activity_of(x);
      double ladder = 8.0 * pooled_rate_[i];
      for (std::size_t step = 0; step < x % m; ++step) ladder *= m > 1 ? 0.35 : 1.0;
      const double rate = m == 1 ? pooled_rate_[i] : ladder;
      out_.end_[x] = std::clamp(pooled_end_[i] * (0.5 + chance.uniform()), 0.001, 0.95);
      double sum = 0;
      for (std::size_t y = 0; y < n_; ++y) {
        jumps[x * n_ + y] = pooled_jumps_[i * a + activity_of(y)] * (0.25 + chance.uniform());
        sum += jumps[x * n_ + y];
      }
      for (std::size_t y = 0; y < n_; ++y) jumps[x * n_ + y] *= rate / sum;
      out_.chain_.moves[x * n_ + x] = -rate;
      out_.chain_.start[x] = 1.0 / static_cast<double>(n_);
    }
  }

  void run(Sightings& seen, int iterations) {
    for (int iteration = 0; iteration < iterations; ++iteration) {
      out_.set_weights(seen);
      std::vector<double> ended(n_), entered(n_);
      const ExpectedCounts counts =
          expected_counts(out_.chain_, seen, [&](std::size_t h, std::size_t s, std::span<const double> odds) {
            const bool last = s + 1 == seen.histories[h].size();
            for (std::size_t x = 0; x < n_; ++x) {
              entered[x] += odds[x];
              if (last) ended[x] += odds[x];
            }
          });
      const double objective = counts.log_likelihood + log_prior();
      const bool enough = !out_.objective_.empty() &&
                          objective - out_.objective_.back() < options_.least_gain * std::abs(out_.objective_.back());
      out_.objective_.push_back(objective);
      if (enough) break;
      maximise(counts, entered, ended);
    }
  }

 private:
  std::size_t activity_of(std::size_t state) const { return state / out_.substates_; }

  void pool(std::span<const ProcessCase> cases) {
    const std::size_t a = out_.activities_;
    std::vector<double> days(a, 1e-3), steps(a, 1.0), ends(a, 0.5);
    for (const ProcessCase& steps_of : cases) {
      for (std::size_t k = 0; k + 1 < steps_of.size(); ++k) {
        pooled_jumps_[steps_of[k].activity * a + steps_of[k + 1].activity] += 1;
        days[steps_of[k].activity] += static_cast<double>(steps_of[k + 1].at_ms - steps_of[k].at_ms) / kDayMs;
        steps[steps_of[k].activity] += 1;
      }
      steps[steps_of.back().activity] += 1;
      ends[steps_of.back().activity] += 1;
    }
    for (std::size_t i = 0; i < a; ++i) {
      double sum = 0;
      for (std::size_t j = 0; j < a; ++j) sum += pooled_jumps_[i * a + j];
      for (std::size_t j = 0; j < a; ++j) pooled_jumps_[i * a + j] /= sum;
      pooled_end_[i] = std::min(ends[i] / steps[i], 0.9);
      pooled_rate_[i] = std::max(steps[i] - ends[i], 0.5) / days[i];
    }
  }

  double rate_of(std::size_t x) const { return -out_.chain_.moves[x * n_ + x]; }
  double prior_jump(std::size_t x, std::size_t y) const {
    return options_.prior_jumps * pooled_jumps_[activity_of(x) * out_.activities_ + activity_of(y)] /
           static_cast<double>(out_.substates_);
  }

  // Gamma for rates, beta for ends, Dirichlet for jumps and start, all as pseudo-counts; without constants.
  double log_prior() const {
    double sum = 0;
    const double b = options_.prior_dwells;
    for (std::size_t x = 0; x < n_; ++x) {
      const std::size_t i = activity_of(x);
      sum += b * (exact_log(rate_of(x)) - rate_of(x) / pooled_rate_[i]);
      sum += b * (pooled_end_[i] * exact_log(out_.end_[x]) + (1 - pooled_end_[i]) * exact_log(1 - out_.end_[x]));
      sum += exact_log(out_.chain_.start[x]);
      for (std::size_t y = 0; y < n_; ++y) {
        const double prior = prior_jump(x, y);
        if (prior > 0) sum += prior * exact_log(out_.chain_.jumps[x * n_ + y] / rate_of(x));
      }
    }
    return sum;
  }

  void maximise(const ExpectedCounts& counts, const std::vector<double>& entered, const std::vector<double>& ended) {
    const double b = options_.prior_dwells;
    double starts = 0;
    for (const double count : counts.start) starts += count + 1;
    for (std::size_t x = 0; x < n_; ++x) {
      const std::size_t i = activity_of(x);
      double gone = 0, prior = 0;
      for (std::size_t y = 0; y < n_; ++y) {
        gone += counts.jumps[x * n_ + y];
        prior += prior_jump(x, y);
      }
      const double rate = (gone + b) / (counts.days[x] + b / pooled_rate_[i]);
      for (std::size_t y = 0; y < n_; ++y) {
        const double share = (counts.jumps[x * n_ + y] + prior_jump(x, y)) / (gone + prior);
        out_.chain_.jumps[x * n_ + y] = rate * share;
      }
      out_.chain_.moves[x * n_ + x] = -rate;
      out_.end_[x] = std::clamp((ended[x] + b * pooled_end_[i]) / (entered[x] + b), kTiny, 1 - kTiny);
      out_.chain_.start[x] = (counts.start[x] + 1) / starts;
    }
  }

  ProcessChain& out_;
  const ProcessFitOptions& options_;
  std::size_t n_;
  std::vector<double> pooled_jumps_, pooled_rate_, pooled_end_;
};

ProcessChain ProcessChain::fit(std::span<const ProcessCase> cases, std::size_t activities,
                               const ProcessFitOptions& options) {
  ProcessChain out;
  out.activities_ = activities;
  out.substates_ = options.substates;
  out.tick_ms_ = options.tick_ms;
  const std::size_t n = activities * options.substates;
  out.chain_ = {n, std::vector<double>(n), std::vector<double>(n * n), std::vector<double>(n * n)};
  out.end_.resize(n);
  Sightings seen = out.sightings_of(cases, true);
  ProcessChain best;
  for (int start = 0; start < options.starts; ++start) {
    ProcessChain tried = out;
    Fitter fitter(tried, cases, options);
    fitter.begin(options.seed + static_cast<std::uint64_t>(start));
    fitter.run(seen, options.start_iterations);
    if (start == 0 || tried.objective_.back() > best.objective_.back()) best = std::move(tried);
  }
  Fitter(best, cases, options).run(seen, options.iterations - options.start_iterations);
  return best;
}

void ProcessChain::set_weights(Sightings& seen) const {
  const std::size_t n = chain_.states;
  seen.weights.assign(2 * activities_, std::vector<double>(n));
  for (std::size_t x = 0; x < n; ++x) {
    const std::size_t activity = x / substates_;
    seen.weights[activity][x] = 1 - end_[x];
    seen.weights[activities_ + activity][x] = end_[x];
  }
}

Sightings ProcessChain::sightings_of(std::span<const ProcessCase> cases, bool complete) const {
  Sightings out;
  out.tick_days = static_cast<double>(tick_ms_) / kDayMs;
  for (const ProcessCase& steps : cases) {
    auto& history = out.histories.emplace_back();
    for (std::size_t k = 0; k < steps.size(); ++k) {
      // Ticks of the clock, not of the gap: they add up to the whole.
      const std::int64_t ticks = k == 0 ? 0 : steps[k].at_ms / tick_ms_ - steps[k - 1].at_ms / tick_ms_;
      const bool last = complete && k + 1 == steps.size();
      history.push_back({ticks, k > 0, steps[k].activity + static_cast<std::uint32_t>(last ? activities_ : 0)});
    }
  }
  set_weights(out);
  return out;
}

std::vector<ProcessOdds> ProcessChain::read(const ProcessCase& steps) const {
  std::vector<ProcessOdds> out(steps.size());
  const std::size_t n = chain_.states;
  filtered(chain_, sightings_of(std::span(&steps, 1), false),
           [&](std::size_t, std::size_t step, std::span<const double> going_on) {
             // The filter takes each step as one that was gone on from; before that is known, it may be the last.
             double entered = 0, ended = 0;
             ProcessOdds& odds = out[step];
             odds.next.assign(activities_, 0.0);
             for (std::size_t x = 0; x < n; ++x) {
               const double share = going_on[x] / (1 - end_[x]);
               entered += share;
               ended += share * end_[x];
               const double rate = -chain_.moves[x * n + x];
               for (std::size_t y = 0; y < n; ++y) {
                 odds.next[y / substates_] += going_on[x] * chain_.jumps[x * n + y] / rate;
               }
             }
             odds.last = ended / entered;
           });
  return out;
}

double ProcessChain::last_after_silence(const ProcessCase& steps, double days) const {
  double ended = 0, silent = 0;
  filtered(chain_, sightings_of(std::span(&steps, 1), false),
           [&](std::size_t, std::size_t step, std::span<const double> going_on) {
             if (step + 1 != steps.size()) return;
             for (std::size_t x = 0; x < chain_.states; ++x) {
               ended += going_on[x] / (1 - end_[x]) * end_[x];
               silent += going_on[x] * exact_exp(chain_.moves[x * chain_.states + x] * days);
             }
           });
  return ended / (ended + silent);
}

}  // namespace juncture
