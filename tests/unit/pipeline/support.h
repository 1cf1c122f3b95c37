// A pipeline's state and output as plain lists, for tests.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "juncture/ports/pipeline.h"

namespace juncture::test {

class MapState final : public State {
 public:
  Result<std::optional<std::string_view>> get(std::string_view key) override {
    const auto found = values.find(std::string(key));
    if (found == values.end()) return std::optional<std::string_view>{};
    return std::optional<std::string_view>{found->second};
  }
  Status put(std::string_view key, std::string_view value) override {
    values[std::string(key)] = value;
    return {};
  }
  Status remove(std::string_view key) override {
    values.erase(std::string(key));
    return {};
  }
  std::map<std::string, std::string> values;
};

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
