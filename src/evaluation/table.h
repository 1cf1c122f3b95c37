// The columns asked for of a file with a header, as rows of text.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "juncture/core/result.h"
#include "juncture/evaluation/evaluate.h"

namespace juncture {

// Fields of every row in the order of `columns`; core/table.h says what a file may be.
Result<std::vector<std::vector<std::string>>> read_table(const DataFile& file,
                                                         std::initializer_list<std::string_view> columns);

}  // namespace juncture
