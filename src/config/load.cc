#include "juncture/config/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <optional>

#include "config/keys.h"
#include "config/substitute.h"
#include "config/tree.h"
#include "config/units.h"

namespace juncture {
namespace config {
namespace {

// Fills a section from a map, and says of every key what is wrong with it.
class Loader {
 public:
  Loader(const Tree& tree, std::string path, Problems& problems, Origins& origins)
      : tree_(tree), path_(std::move(path)), problems_(problems), origins_(origins) {}

  void operator()(std::string_view name, std::string& value, const Note&) {
    if (const Tree* node = scalar(name, "text")) value = node->text;
  }
  void operator()(std::string_view name, std::int64_t& value, const Note& note) {
    const Tree* node = scalar(name, "an integer");
    if (node == nullptr) return;
    const auto number = parse_integer(node->text);
    if (!number) return wrong(*node, name, "an integer");
    if (*number < note.min || *number > note.max) {
      return out_of_range(*node, name, std::to_string(note.min), std::to_string(note.max));
    }
    value = *number;
  }
  void operator()(std::string_view name, Millis& value, const Note& note) {
    const Tree* node = scalar(name, "a duration such as 30s, 15m, 36h or 14d");
    if (node == nullptr) return;
    const auto duration = parse_duration(node->text);
    if (!duration) return wrong(*node, name, "a duration with its unit, such as 30s, 15m, 36h or 14d");
    if (duration->count() < note.min || duration->count() > note.max) {
      return out_of_range(*node, name, format_duration(Millis{note.min}), format_duration(Millis{note.max}));
    }
    value = *duration;
  }
  void operator()(std::string_view name, Bytes& value, const Note& note) {
    const Tree* node = scalar(name, "a size such as 64MiB");
    if (node == nullptr) return;
    const auto size = parse_size(node->text);
    if (!size) return wrong(*node, name, "a size with its unit: B, KiB, MiB or GiB");
    if (size->count < note.min || size->count > note.max) {
      return out_of_range(*node, name, format_size(Bytes{note.min}), format_size(Bytes{note.max}));
    }
    value = *size;
  }
  template <class Enum, std::size_t N>
  void operator()(std::string_view name, Enum& value, const std::array<std::string_view, N>& names, const Note&) {
    const Tree* node = scalar(name, "one word");
    if (node == nullptr) return;
    if (const auto parsed = parse_name<Enum>(names, node->text)) {
      value = *parsed;
      return;
    }
    std::string known;
    for (const std::string_view word : names) known += (known.empty() ? "" : ", ") + std::string(word);
    problems_.add(node->place, "`" + path_ + std::string(name) + "` is `" + node->text + "`, not one of " + known +
                                   did_you_mean(node->text, names));
  }
  void operator()(std::string_view name, std::map<std::string, std::string>& value, const Note&) {
    const Tree* node = known(name);
    if (node == nullptr || node->kind == Tree::Kind::none) return;
    if (node->kind != Tree::Kind::map) return wrong(*node, name, "a map of names to values");
    for (const auto& [key, member] : node->members) {
      if (member.kind != Tree::Kind::scalar) {
        wrong(member, std::string(name) + "." + key, "text");
        continue;
      }
      value[key] = member.text;
      origins_[path_ + std::string(name) + "." + key] = member.place.text();
    }
  }
  void operator()(std::string_view name, std::vector<std::string>& value, const Note&) {
    const Tree* node = known(name);
    if (node == nullptr) return;
    if (node->kind != Tree::Kind::list) return wrong(*node, name, "a list");
    value.clear();
    for (const Tree& item : node->items) {
      if (item.kind != Tree::Kind::scalar) {
        wrong(item, name, "a list of words");
        continue;
      }
      value.push_back(item.text);
    }
    origins_[path_ + std::string(name)] = node->place.text();
  }
  template <Described Section>
  void operator()(std::string_view name, Section& section, const Note&) {
    const Tree* node = known(name);
    if (node == nullptr || node->kind == Tree::Kind::none) return;
    if (node->kind != Tree::Kind::map) return wrong(*node, name, "a section with keys");
    fill(*node, path_ + std::string(name), section);
  }
  template <Described Section>
  void operator()(std::string_view name, std::vector<Section>& value, const Note&) {
    const Tree* node = known(name);
    if (node == nullptr) return;
    if (node->kind != Tree::Kind::list) return wrong(*node, name, "a list");
    value.clear();
    origins_[path_ + std::string(name)] = node->place.text();
    for (const Tree& item : node->items) {
      const std::string path = path_ + std::string(name) + "[" + std::to_string(value.size()) + "]";
      Section element;
      if (item.kind == Tree::Kind::map) {
        fill(item, path, element);
      } else {
        problems_.add(item.place, "`" + path + "` must be a section with keys");
      }
      value.push_back(std::move(element));
    }
  }

