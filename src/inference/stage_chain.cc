#include "juncture/inference/stage_chain.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "inference/normalise.h"
#include "juncture/core/expm.h"
#include "juncture/core/math.h"
#include "juncture/core/result.h"

namespace juncture {
namespace {

constexpr std::int64_t kUntoldTicks = 8 * 96;  // eight days
constexpr std::size_t kUntoldRows = 128;

using Lanes4 [[gnu::vector_size(16)]] = float;

Lanes4 lanes_at(const float* from) {
  Lanes4 out;
  std::memcpy(&out, from, sizeof(out));
  return out;
}

// P(T <= t) of an Erlang dwell of k phases at `rate` per day.
double erlang_cdf(std::size_t k, double rate, double t) {
  double term = 1, sum = 1;
  for (std::size_t i = 1; i < k; ++i) {
    term *= rate * t / static_cast<double>(i);
    sum += term;
  }
  return 1.0 - exact_exp(-rate * t) * sum;
}

double erlang_quantile(std::size_t k, double rate, double p) {
  double low = 0, high = 1;
  while (erlang_cdf(k, rate, high) < p) high *= 2;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (erlang_cdf(k, rate, middle) < p ? low : high) = middle;
  }
  return (low + high) / 2;
}

}  // namespace

StageChain::StageChain(const StageChainParameters& parameters, BusinessClock clock)
    : parameters_(parameters), clock_(std::move(clock)) {
  lay_out_phases();
  build_generator();
  build_steps();
  build_untold();
  build_dwells();
  build_kernel();
}

// k phases a stage so that mean and spread are those of the lognormal prior.
void StageChain::lay_out_phases() {
  std::size_t phase = 0;
  double total = 0;
  stage_of_.fill(kBuyingStages);
  const std::array<std::size_t, kBuyingStages> counts = phase_counts(parameters_);
  for (std::size_t s = 0; s < kBuyingStages; ++s) {
    phase_count_[s] = static_cast<std::uint8_t>(counts[s]);
    mean_days_[s] = mean_dwell_days(parameters_, s);
    total += mean_days_[s];
  }
  double before = 0, weight_sum = 0, online_sum = 0;
  for (std::size_t s = 0; s < kBuyingStages; ++s) {
    first_phase_[s] = static_cast<std::uint8_t>(phase);
    const double k = phase_count_[s], online = 1.0 - parameters_.offline_share[s];
    for (std::size_t q = 0; q < phase_count_[s]; ++q, ++phase) {
      stage_of_[phase] = static_cast<std::uint8_t>(s);
      progress_[phase] =
          static_cast<float>(100.0 * (before + (static_cast<double>(q) + 0.5) / k * mean_days_[s]) / total);
      prior_[phase] = static_cast<float>(mean_days_[s] * online / k);
    }
    before += mean_days_[s];
    weight_sum += mean_days_[s] * online;
    online_sum += online / kBuyingStages;
  }
  // Who began a while ago: how far a walk through the phases gets before a sign of it comes.
  const double seen = parameters_.first_seen;
  double here = 1;
  for (std::size_t i = 0; i < phase; ++i) {
    const std::size_t s = stage_of_[i];
    const double sign = (1.0 - parameters_.offline_share[s]) / online_sum / parameters_.first_seen_days;
    const double leave = phase_count_[s] / mean_days_[s];
    const double anywhere = static_cast<double>(prior_[i]) / weight_sum;
    prior_[i] = static_cast<float>(seen * here * sign / (sign + leave) + (1 - seen) * anywhere);
    here *= leave / (sign + leave);
  }
  prior_[phase - 1] += static_cast<float>(seen * here);  // to the end without one
  for (std::size_t s = 0; s < kBuyingStages; ++s) {
    online_[s] = static_cast<float>((1.0 - parameters_.offline_share[s]) / online_sum);
  }
}

