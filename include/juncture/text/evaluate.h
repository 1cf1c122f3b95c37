// Measures a TextModel on labelled queries, with bootstrap intervals. Definitions: docs/formats/model.md.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "juncture/text/model.h"

namespace juncture {

// A figure and its 95 % interval from 1000 resamples of the rows with a fixed seed. NaN where no row has it.
struct Estimate {
  double value = 0, low = 0, high = 0;
};

struct LabelledFigures {
  std::size_t rows = 0;
  Estimate stage_top1, stage_within_one, stage_macro_f1;
  Estimate none_auc, log_loss, ece;
  Estimate moment_accuracy, moment_macro_f1;
};

struct LabelledReport {
  std::string model;  // TextModel::version()
  LabelledFigures all;
  std::vector<std::pair<std::string, LabelledFigures>> by_device, by_form;  // groups with a row, by name
};

// Tab separated as parse_labelled() reads it.
Result<LabelledReport> evaluate_labelled(const TextModel& model, std::string_view tsv,
                                         std::string_view file = "labelled.tsv");
std::string to_json(const LabelledReport& report);
std::string to_table(const LabelledReport& report);

}  // namespace juncture