  void report_unknown() const {
    for (const auto& [key, value] : tree_.members) {
      if (std::find(names_.begin(), names_.end(), key) != names_.end()) continue;
      const std::string under = path_.empty() ? "at the top" : "under `" + path_.substr(0, path_.size() - 1) + "`";
      problems_.add(value.key_place.source.empty() ? value.place : value.key_place,
                    fmt::format("unknown key `{}` {}{}", key, under, did_you_mean(key, names_)));
    }
  }

 private:
  template <class Section>
  void fill(const Tree& node, const std::string& path, Section& section) {
    Loader inner(node, path + ".", problems_, origins_);
    section.describe(inner);
    inner.report_unknown();
  }
  const Tree* known(std::string_view name) {
    names_.push_back(name);
    return tree_.find(name);
  }
  const Tree* scalar(std::string_view name, std::string_view expected) {
    const Tree* node = known(name);
    if (node == nullptr || node->broken) return nullptr;
    if (node->kind != Tree::Kind::scalar) {
      wrong(*node, name, expected);
      return nullptr;
    }
    origins_[path_ + std::string(name)] = node->place.text();
    return node;
  }
  void wrong(const Tree& node, std::string_view name, std::string_view expected) {
    const std::string given = node.kind == Tree::Kind::scalar ? " is `" + node.text + "`, but" : "";
    problems_.add(node.place, "`" + path_ + std::string(name) + "`" + given + " must be " + std::string(expected));
  }
  void out_of_range(const Tree& node, std::string_view name, const std::string& low, const std::string& high) {
    problems_.add(node.place,
                  "`" + path_ + std::string(name) + "` is " + node.text + ", outside " + low + " to " + high);
  }

