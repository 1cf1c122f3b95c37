#include "juncture/config/taxonomy_load.h"

#include <span>

#include "config/taxonomy_reader.h"

namespace juncture {
namespace {

using taxonomy::Reader;
using taxonomy::Strings;

// The taxonomy's longer names of the two hidden conditions.
std::optional<std::size_t> stage_of(Reader& in, const YAML::Node& node) {
  if (node.IsScalar() && node.Scalar() == "stalled_no_decision") return index_of(Stage::stalled);
  if (node.IsScalar() && node.Scalar() == "silently_rejected") return index_of(Stage::rejected);
  return in.name(node, kStageNames);
}

std::vector<ContentKind> content_of(Reader& in, const YAML::Node& list) {
  std::vector<ContentKind> out;
  for (const std::string& name : in.phrases_of(list)) {
    if (name == "abstain") continue;  // an action, not an item's kind
    bool found = false;
    for (std::size_t i = 0; i < kContentKinds; ++i) {
      if (kContentKindNames[i] != name) continue;
      out.push_back(static_cast<ContentKind>(i));
      found = true;
    }
    if (!found) in.error(list.Mark(), "unknown content kind `" + name + "`");
  }
  return out;
}

void read_moments(Reader& in, const YAML::Node& root, Taxonomy& out) {
  const YAML::Node moments = in.child(root, "moments");
  for (std::size_t m = 0; m < 4; ++m) {
    const YAML::Node node = in.child(moments, std::string(kMomentNames[m]).c_str());
    if (node.IsNull()) continue;
    TaxonomyMoment& moment = out.moments[m];
    moment.label = in.text(node, "label");
    moment.definition = in.text(node, "definition");
    moment.cues = in.phrases(node, "cues");
    const YAML::Node prior = in.child(node, "device_prior");
    if (prior.IsNull()) continue;
    moment.desktop = in.number(prior, "desktop", 0, 1);
    moment.mobile = in.number(prior, "mobile", 0, 1);
  }
}

void read_content_kinds(Reader& in, const YAML::Node& root, Taxonomy& out) {
  const YAML::Node kinds = in.child(root, "content_kinds");
  for (std::size_t k = 0; k < kContentKinds; ++k) {
    const YAML::Node node = in.child(kinds, std::string(kContentKindNames[k]).c_str());
    if (node.IsNull()) continue;
    out.content_kinds[k].tier = static_cast<Tier>(static_cast<int>(in.number(node, "tier", 0, 3)));
    out.content_kinds[k].effort_minutes = in.number(node, "effort_min", 0, 1000);
    out.content_kinds[k].freshness_half_life_hours = in.number(node, "freshness_half_life_h", 0, 1e6);
  }
}

void read_roles(Reader& in, const YAML::Node& roles, TaxonomyStage& stage) {
  if (!roles.IsMap()) return;
  double sum = 0;
  for (const auto& entry : roles) {
    const auto role = in.name(entry.first, kRoleNames);
    if (!role) return;
    stage.roles[*role] = static_cast<float>(in.number_of(entry.second, 0, 1));
    sum += static_cast<double>(stage.roles[*role]);
  }
  if (sum < 0.9 || sum > 1.1) in.error(roles.Mark(), "the shares of the roles must add up to 1");
  for (float& share : stage.roles) share = static_cast<float>(static_cast<double>(share) / sum);
}

void read_queries(Reader& in, const YAML::Node& queries, TaxonomyStage& stage) {
  if (!queries.IsMap()) return;
  for (const auto& entry : queries) {
    const auto moment = in.name(entry.first, kMomentNames);
    if (!moment) return;
    for (std::string& text : in.phrases_of(entry.second)) {
      stage.phrases.push_back({std::move(text), static_cast<Moment>(*moment)});
    }
  }
}

void read_stages(Reader& in, const YAML::Node& root, Taxonomy& out) {
  const YAML::Node stages = in.child(root, "stages");
  if (!stages.IsSequence() || stages.size() != kBuyingStages) {
    in.error(stages.Mark(), "expected the twelve stages in order");
    return;
  }
  for (std::size_t s = 0; s < kBuyingStages; ++s) {
    const YAML::Node node = stages[s];
    const auto id = stage_of(in, in.child(node, "id"));
    if (!id || *id != s) {
      in.error(node.Mark(), "expected stage `" + std::string(kStageNames[s]) + "` here");
      return;
    }
    TaxonomyStage& stage = out.stages[s];
    stage.label = in.text(node, "label");
    stage.definition = in.text(node, "definition");
    stage.not_this = in.text(node, "not_this", false);
    stage.why_harmful = in.text(node, "why_harmful", false);
    stage.offline_share = in.number(node, "offline_share", 0, 1);
    stage.best_content = content_of(in, in.child(node, "best_content"));
    stage.harmful_content = content_of(in, in.child(node, "harmful_content"));
    read_roles(in, in.child(node, "roles"), stage);
    read_queries(in, in.child(node, "queries"), stage);
    const YAML::Node dwell = in.child(node, "dwell");
    if (dwell.IsNull()) continue;
    stage.dwell_median_days = in.number(dwell, "median_days", 0.1, 3650);
    stage.dwell_sigma_log = in.number(dwell, "sigma_log", 0.05, 3);
  }
}

void read_hazards(Reader& in, const YAML::Node& node, Taxonomy& out) {
  if (!node.IsMap()) return;
  for (const auto& entry : node) {
    const auto stage = stage_of(in, entry.first);
    if (stage) out.stages[*stage].stall_hazard_per_day = in.number_of(entry.second, 0, 1);
  }
}

void read_hidden(Reader& in, const YAML::Node& root, Taxonomy& out) {
  const YAML::Node hidden = in.child(root, "hidden_conditions");
  if (!hidden.IsSequence()) return in.error(hidden.Mark(), "expected a list");
  for (const YAML::Node& node : hidden) {
    const auto id = stage_of(in, in.child(node, "id"));
    if (!id || *id < kBuyingStages) return in.error(node.Mark(), "expected a hidden condition");
    TaxonomyStage& stage = out.stages[*id];
    stage.label = in.text(node, "label");
    stage.definition = in.text(node, "definition");
    stage.best_content = content_of(in, in.child(node, "best_content"));
    stage.harmful_content = content_of(in, in.child(node, "harmful_content"));
    stage.cues = in.phrases(node, "text_cues");
    if (*id == index_of(Stage::stalled)) {
      read_hazards(in, in.child(node, "entry_hazard_per_day"), out);
      out.stall_recovery_median_days = in.number(node, "recovery_median_days", 1, 3650);
    } else {
      const YAML::Node window = in.child(node, "entry_window_after_contact_days");
      if (window.IsNull()) continue;
      out.rejected_after_contact_median_days = in.number(window, "median", 0.1, 365);
      out.rejected_after_contact_p95_days = in.number(window, "p95", 0.1, 365);
    }
  }
  const YAML::Node queries = in.child(root, "hidden_queries");
  if (!queries.IsMap()) return;
  for (const auto& entry : queries) {
    const auto id = stage_of(in, entry.first);
    if (!id || !entry.second.IsSequence()) return in.error(entry.first.Mark(), "expected a hidden condition's list");
    for (const YAML::Node& item : entry.second) {
      const auto moment = in.name(in.child(item, "moment"), kMomentNames);
      if (moment) out.stages[*id].phrases.push_back({in.text(item, "q"), static_cast<Moment>(*moment)});
    }
  }
}

void read_noise(Reader& in, const YAML::Node& root, Taxonomy& out) {
  const YAML::Node noise = in.child(root, "noise");
  if (!noise.IsMap()) return in.error(noise.Mark(), "expected a map of kinds");
  for (const auto& entry : noise) {
    TaxonomyNoise kind;
    kind.kind = entry.first.Scalar();
    kind.phrases = in.phrases_of(entry.second);
    out.noise.push_back(std::move(kind));
  }
}

void read_more_phrases(Reader& in, const YAML::Node& root, Taxonomy& out) {
  const YAML::Node more = in.child(root, "more_phrases", false);
  if (more.IsNull()) return;
  in.known_keys(more, {"stages", "noise", "moments"});
  const YAML::Node moments = in.child(more, "moments", false);
  if (moments.IsMap()) {
    for (const auto& entry : moments) {
      const auto moment = in.name(entry.first, kMomentNames);
      if (moment && *moment < out.moments.size()) out.moments[*moment].phrases = in.phrases_of(entry.second);
    }
  }
  const YAML::Node stages = in.child(more, "stages", false);
  if (stages.IsMap()) {
    for (const auto& entry : stages) {
      if (const auto stage = stage_of(in, entry.first)) read_queries(in, entry.second, out.stages[*stage]);
    }
  }
  const YAML::Node noise = in.child(more, "noise", false);
  if (!noise.IsMap()) return;
  for (const auto& entry : noise) {
    Strings list = in.phrases_of(entry.second);
    for (TaxonomyNoise& kind : out.noise) {
      if (kind.kind == entry.first.Scalar()) kind.phrases.insert(kind.phrases.end(), list.begin(), list.end());
    }
  }
}

void append(Strings& to, Strings from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

void read_cues(Reader& in, const YAML::Node& root, Taxonomy& out) {
  const YAML::Node cues = in.child(root, "phrase_cues", false);
  if (cues.IsNull()) return;
  in.known_keys(cues, {"moments", "stages", "noise", "roles"});
  const auto each = [&](const char* key, auto&& take) {
    const YAML::Node map = in.child(cues, key, false);
    if (!map.IsMap()) return;
    for (const auto& entry : map) take(entry.first, in.phrases_of(entry.second));
  };
  each("moments", [&](const YAML::Node& key, Strings list) {
    const auto moment = in.name(key, kMomentNames);
    if (moment && *moment < out.moments.size()) append(out.moments[*moment].cues, std::move(list));
  });
  each("stages", [&](const YAML::Node& key, Strings list) {
    if (const auto stage = stage_of(in, key)) append(out.stages[*stage].cues, std::move(list));
  });
  each("roles", [&](const YAML::Node& key, Strings list) {
    if (const auto role = in.name(key, kRoleNames)) append(out.role_cues[*role], std::move(list));
  });
  each("noise", [&](const YAML::Node& key, Strings list) {
    for (TaxonomyNoise& kind : out.noise) {
      if (kind.kind == key.Scalar()) return append(kind.cues, std::move(list));
    }
    in.error(key.Mark(), "no kind `" + key.Scalar() + "` under noise");
  });
}

// A list of words for each name of a closed set; a name may be left out.
template <std::size_t N>
void read_lists(Reader& in, const YAML::Node& map, const std::array<std::string_view, N>& names,
                std::array<Strings, N>& out) {
  if (!map.IsMap()) return;
  for (const auto& entry : map) {
    if (const auto name = in.name(entry.first, names)) out[*name] = in.phrases_of(entry.second);
  }
}

void read_web(Reader& in, const YAML::Node& root, Taxonomy& out) {
  const YAML::Node web = in.child(root, "web", false);
  if (web.IsNull()) return;
  in.known_keys(web, {"queries", "hosts", "paths"});
  read_lists(in, in.child(web, "queries", false), kWebCueNames, out.web.queries);
  read_lists(in, in.child(web, "hosts", false), kLandingKindNames, out.web.hosts);
  read_lists(in, in.child(web, "paths", false), kLandingKindNames, out.web.paths);
}

void read_numbers(Reader& in, const YAML::Node& root, Taxonomy& out) {
  out.version = in.text(root, "version");
  out.language = in.text(root, "language");
  out.speed_frailty_sigma_log = in.number(root, "account_speed_frailty_sigma_log", 0, 3);
  const YAML::Node deal = in.child(root, "deal_multiplier");
  if (deal.IsNull()) return;
  out.deal_multiplier = {in.number(deal, "S", 0.1, 20), in.number(deal, "M", 0.1, 20), in.number(deal, "L", 0.1, 20)};
}

template <class T, class Fill>
Result<T> load(std::string_view yaml, std::string_view file, std::string_view schema, Fill fill) {
  Reader in(file);
  T out;
  try {
    const YAML::Node root = YAML::Load(std::string(yaml));
    if (in.text(root, "schema") != schema) in.error(root.Mark(), "expected schema: " + std::string(schema));
    if (!in.first_error()) fill(in, root, out);
  } catch (const YAML::Exception& problem) {
    in.error(problem.mark, problem.msg);
  }
  if (in.first_error()) return tl::unexpected<Error>(*in.first_error());
  return out;
}

}  // namespace

Result<Taxonomy> load_taxonomy(std::string_view yaml, std::string_view file) {
  return load<Taxonomy>(yaml, file, "juncture.taxonomy/1", [](Reader& in, const YAML::Node& root, Taxonomy& out) {
    in.known_keys(root, {"schema", "version", "language", "units", "moments", "content_kinds", "roles",
                         "account_speed_frailty_sigma_log", "deal_multiplier", "stages", "hidden_conditions",
                         "hidden_queries", "noise", "phrase_cues", "more_phrases", "slots", "web"});
    read_numbers(in, root, out);
    read_moments(in, root, out);
    read_content_kinds(in, root, out);
    read_stages(in, root, out);
    read_hidden(in, root, out);
    read_noise(in, root, out);
    read_cues(in, root, out);
    read_more_phrases(in, root, out);
    read_web(in, root, out);
    const YAML::Node slots = in.child(root, "slots", false);
    if (slots.IsNull()) return;
    in.known_keys(slots, {"products", "vendors", "places"});
    out.slots.products = in.phrases(slots, "products", false);
    out.slots.vendors = in.phrases(slots, "vendors", false);
    out.slots.places = in.phrases(slots, "places", false);
  });
}

Result<UserVocabulary> load_user_vocabulary(std::string_view yaml, std::string_view file) {
  return load<UserVocabulary>(
      yaml, file, "juncture.vocabulary/1", [](Reader& in, const YAML::Node& root, UserVocabulary& out) {
        in.known_keys(root,
                      {"schema", "version", "products", "categories", "vendors", "competitors", "places", "leave_out"});
        out.version = in.text(root, "version");
        out.products = in.phrases(root, "products", false);
        out.categories = in.phrases(root, "categories", false);
        out.vendors = in.phrases(root, "vendors", false);
        out.competitors = in.phrases(root, "competitors", false);
        out.places = in.phrases(root, "places", false);
        const YAML::Node leave_out = in.child(root, "leave_out", false);
        if (leave_out.IsNull()) return;
        in.known_keys(leave_out, {"customers", "staff", "partners"});
        out.leave_out.customers = in.phrases(leave_out, "customers", false);
        out.leave_out.staff = in.phrases(leave_out, "staff", false);
        out.leave_out.partners = in.phrases(leave_out, "partners", false);
      });
}

}  // namespace juncture
