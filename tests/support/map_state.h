// The plainest state there is.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "juncture/ports/state.h"

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

}  // namespace juncture::test
