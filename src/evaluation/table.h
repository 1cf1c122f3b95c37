// Reads delimited text with a header row, as published data sets have it. Only the columns asked for.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "juncture/core/result.h"
#include "juncture/evaluation/evaluate.h"

namespace juncture {

enum class TableFormat : char { tab = '\t', comma = ',' };

// Fields of every row in the order of `columns`. Comma separated fields may be quoted, with quotes doubled inside and
// line ends kept; tab separated ones are raw. A row without enough fields is an error with its line.
Result<std::vector<std::vector<std::string>>> read_table(const DataFile& file, TableFormat format,
                                                         std::initializer_list<std::string_view> columns);

}  // namespace juncture
