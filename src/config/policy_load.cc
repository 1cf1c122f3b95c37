#include <algorithm>

#include "config/map_reader.h"
#include "juncture/config/load.h"

namespace juncture {
namespace config {
namespace {

constexpr std::array<std::string_view, 3> kDealNames{"small", "medium", "large"};
constexpr std::array<std::string_view, 3> kCapNames{"session", "recent", "fortnight"};

// Odds of the prior cells, from the order in which a stage lists its kinds.
struct CellRules {
  float help_best = 0.4325F;
  float help_rank_loss = 0.18F;
  float help_other = 0.05F;
  float help_made_for = 0.25F;
  float kill_harmful = 0.061F;
  float kill_other = 0.004F;
  float kill_strength = 60;
};

CellRules read_cells(MapReader& top, Problems& problems) {
  CellRules rules;
  const Tree* tree = top.required("cells");
  if (tree == nullptr) return rules;
  MapReader reader(*tree, "`cells`", problems);
  reader.number("help_best", rules.help_best, 0, 1);
  reader.number("help_rank_loss", rules.help_rank_loss, 0, 1);
  reader.number("help_other", rules.help_other, 0, 1);
  reader.number("help_made_for", rules.help_made_for, 0, 1);
  reader.number("kill_harmful", rules.kill_harmful, 0, 1);
  reader.number("kill_other", rules.kill_other, 0, 1);
  reader.number("kill_strength", rules.kill_strength, 1, 1e6);
  reader.report_unknown();
  return rules;
}

// One stage: what a lost opportunity costs there, which kinds are best in order, which do harm.
void read_stage(const Tree& tree, std::size_t s, const CellRules& rules, Policy& policy, Problems& problems) {
  MapReader reader(tree, "stage `" + std::string(kStageNames[s]) + "`", problems);
  int group = 0;
  if (reader.required("kill_cost") != nullptr) reader.number("kill_cost", policy.kill_cost[s], 0, 1000);
  if (reader.required("group") != nullptr && reader.integer("group", group, 0, kStages - 1)) {
    policy.group[s] = static_cast<std::uint8_t>(group);
  }
  reader.number("default_odds", policy.default_stages[s], 0, 1);
  policy.help[s].fill(rules.help_other);
  policy.kill[s].fill(rules.kill_other);
  const std::vector<std::size_t> best = reader.words("best", kContentKindNames);
  for (std::size_t rank = 0; rank < best.size(); ++rank) {
    const float lost = rules.help_rank_loss * static_cast<float>(rank);
    policy.help[s][best[rank]] =
        rules.help_other + std::max(0.0F, rules.help_best - rules.help_other) * std::max(0.0F, 1.0F - lost);
  }
  for (const std::size_t kind : reader.words("harmful", kContentKindNames)) {
    policy.kill[s][kind] = rules.kill_harmful;
    if (std::find(best.begin(), best.end(), kind) == best.end()) continue;
    problems.add(tree.place,
                 reader.where() + " has `" + std::string(kContentKindNames[kind]) + "` as best and as harmful");
  }
  reader.report_unknown();
}

void read_stages(MapReader& top, const CellRules& rules, Policy& policy, Problems& problems) {
  const Tree* tree = top.required("stages");
  if (tree == nullptr) return;
  MapReader reader(*tree, "`stages`", problems);
  for (std::size_t s = 0; s < kStages; ++s) {
    if (const Tree* stage = reader.required(kStageNames[s])) read_stage(*stage, s, rules, policy, problems);
  }
  reader.report_unknown();
  float sum = 0;
  for (const float odds : policy.default_stages) sum += odds;
  if (sum < 0.999F || sum > 1.001F) problems.add(tree->place, "`default_odds` of the stages must add up to 1");
}

// Rows of factors by kind; what is not named is 1.
template <std::size_t N>
void read_factors(MapReader& top, std::string_view key, const std::array<std::string_view, N>& rows,
                  std::array<KindRow, N>& out, Problems& problems) {
  for (KindRow& row : out) row.fill(1);
  const Tree* tree = top.get(key);
  if (tree == nullptr) return;
  MapReader reader(*tree, "`" + std::string(key) + "`", problems);
  for (std::size_t i = 0; i < N; ++i) {
    const Tree* row = reader.get(rows[i]);
    if (row == nullptr) continue;
    MapReader kinds(*row, "`" + std::string(key) + "." + std::string(rows[i]) + "`", problems);
    for (std::size_t k = 0; k < kContentKinds; ++k) kinds.number(kContentKindNames[k], out[i][k], 0.33, 3);
    kinds.report_unknown();
  }
  reader.report_unknown();
}

void read_costs(MapReader& top, Policy& policy, Problems& problems) {
  policy.role_kill.fill(1);
  const Tree* tree = top.required("costs");
  if (tree == nullptr) return;
  MapReader reader(*tree, "`costs`", problems);
  const std::size_t deal = reader.word("deal", kDealNames, true).value_or(2);
  policy.large_deals = deal == 2;
  std::array<float, 3> factors{1, 2, 4};
  if (const Tree* given = reader.get("deal_factors")) {
    MapReader deals(*given, "`costs.deal_factors`", problems);
    for (std::size_t i = 0; i < 3; ++i) deals.number(kDealNames[i], factors[i], 0, 100);
    deals.report_unknown();
  }
  policy.deal_factor = factors[deal];
  reader.number("known", policy.known_factor, 0, 100);
  reader.number("anonymous", policy.anonymous_factor, 0, 100);
  if (const Tree* given = reader.get("roles")) {
    MapReader roles(*given, "`costs.roles`", problems);
    for (std::size_t r = 0; r < kRoles; ++r) roles.number(kRoleNames[r], policy.role_kill[r], 0, 100);
    roles.report_unknown();
  }
  reader.number("effort_per_minute", policy.effort_cost, 0, 1);
  reader.number("person", policy.person_cost, 0, 10);
  reader.report_unknown();
}

void read_freshness(MapReader& top, Policy& policy, Problems& problems) {
  const Tree* tree = top.get("freshness");
  if (tree == nullptr) return;
  MapReader reader(*tree, "`freshness`", problems);
  reader.number("floor", policy.fresh_floor, 0, 1);
  reader.number("novelty", policy.novelty, 0, 1);
  if (const Tree* given = reader.get("half_life")) {
    MapReader kinds(*given, "`freshness.half_life`", problems);
    for (std::size_t k = 0; k < kContentKinds; ++k) {
      Millis half_life{0};
      if (!kinds.duration(kContentKindNames[k], half_life)) continue;
      policy.half_life_hours[k] = static_cast<float>(half_life.count()) / 3'600'000.0F;
    }
    kinds.report_unknown();
  }
  reader.report_unknown();
}

void read_caps(MapReader& reader, Policy& policy, Problems& problems) {
  const Tree* tree = reader.required("caps");
  if (tree == nullptr) return;
  MapReader caps(*tree, "`limits.caps`", problems);
  for (std::size_t i = 0; i < kCapNames.size(); ++i) {
    const Tree* given = caps.required(kCapNames[i]);
    if (given == nullptr) continue;
    MapReader cap(*given, "`limits.caps." + std::string(kCapNames[i]) + "`", problems);
    if (cap.required("offers") != nullptr) cap.integer("offers", policy.caps[i].offers, 1, 1000);
    if (cap.required("within") != nullptr) cap.duration("within", policy.caps[i].window);
    cap.report_unknown();
  }
  caps.report_unknown();
}

void read_limits(MapReader& top, Policy& policy, Problems& problems) {
  const Tree* tree = top.required("limits");
  if (tree == nullptr) return;
  MapReader reader(*tree, "`limits`", problems);
  read_caps(reader, policy, problems);
  reader.duration("one_offer", policy.offer_gap);
  reader.duration("repeat", policy.repeat_window);
  reader.integer("kind_unclicked", policy.kind_unclicked_max, 1, 1000);
  reader.number("mobile_minutes", policy.mobile_minutes_max, 0, 600);
  reader.number("price_early", policy.price_early_odds, 0, 1);
  for (const std::size_t kind : reader.words("price_kinds", kContentKindNames)) policy.price_kinds |= 1U << kind;
  if (const Tree* languages = reader.required("languages")) {
    if (languages->kind != Tree::Kind::list) reader.wrong(*languages, "languages", "a list");
    for (const Tree& language : languages->items) policy.languages.push_back(language.text);
  }
  if (const auto tier = reader.word("analyst_known", kTierNames)) policy.analyst_known = static_cast<Tier>(*tier);
  if (const auto tier = reader.word("analyst_anonymous", kTierNames)) {
    policy.analyst_anonymous = static_cast<Tier>(*tier);
  }
  int slate = static_cast<int>(policy.slate_max);
  reader.integer("slate", slate, 1, 3);
  policy.slate_max = static_cast<std::size_t>(slate);
  reader.number("same_kind_penalty", policy.same_kind_penalty, 0, 1);
  reader.report_unknown();
}

void read_thresholds(MapReader& top, Policy& policy, Problems& problems) {
  const Tree* tree = top.required("thresholds");
  if (tree == nullptr) return;
  MapReader reader(*tree, "`thresholds`", problems);
  reader.number("show", policy.show_threshold, -1, 1);
  reader.number("confidence", policy.confidence_min, 0, 1);
  reader.number("kill", policy.kill_cap, 0, 1);
  reader.number("noise", policy.noise_max, 0, 1);
  reader.integer("signals", policy.signals_min, 0, 1000);
  reader.report_unknown();
}

void read_handover(MapReader& top, Policy& policy, Problems& problems) {
  const Tree* tree = top.get("handover");
  if (tree == nullptr) return;
  MapReader reader(*tree, "`handover`", problems);
  reader.number("ambiguous_entropy", policy.handover.ambiguous_entropy, 0, 3);
  reader.number("late", policy.handover.late_odds, 0, 1);
  reader.integer("jump_stages", policy.handover.jump_stages, 1, 12);
  reader.duration("jump_within", policy.handover.jump_window);
  reader.number("stalled", policy.handover.stalled_odds, 0, 1);
  reader.number("rejected", policy.handover.rejected_odds, 0, 1);
  reader.report_unknown();
}

}  // namespace
}  // namespace config

Loaded<Policy> load_policy(const Source& source) {
  Loaded<Policy> out;
  Policy& policy = out.value;
  config::Problems problems;
  const config::Tree tree = config::parse_yaml(source.text, source.filename, problems);
  if (problems.empty()) {
    config::MapReader top(tree, "the policy", problems);
    std::string version;
    top.text("version", version, true);
    policy.version = config::content_version(version, source.text);
    const config::CellRules rules = config::read_cells(top, problems);
    policy.kill_strength = rules.kill_strength;
    policy.kill_harmless = rules.kill_other;
    policy.help_made_for = rules.help_made_for;
    policy.help_other = rules.help_other;
    config::read_stages(top, rules, policy, problems);
    config::read_costs(top, policy, problems);
    config::read_factors(top, "moments", kMomentNames, policy.moment, problems);
    config::read_factors(top, "roles", kRoleNames, policy.role, problems);
    if (const config::Tree* match = top.get("match")) {
      config::MapReader reader(*match, "`match`", problems);
      reader.number("named", policy.match, 0.33, 3);
      reader.number("other", policy.mismatch, 0.33, 3);
      reader.report_unknown();
    }
    config::read_freshness(top, policy, problems);
    config::read_limits(top, policy, problems);
    config::read_thresholds(top, policy, problems);
    config::read_handover(top, policy, problems);
    top.report_unknown();
  }
  out.errors = problems.take();
  return out;
}

}  // namespace juncture
