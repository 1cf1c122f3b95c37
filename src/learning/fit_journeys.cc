#include <algorithm>

#include "juncture/core/math.h"
#include "juncture/inference/stage_chain.h"
#include "learning/journey_space.h"

namespace juncture {
namespace {

constexpr double kLn2 = 0.69314718055994530942;
constexpr double kDayMs = 86'400'000.0;
constexpr double kHoldStart = 10;
constexpr std::size_t kGroups = 3, kLeastOfGroup = 20;
constexpr std::size_t kLeastMarksForEta = 30;
constexpr std::array<double, 6> kEtas{.5, .6, .7, .8, .9, 1.0};

std::int64_t tick_of(std::int64_t ms) {
  return ms / StageChain::kTickMs - (ms % StageChain::kTickMs < 0 ? 1 : 0);
}

class Fitter {
 public:
  Fitter(const StageChainParameters& prior, std::span<const Journey> journeys, const JourneyFitOptions& options)
      : prior_(prior), journeys_(journeys), options_(options), space_(prior) {
    fit_.parameters = prior;
    for (std::size_t s = 0; s < kBuyingStages; ++s) {
      const JumpOdds jumps = jump_odds(prior, s);
      for (std::size_t t = 0; t < kBuyingStages; ++t) prior_jumps_[s][t] = jumps.odds[t] / jumps.total;
    }
    for (std::size_t row = 0; row < kStages; ++row) prior_kernel_[row] = kernel_row(prior, row);
    fit_.parameters.jumps = prior_jumps_;
    fit_.parameters.kernel = prior_kernel_;
    start_ = prior_start_ = space_.start(prior);
    group_journeys();
    fit_.dynamics = fit_.with_outcome >= options.least_journeys;
  }

  JourneyFit run() {
    for (int iteration = 0; iteration < options_.iterations && fit_.journeys > 0; ++iteration) {
      heard_ = {};
      ExpectedCounts counts;
      for (Group& group : groups_) {
        weigh(group, 1.0);
        group.counts = expected_counts(
            chain_of(group), group.seen,
            [&](std::size_t h, std::size_t s, std::span<const double> odds) { take_text(group, h, s, odds); });
        group.counts.log_likelihood += group.marks * exact_log(group.marks_per_day);
        add(counts, group.counts);
      }
      const double objective = counts.log_likelihood + log_prior();
      const bool enough = !fit_.objective.empty() &&
                          objective - fit_.objective.back() < options_.least_gain * std::max(objective, -objective);
      fit_.objective.push_back(objective);
      if (enough) break;
      maximise(counts);
    }
    choose_eta();
    if (!fit_.dynamics) fit_.parameters.jumps = prior_.jumps;
    if (fit_.texts == 0) fit_.parameters.kernel = prior_.kernel;
    return std::move(fit_);
  }

 private:
  struct Source {
    const JourneyMark* mark = nullptr;  // null for an end
    JourneyEnd end = JourneyEnd::open;
  };
  // Journeys that are heard of about as often: a buyer who is seldom heard is not stalled.
  struct Group {
    std::vector<const Journey*> journeys;
    double marks = 0, marks_per_day = 0;  // marks behind the first one of each
    std::vector<Source> sources;          // by index of weights
    Sightings seen;
    ExpectedCounts counts;
  };

  static double marks_per_day(const Journey& journey) {
    const auto span = static_cast<double>(journey.marks.back().at_ms - journey.marks.front().at_ms);
    return static_cast<double>(journey.marks.size() - 1) / (span / kDayMs + 1.0);
  }

