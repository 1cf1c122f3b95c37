#include "config/tree.h"

#include <yaml-cpp/yaml.h>

namespace juncture::config {
namespace {

constexpr int kNodesMax = 100'000;
constexpr int kDepthMax = 64;
constexpr std::size_t kErrorsMax = 200;

Place place_of(const YAML::Mark& mark, std::string_view source) {
  if (mark.is_null()) return {std::string(source), 1, 1};
  return {std::string(source), mark.line + 1, mark.column + 1};
}

class Converter {
 public:
  Converter(std::string_view source, Problems& problems) : source_(source), problems_(problems) {}

  // yaml-cpp resolves aliases into shared nodes, so the count is what stops a document that unfolds without end.
  Tree convert(const YAML::Node& node, int depth) {
    Tree tree;
    tree.place = place_of(node.Mark(), source_);
    if (stopped_) return tree;
    if (++nodes_ > kNodesMax || depth > kDepthMax) {
      stopped_ = true;
      problems_.add(tree.place, depth > kDepthMax ? "nested deeper than 64 levels" : "more than 100000 values");
      return tree;
    }
    if (node.IsScalar()) {
      tree.kind = Tree::Kind::scalar;
      tree.text = node.Scalar();
    } else if (node.IsSequence()) {
      tree.kind = Tree::Kind::list;
      for (const YAML::Node& item : node) tree.items.push_back(convert(item, depth + 1));
    } else if (node.IsMap()) {
      convert_map(node, depth, tree);
    }
    return tree;
  }

 private:
  void convert_map(const YAML::Node& node, int depth, Tree& tree) {
    tree.kind = Tree::Kind::map;
    for (const auto& member : node) {
      const Place at = place_of(member.first.Mark(), source_);
      if (!member.first.IsScalar()) {
        problems_.add(at, "a key must be a plain word");
        continue;
      }
      const std::string& key = member.first.Scalar();
      if (tree.find(key) != nullptr) {
        problems_.add(at, "key `" + key + "` is there twice");
        continue;
      }
      Tree value = convert(member.second, depth + 1);
      value.key_place = at;
      tree.members.push_back({key, std::move(value)});
    }
  }

  std::string_view source_;
  Problems& problems_;
  int nodes_ = 0;
  bool stopped_ = false;
};

}  // namespace

std::string Place::text() const {
  return line == 0 ? source : source + ":" + std::to_string(line) + ":" + std::to_string(column);
}

const Tree* Tree::find(std::string_view key) const {
  for (const auto& [name, value] : members) {
    if (name == key) return &value;
  }
  return nullptr;
}

Tree& Tree::member(std::string_view key) {
  for (auto& [name, value] : members) {
    if (name == key) return value;
  }
  kind = Kind::map;
  return members.emplace_back(Member{std::string(key), {}}).value;
}

void Problems::add(const Place& place, std::string_view what) {
  if (errors_.size() < kErrorsMax) {
    errors_.push_back({Domain::setup, "config", place.text() + ": " + std::string(what)});
  }
}

Tree parse_yaml(std::string_view text, std::string_view source, Problems& problems) {
  const Place top{std::string(source), 1, 1};
  if (text.size() > kYamlBytesMax) {
    problems.add(top, "larger than 4 MiB");
    return {};
  }
  try {
    const YAML::Node root = YAML::Load(std::string(text));
    return Converter(source, problems).convert(root, 0);
  } catch (const YAML::Exception& error) {
    problems.add(place_of(error.mark, source), "not YAML: " + error.msg);
  }
  return {};
}

void merge(Tree& into, Tree from) {
  if (into.kind != Tree::Kind::map || from.kind != Tree::Kind::map) {
    if (from.kind != Tree::Kind::none || into.kind == Tree::Kind::none) into = std::move(from);
    return;
  }
  for (auto& [key, value] : from.members) {
    Tree& place = into.member(key);
    place.key_place = value.key_place;
    merge(place, std::move(value));
  }
}

}  // namespace juncture::config
