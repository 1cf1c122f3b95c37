#include <fmt/format.h>

#include <algorithm>

#include "config/keys.h"
#include "config/units.h"
#include "juncture/config/load.h"
#include "juncture/core/json_writer.h"

namespace juncture {
namespace config {
namespace {

// Writes the settings as YAML, with where each came from when that is asked for.
class Shower {
 public:
  Shower(std::string path, int indent, const Origins* origins, std::string& out)
      : path_(std::move(path)), indent_(indent), origins_(origins), out_(out) {}

  void operator()(std::string_view name, std::string& value, const Note&) { line(name, yaml_string(value)); }
  void operator()(std::string_view name, std::int64_t& value, const Note&) { line(name, std::to_string(value)); }
  void operator()(std::string_view name, Millis& value, const Note&) { line(name, format_duration(value)); }
  void operator()(std::string_view name, Bytes& value, const Note&) { line(name, format_size(value)); }
  template <class Enum, std::size_t N>
  void operator()(std::string_view name, Enum& value, const std::array<std::string_view, N>& names, const Note&) {
    line(name, std::string(names[static_cast<std::size_t>(value)]));
  }
  void operator()(std::string_view name, std::vector<std::string>& value, const Note&) {
    std::string text = "[";
    for (const std::string& item : value) text += (text.size() > 1 ? ", " : "") + yaml_string(item);
    line(name, text + "]");
  }
  void operator()(std::string_view name, std::map<std::string, std::string>& value, const Note&) {
    if (value.empty()) return line(name, "{}");
    head(name);
    Shower inner(path_ + std::string(name) + ".", indent_ + 2, origins_, out_);
    for (const auto& [key, text] : value) {
      const bool secret = key.find("password") != std::string::npos || key.find("secret") != std::string::npos ||
                          key.find("key.pem") != std::string::npos || key.find("jaas") != std::string::npos;
      inner.line(key, secret ? "\"********\"" : yaml_string(text));
    }
  }
  template <Described Section>
  void operator()(std::string_view name, Section& section, const Note&) {
    head(name);
    Shower inner(path_ + std::string(name) + ".", indent_ + 2, origins_, out_);
    section.describe(inner);
  }
  template <Described Section>
  void operator()(std::string_view name, std::vector<Section>& value, const Note&) {
    if (value.empty()) return line(name, "[]");
    head(name);
    std::size_t i = 0;
    for (Section& element : value) {
      Shower inner(path_ + std::string(name) + "[" + std::to_string(i++) + "].", indent_ + 4, origins_, out_);
      inner.first_of_list_ = true;
      element.describe(inner);
    }
  }

 private:
  void head(std::string_view name) { out_ += margin() + std::string(name) + ":\n"; }
  void line(std::string_view name, const std::string& value) {
    std::string text = margin() + std::string(name) + ": " + value;
    if (origins_ != nullptr) {
      const auto found = origins_->find(path_ + std::string(name));
      text += "  # " + (found == origins_->end() ? std::string("default") : found->second);
    }
    out_ += text + "\n";
  }
  std::string margin() {
    std::string spaces(static_cast<std::size_t>(indent_), ' ');
    if (first_of_list_) spaces[spaces.size() - 2] = '-';
    first_of_list_ = false;
    return spaces;
  }

  std::string path_;
  int indent_;
  const Origins* origins_;
  std::string& out_;
  bool first_of_list_ = false;
};

// Writes "properties" of a JSON Schema object.
class SchemaWriter {
 public:
  explicit SchemaWriter(JsonWriter& json) : json_(json) {}

  void operator()(std::string_view name, std::string& value, const Note& note) {
    begin(name, "string", note);
    json_.member("default", std::string_view(value));
    json_.end_object();
  }
  void operator()(std::string_view name, std::int64_t& value, const Note& note) {
    begin(name, "integer", note);
    json_.member("default", value);
    json_.member("minimum", note.min);
    json_.member("maximum", note.max);
    json_.end_object();
  }
  void operator()(std::string_view name, Millis& value, const Note& note) {
    united(name, format_duration(value), "^[0-9]+(ms|s|m|h|d)$", note);
  }
  void operator()(std::string_view name, Bytes& value, const Note& note) {
    united(name, format_size(value), "^[0-9]+(B|KiB|MiB|GiB)$", note);
  }
  template <class Enum, std::size_t N>
  void operator()(std::string_view name, Enum& value, const std::array<std::string_view, N>& names, const Note& note) {
    begin(name, "string", note);
    json_.member("default", names[static_cast<std::size_t>(value)]);
    json_.key("enum");
    json_.begin_array();
    for (const std::string_view word : names) json_.value(word);
    json_.end_array();
    json_.end_object();
  }
  void operator()(std::string_view name, std::vector<std::string>&, const Note& note) {
    begin(name, "array", note);
    json_.key("items").raw(R"({"type":"string"})");
    json_.end_object();
  }
  void operator()(std::string_view name, std::map<std::string, std::string>&, const Note& note) {
    begin(name, "object", note);
    json_.key("additionalProperties").raw(R"({"type":["string","number","boolean"]})");
    json_.end_object();
  }
  template <Described Section>
  void operator()(std::string_view name, Section& section, const Note& note) {
    begin(name, "object", note);
    properties(section);
    json_.end_object();
  }
  template <Described Section>
  void operator()(std::string_view name, std::vector<Section>&, const Note& note) {
    begin(name, "array", note);
    json_.key("items");
    json_.begin_object();
    json_.member("type", "object");
    Section element;
    properties(element);
    json_.end_object();
    json_.end_object();
  }

