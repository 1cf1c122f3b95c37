// Learns a TextModel from the taxonomy and the user's vocabulary. Same input, same bytes.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "juncture/core/taxonomy.h"
#include "juncture/text/model.h"

namespace juncture {

// One labelled query: columns of the labelled TSV.
struct LabelledRow {
  std::string query;
  Device device = Device::unknown;
  Form form = Form::brief;
  std::size_t label = kNoneClass;  // 0..13 a Stage, 14 none of them
  Moment moment = Moment::unclear;
};

// Tab separated, a header first: needs query, device, form, moment and stage; other columns are passed over.
// `file` is only for messages.
Result<std::vector<LabelledRow>> parse_labelled(std::string_view tsv, std::string_view file);

struct TrainOptions {
  std::uint64_t seed = 20261122;
  int epochs = 12;
  double rate = 0.30;
  double l2 = 3e-3;
  double cue_prior = 1.0;             // what a phrase cue weighs before any example is seen
  double cue_l2 = 0.02;               // how hard the cues are held to that
  double cue_dropout = 0.5;           // share of copies that are learnt without their cues
  std::uint64_t created_unix_ms = 0;  // written into the file; not part of the version
};

// `calibration` fits temperatures and the share of noise, never weights; empty: held-out phrase families do.
Result<TextModel> train(const Taxonomy& taxonomy, const UserVocabulary& vocabulary, const TrainOptions& options,
                        std::span<const LabelledRow> calibration = {});

}  // namespace juncture