  void group_journeys() {
    std::vector<const Journey*> order;
    for (const Journey& journey : journeys_) {
      if (!journey.marks.empty()) order.push_back(&journey);
    }
    std::stable_sort(order.begin(), order.end(),
                     [](const Journey* a, const Journey* b) { return marks_per_day(*a) < marks_per_day(*b); });
    fit_.journeys = order.size();
    const std::size_t groups = std::clamp<std::size_t>(order.size() / kLeastOfGroup, 1, kGroups);
    groups_.resize(order.empty() ? 0 : groups);
    for (std::size_t i = 0; i < order.size(); ++i) groups_[i * groups / order.size()].journeys.push_back(order[i]);
    for (Group& group : groups_) {
      sight(group);
      double days = 1;
      for (const auto& history : group.seen.histories) {
        for (const Sighting& sighting : history) days += static_cast<double>(sighting.ticks) * group.seen.tick_days;
      }
      group.marks_per_day = (group.marks + 1) / days;
    }
  }

  // A row of weights for each sighting: those of the texts change with the kernel.
  void sight(Group& group) {
    group.seen.tick_days = static_cast<double>(StageChain::kTickMs) / kDayMs;
    for (const Journey* journey : group.journeys) {
      auto& history = group.seen.histories.emplace_back();
      std::int64_t before = tick_of(journey->marks.front().at_ms);
      const auto add = [&](std::int64_t at_ms, bool jumped, const JourneyMark* mark) {
        const std::int64_t tick = tick_of(at_ms);
        history.push_back({tick - before, jumped, static_cast<std::uint32_t>(group.sources.size())});
        before = tick;
        group.sources.push_back({mark, mark == nullptr ? journey->end : JourneyEnd::open});
      };
      for (const JourneyMark& mark : journey->marks) {
        fit_.marks += mark.has_text ? 0 : 1;
        fit_.texts += mark.has_text ? 1 : 0;
        add(mark.at_ms, false, &mark);
      }
      group.marks += static_cast<double>(journey->marks.size() - 1);
      fit_.with_outcome += journey->end == JourneyEnd::open ? 0 : 1;
      const bool known_since = journey->end_ms > journey->marks.back().at_ms;
      if (journey->end != JourneyEnd::open || known_since)
        add(journey->end_ms, journey->end == JourneyEnd::won, nullptr);
    }
  }

  HiddenChain chain_of(const Group& group) const {
    HiddenChain chain = space_.chain(fit_.parameters, group.marks_per_day);
    chain.start = start_;
    return chain;
  }

  static void add(ExpectedCounts& to, const ExpectedCounts& what) {
    const auto add_all = [](std::vector<double>& sum, const std::vector<double>& more) {
      sum.resize(more.size());
      for (std::size_t i = 0; i < more.size(); ++i) sum[i] += more[i];
    };
    to.log_likelihood += what.log_likelihood;
    add_all(to.start, what.start);
    add_all(to.days, what.days);
    add_all(to.moves, what.moves);
    add_all(to.jumps, what.jumps);
  }

  void weigh(Group& group, double eta) {
    group.seen.weights.clear();
    for (const Source& source : group.sources) {
      group.seen.weights.push_back(source.mark == nullptr ? space_.weight_of_end(source.end)
                                   : source.mark->has_text
                                       ? space_.weight_of_text(fit_.parameters, *source.mark, eta)
                                       : space_.weight_of_stage(fit_.parameters, source.mark->stage));
    }
  }

  // Shares a text out among what its writer may have meant.
  void take_text(const Group& group, std::size_t history, std::size_t sighting, std::span<const double> odds) {
    const Source& source = group.sources[group.seen.histories[history][sighting].weight];
    if (source.mark == nullptr || !source.mark->has_text) return;
    const std::array<double, kStages> rows = JourneySpace::text_odds(fit_.parameters, *source.mark);
    std::array<double, kStages> spoke{};
    for (std::size_t state = 0; state < space_.won(); ++state) {
      const auto voices = space_.voices(state);
      double sum = 0;
      for (const auto& voice : voices) sum += voice.share * rows[voice.row];
      for (const auto& voice : voices) spoke[voice.row] += odds[state] * voice.share * rows[voice.row] / sum;
    }
    for (std::size_t row = 0; row < kStages; ++row) {
      const double share = spoke[row] * (1 - prior_.noise_prior) / rows[row];
      for (std::size_t y = 0; y < kStages; ++y) {
        heard_[row][y] +=
            share * fit_.parameters.kernel[row][y] * exact_exp(static_cast<double>(source.mark->log_ratio[y]));
      }
    }
  }

