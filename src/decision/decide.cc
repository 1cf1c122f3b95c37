#include "juncture/decision/decide.h"

#include <algorithm>
#include <utility>

#include "decision/handover.h"
#include "decision/masks.h"
#include "decision/utility.h"
#include "juncture/core/result.h"

namespace juncture {
namespace {

struct Candidate {
  std::uint32_t item = 0;
  double score = 0;
  double kill_risk = 0;
};

constexpr std::size_t kRivals = 2;

// Everything one decision needs at hand.
struct Context {
  const Catalog& catalog;
  const Policy& policy;
  const Reading& reading;
  Audience audience;
  const Limits& limits;
  const Terms& terms;
  std::vector<Candidate> candidates;  // unmasked, best first
};

const ContentItem& item_of(const Context& context, const Candidate& candidate) {
  return context.catalog.items[candidate.item];
}

// Best first; ties by place in the catalog, so that the order is one only.
void rank(std::vector<Candidate>& candidates) {
  std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    return a.score != b.score ? a.score > b.score : a.item < b.item;
  });
}

// The signed parts of a score: each factor takes what it adds to the product of those before it.
std::vector<Contribution> contributions_of(const Utility& u, const Terms& terms, std::string_view kind) {
  std::vector<Contribution> parts;
  parts.reserve(8);
  double product = u.gain;
  const auto factor = [&](std::string_view code, std::string_view arg, double by) {
    if (by != 1.0) parts.push_back({code, arg, product * (by - 1.0)});
    product *= by;
  };
  parts.push_back({"stage_fit", name_of(terms.stage), u.gain});
  factor("moment_fit", name_of(terms.moment), u.moment);
  factor("role_fit", kRoleNames[terms.role], u.role);
  factor("freshness", kind, u.fresh);
  factor("novelty", kind, u.novelty);
  if (u.harm != 0) parts.push_back({"harm", name_of(terms.stage), -u.harm});
  if (u.effort != 0) parts.push_back({"effort", kind, -u.effort});
  if (u.person != 0) parts.push_back({"person", kind, -u.person});
  return parts;
}

// Fills in what the decision says about `candidate`, offered or not.
void describe_best(const Context& context, const Candidate& candidate, Decision& decision) {
  const ContentItem& item = item_of(context, candidate);
  const Utility utility = utility_of(item, context.policy, context.reading, context.terms);
  decision.score = utility.score;
  decision.contributions = contributions_of(utility, context.terms, kContentKindNames[item.kind]);
  decision.kill_risk = utility.kill_risk;
  decision.confidence = fit_of(item, context.policy, context.reading.stages) * (1.0 - utility.kill_risk);
}

bool in_slate(const Decision& decision, std::uint32_t item) {
  return std::any_of(decision.slate.begin(), decision.slate.end(), [&](const Ranked& r) { return r.item == item; });
}

void add_rivals(const Context& context, Decision& decision) {
  for (const Candidate& candidate : context.candidates) {
    if (decision.rivals.size() == kRivals) return;
    if (!in_slate(decision, candidate.item)) decision.rivals.push_back({candidate.item, candidate.score});
  }
}

void abstain(const Context& context, AbstainReason reason, Decision& decision) {
  decision.outcome = Outcome::abstained;
  decision.reason = reason;
  if (context.candidates.empty()) return;
  describe_best(context, context.candidates.front(), decision);
  add_rivals(context, decision);
}

// The best conversation that one of ours opens, before one that any visitor may open without us.
const Candidate* best_conversation(const Context& context) {
  const Candidate* best = nullptr;
  for (const Candidate& candidate : context.candidates) {
    const ContentItem& item = item_of(context, candidate);
    if (item.kind != kHumanConversation) continue;
    if (item.tier != Tier::public_) return &candidate;
    if (best == nullptr) best = &candidate;
  }
  return best;
}

// A person's turn. A conversation leads, if one may be offered at all.
void hand_over(const Context& context, Handover why, Decision& decision) {
  decision.outcome = Outcome::handed_over;
  decision.reason = AbstainReason::none;
  decision.handover = why;
  if (const Candidate* human = best_conversation(context)) {
    decision.slate.push_back({human->item, human->score});
    describe_best(context, *human, decision);
  } else if (!context.candidates.empty()) {
    describe_best(context, context.candidates.front(), decision);
  }
  add_rivals(context, decision);
}

