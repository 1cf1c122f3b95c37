#include <algorithm>
#include <map>
#include <optional>
#include <string>

#include "juncture/core/table.h"
#include "juncture/learning/fit_journeys.h"

namespace juncture {
namespace {

struct Columns {
  std::size_t name = 0, time = 0;
  std::optional<std::size_t> stage, query, outcome;
};

Result<Columns> columns_of(const Table& table) {
  Columns out;
  const auto name = table.column("case"), time = table.column("time");
  if (!name) return tl::unexpected<Error>(name.error());
  if (!time) return tl::unexpected<Error>(time.error());
  out.name = *name;
  out.time = *time;
  const auto optional = [&](std::string_view column) -> std::optional<std::size_t> {
    const auto found = table.column(column);
    return found ? std::optional(*found) : std::nullopt;
  };
  out.stage = optional("stage");
  out.query = optional("query");
  out.outcome = optional("outcome");
  return out;
}

std::string field(const Table& table, std::size_t row, std::optional<std::size_t> column) {
  return column ? table.at(row, *column) : std::string();
}

// Adds a row to its journey.
Status take_row(const Table& table, std::size_t row, const Columns& columns, const EvidenceOf& evidence,
                Journey& journey) {
  const auto at = table.time_ms(row, columns.time);
  if (!at) return tl::unexpected<Error>(at.error());
  const std::string stage = field(table, row, columns.stage), query = field(table, row, columns.query),
                    outcome = field(table, row, columns.outcome);
  if (!stage.empty()) {
    const auto known = parse_name<Stage>(kStageNames, stage);
    if (!known) return table.bad(row, "unknown stage `" + stage + "`");
    journey.marks.push_back({.at_ms = *at, .stage = static_cast<std::uint8_t>(*known)});
  }
  if (!query.empty()) {
    journey.marks.push_back({.at_ms = *at, .has_text = true, .log_ratio = evidence(query)});
  }
  if (!outcome.empty()) {
    const auto known = parse_name<JourneyEnd>(kJourneyEndNames, outcome);
    if (!known) return table.bad(row, "an outcome is won, lost, no_decision or open");
    if (journey.end != JourneyEnd::open && journey.end != *known) {
      return table.bad(row, "the case has another outcome already");
    }
    journey.end = *known;
    journey.end_ms = std::max(journey.end_ms, *at);
  }
  return {};
}

}  // namespace

Result<std::vector<Journey>> parse_journeys(std::string_view text, std::string_view file, const EvidenceOf& evidence) {
  const Result<Table> table = Table::parse(text, file);
  if (!table) return tl::unexpected<Error>(table.error());
  const Result<Columns> columns = columns_of(*table);
  if (!columns) return tl::unexpected<Error>(columns.error());
  std::vector<Journey> out;
  std::map<std::string, std::size_t> number_of;
  for (std::size_t row = 0; row < table->rows(); ++row) {
    const auto [known, fresh] = number_of.try_emplace(table->at(row, columns->name), out.size());
    if (fresh) out.emplace_back();
    if (Status taken = take_row(*table, row, *columns, evidence, out[known->second]); !taken) {
      return tl::unexpected<Error>(taken.error());
    }
  }
  for (Journey& journey : out) {
    std::stable_sort(journey.marks.begin(), journey.marks.end(),
                     [](const JourneyMark& a, const JourneyMark& b) { return a.at_ms < b.at_ms; });
    if (!journey.marks.empty()) journey.end_ms = std::max(journey.end_ms, journey.marks.back().at_ms);
  }
  return out;
}

}  // namespace juncture
