// What every test of an evaluation needs: an untrained model's stand-in, a chain, and figures by name.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "juncture/evaluation/evaluate.h"
#include "unit/text/given.h"

namespace juncture {

// `run` on one file each, with models that a set without texts does not look at.
inline Result<EvaluationReport> evaluated(Result<EvaluationReport> (*run)(const EvaluationInput&),
                                          const std::vector<DataFile>& files, const std::vector<DataFile>& train) {
  static const TextModel model = quickly_trained();
  static const StageChain chain;
  static const Taxonomy taxonomy = shipped_taxonomy();
  return run({.text = model, .chain = chain, .taxonomy = taxonomy, .files = files, .train = train});
}

inline Estimate figure_of(const EvaluationReport& report, const std::string& name) {
  const auto found =
      std::find_if(report.figures.begin(), report.figures.end(), [&](const Figure& f) { return f.name == name; });
  REQUIRE(found != report.figures.end());
  return found->estimate;
}

}  // namespace juncture