  const Tree& tree_;
  std::string path_;
  Problems& problems_;
  Origins& origins_;
  std::vector<std::string_view> names_;
};

// Where values of the environment and the command line have their source, but no lines.
void set_source(Tree& tree, const std::string& source) {
  tree.place = tree.key_place = Place{source, 0, 0};
  for (Tree& item : tree.items) set_source(item, source);
  for (auto& [key, value] : tree.members) set_source(value, source);
}

// A value given outside a file: a list or a map in YAML's flow form, or plain text.
Tree outside_value(std::string_view text, const std::string& source, Problems& problems) {
  Tree value;
  if (!text.empty() && (text.front() == '[' || text.front() == '{')) {
    value = parse_yaml(text, source, problems);
  } else {
    value.kind = Tree::Kind::scalar;
    value.text = text;
  }
  set_source(value, source);
  return value;
}

// Puts `value` at a dotted path. What follows the path of a map is one name, dots and all.
Tree at_path(std::string_view path, Tree value, const std::vector<KeyInfo>& keys) {
  std::string_view head = path;
  std::string_view rest;
  for (const KeyInfo& key : keys) {
    if (key.shape == Shape::map && path.size() > key.path.size() + 1 && path.starts_with(key.path + ".")) {
      head = path.substr(0, key.path.size());
      rest = path.substr(key.path.size() + 1);
    }
  }
  Tree root;
  root.kind = Tree::Kind::map;
  Tree* at = &root;
  const Place place = value.place;
  const auto step = [&](std::string_view name) {
    at = &at->member(name);
    at->place = at->key_place = place;
  };
  for (std::size_t dot = head.find('.'); dot != std::string_view::npos; dot = head.find('.')) {
    step(head.substr(0, dot));
    head.remove_prefix(dot + 1);
  }
  step(head);
  if (!rest.empty()) step(rest);
  *at = std::move(value);
  return root;
}

void read_text(const std::string& name, const std::string& text, Tree& all, Problems& problems) {
  Tree tree = parse_yaml(text, name, problems);
  if (tree.kind == Tree::Kind::map || tree.kind == Tree::Kind::none) {
    merge(all, std::move(tree));
  } else {
    problems.add(tree.place, "must be keys and values, as `engine:`");
  }
}

// None for what cannot be read, a folder among it; cut beyond what parse_yaml() takes.
std::optional<std::string> read_whole(const std::string& name) {
  std::ifstream file(name, std::ios::binary);
  std::string text;
  std::array<char, 65536> chunk{};
  while (file && text.size() <= kYamlBytesMax) {
    file.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
    text.append(chunk.data(), static_cast<std::size_t>(file.gcount()));
  }
  return file.is_open() && !file.bad() ? std::optional(std::move(text)) : std::nullopt;
}

void read_files(const LoadRequest& request, Tree& all, Problems& problems) {
  for (const auto& [name, text] : request.texts) read_text(name, text, all, problems);
  for (const std::string& name : request.files) {
    if (const std::optional<std::string> text = read_whole(name)) {
      read_text(name, *text, all, problems);
    } else {
      problems.add({name, 0, 0}, "cannot be read");
    }
  }
}

void read_env(const LoadRequest& request, const std::vector<KeyInfo>& keys, Tree& all, Problems& problems,
              Problems& warnings) {
  std::vector<std::string> names;
  for (const KeyInfo& key : keys) {
    const bool settable = key.shape != Shape::section && key.path.find("[]") == std::string::npos;
    names.push_back(settable ? env_name(key.path) : std::string());
  }
  for (const auto& [name, text] : request.env) {
    // JUNCTURE_TEST_* is the test suite's own.
    if (!name.starts_with("JUNCTURE_") || name.starts_with("JUNCTURE_TEST_")) continue;
    const auto found = std::find(names.begin(), names.end(), name);
    const std::string source = "env " + name;
    if (found == names.end()) {
      const std::vector<std::string_view> known(names.begin(), names.end());
      warnings.add({source, 0, 0}, "sets nothing" + did_you_mean(name, known));
      continue;
    }
    const KeyInfo& key = keys[static_cast<std::size_t>(found - names.begin())];
    merge(all, at_path(key.path, outside_value(text, source, problems), keys));
  }
}

void read_sets(const LoadRequest& request, const std::vector<KeyInfo>& keys, Tree& all, Problems& problems) {
  for (const std::string& set : request.sets) {
    const std::size_t equals = set.find('=');
    if (equals == std::string::npos || equals == 0) {
      problems.add({"--set " + set, 0, 0}, "must be a.b=value");
      continue;
    }
    const std::string path = set.substr(0, equals);
    const std::string source = "--set " + path;
    merge(all, at_path(path, outside_value(std::string_view(set).substr(equals + 1), source, problems), keys));
  }
}

}  // namespace
}  // namespace config

LoadOutcome load_config(const LoadRequest& request) {
  LoadOutcome outcome;
  config::Problems problems;
  config::Problems warnings;
  config::Tree all;
  all.kind = config::Tree::Kind::map;
  const std::vector<config::KeyInfo> keys = config::all_keys();
  config::read_files(request, all, problems);
  config::substitute(all, request.env, problems);
  config::read_env(request, keys, all, problems, warnings);
  config::read_sets(request, keys, all, problems);
  config::Loader loader(all, "", problems, outcome.origins);
  outcome.config.describe(loader);
  loader.report_unknown();
  outcome.errors = problems.take();
  outcome.warnings = warnings.take();
  for (Error& error : validate(outcome.config, outcome.origins)) outcome.errors.push_back(std::move(error));
  return outcome;
}

}  // namespace juncture
