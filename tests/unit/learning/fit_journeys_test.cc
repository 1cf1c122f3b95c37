#include "juncture/learning/fit_journeys.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <string>

#include "juncture/core/chance.h"

namespace juncture {
namespace {

constexpr double kDayMs = 86'400'000.0;

double exponential(Chance& chance, double per_day) {
  return -std::log(1 - chance.uniform()) / per_day;
}

// A world unlike the prior: scoping takes a third of the time, stalls are four times as frequent and shorter, cost
// benefit is skipped more often. Dwell times are drawn phase by phase.
StageChainParameters world() {
  StageChainParameters p;
  p.dwell_median_days[1] /= 3;
  p.dwell_median_days[4] *= 2.5;
  for (double& h : p.stall_per_day) h *= 4;
  p.recovery_days = 30;
  p.jumps[7] = {0, 0, 0, 0, 0, .05, .10, 0, .35, .50, 0, 0};
  return p;
}

struct Living {
  std::size_t stage = 0, phase = 0;
  bool stalled = false, lost = false, won = false;
};

// One competing move; answers the days until it.
double live(const StageChainParameters& p, const std::array<std::size_t, kBuyingStages>& phases, Living& now,
            Chance& chance) {
  if (now.stalled) {
    now.stalled = false;
    return exponential(chance, std::log(2.0) / p.recovery_days);
  }
  const double phase_rate = static_cast<double>(phases[now.stage]) / mean_dwell_days(p, now.stage);
  const double stall = p.stall_per_day[now.stage], lose = p.rejection_per_day[now.stage];
  const double days = exponential(chance, phase_rate + stall + lose);
  const double which = chance.uniform() * (phase_rate + stall + lose);
  if (which < stall) {
    now.stalled = true;
  } else if (which < stall + lose) {
    now.lost = true;
  } else if (++now.phase == phases[now.stage]) {
    const JumpOdds jumps = jump_odds(p, now.stage);
    double draw = chance.uniform() * jumps.total;
    now.phase = 0;
    std::size_t target = 0;
    while (target < kBuyingStages && (draw -= jumps.odds[target]) >= 0) ++target;
    now.won = target == kBuyingStages;
    if (!now.won) now.stage = target;
  }
  return days;
}

// A mark every three days while active, seldom otherwise; right with the odds that the fit supposes. Ends when won,
// some weeks after it was lost, or after two years.
Journey journey(const StageChainParameters& p, Chance& chance) {
  const auto phases = phase_counts(p);
  Journey out;
  Living now{.stage = chance.below(3)};
  double day = 0, end = 730;
  const auto mark_until = [&](double until, const Living& who, double loud) {
    for (double at = day + exponential(chance, loud / 3); at < until; at += exponential(chance, loud / 3)) {
      const bool right = chance.uniform() < p.analyst_own;
      const auto stage = static_cast<std::uint8_t>(right ? who.stage : chance.below(kStages));
      out.marks.push_back({.at_ms = static_cast<std::int64_t>(at * kDayMs), .stage = stage});
    }
    day = until;
  };
  while (day < end && !now.won && !now.lost) {
    const Living before = now;
    mark_until(std::min(day + live(p, phases, now, chance), end), before, before.stalled ? p.stalled_rate : 1.0);
  }
  if (now.lost) mark_until(day + 20, now, p.rejected_rate);
  out.end = now.won ? JourneyEnd::won : now.lost ? JourneyEnd::lost : now.stalled ? JourneyEnd::no_decision : out.end;
  out.end_ms = static_cast<std::int64_t>(day * kDayMs);
  return out;
}

std::vector<Journey> journeys(int count, std::uint64_t seed, const StageChainParameters& p) {
  Chance chance(seed);
  std::vector<Journey> out;
  while (static_cast<int>(out.size()) < count) {
    out.push_back(journey(p, chance));
    if (out.back().marks.empty()) out.pop_back();
  }
  return out;
}

void check_rises(const std::vector<double>& objective) {
  for (std::size_t i = 1; i < objective.size(); ++i) {
    CHECK(objective[i] >= objective[i - 1] - 1e-7 * std::abs(objective[i - 1]));
  }
}

TEST_CASE("the fit finds the dwell times, jumps and hazards that made the journeys", "[journeys]") {
  const StageChainParameters truth = world(), prior;
  const auto made = journeys(300, 1, truth);
  const JourneyFit fit = fit_journeys(prior, made, {.iterations = 7, .hold_rate = 2, .hold_jumps = 5});
  REQUIRE(fit.dynamics);
  CHECK(fit.with_outcome >= 150);
  check_rises(fit.objective);
  for (const std::size_t s : {1U, 4U}) {
    CAPTURE(s);
    CHECK(mean_dwell_days(fit.parameters, s) == Approx(mean_dwell_days(truth, s)).epsilon(0.2));
  }
  CHECK(fit.parameters.jumps[7][9] == Approx(.5).margin(0.12));
  CHECK(fit.parameters.recovery_days == Approx(30).epsilon(0.35));
  double stalls = 0, true_stalls = 0, prior_stalls = 0;
  for (std::size_t s = 0; s < kBuyingStages; ++s) {
    stalls += fit.parameters.stall_per_day[s];
    true_stalls += truth.stall_per_day[s];
    prior_stalls += prior.stall_per_day[s];
  }
  CHECK(stalls == Approx(true_stalls).epsilon(0.35));
  CHECK(stalls > 2 * prior_stalls);
  CHECK(fit.parameters.eta == prior.eta);
}

TEST_CASE("few journeys move the kernel only, none move nothing, and the same journeys give the same fit",
          "[journeys]") {
  const StageChainParameters prior;
  auto made = journeys(12, 2, world());
  Chance chance(3);
  // Every text is about shortlisting, wherever its writer is.
  for (Journey& one : made) {
    std::vector<JourneyMark> all;
    for (const JourneyMark& mark : one.marks) {
      JourneyMark text{.at_ms = mark.at_ms, .has_text = true};
      text.log_ratio.fill(-4);
      text.log_ratio[index_of(Stage::shortlisting)] = 2;
      all.push_back(text);
      all.push_back(mark);
    }
    one.marks = all;
  }
  const JourneyFit fit = fit_journeys(prior, made, {.iterations = 8}),
                   again = fit_journeys(prior, made, {.iterations = 8});
  CHECK_FALSE(fit.dynamics);
  CHECK(fit.texts > 50);
  check_rises(fit.objective);
  CHECK(fit.objective == again.objective);
  CHECK(fit.parameters.kernel == again.parameters.kernel);
  CHECK(fit.parameters.dwell_median_days == prior.dwell_median_days);
  CHECK(fit.parameters.jumps == prior.jumps);
  CHECK(fit.parameters.kernel[1][6] > kernel_row(prior, 1)[6] + 0.1);
  double sum = 0;
  for (const double share : fit.parameters.kernel[1]) sum += share;
  CHECK(sum == Approx(1.0));

  const JourneyFit none = fit_journeys(prior, {});
  CHECK(none.journeys == 0);
  CHECK(none.parameters.dwell_median_days == prior.dwell_median_days);
  CHECK(none.parameters.kernel == prior.kernel);
}

// Each mark preceded by a text on the marked stage, or on another one.
std::vector<Journey> with_texts(std::vector<Journey> made, bool right) {
  Chance chance(5);
  for (Journey& one : made) {
    std::vector<JourneyMark> all;
    for (const JourneyMark& mark : one.marks) {
      JourneyMark text{.at_ms = mark.at_ms, .has_text = true};
      text.log_ratio.fill(-2);
      text.log_ratio[right ? mark.stage : chance.below(kBuyingStages)] = 2;
      all.push_back(text);
      all.push_back(mark);
    }
    one.marks = all;
  }
  return made;
}

TEST_CASE("texts that tell the marks are believed, texts that do not are believed least", "[journeys]") {
  const StageChainParameters prior;
  const auto made = journeys(10, 4, prior);
  const JourneyFitOptions options{.iterations = 2, .hold_kernel = 1e9};
  CHECK(fit_journeys(prior, with_texts(made, true), options).parameters.eta == 1.0);
  CHECK(fit_journeys(prior, with_texts(made, false), options).parameters.eta == .5);
}

TEST_CASE("journeys read from a table, whatever the order of its rows", "[journeys]") {
  const EvidenceOf evidence = [](std::string_view query) {
    std::array<float, kEvidenceClasses> out{};
    out[0] = static_cast<float>(query.size());
    return out;
  };
  const auto made = parse_journeys(
      "case,time,stage,query,outcome\n"
      "a,2024-02-01 09:00:00,scoping,,\n"
      "b,2024-03-01,,,lost\n"
      "a,2024-01-05,problem_realization,\"why, oh why\",\n"
      "a,2024-02-03,,,won\n",
      "deals.csv", evidence);
  REQUIRE(made);
  REQUIRE(made->size() == 2);
  const Journey& a = made->at(0);
  REQUIRE(a.marks.size() == 3);
  CHECK(a.marks[0].stage == 0);
  CHECK(a.marks[1].has_text);
  CHECK(a.marks[1].log_ratio[0] == 11.0F);
  CHECK(a.marks[2].stage == 1);
  CHECK(a.end == JourneyEnd::won);
  CHECK(a.end_ms == 1'706'918'400'000);
  CHECK(made->at(1).end == JourneyEnd::lost);

  const auto detail = [&](const std::string& rows) {
    const auto read = parse_journeys("case,time,stage,outcome\n" + rows, "deals.csv", evidence);
    return read ? std::string("read") : read.error().detail;
  };
  CHECK(detail("a,2024-01-05,scope,\n") == "deals.csv:2:1: unknown stage `scope`");
  CHECK(detail("a,2024-01-05,,sold\n") == "deals.csv:2:1: an outcome is won, lost, no_decision or open");
  CHECK(detail("a,2024-01-05,,won\na,2024-01-06,,lost\n") == "deals.csv:3:1: the case has another outcome already");
  CHECK(detail("a,5 Jan,,won\n") == "deals.csv:2:1: `5 Jan` is not a time in UTC");
}

}  // namespace
}  // namespace juncture
