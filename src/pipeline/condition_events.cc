#include "pipeline/condition_events.h"

#include <optional>

#include "juncture/core/hash.h"
#include "juncture/core/json_writer.h"
#include "juncture/pipeline/render.h"

namespace juncture {
namespace {

// Of surge, split and buying there is none: they are counts and comparisons.
std::optional<float> likelihood_of(const Likelihoods& odds, Condition condition) {
  switch (condition) {
    case Condition::warning_signs:
      return odds.warning_signs;
    case Condition::no_decision_risk:
      return odds.no_decision_risk;
    case Condition::stalled:
      return odds.stalled;
    case Condition::silently_rejected:
      return odds.silently_rejected;
    default:
      return std::nullopt;
  }
}

}  // namespace

std::string condition_key(std::string_view kind, std::string_view id) {
  return std::string(kind).append("/").append(id);
}

Status emit_changes(const ConditionSubject& subject, Conditions before, Conditions now, const Likelihoods& odds,
                    const ConditionTimes& times, std::size_t topic, PipelineCounters& counters, std::string& buffer,
                    Output& output) {
  const std::string key = condition_key(subject.kind, subject.id);
  for (std::size_t c = 0; c < kConditions; ++c) {
    const auto condition = static_cast<Condition>(c);
    const bool entered = holds(now, condition);
    if (entered == holds(before, condition)) continue;
    const std::uint64_t seed = static_cast<std::uint64_t>(to_ms(times.at)) * 32 + c * 2 + (entered ? 1U : 0U);
    buffer.clear();
    JsonWriter json(buffer);
    json.begin_object();
    json.member("v", 1);
    json.member("id", "c-" + decision_text(hash64(key, seed)).substr(2));
    json.member("subject", subject.kind);
    json.member(subject.kind, subject.id);
    if (!subject.account.empty()) json.member("account", subject.account);
    json.member("condition", name_of(condition));
    json.member("change", entered ? "entered" : "left");
    json.key("likelihood");
    const auto likelihood = likelihood_of(odds, condition);
    likelihood ? json.fixed(static_cast<double>(*likelihood), 3) : json.null();
    json.member("at", to_ms(times.at));
    json.member("recorded_at", to_ms(times.recorded_at));
    json.end_object();
    counters.conditions[c][entered ? 0 : 1].add();
    if (Status sent = output.emit(topic, key, buffer); !sent) return sent;
  }
  return {};
}

}  // namespace juncture
