// Public buyers' notices (Open Contracting Data, a JSON object a line): which of three steps of a purchase a notice is
// of, from its title and description. There is no train part: the text model as it is, and a head learnt in five folds.
#include <simdjson.h>

#include <algorithm>

#include "juncture/core/math.h"
#include "juncture/evaluation/evaluate.h"
#include "juncture/text/classifier.h"
#include "juncture/text/scorer.h"

namespace juncture {
namespace {

constexpr std::size_t kClasses = 3, kFolds = 5;
constexpr std::size_t kPieceBytes = 480;  // below what the normaliser reads of a text
constexpr std::array<std::string_view, kClasses> kNames{"supplier_outreach", "shortlisting", "sign_off"};
constexpr ClassifierOptions kOptions{.seed = 20261122, .epochs = 20, .rate = 0.1, .l2 = 1e-4, .balance = 0.7};

struct Notice {
  std::string text;
  std::uint32_t label = 0;
  std::uint32_t process = 0;  // notices of one purchase
};

// Planning is an early word to suppliers, a tender asks a few to compete, an award ends in a contract.
std::optional<std::uint32_t> label_of(std::string_view tag) {
  if (tag.starts_with("planning")) return 0;
  if (tag.starts_with("tender")) return 1;
  if (tag.starts_with("award") || tag.starts_with("contract")) return 2;
  return std::nullopt;
}

Result<std::vector<Notice>> read_notices(std::span<const DataFile> files) {
  std::vector<Notice> out;
  std::vector<std::string> processes;
  simdjson::dom::parser parser;
  for (const DataFile& file : files) {
    std::size_t number = 0;
    for (std::string_view rest = file.bytes; !rest.empty();) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      const std::string_view line = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      ++number;
      if (line.empty()) continue;
      simdjson::dom::element root;
      std::string_view ocid, tag, title, description;
      const bool ok = parser.parse(line.data(), line.size()).get(root) == simdjson::SUCCESS &&
                      root["ocid"].get(ocid) == simdjson::SUCCESS && root["tag"].at(0).get(tag) == simdjson::SUCCESS &&
                      root["title"].get(title) == simdjson::SUCCESS;
      const auto label = ok ? label_of(tag) : std::nullopt;
      if (!label) {
        return fail(Domain::setup, "notices",
                    file.name + ":" + std::to_string(number) +
                        ":1: expected ocid, title and a tag of planning, tender or award");
      }
      if (root["description"].get(description) != simdjson::SUCCESS) description = {};  // some have none
      auto at = std::find(processes.begin(), processes.end(), ocid);
      if (at == processes.end()) at = processes.insert(at, std::string(ocid));
      out.push_back({std::string(title) + " " + std::string(description), *label,
                     static_cast<std::uint32_t>(at - processes.begin())});
    }
  }
  return out;
}

std::uint32_t by_text_model(TextScorer& scorer, const std::string& text) {
  const TextEvidence said = scorer.score(text, Device::unknown);
  const auto ratio = [&](Stage stage) { return said.log_ratio[index_of(stage)]; };
  const std::array<float, kClasses> of{ratio(Stage::supplier_outreach),
                                       std::max(ratio(Stage::shortlisting), ratio(Stage::bake_off)),
                                       ratio(Stage::sign_off)};
  return static_cast<std::uint32_t>(std::max_element(of.begin(), of.end()) - of.begin());
}

// A notice is longer than a query may be: pieces of at most kPieceBytes, cut between words.
std::vector<std::string> pieces_of(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = std::min(at + kPieceBytes, text.size());
    if (end < text.size()) {
      const std::size_t space = text.rfind(' ', end);
      if (space != std::string::npos && space > at) end = space;
    }
    out.push_back(text.substr(at, end - at));
    at = end;
  }
  return out;
}

// By the geometric mean of what the head says of the pieces.
std::uint32_t best_of_pieces(TextClassifier& classifier, const std::string& text) {
  std::array<double, kClasses> sums{};
  for (const std::string& piece : pieces_of(text)) {
    const std::span<const double> odds = classifier.odds(piece);
    for (std::size_t c = 0; c < kClasses; ++c) sums[c] += exact_log(odds[c] + 1e-12);
  }
  return static_cast<std::uint32_t>(std::max_element(sums.begin(), sums.end()) - sums.begin());
}

// Notices of one purchase are all in one fold: its words do not tell its own other notices.
std::vector<std::uint32_t> by_folds(const TextModel& lexicon, const std::vector<Notice>& notices) {
  std::vector<std::uint32_t> out(notices.size());
  for (std::size_t fold = 0; fold < kFolds; ++fold) {
    std::vector<ClassifierExample> train;
    for (const Notice& notice : notices) {
      if (notice.process % kFolds == fold) continue;
      const std::vector<std::string> pieces = pieces_of(notice.text);
      const float weight = 1.0F / static_cast<float>(pieces.size());
      for (const std::string& piece : pieces) train.push_back({piece, notice.label, weight});
    }
    TextClassifier classifier(lexicon, train, kClasses, kOptions);
    for (std::size_t n = 0; n < notices.size(); ++n) {
      if (notices[n].process % kFolds == fold) out[n] = best_of_pieces(classifier, notices[n].text);
    }
  }
  return out;
}

}  // namespace

Result<EvaluationReport> evaluate_notices(const EvaluationInput& input) {
  const auto notices = read_notices(input.files);
  if (!notices) return tl::unexpected<Error>(notices.error());
  TextScorer scorer(input.text);
  std::vector<std::uint32_t> truth, process, untrained;
  std::array<std::size_t, kClasses> counts{};
  for (const Notice& notice : *notices) {
    truth.push_back(notice.label);
    process.push_back(notice.process);
    untrained.push_back(by_text_model(scorer, notice.text));
    ++counts[notice.label];
  }
  const std::vector<std::uint32_t> folded = by_folds(input.text, *notices);
  const auto f1 = [&](const std::vector<std::uint32_t>& found) {
    return bootstrap_by_group(process, [&](Picks p) { return macro_f1(truth, found, p, kClasses); });
  };
  const auto right = [&](const std::vector<std::uint32_t>& found) {
    return bootstrap_by_group(process, [&](Picks p) { return accuracy(truth, found, p); });
  };
  EvaluationReport report{.set = "notices", .model = input.text.version(), .rows = truth.size()};
  report.figures = {{"macro_f1", f1(folded)},
                    {"accuracy", right(folded)},
                    {"macro_f1_untrained", f1(untrained)},
                    {"accuracy_untrained", right(untrained)}};
  std::string remark =
      "macro_f1: a head learnt in five folds by purchase, no notice scored by a head that saw its "
      "purchase; untrained: the text model as it is. Rows:";
  for (std::size_t c = 0; c < kClasses; ++c)
    remark.append(" ").append(kNames[c]).append(" ").append(std::to_string(counts[c]));
  report.remarks.push_back(remark + ".");
  return report;
}

}  // namespace juncture
