// A YAML document as plain values that know where they stood; the only thing the loaders see of yaml-cpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "juncture/core/result.h"

namespace juncture::config {

struct Place {
  std::string source;  // file name, "env NAME" or "--set key"
  int line = 0;        // from 1; 0 where there are no lines
  int column = 0;
  std::string text() const;
};

struct Member;

struct Tree {
  enum class Kind : std::uint8_t { none, scalar, list, map };
  Kind kind = Kind::none;
  std::string text;             // of a scalar
  bool broken = false;          // already reported: whoever reads it keeps quiet
  std::vector<Tree> items;      // of a list
  std::vector<Member> members;  // of a map, in order
  Place place;                  // of the value
  Place key_place;              // of the key, for members of a map

  const Tree* find(std::string_view key) const;
  Tree& member(std::string_view key);  // made if missing
};

struct Member {
  std::string name;
  Tree value;
};

// Collects what is wrong, all of it, up to a bound.
class Problems {
 public:
  void add(const Place& place, std::string_view what);
  bool empty() const { return errors_.empty(); }
  std::size_t count() const { return errors_.size(); }
  std::vector<Error> take() { return std::move(errors_); }

 private:
  std::vector<Error> errors_;
};

inline constexpr std::size_t kYamlBytesMax = 4U << 20U;

// Bounds: kYamlBytesMax, 100,000 nodes, 64 levels; a key twice is an error.
Tree parse_yaml(std::string_view text, std::string_view source, Problems& problems);

// Later values win: maps are merged, everything else is replaced.
void merge(Tree& into, Tree from);

}  // namespace juncture::config
