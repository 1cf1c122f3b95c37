// The figures of followed journeys, with their intervals: what docs/evaluation.md lists under `simulated`.
#pragma once

#include <cstdint>
#include <vector>

#include "evaluation/follow.h"
#include "juncture/evaluation/report.h"

namespace juncture {

inline constexpr std::uint16_t kStoppedDays = 14;  // a stall or rejection counts from there on

using Traces = std::vector<const Trace*>;

// `fitted`: the traces have what the fitted filter said. Intervals draw traces, not rows.
std::vector<Figure> figures_of(const Traces& traces, bool fitted);

}  // namespace juncture
