#include "config/substitute.h"

#include <fstream>
#include <iterator>
#include <optional>

namespace juncture::config {
namespace {

using Env = std::map<std::string, std::string>;
constexpr std::streamsize kSecretMax = 64 * 1024;

std::optional<std::string> read_secret(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::string text(static_cast<std::size_t>(kSecretMax), '\0');
  file.read(text.data(), kSecretMax);
  text.resize(static_cast<std::size_t>(file.gcount()));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

// The value of what stands between the braces.
std::string resolve(const std::string& inside, const Place& place, const Env& env, Problems& problems) {
  if (inside.starts_with("file:")) {
    const std::string path = inside.substr(5);
    if (auto secret = read_secret(path)) return *secret;
    problems.add(place, "cannot read `" + path + "` of ${file:...}");
    return {};
  }
  const std::size_t colon = inside.find(':');
  const std::string name = inside.substr(0, colon);
  const auto found = env.find(name);
  const bool set = found != env.end() && !found->second.empty();
  if (set) return found->second;
  const std::string rest = colon == std::string::npos ? std::string() : inside.substr(colon);
  if (rest.starts_with(":-")) return rest.substr(2);
  if (rest.starts_with(":?")) {
    problems.add(place, "`" + name + "` is not set: " + rest.substr(2));
  } else if (!rest.empty()) {
    problems.add(place, "`${" + inside + "}` is not ${NAME}, ${NAME:-default}, ${NAME:?message} or ${file:/path}");
  } else if (found == env.end()) {
    problems.add(place, "`" + name + "` is not set (write `${" + name + ":-}` if it may be empty)");
  }
  return {};
}

std::string expand(const std::string& text, const Place& place, const Env& env, Problems& problems) {
  std::string out;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t dollar = text.find("${", at);
    if (dollar == std::string::npos) break;
    if (dollar > at && text[dollar - 1] == '$') {
      out.append(text, at, dollar - at - 1).append("${");
      at = dollar + 2;
      continue;
    }
    const std::size_t end = text.find('}', dollar);
    if (end == std::string::npos) {
      problems.add(place, "`${` without `}`");
      break;
    }
    out.append(text, at, dollar - at);
    out += resolve(text.substr(dollar + 2, end - dollar - 2), place, env, problems);
    at = end + 1;
  }
  return at < text.size() ? out.append(text, at) : out;
}

}  // namespace

void substitute(Tree& tree, const Env& env, Problems& problems) {
  if (tree.kind == Tree::Kind::scalar && tree.text.find("${") != std::string::npos) {
    const std::size_t before = problems.count();
    tree.text = expand(tree.text, tree.place, env, problems);
    tree.broken = problems.count() != before;
  }
  for (Tree& item : tree.items) substitute(item, env, problems);
  for (auto& [key, value] : tree.members) substitute(value, env, problems);
}

}  // namespace juncture::config
