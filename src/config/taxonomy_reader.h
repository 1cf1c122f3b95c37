// Reads YAML nodes of taxonomy and vocabulary: typed, bounded, and with the place of the first error.
#pragma once

#include <yaml-cpp/yaml.h>

#include <array>
#include <cmath>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "juncture/core/result.h"

namespace juncture::taxonomy {

using Strings = std::vector<std::string>;
constexpr std::size_t kPhraseBytesMax = 200;
constexpr std::size_t kListMax = 20'000;

// Keeps the first error; later reads go on with defaults, so that the caller tests once.
class Reader {
 public:
  explicit Reader(std::string_view file) : file_(file) {}

  void error(const YAML::Mark& mark, const std::string& message) {
    if (error_) return;
    const bool known = mark.line >= 0;
    error_ = Error{Domain::setup, "taxonomy",
                   std::string(file_) + ":" + std::to_string(known ? mark.line + 1 : 1) + ":" +
                       std::to_string(known ? mark.column + 1 : 1) + ": " + message};
  }
  const std::optional<Error>& first_error() const { return error_; }

  YAML::Node child(const YAML::Node& map, const char* key, bool required = true) {
    if (!map.IsMap()) {
      error(map.Mark(), std::string("expected a map with `") + key + "`");
      return YAML::Node(YAML::NodeType::Null);
    }
    const YAML::Node found = map[key];
    if (found.IsDefined() && !found.IsNull()) return found;
    if (required) error(map.Mark(), std::string("`") + key + "` is missing");
    return YAML::Node(YAML::NodeType::Null);
  }

  void known_keys(const YAML::Node& map, std::initializer_list<std::string_view> keys) {
    if (!map.IsMap()) return;
    for (const auto& entry : map) {
      bool known = false;
      for (const std::string_view key : keys) known = known || entry.first.Scalar() == key;
      if (!known) error(entry.first.Mark(), "unknown key `" + entry.first.Scalar() + "`");
    }
  }

  std::string text(const YAML::Node& map, const char* key, bool required = true) {
    const YAML::Node node = child(map, key, required);
    if (node.IsNull()) return {};
    if (!node.IsScalar()) error(node.Mark(), std::string("`") + key + "` must be text");
    return node.IsScalar() ? node.Scalar() : std::string();
  }

  double number_of(const YAML::Node& node, double low, double high) {
    double value = 0;
    if (!node.IsScalar() || !YAML::convert<double>::decode(node, value) || !std::isfinite(value)) {
      error(node.Mark(), "expected a number");
      return low;
    }
    if (value < low || value > high) error(node.Mark(), "must be from " + brief(low) + " to " + brief(high));
    return value;
  }
  double number(const YAML::Node& map, const char* key, double low, double high) {
    const YAML::Node node = child(map, key);
    return node.IsNull() ? low : number_of(node, low, high);
  }

  Strings phrases_of(const YAML::Node& node) {
    Strings out;
    if (node.IsNull() || !node.IsDefined()) return out;
    if (!node.IsSequence() || node.size() > kListMax) {
      error(node.Mark(), "expected a list of phrases");
      return out;
    }
    for (const YAML::Node& item : node) {
      if (!item.IsScalar() || item.Scalar().empty() || item.Scalar().size() > kPhraseBytesMax) {
        error(item.Mark(), "expected a phrase of 1 to 200 bytes");
        continue;
      }
      out.push_back(item.Scalar());
    }
    return out;
  }
  Strings phrases(const YAML::Node& map, const char* key, bool required = true) {
    return phrases_of(child(map, key, required));
  }

  template <std::size_t N>
  std::optional<std::size_t> name(const YAML::Node& node, const std::array<std::string_view, N>& names) {
    if (node.IsScalar()) {
      for (std::size_t i = 0; i < N; ++i) {
        if (names[i] == node.Scalar()) return i;
      }
    }
    error(node.Mark(), "unknown name `" + (node.IsScalar() ? node.Scalar() : std::string("?")) + "`");
    return std::nullopt;
  }

 private:
  static std::string brief(double value) {
    std::string out = std::to_string(value);
    out.erase(out.find_last_not_of('0') + 1);
    if (out.back() == '.') out.pop_back();
    return out;
  }

  std::string_view file_;
  std::optional<Error> error_;
};

}  // namespace juncture::taxonomy
