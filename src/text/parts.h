// What a TextModel is made of.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "juncture/core/text_evidence.h"
#include "juncture/core/types.h"
#include "juncture/core/vocabulary.h"
#include "text/features.h"
#include "text/landing.h"
#include "text/phrases.h"

namespace juncture::text {

// Columns of every weight table: 15 evidence classes, one of padding, 4 moments and "no moment", three of padding.
inline constexpr std::size_t kColumns = 24;
inline constexpr std::size_t kMomentColumn = 16;
using Row = std::array<double, kColumns>;

// Quantised: sums of int32 are the same everywhere, and so is all that follows from them.
struct Weights {
  std::vector<std::int8_t> word;    // kBuckets rows
  std::vector<std::int8_t> chars;   // kBuckets rows
  std::vector<std::int16_t> dense;  // kDense rows
  std::array<float, kColumns> bias{};
  float word_scale = 0, char_scale = 0, dense_scale = 0;
};

struct Calibration {
  std::array<float, 3> stage_temperature{1, 1, 1};  // by Form
  std::array<float, 3> moment_temperature{1, 1, 1};
  float none_shift = 0;  // nats added to "none of them"
};

struct Golden {
  std::string text;
  std::array<float, kEvidenceClasses> log_ratio{};
  MomentOdds moments{};
};

struct ModelParts {
  std::string version;
  std::string meta;
  std::uint64_t created_unix_ms = 0;
  std::vector<Phrase> phrases;
  std::vector<WebWord> web_words;
  Weights weights;
  Calibration calibration;
  std::array<float, kEvidenceClasses> log_prior{};                     // ln of the training share
  std::array<std::array<float, kRoles>, kBuyingStages> stage_roles{};  // p(role | stage)
  std::array<std::array<float, kMoments>, 4> device_moment{};          // nats by Device
  std::vector<Golden> goldens;
  std::string chain;  // fitted stage chain, as its module wrote it; empty if none was fitted

  PhraseMatcher matcher;             // from phrases
  WebIndex web;                      // from web_words
  std::vector<double> inverse_root;  // 1/sqrt(n)
};

// Fills what is not stored.
Status complete(ModelParts& parts);

// Scores before softmax, temperature and prior.
Row logits_of(const ModelParts& parts, const Features& features);
// The same for all the evidence; `logits` from logits_of().
TextEvidence evidence_of(const ModelParts& parts, const Features& features, const Row& logits, Device device,
                         const LandingFacts& page = {});

// Of normaliser, hash seeds, columns and label lists: weights mean nothing under another one.
std::uint64_t feature_schema_hash();

}  // namespace juncture::text
