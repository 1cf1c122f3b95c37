#include "juncture/journeys/text_bank.h"

#include "juncture/core/table.h"

namespace juncture::journeys {

const std::string& TextBank::phrase(Chance& chance, std::size_t subject, bool mobile) const {
  const auto& phrases = phrases_[subject];
  const std::string& one = phrases[chance.below(phrases.size())];
  if (!mobile) return one;
  const std::string& other = phrases[chance.below(phrases.size())];
  return other.size() < one.size() ? other : one;
}

const std::string& TextBank::any(Chance& chance) const {
  const std::size_t phrases = size();
  JUNCTURE_ASSERT(phrases > 0);
  std::size_t pick = chance.below(phrases), subject = 0;
  while (pick >= phrases_[subject].size()) pick -= phrases_[subject++].size();
  return phrases_[subject][pick];
}

std::size_t TextBank::size() const {
  std::size_t sum = 0;
  for (const auto& phrases : phrases_) sum += phrases.size();
  return sum;
}

Result<TextBank> parse_text_bank(std::string_view tsv, std::string_view file) {
  const Result<Table> table = Table::parse(tsv, file);
  if (!table) return tl::unexpected<Error>(table.error());
  const auto query = table->column("query"), stage = table->column("stage");
  for (const auto* column : {&query, &stage}) {
    if (!*column) return tl::unexpected<Error>(column->error());
  }
  TextBank out;
  for (std::size_t r = 0; r < table->rows(); ++r) {
    const auto subject = evidence_class_of(table->at(r, *stage));
    if (!subject) return table->bad(r, "unknown stage `" + table->at(r, *stage) + "`");
    out.phrases_[*subject].push_back(table->at(r, *query));
  }
  for (std::size_t s = 0; s < kSubjects; ++s) {
    if (!out.phrases_[s].empty()) continue;
    return fail(Domain::setup, "text_bank",
                std::string(file) + ": no phrase for " + std::string(s < kStages ? kStageNames[s] : "none"));
  }
  return out;
}

}  // namespace juncture::journeys
