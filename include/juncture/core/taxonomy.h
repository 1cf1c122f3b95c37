// What config/taxonomy.yaml and config/vocabulary.yaml say, as values: stages, moments, phrases, priors, user's names.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "juncture/core/catalog.h"
#include "juncture/core/vocabulary.h"
#include "juncture/core/web.h"

namespace juncture {

// One phrasing to learn from.
struct TaxonomyPhrase {
  std::string text;
  Moment moment = Moment::unclear;
};

struct TaxonomyMoment {
  std::string label;
  std::string definition;
  std::vector<std::string> cues;
  std::vector<std::string> phrases;    // of no stage in particular
  double desktop = 0.5, mobile = 0.5;  // share of this moment seen on the device
};

struct TaxonomyContentKind {
  Tier tier = Tier::sales_only;
  double effort_minutes = 0;
  double freshness_half_life_hours = 0;  // 0: never stale
};

// One of the twelve stages or of the two hidden conditions. Fields that the condition has not are zero or empty.
struct TaxonomyStage {
  std::string label;
  std::string definition;
  std::string not_this;
  std::string why_harmful;
  std::array<float, kRoles> roles{};  // sums to 1 for the twelve
  double dwell_median_days = 0;
  double dwell_sigma_log = 0;
  double offline_share = 0;
  double stall_hazard_per_day = 0;
  std::vector<ContentKind> best_content;
  std::vector<ContentKind> harmful_content;
  std::vector<TaxonomyPhrase> phrases;
  std::vector<std::string> cues;
};

struct TaxonomyNoise {
  std::string kind;  // student, job_seeker, support, ...
  std::vector<std::string> phrases;
  std::vector<std::string> cues;
};

// Names that stand for a slot of a phrase.
struct SlotNames {
  std::vector<std::string> products;
  std::vector<std::string> vendors;
  std::vector<std::string> places;
};

// Words of queries, hosts and words of paths, by what they speak for in the whole web.
struct TaxonomyWeb {
  std::array<std::vector<std::string>, kWebCues> queries;
  std::array<std::vector<std::string>, kLandingKinds> hosts, paths;
};

struct Taxonomy {
  std::string version;
  std::string language = "en";
  std::array<TaxonomyMoment, 4> moments{};  // know, go, do, buy
  std::array<TaxonomyContentKind, kContentKinds> content_kinds{};
  std::array<TaxonomyStage, kStages> stages{};
  std::array<std::vector<std::string>, kRoles> role_cues{};
  std::vector<TaxonomyNoise> noise;
  SlotNames slots;
  TaxonomyWeb web;
  double stall_recovery_median_days = 90;
  double speed_frailty_sigma_log = 0;
  std::array<double, 3> deal_multiplier{1, 1.4, 2};  // small, medium, large
  double rejected_after_contact_median_days = 9;
  double rejected_after_contact_p95_days = 28;
};

// The user's own names. `leave_out` holds e-mail or web domains and ids whose signals are not a prospect's.
struct UserVocabulary {
  std::string version;
  std::vector<std::string> products;     // own products
  std::vector<std::string> categories;   // what they are: "water softener"
  std::vector<std::string> vendors;      // others who sell in the field
  std::vector<std::string> competitors;  // those we meet; they are vendors too
  std::vector<std::string> places;
  struct LeaveOut {
    std::vector<std::string> customers;
    std::vector<std::string> staff;
    std::vector<std::string> partners;
  } leave_out;
};

}  // namespace juncture
