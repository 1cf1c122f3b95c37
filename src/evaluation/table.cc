#include "evaluation/table.h"

#include "juncture/core/table.h"

namespace juncture {

Result<std::vector<std::vector<std::string>>> read_table(const DataFile& file,
                                                         std::initializer_list<std::string_view> columns) {
  const Result<Table> table = Table::parse(file.bytes, file.name);
  if (!table) return tl::unexpected<Error>(table.error());
  std::vector<std::vector<std::string>> out(table->rows());
  for (const std::string_view name : columns) {
    const auto column = table->column(name);
    if (!column) return tl::unexpected<Error>(column.error());
    for (std::size_t row = 0; row < out.size(); ++row) out[row].push_back(table->at(row, *column));
  }
  return out;
}

}  // namespace juncture
