#include "juncture/core/json_writer.h"
#include "juncture/journeys/journey.h"

namespace juncture::journeys {
namespace {

template <class Write>
void line(std::string& out, std::string_view what, const Journey& journey, Write write) {
  JsonWriter json(out);
  json.begin_object();
  json.member("truth", what);
  json.member("account", std::string_view(journey.account));
  write(json);
  json.end_object();
  out += '\n';
}

}  // namespace

void write_truth(const Plan& plan, const Journey& journey, std::string& out) {
  constexpr std::array<std::string_view, 3> kTiers{"small", "medium", "large"};
  line(out, "journey", journey, [&](JsonWriter& json) {
    json.member("variant", kVariantNames[index_of(plan.variant)]);
    json.member("density", kDensityNames[index_of(plan.density)]);
    json.member("seed", journey.seed);
    json.member("tier", kTiers[journey.tier]);
    json.member("from", journey.start_ms);
    json.member("end", kEndNames[index_of(journey.end)]);
  });
  for (const Person& person : journey.people) {
    if (person.joined >= static_cast<std::int64_t>(journey.days.size())) continue;
    line(out, "person", journey, [&](JsonWriter& json) {
      json.member("prospect", std::string_view(person.id));
      json.member("from", journey.start_ms + person.joined * kDayMs);
      json.member("committee", person.of_committee);
    });
  }
  for (std::size_t d = 0; d < journey.days.size(); ++d) {
    const Day& day = journey.days[d];
    line(out, "day", journey, [&](JsonWriter& json) {
      json.member("from", journey.start_ms + static_cast<std::int64_t>(d) * kDayMs);
      json.member("stage", kStageNames[day.stage]);
      json.member("condition", kConditionNames[index_of(day.condition)]);
      json.member("done", static_cast<std::int64_t>(day.done * 10'000.0F));
    });
  }
}

}  // namespace juncture::journeys
