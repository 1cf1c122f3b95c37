#include <array>
#include <optional>

#include "juncture/text/train.h"

namespace juncture {
namespace {

constexpr std::size_t kColumnsNeeded = 5;
constexpr std::array<std::string_view, kColumnsNeeded> kNeeded{"query", "device", "form", "moment", "stage"};

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> out;
  while (true) {
    const std::size_t end = text.find(at);
    out.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

std::optional<std::size_t> label_of(std::string_view name) {
  if (name == "none") return kNoneClass;
  if (name == "stalled_no_decision") return index_of(Stage::stalled);
  if (name == "silently_rejected") return index_of(Stage::rejected);
  const auto stage = parse_name<Stage>(kStageNames, name);
  if (!stage) return std::nullopt;
  return index_of(*stage);
}

struct Place {
  std::string_view file;
  std::size_t line;
};

tl::unexpected<Error> bad(const Place& at, std::string_view row, std::string_view field, const std::string& why) {
  const auto column = static_cast<std::size_t>(field.data() - row.data()) + 1;
  return fail(Domain::setup, "labelled",
              std::string(at.file) + ":" + std::to_string(at.line) + ":" + std::to_string(column) + ": " + why);
}

Result<LabelledRow> row_of(const Place& at, std::string_view line, const std::vector<std::string_view>& fields,
                           const std::array<std::size_t, kColumnsNeeded>& where) {
  const auto field = [&](std::size_t i) { return fields[where[i]]; };
  LabelledRow row;
  row.query = std::string(field(0));
  const auto device = field(1).empty() ? Device::unknown : parse_name<Device>(kDeviceNames, field(1));
  if (!device) return bad(at, line, field(1), "unknown device `" + std::string(field(1)) + "`");
  row.device = *device;
  const auto form = parse_name<Form>(kFormNames, field(2));
  if (!form) return bad(at, line, field(2), "form must be brief, medium or long");
  row.form = *form;
  const auto moment = field(3) == "none" ? Moment::unclear : parse_name<Moment>(kMomentNames, field(3));
  if (!moment) return bad(at, line, field(3), "unknown moment `" + std::string(field(3)) + "`");
  row.moment = *moment;
  const auto label = label_of(field(4));
  if (!label) return bad(at, line, field(4), "unknown stage `" + std::string(field(4)) + "`");
  row.label = *label;
  return row;
}

}  // namespace

Result<std::vector<LabelledRow>> parse_labelled(std::string_view tsv, std::string_view file) {
  std::vector<LabelledRow> out;
  std::array<std::size_t, kColumnsNeeded> where{};
  std::size_t columns = 0, number = 0;
  for (std::string_view line : split(tsv, '\n')) {
    ++number;
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.empty()) continue;
    const std::vector<std::string_view> fields = split(line, '\t');
    const Place at{file, number};
    if (columns == 0) {
      columns = fields.size();
      for (std::size_t i = 0; i < kColumnsNeeded; ++i) {
        where[i] = columns;
        for (std::size_t f = 0; f < columns; ++f) {
          if (fields[f] == kNeeded[i]) where[i] = f;
        }
        if (where[i] == columns)
          return bad(at, line, line, "the header has no column `" + std::string(kNeeded[i]) + "`");
      }
      continue;
    }
    if (fields.size() != columns) {
      return bad(at, line, line,
                 "expected " + std::to_string(columns) + " columns, found " + std::to_string(fields.size()));
    }
    Result<LabelledRow> row = row_of(at, line, fields, where);
    if (!row) return tl::unexpected<Error>(row.error());
    out.push_back(std::move(*row));
  }
  if (columns == 0) return fail(Domain::setup, "labelled", std::string(file) + ":1:1: the file is empty");
  return out;
}

}  // namespace juncture
