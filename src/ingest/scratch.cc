#include "ingest/scratch.h"

#include <algorithm>

namespace juncture {

Scratch::Scratch() : buffers_(std::make_unique<ScratchBuffers>()) {}
Scratch::~Scratch() = default;
Scratch::Scratch(Scratch&&) noexcept = default;
Scratch& Scratch::operator=(Scratch&&) noexcept = default;

std::string_view Arena::keep(std::string_view text) {
  char* to = take(text.size());
  std::copy(text.begin(), text.end(), to);
  return {to, text.size()};
}

}  // namespace juncture