  double rate_of(const StageChainParameters& parameters, std::size_t s) const {
    return static_cast<double>(space_.phases_of(s)) / mean_dwell_days(parameters, s);
  }

  // Gamma for rates, Dirichlet for shares, with the priors as modes; without constants.
  double log_prior() const {
    const StageChainParameters& now = fit_.parameters;
    double sum = 0;
    const auto rate = [&](double value, double mode) {
      if (mode > 0) sum += options_.hold_rate * (exact_log(value) - value / mode);
    };
    const auto share = [&](double value, double mode, double hold) {
      if (mode > 1e-9) sum += hold * mode * exact_log(value);
    };
    for (std::size_t s = 0; s < kBuyingStages; ++s) {
      rate(rate_of(now, s), rate_of(prior_, s));
      rate(now.stall_per_day[s], prior_.stall_per_day[s]);
      rate(now.rejection_per_day[s], prior_.rejection_per_day[s]);
      double rest = 1, prior_rest = 1;
      for (std::size_t t = 0; t < kBuyingStages; ++t) {
        share(now.jumps[s][t], prior_jumps_[s][t], options_.hold_jumps);
        rest -= now.jumps[s][t];
        prior_rest -= prior_jumps_[s][t];
      }
      share(std::max(rest, 1e-6), prior_rest, options_.hold_jumps);
    }
    rate(kLn2 / now.recovery_days, kLn2 / prior_.recovery_days);
    for (std::size_t row = 0; row < kStages; ++row) {
      for (std::size_t y = 0; y < kStages; ++y) {
        share(now.kernel[row][y], prior_kernel_[row][y], options_.hold_kernel);
      }
    }
    for (std::size_t i = 0; i < start_.size(); ++i) share(start_[i], prior_start_[i], kHoldStart);
    for (const Group& group : groups_) sum += exact_log(group.marks_per_day) - group.marks_per_day;
    return sum;
  }

  void maximise(const ExpectedCounts& counts) {
    for (std::size_t row = 0; row < kStages; ++row) {
      double sum = 0;
      for (std::size_t y = 0; y < kStages; ++y) sum += heard_[row][y] += options_.hold_kernel * prior_kernel_[row][y];
      for (std::size_t y = 0; y < kStages; ++y) fit_.parameters.kernel[row][y] = heard_[row][y] / sum;
    }
    double starts = 0;
    for (std::size_t i = 0; i < start_.size(); ++i) {
      start_[i] = counts.start[i] + kHoldStart * prior_start_[i];
      starts += start_[i];
    }
    for (double& odds : start_) odds /= starts;
    const std::vector<double> loud = space_.loudness(fit_.parameters);
    for (Group& group : groups_) {
      double days = 1;
      for (std::size_t i = 0; i < loud.size(); ++i) days += loud[i] * group.counts.days[i];
      group.marks_per_day = (group.marks + 1) / days;
    }
    if (!fit_.dynamics) return;
    const std::size_t n = space_.states();
    double recovered = 0, stalled_days = 0;
    for (std::size_t s = 0; s < kBuyingStages; ++s) maximise_stage(counts, s);
    for (std::size_t p = 0; p < space_.phases(); ++p) {
      recovered += counts.moves[space_.stalled(p) * n + space_.active(p)];
      stalled_days += counts.days[space_.stalled(p)];
    }
    fit_.parameters.recovery_days = kLn2 / held_rate(recovered, stalled_days, kLn2 / prior_.recovery_days);
  }

  double held_rate(double events, double days, double mode) const {
    return mode > 0 ? (events + options_.hold_rate) / (days + options_.hold_rate / mode) : 0;
  }

