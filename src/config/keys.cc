#include "config/keys.h"

#include <algorithm>

#include "config/units.h"

namespace juncture::config {
namespace {

std::string range(const Note& note, std::string (*format)(std::int64_t)) {
  const bool open = note.max == std::numeric_limits<std::int64_t>::max();
  if (open && note.min == 0) return {};
  return ", " + format(note.min) + (open ? " or more" : " to " + format(note.max));
}
std::string plain(std::int64_t value) {
  return std::to_string(value);
}
std::string as_duration(std::int64_t value) {
  return format_duration(Millis{value});
}
std::string as_size(std::int64_t value) {
  return format_size(Bytes{value});
}

// Visits every key once, also those of a list's elements.
class Lister {
 public:
  Lister(std::string prefix, std::vector<KeyInfo>& out) : prefix_(std::move(prefix)), out_(out) {}

  void operator()(std::string_view name, std::string& value, const Note& note) {
    add(name, Shape::scalar, "text", yaml_string(value), note);
  }
  void operator()(std::string_view name, std::int64_t& value, const Note& note) {
    add(name, Shape::scalar, "integer" + range(note, plain), std::to_string(value), note);
  }
  void operator()(std::string_view name, Millis& value, const Note& note) {
    add(name, Shape::scalar, "duration" + range(note, as_duration), format_duration(value), note);
  }
  void operator()(std::string_view name, Bytes& value, const Note& note) {
    add(name, Shape::scalar, "size" + range(note, as_size), format_size(value), note);
  }
  void operator()(std::string_view name, std::map<std::string, std::string>&, const Note& note) {
    add(name, Shape::map, "map of text", "{}", note);
  }
  void operator()(std::string_view name, std::vector<std::string>& value, const Note& note) {
    std::string text = "[";
    for (const std::string& item : value) text += (text.size() > 1 ? ", " : "") + yaml_string(item);
    add(name, Shape::list, "list of text", text + "]", note);
  }
  template <class Enum, std::size_t N>
  void operator()(std::string_view name, Enum& value, const std::array<std::string_view, N>& names, const Note& note) {
    std::string type = "one of ";
    for (std::size_t i = 0; i < N; ++i) type += (i == 0 ? "`" : ", `") + std::string(names[i]) + "`";
    add(name, Shape::scalar, type, std::string(names[static_cast<std::size_t>(value)]), note);
  }
  template <Described Section>
  void operator()(std::string_view name, Section& section, const Note& note) {
    add(name, Shape::section, "section", "", note);
    Lister inner(prefix_ + std::string(name) + ".", out_);
    section.describe(inner);
  }
  template <Described Section>
  void operator()(std::string_view name, std::vector<Section>& value, const Note& note) {
    add(name, Shape::list, "list of sections", value.empty() ? "[]" : "one, as below", note);
    Section element;
    Lister inner(prefix_ + std::string(name) + "[].", out_);
    element.describe(inner);
  }

 private:
  void add(std::string_view name, Shape shape, std::string type, std::string initial, const Note& note) {
    out_.push_back({prefix_ + std::string(name), shape, std::move(type), std::move(initial), std::string(note.doc)});
  }

  std::string prefix_;
  std::vector<KeyInfo>& out_;
};

}  // namespace

std::vector<KeyInfo> all_keys() {
  std::vector<KeyInfo> keys;
  Config defaults;
  Lister lister("", keys);
  defaults.describe(lister);
  return keys;
}

std::string env_name(std::string_view path) {
  std::string name = "JUNCTURE_";
  for (const char c : path) {
    name += c == '.' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return name;
}

std::string yaml_string(std::string_view text) {
  const auto plain_char = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-' || c == '.' || c == '/';
  };
  const bool word = !text.empty() && text.front() != '-' && text.front() != '.' &&
                    std::all_of(text.begin(), text.end(), plain_char) && text != "true" && text != "false" &&
                    text != "null";
  if (word) return std::string(text);
  std::string out = "\"";
  for (const char c : text) {
    static constexpr std::string_view kHex = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\x";
      out += kHex[byte >> 4U];
      out += kHex[byte & 15U];
    } else {
      out += c;
    }
  }
  return out + "\"";
}

}  // namespace juncture::config