// Greedy: each place goes to the best score less a penalty for each item of the same kind already in.
void fill_slate(const Context& context, const std::vector<Candidate>& servable, Decision& decision) {
  std::vector<bool> used(servable.size(), false);
  std::array<int, kContentKinds> taken{};
  while (decision.slate.size() < context.policy.slate_max) {
    const Candidate* best = nullptr;
    double best_value = 0;
    for (std::size_t i = 0; i < servable.size(); ++i) {
      if (used[i]) continue;
      const int same = taken[item_of(context, servable[i]).kind];
      const double value = servable[i].score - static_cast<double>(context.policy.same_kind_penalty) * same;
      if (best == nullptr || value > best_value) {
        best = &servable[i];
        best_value = value;
      }
    }
    if (best == nullptr) return;
    used[static_cast<std::size_t>(best - servable.data())] = true;
    ++taken[item_of(context, *best).kind];
    decision.slate.push_back({best->item, best->score});
  }
}

// Why nothing at all is left to choose from.
AbstainReason reason_of(const std::vector<Masked>& masked, const Limits& limits) {
  if (limits.none_at_all != AbstainReason::none) return limits.none_at_all;
  if (limits.rejected) return AbstainReason::rejected;
  if (limits.capped) return AbstainReason::cap;
  const bool consent =
      std::any_of(masked.begin(), masked.end(), [](const Masked& m) { return m.reason == MaskReason::consent; });
  const bool all_seen = std::any_of(masked.begin(), masked.end(), [](const Masked& m) {
    return m.reason == MaskReason::consumed || m.reason == MaskReason::repeat || m.reason == MaskReason::dismissed;
  });
  return consent && !all_seen ? AbstainReason::consent : AbstainReason::value;
}

// Reasons not to act on this reading, whatever the items say.
AbstainReason unfit(const Policy& policy, const Reading& reading) {
  if (reading.noise > policy.noise_max) return AbstainReason::noise;
  if (reading.signals < policy.signals_min) return AbstainReason::thin;
  return AbstainReason::none;
}

bool late_or_large(const Context& context) {
  const double late = odds_from(context.reading.stages, Stage::supplier_outreach);
  return context.policy.large_deals || late > static_cast<double>(context.policy.handover.late_odds);
}

void choose(const Context& context, Decision& decision) {
  const Policy& policy = context.policy;
  const bool person = context.audience == Audience::analyst && context.reading.consent == Consent::granted;
  if (best_group(policy, context.reading.stages) < static_cast<double>(policy.confidence_min)) {
    return abstain(context, AbstainReason::uncertain, decision);
  }
  std::vector<Candidate> servable;
  servable.reserve(context.candidates.size());
  bool worthwhile = false;
  for (const Candidate& candidate : context.candidates) {
    if (candidate.score < decision.threshold) break;
    worthwhile = true;
    if (candidate.kill_risk <= static_cast<double>(policy.kill_cap)) servable.push_back(candidate);
  }
  if (servable.empty()) {
    if (!worthwhile) return abstain(context, AbstainReason::value, decision);
    if (person && late_or_large(context)) return hand_over(context, Handover::harm_cap, decision);
    return abstain(context, AbstainReason::harm, decision);
  }
  if (person && item_of(context, servable.front()).kind == kHumanConversation) {
    return hand_over(context, Handover::best_action, decision);
  }
  decision.outcome = Outcome::offered;
  decision.reason = AbstainReason::none;
  fill_slate(context, servable, decision);
  describe_best(context, servable.front(), decision);
  add_rivals(context, decision);
}

// Every item is held back for a reason or a candidate.
void weigh_items(Context& context, Decision& decision) {
  const std::vector<ContentItem>& items = context.catalog.items;
  decision.masked.reserve(items.size());
  context.candidates.reserve(items.size());
  for (std::uint32_t i = 0; i < items.size(); ++i) {
    const MaskReason mask = mask_of(items[i], context.policy, context.reading, context.limits);
    if (mask != MaskReason::none) {
      decision.masked.push_back({i, mask});
      continue;
    }
    const Utility utility = utility_of(items[i], context.policy, context.reading, context.terms);
    context.candidates.push_back({i, utility.score, utility.kill_risk});
  }
  rank(context.candidates);
}

