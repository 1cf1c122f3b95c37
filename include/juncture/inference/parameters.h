// The numbers behind the stage and activity chains. Defaults are config/taxonomy.yaml's; a loader may fill in others.
#pragma once

#include <array>

#include "juncture/core/catalog.h"
#include "juncture/core/vocabulary.h"

namespace juncture {

struct StageChainParameters {
  // Lognormal dwell of one visit to a stage at deal multiplier 1.
  std::array<double, kBuyingStages> dwell_median_days{30, 28, 24, 21, 21, 12, 9, 30, 17, 14, 18, 10};
  std::array<double, kBuyingStages> dwell_sigma_log{.75, .55, .65, .60, .55, .55, .55, .55, .55, .50, .60, .65};
  std::array<double, kBuyingStages> offline_share{.55, .60, .75, .50, .40, .45, .40, .35, .55, .55, .65, .70};
  std::array<double, kBuyingStages> stall_per_day{.0060, .0035, .0060, .0030, .0025, .0025,
                                                  .0020, .0035, .0055, .0030, .0040, .0060};
  // Non-zero only once a supplier is in sight; a judgement, set against 9 days (median) after the shortlist.
  std::array<double, kBuyingStages> rejection_per_day{0, 0, 0, 0, 0, .0030, .0120, .0060, .0040, .0120, .0030, .0010};
  double recovery_days = 90;
  double deal_multiplier = 1.4;  // size M; not applied to shortlisting
  // From the last phase of a stage: one on, two on, one back, two back; renormalised at the ends.
  double forward = .68, skip = .05, back = .17, back_two = .10;
  // Fitted odds of the stage that follows (row: stage; what a row lacks to 1 is won). A row of zeros: as above.
  std::array<std::array<double, kBuyingStages>, kBuyingStages> jumps{};
  // Odds that who is seen for the first time began a while ago, about that long; else they may be anywhere.
  double first_seen = .5, first_seen_days = 65;
  // Text: share of a stage's questions that are its own, and its neighbours'.
  double kernel_own = .50, kernel_neighbour = .14;
  // Fitted odds that one in the row's condition expresses the column's. A row of zeros: as above.
  std::array<std::array<double, kStages>, kStages> kernel{};
  double eta = 1;        // how far one text is believed
  double burst = .35;    // n-th text of a session: eta / (1 + burst (n - 1))
  double page_eta = .5;  // titles of pages, against what the buyer wrote
  double clip = 4.0;     // nats, at most, against a stage
  double page_clip = 1.5;
  double noise_prior = .22;  // odds that one text of a buyer says nothing of the stage
  // Odds that nothing somebody types has to do with a stage; and that this changes from one text to the next.
  double aimless_prior = .4, aimless_change = .001;
  double analyst_own = .85;  // odds that an analyst who corrects the stage is right
  // Visits: prior count over prior days, memory, and how loud the stalled and the lost are.
  double visit_prior = 1, visit_prior_days = 20, visit_half_life_days = 120;
  double stalled_rate = .13, rejected_rate = .15;
  std::array<double, 3> activity_prior{.96, .025, .015};
  // p(role | stage), order of kRoleNames.
  std::array<std::array<double, kRoles>, kBuyingStages> roles{{
      // cfo cio  software sec  proc legal oper lob  hr   exec clin faci user cons unknown
      {.06, .10, 0, .07, 0, 0, .28, .20, .07, 0, 0, 0, .22, 0, 0},
      {0, .20, .12, .10, 0, 0, .24, .20, .08, 0, 0, 0, 0, .06, 0},
      {0, .06, .16, .12, 0, 0, .20, .26, .10, 0, 0, 0, .10, 0, 0},
      {0, .20, .22, .08, 0, 0, .20, .16, 0, 0, .08, 0, 0, .06, 0},
      {0, .18, .12, 0, .22, 0, .18, .14, 0, 0, 0, 0, .06, .10, 0},
      {0, .16, .10, 0, .26, 0, .18, .20, .06, 0, .04, 0, 0, 0, 0},
      {0, .20, .18, .12, .20, 0, .10, .16, 0, 0, 0, 0, 0, .04, 0},
      {0, .08, .32, .18, 0, 0, .18, .04, 0, 0, .08, 0, .12, 0, 0},
      {.36, .16, 0, 0, .12, 0, .10, .18, 0, .05, 0, 0, 0, .03, 0},
      {.08, .22, .16, .12, .26, 0, 0, .12, 0, .04, 0, 0, 0, 0, 0},
      {.16, .10, 0, .03, .36, .22, 0, .08, 0, .05, 0, 0, 0, 0, 0},
      {.26, .10, 0, 0, .24, .12, 0, .08, 0, .20, 0, 0, 0, 0, 0},
  }};
  double role_unknown = .15;
};

// Where a stage leads, as shares of `total`; what they lack to it is won.
struct JumpOdds {
  std::array<double, kBuyingStages> odds{};
  double total = 1;
};
JumpOdds jump_odds(const StageChainParameters& parameters, std::size_t stage);
// Sums to 1.
std::array<double, kStages> kernel_row(const StageChainParameters& parameters, std::size_t condition);
// Of the Erlang dwell: phases so that the spread is that of the lognormal prior, and the mean in days.
std::array<std::size_t, kBuyingStages> phase_counts(const StageChainParameters& parameters);
double mean_dwell_days(const StageChainParameters& parameters, std::size_t stage);
// People tell how long a stage takes in all; a buyer may come to it more than once. The same with the dwells divided by
// how often a purchase that goes from the first stage to the last comes to each.
StageChainParameters per_visit(StageChainParameters totals);

}  // namespace juncture