  template <class Section>
  void properties(Section& section) {
    json_.member("additionalProperties", false);
    json_.key("properties");
    json_.begin_object();
    section.describe(*this);
    json_.end_object();
  }

 private:
  void begin(std::string_view name, std::string_view type, const Note& note) {
    json_.key(name);
    json_.begin_object();
    json_.member("description", note.doc);
    json_.member("type", type);
  }
  void united(std::string_view name, const std::string& initial, std::string_view pattern, const Note& note) {
    begin(name, "string", note);
    json_.member("default", std::string_view(initial));
    json_.member("pattern", pattern);
    json_.end_object();
  }

  JsonWriter& json_;
};

// The same JSON with a line for each member; lists of words stay on theirs.
std::string pretty(std::string_view json) {
  std::string out;
  std::string open;  // the brackets around, outermost first
  bool quoted = false;
  const auto new_line = [&] { out.append(1, '\n').append(open.size() * 2, ' '); };
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (c == '"' && (i == 0 || json[i - 1] != '\\')) quoted = !quoted;
    if (quoted) {
      out += c;
      continue;
    }
    if (c == '}' || c == ']') open.pop_back();
    if (c == '}') new_line();
    out += c;
    if (c == '{' || c == '[') open += c;
    if (c == ':') out += ' ';
    if (c == '{' || (c == ',' && open.back() == '{')) new_line();
    if (c == ',' && open.back() == '[') out += ' ';
  }
  return out;
}

constexpr std::string_view kPageHead = R"(# Configuration

Generated from the description that the loader uses too (`include/juncture/config/config.h`); a test holds it to that.
`juncture.schema.json` in `config/` is the same for editors.

Settings are read from, later ones win: the defaults below, each file given by `-c`, the environment, `--set a.b=c`,
other flags. Lists are replaced as a whole, sections are merged. `juncture config show --origin` says where each came
from. An unknown key is an error with its line and column. A duration is written with its unit (`250ms`, `30s`, `15m`,
`36h`, `14d`), a size too (`512B`, `64KiB`, `64MiB`, `2GiB`); a bare number is an error.

In values: `${NAME}` from the environment (an error when it is not set), `${NAME:-default}`, `${NAME:?message}`,
`${file:/run/secrets/x}` for the text of a file, `$${` for a plain `${`. They are replaced after parsing, so a
value can bring no keys in.

Of `--set` and the environment, a value that starts with `[` or `{` is a list or a map in YAML's flow form.

| key | type | default | environment | meaning |
|---|---|---|---|---|
)";

}  // namespace
}  // namespace config

std::string show_config(const Config& config, const Origins* origins) {
  std::string out;
  Config copy = config;
  config::Shower shower("", 0, origins, out);
  copy.describe(shower);
  return out;
}

std::string config_markdown() {
  std::string out(config::kPageHead);
  for (const config::KeyInfo& key : config::all_keys()) {
    const bool settable = key.shape != config::Shape::section && key.path.find("[]") == std::string::npos;
    const std::string initial = key.shape == config::Shape::section ? "" : "`" + key.initial + "`";
    const std::string env = settable ? "`" + config::env_name(key.path) + "`" : "";
    out += fmt::format("| `{}` | {} | {} | {} | {} |\n", key.path, key.type, initial, env, key.doc);
  }
  return out;
}

std::string config_json_schema() {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.member("$schema", "https://json-schema.org/draft/2020-12/schema");
  json.member("title", "juncture");
  json.member("type", "object");
  config::SchemaWriter writer(json);
  Config defaults;
  writer.properties(defaults);
  json.end_object();
  return config::pretty(out) + "\n";
}

}  // namespace juncture
