// Takes the members of a YAML map one by one, and reports what is missing, wrong or unknown.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/tree.h"
#include "config/units.h"

namespace juncture::config {

class MapReader {
 public:
  // `where` names the map in messages: "item `five-signs`". A tree that is no map is a problem, once.
  MapReader(const Tree& tree, std::string where, Problems& problems);

  const Tree* get(std::string_view key);       // none if it is not there
  const Tree* required(std::string_view key);  // a problem if it is not there

  // Leave `out` as it is when the key is missing or wrong; what is wrong is reported.
  bool text(std::string_view key, std::string& out, bool must = false);
  bool number(std::string_view key, float& out, double min, double max);
  bool integer(std::string_view key, int& out, int min, int max);
  bool duration(std::string_view key, Millis& out);
  bool time(std::string_view key, Timestamp& out);
  bool flag(std::string_view key, bool& out);

  // The place in `names` of a word, or of each word of a list.
  std::optional<std::size_t> word(std::string_view key, std::span<const std::string_view> names, bool must = false);
  std::vector<std::size_t> words(std::string_view key, std::span<const std::string_view> names);

  void wrong(const Tree& at, std::string_view key, std::string_view expected);
  void report_unknown() const;
  const std::string& where() const { return where_; }
  const Tree& tree() const { return tree_; }

 private:
  std::optional<std::size_t> find_word(const Tree& at, std::string_view key, std::span<const std::string_view> names);

  const Tree& tree_;
  std::string where_;
  Problems& problems_;
  std::vector<std::string_view> known_;
};

// The version of a file: as written in it, plus '+' and 8 hex digits of the hash of its text.
std::string content_version(std::string_view written, std::string_view text);

}  // namespace juncture::config
