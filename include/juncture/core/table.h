// A table in text: a header line, then rows of as many fields. Tab separated raw, or comma separated with quotes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "juncture/core/result.h"

namespace juncture {

class Table {
 public:
  // Tabs separate if the header has one, and quotes mean nothing then; else commas, as RFC 4180 has it. Empty lines,
  // and those before the header that begin with #, are passed over. `file` is for messages: "FILE:LINE:1: why".
  static Result<Table> parse(std::string_view text, std::string_view file);

  std::size_t rows() const { return lines_.size(); }
  const std::vector<std::string>& header() const { return header_; }
  const std::string& at(std::size_t row, std::size_t column) const { return cells_[row * header_.size() + column]; }

  // Index of the column of that name.
  Result<std::size_t> column(std::string_view name) const;
  // The field as a finite number; a setup error that says where otherwise.
  Result<double> number(std::size_t row, std::size_t column) const;
  // The field as UTC: "2012-01-15", or with a time of day behind a blank or a T, with a Z or nothing at the end. ms
  // since 1970.
  Result<std::int64_t> time_ms(std::size_t row, std::size_t column) const;
  // An error about a field of it.
  tl::unexpected<Error> bad(std::size_t row, std::string_view why) const;

 private:
  std::string file_;
  std::vector<std::string> header_, cells_;
  std::vector<std::size_t> lines_;  // of the file, from 1, per row
};

}  // namespace juncture
