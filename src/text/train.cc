#include "juncture/text/train.h"

#include <algorithm>
#include <numeric>

#include "juncture/core/hash.h"
#include "juncture/core/json_writer.h"
#include "juncture/core/math.h"
#include "text/augment.h"
#include "text/calibrate.h"
#include "text/learn.h"
#include "text/lexicon.h"
#include "text/model_file.h"

namespace juncture {
namespace {

using namespace text;

constexpr std::size_t kGoldens = 32;

struct SourcePhrase {
  std::string text;
  std::size_t label = kNoneClass;  // kNoLabel: of no stage in particular
  std::uint16_t moment = kNoLabel;
};

// A visitor on the way to a page has no moment; of the other noise the taxonomy does not say.
std::vector<SourcePhrase> source_phrases(const Taxonomy& taxonomy) {
  std::vector<SourcePhrase> out;
  for (std::size_t s = 0; s < kStages; ++s) {
    for (const TaxonomyPhrase& phrase : taxonomy.stages[s].phrases) {
      const bool known = phrase.moment != Moment::unclear;  // an analyst's correction names no moment
      out.push_back({phrase.text, s, known ? static_cast<std::uint16_t>(index_of(phrase.moment)) : kNoLabel});
    }
  }
  for (std::size_t m = 0; m < taxonomy.moments.size(); ++m) {
    for (const std::string& text : taxonomy.moments[m].phrases)
      out.push_back({text, kNoLabel, static_cast<std::uint16_t>(m)});
  }
  for (const TaxonomyNoise& noise : taxonomy.noise) {
    const std::uint16_t moment =
        noise.kind == "navigational" ? static_cast<std::uint16_t>(index_of(Moment::unclear)) : kNoLabel;
    for (const std::string& text : noise.phrases) out.push_back({text, kNoneClass, moment});
  }
  return out;
}

std::vector<Sample> make_samples(const std::vector<SourcePhrase>& phrases, const SlotNames& names,
                                 const ModelParts& parts, std::uint64_t seed) {
  FeatureReader reader(parts.phrases, parts.matcher, parts.web);
  Chance chance(seed);
  std::vector<Sample> out;
  for (std::size_t i = 0; i < phrases.size(); ++i) {
    for (const Variant& variant : variants_of(phrases[i].text, names, reader, chance)) {
      const Features& features = reader.read(variant.text);
      if (features.kind != TextKind::words) continue;
      Sample sample = sample_of(features);
      sample.family = static_cast<std::uint32_t>(i);
      sample.labels = {static_cast<std::uint16_t>(phrases[i].label), phrases[i].moment};
      sample.weight = static_cast<float>(variant.weight);
      out.push_back(std::move(sample));
    }
  }
  return out;
}

// With one phrase added to every class, so that none is impossible.
void set_priors(const Taxonomy& taxonomy, const std::vector<SourcePhrase>& phrases, ModelParts& parts) {
  std::array<double, kEvidenceClasses> counts{};
  counts.fill(1.0);
  for (const SourcePhrase& phrase : phrases) {
    if (phrase.label != kNoLabel) counts[phrase.label] += 1.0;
  }
  const double total = std::accumulate(counts.begin(), counts.end(), 0.0);
  for (std::size_t y = 0; y < kEvidenceClasses; ++y) {
    parts.log_prior[y] = static_cast<float>(exact_log(counts[y] / total));
  }
  for (std::size_t s = 0; s < kBuyingStages; ++s) parts.stage_roles[s] = taxonomy.stages[s].roles;
  double desktop = 0, mobile = 0;
  for (const TaxonomyMoment& moment : taxonomy.moments) {
    desktop += moment.desktop / 4;
    mobile += moment.mobile / 4;
  }
  for (std::size_t m = 0; m < taxonomy.moments.size(); ++m) {
    const TaxonomyMoment& moment = taxonomy.moments[m];
    if (desktop > 0) {
      parts.device_moment[index_of(Device::desktop)][m] =
          static_cast<float>(exact_log(moment.desktop / desktop + 0.01));
    }
    if (mobile > 0) {
      parts.device_moment[index_of(Device::mobile)][m] = static_cast<float>(exact_log(moment.mobile / mobile + 0.01));
    }
  }
}

std::vector<Judged> judge_rows(const ModelParts& parts, std::span<const LabelledRow> rows) {
  FeatureReader reader(parts.phrases, parts.matcher, parts.web);
  std::vector<Judged> out;
  for (const LabelledRow& row : rows) {
    const Features& features = reader.read(row.query);
    if (features.kind != TextKind::words) continue;
    const Moment moment = row.label == kNoneClass ? Moment::unclear : row.moment;
    out.push_back({logits_of(parts, features), features.form, row.label, moment, row.device, 1.0F});
  }
  return out;
}

// Without labelled rows: what a model that has not seen a tenth of the families says of them.
Calibration calibrate_on_held_out(ModelParts& parts, const std::vector<SourcePhrase>& phrases,
                                  std::span<const Sample> samples, const TrainOptions& options) {
  parts.weights = learn(samples, options, true);
  FeatureReader reader(parts.phrases, parts.matcher, parts.web);
  std::vector<Judged> judged;
  for (std::size_t i = 0; i < phrases.size(); ++i) {
    if (!is_held_out(static_cast<std::uint32_t>(i))) continue;
    const Features& features = reader.read(phrases[i].text);
    if (features.kind != TextKind::words || phrases[i].label == kNoLabel) continue;
    const Moment moment = phrases[i].moment == kNoLabel ? Moment::unclear : static_cast<Moment>(phrases[i].moment);
    judged.push_back({logits_of(parts, features), features.form, phrases[i].label, moment, Device::unknown, 1.0F});
  }
  return calibrate(judged, parts.device_moment, false);
}

void set_goldens(const std::vector<SourcePhrase>& phrases, ModelParts& parts) {
  FeatureReader reader(parts.phrases, parts.matcher, parts.web);
  const std::size_t step = std::max<std::size_t>(1, phrases.size() / kGoldens);
  for (std::size_t i = 0; i < phrases.size() && parts.goldens.size() < kGoldens; i += step) {
    const Features& features = reader.read(phrases[i].text);
    const TextEvidence evidence = evidence_of(parts, features, logits_of(parts, features), Device::desktop);
    parts.goldens.push_back({phrases[i].text, evidence.log_ratio, evidence.moments});
  }
}

std::string meta_of(const Taxonomy& taxonomy, const UserVocabulary& vocabulary, const TrainOptions& options,
                    std::size_t phrases, std::size_t samples, std::size_t calibration) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.member("schema", "juncture.model/2");
  json.member("taxonomy", std::string_view(taxonomy.version));
  json.member("vocabulary", std::string_view(vocabulary.version));
  json.member("seed", options.seed);
  json.member("epochs", options.epochs);
  json.member("rate", options.rate);
  json.member("l2", options.l2);
  json.member("phrases", phrases);
  json.member("samples", samples);
  json.member("calibration_rows", calibration);
  json.end_object();
  return out;
}

}  // namespace

