// The fitted chain as bytes: what a model file carries of it (docs/formats/model.md, section 8).
#pragma once

#include <string>
#include <string_view>

#include "juncture/core/result.h"
#include "juncture/inference/parameters.h"

namespace juncture {

// What a fit moves: dwell times, jumps, hazards, recovery, kernel and eta. Same parameters, same bytes.
std::string encode_chain(const StageChainParameters& parameters);

// `base` with those replaced. Refuses another layout and numbers that no chain can have.
Result<StageChainParameters> decode_chain(std::string_view bytes, const StageChainParameters& base);

}  // namespace juncture
