#include "juncture/text/scorer.h"

#include <algorithm>
#include <map>

#include "juncture/core/hash.h"
#include "text/parts.h"
#include "text/web_intent.h"

namespace juncture {

using text::Features;
using text::kColumns;
using text::ModelParts;

TextModel::TextModel(std::unique_ptr<const ModelParts> parts) : parts_(std::move(parts)) {}
TextModel::TextModel(TextModel&&) noexcept = default;
TextModel& TextModel::operator=(TextModel&&) noexcept = default;
TextModel::~TextModel() = default;
const std::string& TextModel::version() const {
  return parts_->version;
}
const std::string& TextModel::chain() const {
  return parts_->chain;
}
const std::string& TextModel::meta() const {
  return parts_->meta;
}

TextScorer::TextScorer(const TextModel& model)
    : parts_(model.parts()),
      reader_(std::make_unique<text::FeatureReader>(parts_.phrases, parts_.matcher, parts_.web)) {}
TextScorer::TextScorer(TextScorer&&) noexcept = default;
TextScorer::~TextScorer() = default;

TextEvidence TextScorer::score(std::string_view text, Device device, const Landing& landing) {
  const Features& features = reader_->read(text);
  const text::LandingFacts page = text::read_landing(landing, reader_->words(), parts_.web);
  TextEvidence out = text::evidence_of(parts_, features, text::logits_of(parts_, features), device, page);
  if (features.words == 0 && out.page)
    out.text_hash = hash64(landing.url);  // what tells one visit of it from another page
  return out;
}

WebIntentOdds TextScorer::web_intent(std::string_view text, const Landing& landing) {
  const Features& features = reader_->read(text);
  return text::web_intent_of(features, text::read_landing(landing, reader_->words(), parts_.web));
}

// The first feature of a token alone is its word; those of slots come behind.
std::size_t TextScorer::unknown_words() const {
  const Features& features = reader_->features();
  std::uint64_t seen = 0;
  std::size_t out = 0;
  for (std::size_t i = 0; i < features.word_count; ++i) {
    const text::Origin origin = features.word_origin[i];
    if (origin.tokens != 1 || (seen >> origin.token & 1U) != 0) continue;
    seen |= std::uint64_t{1} << origin.token;
    const auto row = parts_.weights.word.begin() + features.word[i] * static_cast<std::ptrdiff_t>(kColumns);
    if (std::all_of(row, row + kColumns, [](std::int8_t weight) { return weight == 0; })) ++out;
  }
  return out;
}

namespace {

// Difference of two columns of a row.
template <class T>
double gap(const std::vector<T>& table, std::size_t row, std::size_t stage, std::size_t against) {
  return static_cast<double>(table[row * kColumns + stage]) - static_cast<double>(table[row * kColumns + against]);
}

std::string words_of(const text::Normalised& words, std::size_t first, std::size_t count) {
  std::string out;
  for (std::size_t i = first; i < first + count; ++i) {
    if (!out.empty()) out += ' ';
    out += words.word(i);
  }
  return out;
}

std::string dense_name(std::size_t d) {
  if (d < text::kHasNumber) return "(length)";
  if (d == text::kHasNumber) return "(a number)";
  if (d == text::kHasCurrency) return "(a currency)";
  if (d == text::kProducts) return "(a product)";
  if (d >= text::kWebCueFeatures) return "(" + std::string(kWebCueNames[d - text::kWebCueFeatures]) + ")";
  return d == text::kPlaces ? "(a place)" : "(a vendor)";
}

// Shares what a count of cues contributes among the phrases that were counted.
void add_cues(const ModelParts& parts, const text::FeatureReader& reader, std::size_t d, double nats,
              std::map<std::string, double>& terms) {
  std::vector<std::string> found;
  for (const text::Match& match : reader.matches()) {
    const text::Phrase& phrase = parts.phrases[match.phrase];
    const bool counts =
        d < text::kMomentCues ? (phrase.labels >> d & 1U) != 0 : (phrase.moments >> (d - text::kMomentCues) & 1U) != 0;
    if (counts && !reader.is_negated(match)) found.push_back(reader.words_at(match));
  }
  std::sort(found.begin(), found.end());
  for (const std::string& words : found) terms[words] += nats / static_cast<double>(found.size());
}

}  // namespace

std::vector<TextTerm> TextScorer::explain(std::string_view text, Device device, Stage stage, Stage against,
                                          std::size_t n) {
  static_cast<void>(device);  // stages do not depend on it
  const Features& features = reader_->read(text);
  if (features.kind != text::TextKind::words) return {};
  const std::size_t s = index_of(stage), a = index_of(against);
  const text::Weights& weights = parts_.weights;
  const double cool = 1.0 / static_cast<double>(parts_.calibration.stage_temperature[index_of(features.form)]);
  std::map<std::string, double> terms;
  terms["(base)"] = cool * (static_cast<double>(weights.bias[s]) - static_cast<double>(weights.bias[a])) -
                    (static_cast<double>(parts_.log_prior[s]) - static_cast<double>(parts_.log_prior[a]));
  const double word = cool * static_cast<double>(weights.word_scale) * parts_.inverse_root[features.word_count];
  for (std::size_t i = 0; i < features.word_count; ++i) {
    const text::Origin origin = features.word_origin[i];
    terms[words_of(reader_->words(), origin.token, origin.tokens)] += word * gap(weights.word, features.word[i], s, a);
  }
  const double chars = cool * static_cast<double>(weights.char_scale) * parts_.inverse_root[features.char_count];
  for (std::size_t i = 0; i < features.char_count; ++i) {
    terms[std::string(reader_->words().word(features.char_origin[i]))] +=
        chars * gap(weights.chars, features.chars[i], s, a);
  }
  for (std::size_t d = 0; d < text::kDense; ++d) {
    if (features.dense[d] == 0) continue;
    const double nats =
        cool * static_cast<double>(weights.dense_scale) * features.dense[d] * gap(weights.dense, d, s, a);
    if (d < text::kFormFeatures) {
      add_cues(parts_, *reader_, d, nats, terms);
    } else {
      terms[dense_name(d)] += nats;
    }
  }
  std::vector<TextTerm> out;
  for (const auto& [term, nats] : terms) {
    if (nats != 0) out.push_back({term, static_cast<float>(nats)});
  }
  const auto size = [](float nats) { return nats < 0 ? -nats : nats; };
  std::stable_sort(out.begin(), out.end(),
                   [&](const TextTerm& x, const TextTerm& y) { return size(x.nats) > size(y.nats); });
  if (out.size() > n) out.resize(n);
  return out;
}

}  // namespace juncture
