// What a Scratch holds: two JSON readers (a batch and its element) and an arena for the strings that parsing makes.
#pragma once

#include <array>
#include <memory_resource>
#include <string_view>
#include <vector>

#include "juncture/ingest/strict_json.h"

namespace juncture {

// Strings that live until clear(). Allocates only beyond the first 64 KB.
class Arena {
 public:
  Arena() : first_(std::size_t{64} * 1024), memory_(first_.data(), first_.size()) {}
  char* take(std::size_t bytes) { return static_cast<char*>(memory_.allocate(bytes == 0 ? 1 : bytes, 1)); }
  std::string_view keep(std::string_view text);
  void clear() { memory_.release(); }

 private:
  std::vector<char> first_;
  std::pmr::monotonic_buffer_resource memory_;
};

struct ScratchBuffers {
  StrictJson json;
  StrictJson batch;
  StrictJson::Elements elements;
  std::vector<Signal> signals;
  Arena arena;
};

}  // namespace juncture
