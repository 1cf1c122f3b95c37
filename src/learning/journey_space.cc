#include "learning/journey_space.h"

#include <algorithm>

#include "juncture/core/math.h"

namespace juncture {
namespace {

constexpr double kLn2 = 0.69314718055994530942;
constexpr double kOutcomeOwn = .98;  // odds that a reported outcome is right
constexpr auto kStalledRow = static_cast<std::uint8_t>(Stage::stalled);
constexpr auto kRejectedRow = static_cast<std::uint8_t>(Stage::rejected);

}  // namespace

JourneySpace::JourneySpace(const StageChainParameters& parameters) : counts_(phase_counts(parameters)) {
  for (std::size_t s = 0; s < kBuyingStages; ++s) {
    first_phase_[s] = stage_of_.size();
    stage_of_.insert(stage_of_.end(), counts_[s], static_cast<std::uint8_t>(s));
  }
}

HiddenChain JourneySpace::chain(const StageChainParameters& parameters, double marks_per_day) const {
  const std::size_t n = states();
  const std::vector<double> loud = loudness(parameters);
  HiddenChain out{n, {}, std::vector<double>(n * n), std::vector<double>(n * n)};
  const auto add = [&](std::vector<double>& to, std::size_t i, std::size_t j, double rate) {
    to[i * n + j] += rate;
    out.moves[i * n + i] -= rate;
  };
  for (std::size_t p = 0; p < phases(); ++p) {
    const std::size_t s = stage_of_[p];
    const double rate = static_cast<double>(counts_[s]) / mean_dwell_days(parameters, s);
    add(out.moves, active(p), stalled(p), parameters.stall_per_day[s]);
    add(out.moves, active(p), lost(), parameters.rejection_per_day[s]);
    add(out.moves, stalled(p), active(p), kLn2 / parameters.recovery_days);
    if (p != last_phase(s)) {
      add(out.moves, active(p), active(p + 1), rate);
      continue;
    }
    const JumpOdds jumps = jump_odds(parameters, s);
    double rest = 1;
    for (std::size_t target = 0; target < kBuyingStages; ++target) {
      add(out.moves, active(p), active(first_phase_[target]), rate * jumps.odds[target] / jumps.total);
      rest -= jumps.odds[target] / jumps.total;
    }
    if (s + 1 == kBuyingStages) add(out.jumps, active(p), won(), rate * std::max(rest, 1e-6));
  }
  for (std::size_t i = 0; i < n; ++i) out.moves[i * n + i] -= marks_per_day * loud[i];
  return out;
}

std::vector<double> JourneySpace::start(const StageChainParameters& parameters) const {
  std::vector<double> out(states());
  double sum = 0;
  const auto weight = [&](std::size_t p) {
    const std::size_t s = stage_of_[p];
    return mean_dwell_days(parameters, s) * (1 - parameters.offline_share[s]) / static_cast<double>(counts_[s]);
  };
  for (std::size_t p = 0; p < phases(); ++p) sum += weight(p);
  for (std::size_t p = 0; p < phases(); ++p) {
    out[active(p)] = weight(p) / sum * parameters.activity_prior[0];
    out[stalled(p)] = weight(p) / sum * parameters.activity_prior[1];
  }
  out[lost()] = parameters.activity_prior[2];
  return out;
}

std::array<JourneySpace::Voice, 2> JourneySpace::voices(std::size_t state) const {
  if (state < phases()) return {Voice{stage_of_[state], 1.0}, Voice{0, 0}};
  if (state < 2 * phases()) return {Voice{stage_of_[state - phases()], 0.5}, Voice{kStalledRow, 0.5}};
  return {Voice{kRejectedRow, 1.0}, Voice{0, 0}};
}

std::array<double, kStages> JourneySpace::text_odds(const StageChainParameters& parameters, const JourneyMark& mark) {
  const double noise = parameters.noise_prior;
  std::array<double, kStages> out{};
  for (std::size_t row = 0; row < kStages; ++row) {
    const std::array<double, kStages> kernel = kernel_row(parameters, row);
    double sum = 0;
    for (std::size_t y = 0; y < kStages; ++y) sum += kernel[y] * exact_exp(static_cast<double>(mark.log_ratio[y]));
    out[row] = (1 - noise) * sum + noise * exact_exp(static_cast<double>(mark.log_ratio[kNoneClass]));
  }
  return out;
}

std::vector<double> JourneySpace::loudness(const StageChainParameters& parameters) const {
  std::vector<double> out(states());
  std::fill_n(out.begin(), phases(), 1.0);
  std::fill_n(out.begin() + static_cast<std::ptrdiff_t>(phases()), phases(), parameters.stalled_rate);
  out[lost()] = parameters.rejected_rate;
  return out;
}

std::vector<double> JourneySpace::weight_of_stage(const StageChainParameters& parameters, std::uint8_t stage) const {
  std::vector<double> out = loudness(parameters);
  const double own = parameters.analyst_own, other = (1 - own) / (kStages - 1);
  for (std::size_t p = 0; p < phases(); ++p) {
    out[active(p)] *= stage_of_[p] == stage ? own : other;
    // Who marks a stalled buyer says so, or says the stage that stands still.
    out[stalled(p)] = stage == kStalledRow ? own : out[stalled(p)] * (stage_of_[p] == stage ? own : other);
  }
  out[lost()] = stage == kRejectedRow ? own : out[lost()] * other;
  return out;
}

std::vector<double> JourneySpace::weight_of_text(const StageChainParameters& parameters, const JourneyMark& mark,
                                                 double eta) const {
  std::vector<double> out = loudness(parameters);
  const std::array<double, kStages> odds = text_odds(parameters, mark);
  for (std::size_t state = 0; state < won(); ++state) {
    double heard = 0;
    for (const Voice& voice : voices(state)) heard += voice.share * odds[voice.row];
    out[state] *= eta == 1 ? heard : exact_exp(eta * exact_log(heard));
  }
  return out;
}

std::vector<double> JourneySpace::weight_of_end(JourneyEnd end) const {
  std::vector<double> out(states(), (1 - kOutcomeOwn) / 2);
  for (std::size_t p = 0; p < phases(); ++p) {
    if (end == JourneyEnd::no_decision) out[stalled(p)] = kOutcomeOwn;
  }
  if (end == JourneyEnd::lost) out[lost()] = kOutcomeOwn;
  if (end == JourneyEnd::open) std::fill(out.begin(), out.end(), 1.0);
  out[won()] = 0;
  if (end == JourneyEnd::won) {
    std::fill(out.begin(), out.end(), 0.0);
    out[won()] = 1;
  }
  return out;
}

}  // namespace juncture
