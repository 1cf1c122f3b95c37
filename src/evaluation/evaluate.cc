#include "juncture/evaluation/evaluate.h"

#include <array>

namespace juncture {

std::span<const Evaluation> evaluations() {
  static constexpr std::array kAll{
      Evaluation{"labelled", "queries labelled by stage and moment: TSV with query, device, form, moment, stage", false,
                 evaluate_labelled},
      Evaluation{"uci", "sessions of online shoppers: the UCI set's CSV", true, evaluate_uci},
      Evaluation{"simulated", "signals and truth as `juncture simulate` writes them", false, evaluate_simulated},
  };
  return kAll;
}

}  // namespace juncture