Result<TextModel> train(const Taxonomy& taxonomy, const UserVocabulary& vocabulary, const TrainOptions& options,
                        std::span<const LabelledRow> calibration) {
  const std::vector<SourcePhrase> phrases = source_phrases(taxonomy);
  if (phrases.empty()) return fail(Domain::setup, "train", "the taxonomy has no phrases to learn from");
  auto parts = std::make_unique<ModelParts>();
  parts->created_unix_ms = options.created_unix_ms;
  parts->phrases = make_phrases(taxonomy, vocabulary);
  parts->web_words = make_web_words(taxonomy.web);
  if (Status done = complete(*parts); !done) return tl::unexpected<Error>(done.error());
  set_priors(taxonomy, phrases, *parts);
  const std::vector<Sample> samples = make_samples(phrases, all_names(taxonomy, vocabulary), *parts, options.seed);
  if (calibration.empty()) parts->calibration = calibrate_on_held_out(*parts, phrases, samples, options);
  parts->weights = learn(samples, options, false);
  if (!calibration.empty()) {
    parts->calibration = calibrate(judge_rows(*parts, calibration), parts->device_moment, true);
  }
  set_goldens(phrases, *parts);
  parts->meta = meta_of(taxonomy, vocabulary, options, phrases.size(), samples.size(), calibration.size());
  parts->version = version_of(*parts);
  return TextModel(std::move(parts));
}

}  // namespace juncture
