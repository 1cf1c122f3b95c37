// A language that has moved on: a third of its words are others, always the same for the same word.
#pragma once

#include <string>
#include <string_view>

namespace juncture::journeys {

std::string drifted(std::string_view text);

}  // namespace juncture::journeys
