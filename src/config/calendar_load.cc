#include <algorithm>

#include "config/map_reader.h"
#include "juncture/config/load.h"

namespace juncture {
namespace config {
namespace {

constexpr std::array<std::string_view, 7> kDayNames{"monday", "tuesday",  "wednesday", "thursday",
                                                    "friday", "saturday", "sunday"};

}  // namespace
}  // namespace config

Loaded<Calendar> load_calendar(const Source& source) {
  using config::Tree;
  Loaded<Calendar> out;
  Calendar& calendar = out.value;
  config::Problems problems;
  const Tree tree = config::parse_yaml(source.text, source.filename, problems);
  if (problems.empty()) {
    config::MapReader reader(tree, "the calendar", problems);
    std::string version;
    reader.text("version", version, true);
    calendar.version = config::content_version(version, source.text);
    if (tree.find("working_days") != nullptr) calendar.working_days.fill(false);
    for (const std::size_t day : reader.words("working_days", config::kDayNames)) calendar.working_days[day] = true;
    const Tree* holidays = reader.get("holidays");
    if (holidays != nullptr && holidays->kind != Tree::Kind::list) reader.wrong(*holidays, "holidays", "a list");
    for (const Tree& day : holidays == nullptr ? std::vector<Tree>{} : holidays->items) {
      const auto time =
          day.kind == Tree::Kind::scalar && day.text.size() == 10 ? config::parse_time(day.text) : std::nullopt;
      if (!time) {
        reader.wrong(day, "holidays", "a date as 2026-12-25");
        continue;
      }
      calendar.holidays.push_back(std::chrono::floor<std::chrono::days>(*time));
    }
    std::sort(calendar.holidays.begin(), calendar.holidays.end());
    reader.report_unknown();
  }
  out.errors = problems.take();
  return out;
}

}  // namespace juncture