void StageChain::build_generator() {
  generator_.assign(kPhases * kPhases, 0.0);
  for (std::size_t s = 0; s < kBuyingStages; ++s) {
    const double rate = phase_count_[s] / mean_days_[s];
    const std::size_t last = first_phase_[s] + phase_count_[s] - 1U;
    for (std::size_t p = first_phase_[s]; p < last; ++p) {
      generator_[p * kPhases + p] = -rate;
      generator_[p * kPhases + p + 1] = rate;
    }
    const JumpOdds jumps = jump_odds(parameters_, s);
    const auto lead_to = [&](std::size_t target) {
      if (jumps.odds[target] <= 0) return;
      generator_[last * kPhases + first_phase_[target]] += rate * jumps.odds[target] / jumps.total;
      generator_[last * kPhases + last] -= rate * jumps.odds[target] / jumps.total;
    };
    for (std::size_t target = s + 1; target < kBuyingStages; ++target) lead_to(target);
    for (std::size_t target = s; target-- > 0;) lead_to(target);
    // What is behind sign-off is the beginning of another purchase: whoever is still seen has not stayed there.
    if (s + 1 == kBuyingStages) {
      double led = 0;
      for (const double odds : jumps.odds) led += odds;
      const double won = rate * (1 - led / jumps.total);
      generator_[last * kPhases] += won;
      generator_[last * kPhases + last] -= won;
    }
  }
}

void StageChain::build_steps() {
  steps_.resize(kLevels * 3);
  double days = static_cast<double>(kTickMs) / 86'400'000.0;
  for (std::size_t level = 0; level < kLevels; ++level, days *= 4) {
    const std::vector<double> one = expm(generator_, days, kPhases);
    std::vector<double> power = one;
    for (std::size_t digit = 1; digit <= 3; ++digit) {
      if (digit > 1) power = multiply(power, one, kPhases);
      Matrix& out = steps_[level * 3 + digit - 1];
      for (std::size_t i = 0; i < kPhases; ++i) {
        double sum = 0;
        for (std::size_t j = 0; j < kPhases; ++j) sum += std::max(power[i * kPhases + j], 0.0);
        for (std::size_t j = 0; j < kPhases; ++j) {
          out[i * kPhases + j] = static_cast<float>(std::max(power[i * kPhases + j], 0.0) / sum);
        }
      }
    }
  }
}

void StageChain::build_untold() {
  untold_.assign(kUntoldRows, prior_);
  normalise(untold_[0]);
  for (std::size_t i = 1; i < kUntoldRows; ++i) {
    untold_[i] = untold_[i - 1];
    step(untold_[i], kUntoldTicks);
    normalise(untold_[i]);
  }
}

const StageChain::Phases& StageChain::untold(std::int64_t elapsed_ms) const {
  const std::int64_t row = std::max<std::int64_t>(elapsed_ms, 0) / (kUntoldTicks * kTickMs);
  return untold_[static_cast<std::size_t>(std::min<std::int64_t>(row, kUntoldRows - 1))];
}

void StageChain::build_dwells() {
  for (std::size_t s = 0; s < kBuyingStages; ++s) {
    const double rate = phase_count_[s] / mean_days_[s];
    dwell_median_[s] = erlang_quantile(phase_count_[s], rate, .5);
    dwell_p90_[s] = erlang_quantile(phase_count_[s], rate, .9);
  }
}

void StageChain::build_kernel() {
  for (std::size_t s = 0; s < kStages; ++s) {
    const std::array<double, kStages> row = kernel_row(parameters_, s);
    for (std::size_t y = 0; y < kStages; ++y) kernel_[y][s] = static_cast<float>(row[y]);
  }
}

void StageChain::step(Phases& phases, std::int64_t ticks) const {
  JUNCTURE_ASSERT(ticks >= 0);
  ticks = std::min(ticks, kTicksMax);
  // Where one stage alone is stepped, most phases hold nothing at first and add nothing.
  std::size_t begin = 0, end = kPhases;
  while (begin < end && phases[begin] == 0) ++begin;
  while (end > begin && phases[end - 1] == 0) --end;
  for (std::size_t level = 0; ticks > 0; ++level, ticks >>= 2) {
    const auto digit = static_cast<std::size_t>(ticks & 3);
    if (digit == 0) continue;
    const Matrix& matrix = steps_[level * 3 + digit - 1];
    // Eight sums of four lanes that stay in registers; each lane adds in the order of i, on any CPU.
    std::array<Lanes4, kPhases / 4> next{};
    for (std::size_t i = begin; i < end; ++i) {
      const float x = phases[i];
      const float* row = matrix.data() + i * kPhases;
      [&]<std::size_t... B>(std::index_sequence<B...>) {
        ((next[B] += x * lanes_at(row + 4 * B)), ...);
      }
      (std::make_index_sequence<kPhases / 4>{});
    }
    std::memcpy(phases.data(), next.data(), sizeof(phases));
    begin = 0;
    end = kPhases;
  }
}

}  // namespace juncture
