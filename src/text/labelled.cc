#include "juncture/core/table.h"
#include "juncture/text/train.h"

namespace juncture {
namespace {

struct Columns {
  std::size_t query = 0, device = 0, form = 0, moment = 0, stage = 0;
};

Result<LabelledRow> row_of(const Table& table, std::size_t r, const Columns& columns) {
  const auto unknown = [&](const char* what, const std::string& field) {
    return table.bad(r, std::string("unknown ") + what + " `" + field + "`");
  };
  LabelledRow row;
  row.query = table.at(r, columns.query);
  const std::string& device_name = table.at(r, columns.device);
  const auto device = device_name.empty() ? Device::unknown : parse_name<Device>(kDeviceNames, device_name);
  if (!device) return unknown("device", device_name);
  row.device = *device;
  const std::string& form_name = table.at(r, columns.form);
  const auto form = parse_name<Form>(kFormNames, form_name);
  if (!form) return unknown("form", form_name);
  row.form = *form;
  const std::string& moment_name = table.at(r, columns.moment);
  const auto moment = moment_name == "none" ? Moment::unclear : parse_name<Moment>(kMomentNames, moment_name);
  if (!moment) return unknown("moment", moment_name);
  row.moment = *moment;
  const auto label = evidence_class_of(table.at(r, columns.stage));
  if (!label) return unknown("stage", table.at(r, columns.stage));
  row.label = *label;
  return row;
}

}  // namespace

Result<std::vector<LabelledRow>> parse_labelled(std::string_view tsv, std::string_view file) {
  const Result<Table> table = Table::parse(tsv, file);
  if (!table) return tl::unexpected<Error>(table.error());
  Columns columns;
  for (const auto& [name, column] :
       {std::pair("query", &columns.query), std::pair("device", &columns.device), std::pair("form", &columns.form),
        std::pair("moment", &columns.moment), std::pair("stage", &columns.stage)}) {
    const auto found = table->column(name);
    if (!found) return tl::unexpected<Error>(found.error());
    *column = *found;
  }
  std::vector<LabelledRow> out;
  for (std::size_t r = 0; r < table->rows(); ++r) {
    Result<LabelledRow> row = row_of(*table, r, columns);
    if (!row) return tl::unexpected<Error>(row.error());
    out.push_back(std::move(*row));
  }
  return out;
}

}  // namespace juncture
