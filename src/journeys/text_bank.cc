#include "juncture/journeys/text_bank.h"

#include <algorithm>
#include <optional>

namespace juncture::journeys {
namespace {

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> out;
  while (true) {
    const std::size_t end = text.find(at);
    out.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

std::optional<std::size_t> subject_of(std::string_view name) {
  if (name == "none") return kNoneClass;
  if (name == "stalled_no_decision") return index_of(Stage::stalled);
  if (name == "silently_rejected") return index_of(Stage::rejected);
  const auto stage = parse_name<Stage>(kStageNames, name);
  if (!stage) return std::nullopt;
  return index_of(*stage);
}

tl::unexpected<Error> bad(std::string_view file, std::size_t line, const std::string& why) {
  return fail(Domain::setup, "text_bank", std::string(file) + ":" + std::to_string(line) + ": " + why);
}

}  // namespace

const std::string& TextBank::phrase(Chance& chance, std::size_t subject, bool mobile) const {
  const auto& phrases = phrases_[subject];
  const std::string& one = phrases[chance.below(phrases.size())];
  if (!mobile) return one;
  const std::string& other = phrases[chance.below(phrases.size())];
  return other.size() < one.size() ? other : one;
}

const std::string& TextBank::any(Chance& chance) const {
  std::size_t pick = chance.below(size()), subject = 0;
  while (pick >= phrases_[subject].size()) pick -= phrases_[subject++].size();
  return phrases_[subject][pick];
}

std::size_t TextBank::size() const {
  std::size_t sum = 0;
  for (const auto& phrases : phrases_) sum += phrases.size();
  return sum;
}

Result<TextBank> parse_text_bank(std::string_view tsv, std::string_view file) {
  TextBank out;
  std::optional<std::size_t> query, stage;
  std::size_t number = 0;
  for (std::string_view line : split(tsv, '\n')) {
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.starts_with('#')) continue;
    const std::vector<std::string_view> fields = split(line, '\t');
    if (!query || !stage) {
      for (std::size_t f = 0; f < fields.size(); ++f) {
        if (fields[f] == "query") query = f;
        if (fields[f] == "stage") stage = f;
      }
      if (!query || !stage) return bad(file, number, "the header needs the columns query and stage");
      continue;
    }
    if (fields.size() <= std::max(*query, *stage)) return bad(file, number, "a field is missing");
    const auto subject = subject_of(fields[*stage]);
    if (!subject) return bad(file, number, "unknown stage `" + std::string(fields[*stage]) + "`");
    out.phrases_[*subject].emplace_back(fields[*query]);
  }
  for (std::size_t s = 0; s < kSubjects; ++s) {
    if (!out.phrases_[s].empty()) continue;
    return bad(file, number, "no phrase for " + std::string(s < kStages ? kStageNames[s] : "none"));
  }
  return out;
}

}  // namespace juncture::journeys