  void maximise_stage(const ExpectedCounts& counts, std::size_t s) {
    StageChainParameters& now = fit_.parameters;
    const std::size_t n = space_.states(), last = space_.active(space_.last_phase(s));
    double days = 0, moved = 0, stalls = 0, losses = 0;
    for (std::size_t p = space_.first_phase(s); p <= space_.last_phase(s); ++p) {
      days += counts.days[space_.active(p)];
      stalls += counts.moves[space_.active(p) * n + space_.stalled(p)];
      losses += counts.moves[space_.active(p) * n + space_.lost()];
      if (space_.active(p) != last) moved += counts.moves[space_.active(p) * n + space_.active(p + 1)];
    }
    std::array<double, kBuyingStages> jumped{};
    double left = counts.jumps[last * n + space_.won()], prior_left = 1;
    for (std::size_t t = 0; t < kBuyingStages; ++t) {
      jumped[t] = counts.moves[last * n + space_.active(space_.first_phase(t))];
      left += jumped[t];
      prior_left -= prior_jumps_[s][t];
    }
    // In all stages but the last one, jumps are the only way on.
    const double held = options_.hold_jumps * (s + 1 == kBuyingStages ? 1.0 : 1.0 - prior_left);
    for (std::size_t t = 0; t < kBuyingStages; ++t) {
      now.jumps[s][t] = (jumped[t] + options_.hold_jumps * prior_jumps_[s][t]) / (left + held);
    }
    now.stall_per_day[s] = held_rate(stalls, days, prior_.stall_per_day[s]);
    now.rejection_per_day[s] = held_rate(losses, days, prior_.rejection_per_day[s]);
    const double rate = held_rate(moved + left, days, rate_of(prior_, s));
    now.dwell_median_days[s] = prior_.dwell_median_days[s] * rate_of(prior_, s) / rate;
  }

  // How far texts are believed: by what they say of the marks that follow them, the marks not being told.
  void choose_eta() {
    if (fit_.texts == 0 || fit_.marks < kLeastMarksForEta) return;
    double best = -1e300;
    for (const double eta : kEtas) {
      double told = 0;
      for (Group& group : groups_) told += told_by_texts(group, eta);
      if (told <= best) continue;
      best = told;
      fit_.parameters.eta = eta;
    }
  }

  double told_by_texts(Group& group, double eta) {
    weigh(group, eta);
    std::vector<std::vector<double>> asked(group.sources.size());
    const std::vector<double> loud = space_.loudness(fit_.parameters);
    for (std::size_t i = 0; i < group.sources.size(); ++i) {
      const JourneyMark* mark = group.sources[i].mark;
      if (mark == nullptr || mark->has_text) continue;
      asked[i] = std::move(group.seen.weights[i]);
      group.seen.weights[i] = loud;
    }
    double told = 0;
    filtered(chain_of(group), group.seen, [&](std::size_t h, std::size_t s, std::span<const double> odds) {
      const std::vector<double>& weight = asked[group.seen.histories[h][s].weight];
      if (weight.empty()) return;
      double sum = 0;
      for (std::size_t i = 0; i < odds.size(); ++i) sum += loud[i] > 0 ? odds[i] * weight[i] / loud[i] : 0;
      told += exact_log(sum);
    });
    return told;
  }

  const StageChainParameters& prior_;
  std::span<const Journey> journeys_;
  const JourneyFitOptions& options_;
  JourneySpace space_;
  std::array<std::array<double, kBuyingStages>, kBuyingStages> prior_jumps_{};
  std::array<std::array<double, kStages>, kStages> prior_kernel_{}, heard_{};
  std::vector<double> start_, prior_start_;
  std::vector<Group> groups_;
  JourneyFit fit_;
};

}  // namespace

JourneyFit fit_journeys(const StageChainParameters& prior, std::span<const Journey> journeys,
                        const JourneyFitOptions& options) {
  return Fitter(prior, journeys, options).run();
}

}  // namespace juncture
