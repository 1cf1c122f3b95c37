#include <algorithm>
#include <cstring>

#include "juncture/core/hash.h"
#include "juncture/core/math.h"
#include "text/parts.h"
#include "text/web_intent.h"

namespace juncture::text {
namespace {

// For text no buyer types.
constexpr double kGarbageNone = 0.98;
// What one and two cues of a role multiply its odds by.
constexpr std::array<double, 3> kRoleCue{1.0, 4.0, 8.0};
constexpr std::size_t kUnknownRole = kRoles - 1;
constexpr double kUnknownRoleShare = 0.15;
// Two words typed on a phone do not settle what is wanted, whatever they are: no moment is above .7 even after its odds
// are rounded to 255ths in state.
constexpr std::size_t kFewWords = 2;
constexpr double kFewWordsMost = 0.68;

// Eight lanes on every compiler; sums of 256 rows of i8 fit into i16.
using Bytes8 [[gnu::vector_size(8)]] = std::int8_t;
using Shorts8 [[gnu::vector_size(16)]] = std::int16_t;
constexpr std::size_t kRowsMax = 256;

void add_rows(const std::vector<std::int8_t>& table, const std::uint16_t* index, std::size_t count,
              std::array<std::int32_t, kColumns>& sums) {
  for (std::size_t from = 0; from < count; from += kRowsMax) {
    std::array<Shorts8, kColumns / 8> part{};
    const std::size_t to = std::min(count, from + kRowsMax);
    for (std::size_t i = from; i < to; ++i) {
      const std::int8_t* row = table.data() + std::size_t{index[i]} * kColumns;
      for (std::size_t v = 0; v < part.size(); ++v) {
        Bytes8 bytes;
        std::memcpy(&bytes, row + v * 8, sizeof bytes);
        part[v] += __builtin_convertvector(bytes, Shorts8);
      }
    }
    for (std::size_t c = 0; c < kColumns; ++c) sums[c] += part[c / 8][c % 8];
  }
}

// Returns ln of the sum of exp(values) as they were: ln p of one of them is the value less that.
template <std::size_t N>
double softmax(std::array<double, N>& values) {
  const double top = *std::max_element(values.begin(), values.end());
  double sum = 0;
  for (double& value : values) value -= top;
  exact_exp_all(values);
  for (const double value : values) sum += value;
  for (double& value : values) value /= sum;
  return top + exact_log(sum);
}

// Takes what is above `most` from the largest and shares it among the others in their proportion.
void cap(std::array<double, kMoments>& odds, double most) {
  double& largest = *std::max_element(odds.begin(), odds.end());
  if (largest <= most) return;
  const double others = 1.0 - largest;
  const double share = others > 0 ? (1.0 - most) / others : 0;
  const double rest = others > 0 ? 0 : (1.0 - most) / static_cast<double>(kMoments - 1);
  for (double& value : odds) {
    if (&value != &largest) value = value * share + rest;
  }
  largest = most;
}

void fill_roles(const ModelParts& parts, const Features& features, const std::array<double, kEvidenceClasses>& p,
                std::array<float, kRoles>& out) {
  std::array<double, kRoles> odds{};
  double buyer = 0;
  for (std::size_t s = 0; s < kBuyingStages; ++s) {
    buyer += p[s];
    for (std::size_t r = 0; r < kRoles; ++r) odds[r] += p[s] * static_cast<double>(parts.stage_roles[s][r]);
  }
  odds[kUnknownRole] += kUnknownRoleShare * buyer + (1.0 - buyer);
  double sum = 0;
  for (std::size_t r = 0; r < kRoles; ++r) {
    if (r != kUnknownRole) odds[r] = (odds[r] + 0.01) * kRoleCue[features.role_hits[r]];
    sum += odds[r];
  }
  for (std::size_t r = 0; r < kRoles; ++r) out[r] = static_cast<float>(odds[r] / sum);
}

// Moments of the text, then what the page adds to them.
void fill_moments(const ModelParts& parts, const Features& features, const Row& logits, Device device,
                  const std::array<double, kMoments>& page_nats, MomentOdds& out) {
  std::array<double, kMoments> m{};
  const double cool = 1.0 / static_cast<double>(parts.calibration.moment_temperature[index_of(features.form)]);
  for (std::size_t i = 0; i < kMoments; ++i) {
    m[i] = logits[kMomentColumn + i] * cool + static_cast<double>(parts.device_moment[index_of(device)][i]);
  }
  softmax(m);
  if (device == Device::mobile && features.typed_words <= kFewWords) cap(m, kFewWordsMost);
  double sum = 0;
  for (std::size_t i = 0; i < kMoments; ++i) sum += m[i] *= page_nats[i] == 0 ? 1.0 : exact_exp(page_nats[i]);
  for (std::size_t i = 0; i < kMoments; ++i) out[i] = static_cast<float>(m[i] / sum);
}

// A page whose title nobody sent, or a text in a language that the model was not taught: nothing about the stage, and
// about the moment only what the page says.
void read_page_alone(const ModelParts& parts, std::array<double, kMoments> nats, TextEvidence& out) {
  if (out.page) {
    softmax(nats);
    for (std::size_t i = 0; i < kMoments; ++i) out.moments[i] = static_cast<float>(nats[i]);
  }
  out.none = static_cast<float>(exact_exp(static_cast<double>(parts.log_prior[kNoneClass])));
}

}  // namespace

Row logits_of(const ModelParts& parts, const Features& features) {
  std::array<std::int32_t, kColumns> word{}, chars{}, dense{};
  const Weights& weights = parts.weights;
  add_rows(weights.word, features.word.data(), features.word_count, word);
  add_rows(weights.chars, features.chars.data(), features.char_count, chars);
  for (std::size_t d = 0; d < kDense; ++d) {
    if (features.dense[d] == 0) continue;
    const std::int16_t* row = weights.dense.data() + d * kColumns;
    for (std::size_t c = 0; c < kColumns; ++c) dense[c] += row[c] * std::int32_t{features.dense[d]};
  }
  const double word_scale = static_cast<double>(weights.word_scale) * parts.inverse_root[features.word_count];
  const double char_scale = static_cast<double>(weights.char_scale) * parts.inverse_root[features.char_count];
  Row out{};
  for (std::size_t c = 0; c < kColumns; ++c) {
    out[c] = static_cast<double>(weights.bias[c]) + word_scale * word[c] + char_scale * chars[c] +
             static_cast<double>(weights.dense_scale) * dense[c];
  }
  return out;
}

TextEvidence evidence_of(const ModelParts& parts, const Features& features, const Row& logits, Device device,
                         const LandingFacts& page) {
  TextEvidence out;
  out.form = features.form;
  out.words = features.words;
  out.text_hash = features.text_hash;
  out.roles[kUnknownRole] = 1;
  const std::array<double, kMoments> page_nats = moment_nats_of(page, features);
  out.page = std::any_of(page_nats.begin(), page_nats.end(), [](double nats) { return nats != 0; });
  if (features.kind == TextKind::empty || features.kind == TextKind::foreign) {
    if (out.page || features.kind == TextKind::foreign) read_page_alone(parts, page_nats, out);
    return out;
  }
  if (features.kind == TextKind::garbage) {
    out.none = static_cast<float>(kGarbageNone);
    const double rest = 1.0 - exact_exp(static_cast<double>(parts.log_prior[kNoneClass]));
    out.log_ratio.fill(static_cast<float>(exact_log((1.0 - kGarbageNone) / rest)));
    out.log_ratio[kNoneClass] =
        static_cast<float>(exact_log(kGarbageNone) - static_cast<double>(parts.log_prior[kNoneClass]));
    return out;
  }
  const std::size_t form = index_of(features.form);
  std::array<double, kEvidenceClasses> p{};
  const double stage_t = static_cast<double>(parts.calibration.stage_temperature[form]);
  for (std::size_t y = 0; y < kEvidenceClasses; ++y) p[y] = logits[y] / stage_t;
  p[kNoneClass] += static_cast<double>(parts.calibration.none_shift);
  const std::array<double, kEvidenceClasses> z = p;
  const double log_sum = softmax(p);
  for (std::size_t y = 0; y < kEvidenceClasses; ++y) {
    out.log_ratio[y] = static_cast<float>(z[y] - log_sum - static_cast<double>(parts.log_prior[y]));
  }
  out.none = static_cast<float>(p[kNoneClass]);
  fill_moments(parts, features, logits, device, page_nats, out.moments);
  fill_roles(parts, features, p, out.roles);
  return out;
}

Status complete(ModelParts& parts) {
  Result<PhraseMatcher> matcher = PhraseMatcher::compile(parts.phrases);
  if (!matcher) return tl::unexpected<Error>(matcher.error());
  parts.matcher = std::move(*matcher);
  parts.web = WebIndex(parts.web_words);
  parts.inverse_root.assign(kCharFeaturesMax + 1, 0.0);
  for (std::size_t n = 1; n <= kCharFeaturesMax; ++n) {
    parts.inverse_root[n] = exact_exp(-0.5 * exact_log(static_cast<double>(n)));
  }
  return {};
}

std::uint64_t feature_schema_hash() {
  std::string schema =
      "juncture.features/3;utf8proc-casefold;english-stems;word12-seed1;start-seed3;char345-seed2;65536x24;labels:";
  for (const std::string_view name : kStageNames) schema.append(name).append(",");
  schema.append("none;moments:");
  for (const std::string_view name : kMomentNames) schema.append(name).append(",");
  schema.append("roles:");
  for (const std::string_view name : kRoleNames) schema.append(name).append(",");
  return hash64(schema);
}

}  // namespace juncture::text
