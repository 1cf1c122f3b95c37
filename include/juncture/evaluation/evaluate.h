// The evaluations, one per set of data: each scores any files of its set's shape. docs/evaluation.md describes them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "juncture/core/result.h"
#include "juncture/core/taxonomy.h"
#include "juncture/evaluation/report.h"
#include "juncture/inference/stage_chain.h"
#include "juncture/text/model.h"

namespace juncture {

struct DataFile {
  std::string name;  // for messages and to tell one file of a set from another
  std::string bytes;
};

struct EvaluationInput {
  const TextModel& text;
  const StageChain& chain;
  const Taxonomy& taxonomy;
  std::span<const DataFile> files;  // what is measured
  std::span<const DataFile> train;  // what may be learnt from; empty where the set needs none
};

struct Evaluation {
  std::string_view name;   // of `juncture eval NAME`
  std::string_view about;  // a line of help: what the files are
  bool trains;             // needs --train
  Result<EvaluationReport> (*run)(const EvaluationInput& input);
};

// In the order in which the report shows them.
std::span<const Evaluation> evaluations();

// One per set, in its own file.
Result<EvaluationReport> evaluate_labelled(const EvaluationInput& input);
Result<EvaluationReport> evaluate_uci(const EvaluationInput& input);
Result<EvaluationReport> evaluate_simulated(const EvaluationInput& input);
Result<EvaluationReport> evaluate_orcas(const EvaluationInput& input);
Result<EvaluationReport> evaluate_hwu64(const EvaluationInput& input);
Result<EvaluationReport> evaluate_unimobile(const EvaluationInput& input);
Result<EvaluationReport> evaluate_notices(const EvaluationInput& input);
Result<EvaluationReport> evaluate_bpi12(const EvaluationInput& input);
Result<EvaluationReport> evaluate_olist(const EvaluationInput& input);

}  // namespace juncture
