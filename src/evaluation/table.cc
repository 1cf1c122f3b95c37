#include "evaluation/table.h"

#include <algorithm>

namespace juncture {
namespace {

// One record at a time; quotes only where the format has them.
class Records {
 public:
  Records(std::string_view text, TableFormat format)
      : text_(text), separator_(static_cast<char>(format)), quotes_(format == TableFormat::comma) {}

  bool next(std::vector<std::string>& fields) {
    fields.clear();
    if (at_ >= text_.size()) return false;
    record_line_ = line_;
    bool more = true;
    while (more) more = field(fields.emplace_back());
    return true;
  }
  std::size_t line() const { return record_line_; }

 private:
  // True if another field of the same record follows.
  bool field(std::string& out) {
    bool quoted = quotes_ && at_ < text_.size() && text_[at_] == '"';
    if (quoted) ++at_;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '\n') ++line_;
      if (quoted && c == '"') {
        if (at_ < text_.size() && text_[at_] == '"') {
          out += text_[at_++];
        } else {
          quoted = false;
        }
      } else if (!quoted && c == separator_) {
        return true;
      } else if (!quoted && c == '\n') {
        break;
      } else if (quoted || c != '\r') {
        out += c;
      }
    }
    return false;
  }

  std::string_view text_;
  char separator_;
  bool quotes_;
  std::size_t at_ = 0, line_ = 1, record_line_ = 1;
};

}  // namespace

Result<std::vector<std::vector<std::string>>> read_table(const DataFile& file, TableFormat format,
                                                         std::initializer_list<std::string_view> columns) {
  Records records(file.bytes, format);
  std::vector<std::string> fields;
  const auto bad = [&](const std::string& why) {
    return fail(Domain::setup, "table", file.name + ":" + std::to_string(records.line()) + ":1: " + why);
  };
  if (!records.next(fields)) return bad("the file is empty");
  std::vector<std::size_t> where;
  for (const std::string_view column : columns) {
    const auto found = std::find(fields.begin(), fields.end(), column);
    if (found == fields.end()) return bad("the header has no column `" + std::string(column) + "`");
    where.push_back(static_cast<std::size_t>(found - fields.begin()));
  }
  std::vector<std::vector<std::string>> out;
  while (records.next(fields)) {
    if (fields.size() == 1 && fields[0].empty()) continue;
    std::vector<std::string> row;
    for (const std::size_t i : where) {
      if (i >= fields.size()) return bad("the row has only " + std::to_string(fields.size()) + " fields");
      row.push_back(std::move(fields[i]));
    }
    out.push_back(std::move(row));
  }
  return out;
}

}  // namespace juncture
