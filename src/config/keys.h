// The settings as a flat list: for environment names, nearest words and the reference page.
#pragma once

#include <string>
#include <vector>

#include "juncture/config/config.h"

namespace juncture::config {

enum class Shape : std::uint8_t { section, scalar, list, map };

struct KeyInfo {
  std::string path;  // dotted; of a list's elements "http.listeners[].port"
  Shape shape = Shape::scalar;
  std::string type;     // in words, with its range
  std::string initial;  // default as YAML; empty for sections
  std::string doc;
};

std::vector<KeyInfo> all_keys();

// JUNCTURE_ENGINE_COMMIT_INTERVAL for engine.commit_interval.
std::string env_name(std::string_view path);

// A scalar as YAML that reads back as a string: quoted when it has to be.
std::string yaml_string(std::string_view text);

template <class Section>
concept Described = requires(Section& section, int& visitor) {
  section.template describe<int>(visitor);
};

}  // namespace juncture::config
