#include "juncture/evaluation/evaluate.h"

#include <array>

namespace juncture {

std::span<const Evaluation> evaluations() {
  static constexpr std::array kAll{
      Evaluation{"labelled", "queries labelled by stage and moment: TSV with query, device, form, moment, stage", false,
                 evaluate_labelled},
  };
  return kAll;
}

}  // namespace juncture