// A public item is held back, or scored, for the website as it is for an analyst: only tiers tell them apart. So of
// what was weighed for the analyst the website gets what its own catalog holds, by that catalog's places.
void take_public(const Context& analyst, const Decision& weighed, Context& site, Decision& decision) {
  const std::vector<ContentItem>& items = analyst.catalog.items;
  constexpr std::uint32_t kElsewhere = ~std::uint32_t{0};
  std::vector<std::uint32_t> place(items.size(), kElsewhere);
  std::uint32_t next = 0;
  for (std::uint32_t i = 0; i < items.size(); ++i) {
    if (items[i].tier == Tier::public_) place[i] = next++;
  }
  JUNCTURE_ASSERT(next == site.catalog.items.size());
  decision.masked.reserve(weighed.masked.size());
  for (const Masked& masked : weighed.masked) {
    if (place[masked.item] != kElsewhere) decision.masked.push_back({place[masked.item], masked.reason});
  }
  site.candidates.reserve(analyst.candidates.size());
  for (const Candidate& candidate : analyst.candidates) {
    if (place[candidate.item] == kElsewhere) continue;
    site.candidates.push_back({place[candidate.item], candidate.score, candidate.kill_risk});
  }
}

Decision begin(const Context& context) {
  Decision decision;
  decision.threshold = static_cast<double>(context.policy.show_threshold);
  decision.cap_used = context.limits.used_in_36h;
  decision.cap_limit = context.policy.caps[1].offers;
  return decision;
}

// From what is held back and what is left.
Decision settle(const Context& context, Decision decision) {
  const Limits& limits = context.limits;
  if (limits.none_at_all != AbstainReason::none) {
    abstain(context, limits.none_at_all, decision);
    return decision;
  }
  if (const AbstainReason why = unfit(context.policy, context.reading); why != AbstainReason::none) {
    abstain(context, why, decision);
    return decision;
  }
  const bool analyst = context.audience == Audience::analyst;
  const Handover handover = analyst ? handover_of(context.policy, context.reading) : Handover::none;
  if (handover != Handover::none) {
    hand_over(context, handover, decision);
  } else if (limits.rejected) {
    abstain(context, AbstainReason::rejected, decision);
  } else if (context.candidates.empty()) {
    abstain(context, reason_of(decision.masked, limits), decision);
  } else {
    choose(context, decision);
  }
  return decision;
}

}  // namespace

Catalog public_view(const Catalog& catalog) {
  Catalog view;
  view.version = catalog.version;
  std::copy_if(catalog.items.begin(), catalog.items.end(), std::back_inserter(view.items),
               [](const ContentItem& item) { return item.tier == Tier::public_; });
  return view;
}

Decision decide(const Catalog& catalog, const Policy& policy, const Reading& reading, Audience audience) {
  const Limits limits = limits_of(policy, reading, audience);
  const Terms terms = terms_of(policy, reading, limits);
  Context context{catalog, policy, reading, audience, limits, terms, {}};
  Decision decision = begin(context);
  weigh_items(context, decision);
  return settle(context, std::move(decision));
}

Decisions decide_for_both(const Catalog& catalog, const Catalog& public_catalog, const Policy& policy,
                          const Reading& reading) {
  const Limits limits = limits_of(policy, reading, Audience::analyst);
  Limits site_limits = limits;
  site_limits.tier = highest_tier(policy, reading, Audience::public_site);
  const Terms terms = terms_of(policy, reading, limits);
  Context analyst{catalog, policy, reading, Audience::analyst, limits, terms, {}};
  Context site{public_catalog, policy, reading, Audience::public_site, site_limits, terms, {}};
  Decisions out{begin(analyst), begin(site)};
  weigh_items(analyst, out.analyst);
  take_public(analyst, out.analyst, site, out.site);
  out.analyst = settle(analyst, std::move(out.analyst));
  out.site = settle(site, std::move(out.site));
  return out;
}

}  // namespace juncture
