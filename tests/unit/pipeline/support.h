// A pipeline's state and output as plain lists, for tests.
#pragma once

#include <string>
#include <vector>

#include "juncture/ports/pipeline.h"
#include "support/map_state.h"

namespace juncture::test {

struct Emitted {
  std::size_t topic;
  std::string key, value;
  bool tombstone = false;
};

class ListOutput final : public Output {
 public:
  Status emit(std::size_t topic, std::string_view key, std::string_view value, Partition /*partition*/) override {
    all.push_back({topic, std::string(key), std::string(value)});
    return {};
  }
  Status tombstone(std::size_t topic, std::string_view key) override {
    all.push_back({topic, std::string(key), {}, true});
    return {};
  }
  std::vector<Emitted> of(std::size_t topic) const {
    std::vector<Emitted> out;
    for (const Emitted& one : all) {
      if (one.topic == topic) out.push_back(one);
    }
    return out;
  }
  std::vector<Emitted> all;
};

}  // namespace juncture::test
