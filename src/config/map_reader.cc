#include "config/map_reader.h"

#include <algorithm>

#include "juncture/core/hash.h"

namespace juncture::config {

MapReader::MapReader(const Tree& tree, std::string where, Problems& problems)
    : tree_(tree), where_(std::move(where)), problems_(problems) {
  if (tree.kind != Tree::Kind::map) problems.add(tree.place, where_ + " must have keys and values");
}

const Tree* MapReader::get(std::string_view key) {
  known_.push_back(key);
  return tree_.find(key);
}

const Tree* MapReader::required(std::string_view key) {
  const Tree* found = get(key);
  if (found == nullptr && tree_.kind == Tree::Kind::map) {
    problems_.add(tree_.place, where_ + " has no `" + std::string(key) + "`");
  }
  return found;
}

bool MapReader::text(std::string_view key, std::string& out, bool must) {
  const Tree* node = must ? required(key) : get(key);
  if (node == nullptr) return false;
  if (node->kind != Tree::Kind::scalar || (must && node->text.empty())) {
    wrong(*node, key, "text");
    return false;
  }
  out = node->text;
  return true;
}

bool MapReader::number(std::string_view key, float& out, double min, double max) {
  const Tree* node = get(key);
  if (node == nullptr) return false;
  const auto number = node->kind == Tree::Kind::scalar ? parse_number(node->text) : std::nullopt;
  if (!number || *number < min || *number > max) {
    std::string low = std::to_string(min);
    std::string high = std::to_string(max);
    for (std::string* bound : {&low, &high}) {
      bound->erase(bound->find_last_not_of('0') + 1);
      if (bound->back() == '.') bound->pop_back();
    }
    wrong(*node, key, "a number from " + low + " to " + high);
    return false;
  }
  out = static_cast<float>(*number);
  return true;
}

bool MapReader::integer(std::string_view key, int& out, int min, int max) {
  const Tree* node = get(key);
  if (node == nullptr) return false;
  const auto number = node->kind == Tree::Kind::scalar ? parse_integer(node->text) : std::nullopt;
  if (!number || *number < min || *number > max) {
    wrong(*node, key, "an integer from " + std::to_string(min) + " to " + std::to_string(max));
    return false;
  }
  out = static_cast<int>(*number);
  return true;
}

bool MapReader::duration(std::string_view key, Millis& out) {
  const Tree* node = get(key);
  if (node == nullptr) return false;
  const auto duration = node->kind == Tree::Kind::scalar ? parse_duration(node->text) : std::nullopt;
  if (!duration) {
    wrong(*node, key, "a duration with its unit, such as 30s, 15m, 36h or 14d");
    return false;
  }
  out = *duration;
  return true;
}

bool MapReader::time(std::string_view key, Timestamp& out) {
  const Tree* node = get(key);
  if (node == nullptr) return false;
  const auto time = node->kind == Tree::Kind::scalar ? parse_time(node->text) : std::nullopt;
  if (!time) {
    wrong(*node, key, "a date as 2026-01-31 or a time as 2026-01-31T08:00:00Z");
    return false;
  }
  out = *time;
  return true;
}

bool MapReader::flag(std::string_view key, bool& out) {
  const Tree* node = get(key);
  if (node == nullptr) return false;
  if (node->kind != Tree::Kind::scalar || (node->text != "true" && node->text != "false")) {
    wrong(*node, key, "true or false");
    return false;
  }
  out = node->text == "true";
  return true;
}

std::optional<std::size_t> MapReader::word(std::string_view key, std::span<const std::string_view> names, bool must) {
  const Tree* node = must ? required(key) : get(key);
  return node == nullptr ? std::nullopt : find_word(*node, key, names);
}

std::vector<std::size_t> MapReader::words(std::string_view key, std::span<const std::string_view> names) {
  std::vector<std::size_t> out;
  const Tree* node = get(key);
  if (node == nullptr) return out;
  if (node->kind != Tree::Kind::list) {
    wrong(*node, key, "a list, as [a, b]");
    return out;
  }
  for (const Tree& item : node->items) {
    if (const auto index = find_word(item, key, names)) out.push_back(*index);
  }
  return out;
}

std::optional<std::size_t> MapReader::find_word(const Tree& at, std::string_view key,
                                                std::span<const std::string_view> names) {
  if (at.kind == Tree::Kind::scalar) {
    const auto found = std::find(names.begin(), names.end(), at.text);
    if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
    problems_.add(at.place,
                  "unknown " + std::string(key) + " `" + at.text + "` of " + where_ + did_you_mean(at.text, names));
  } else {
    wrong(at, key, "a word");
  }
  return std::nullopt;
}

void MapReader::wrong(const Tree& at, std::string_view key, std::string_view expected) {
  const std::string given = at.kind == Tree::Kind::scalar ? " is `" + at.text + "`, but" : "";
  problems_.add(at.place, "`" + std::string(key) + "` of " + where_ + given + " must be " + std::string(expected));
}

void MapReader::report_unknown() const {
  for (const auto& [key, value] : tree_.members) {
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    problems_.add(value.key_place, "unknown key `" + key + "` under " + where_ + did_you_mean(key, known_));
  }
}

std::string content_version(std::string_view written, std::string_view text) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  std::string out = std::string(written) + "+";
  const std::uint64_t hash = hash64(text);
  for (unsigned shift = 64; shift > 32; shift -= 4) out += kHex[hash >> (shift - 4) & 15U];
  return out;
}

}  // namespace juncture::config
