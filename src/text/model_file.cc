#include "text/model_file.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <vector>

#include "juncture/core/hash.h"
#include "juncture/core/json_writer.h"
#include "juncture/text/model.h"
#include "text/model_bytes.h"

namespace juncture {
namespace text {
namespace {

constexpr std::string_view kMagic = "JUNCTMDL";
constexpr std::uint16_t kMajor = 1, kMinor = 0;
constexpr std::size_t kHeader = 64, kEntry = 32, kAlign = 64;
constexpr std::size_t kPhrasesMax = 100'000, kGoldensMax = 1'000;

enum class Section : std::uint32_t {
  meta = 1,
  labels = 2,
  lexicon = 3,
  hash_word = 4,
  hash_char = 5,
  scales = 6,
  calibration = 7,
  chain = 8,
  dense = 14,
  golden = 15,
  web_words = 16
};
constexpr std::array<Section, 10> kSections{
    Section::meta,   Section::labels,      Section::lexicon, Section::hash_word, Section::hash_char,
    Section::scales, Section::calibration, Section::dense,   Section::golden,    Section::web_words};

std::string_view name_of(Section section) {
  constexpr std::array<std::string_view, 17> kNames{
      "", "meta", "labels", "lexicon", "hash_word", "hash_char", "scales", "calibration", "chain",
      "", "",     "",       "",        "",          "dense",     "golden", "web_words"};
  return kNames[static_cast<std::size_t>(section)];
}

// Those of this model: the fitted chain is there once histories have been learnt from.
std::vector<Section> sections_of(const ModelParts& parts) {
  std::vector<Section> out(kSections.begin(), kSections.end());
  if (!parts.chain.empty()) out.push_back(Section::chain);
  return out;
}

std::string labels_json() {
  std::string out = "{\"classes\":[";
  for (const std::string_view name : kStageNames) out.append("\"").append(name).append("\",");
  out += "\"none\"],\"moments\":[";
  for (std::size_t m = 0; m < kMoments; ++m) {
    out.append(m == 0 ? "\"" : ",\"").append(kMomentNames[m]).append("\"");
  }
  out += "],\"roles\":[";
  for (std::size_t r = 0; r < kRoles; ++r) out.append(r == 0 ? "\"" : ",\"").append(kRoleNames[r]).append("\"");
  return out + "]}";
}

std::string write_section(const ModelParts& parts, Section section) {
  Writer out;
  const Weights& weights = parts.weights;
  switch (section) {
    case Section::meta:
      return parts.meta;
    case Section::labels:
      return labels_json();
    case Section::lexicon:
      out.natural(parts.phrases.size(), 4);
      for (const Phrase& phrase : parts.phrases) {
        out.natural(phrase.labels, 2);
        out.natural(phrase.roles, 2);
        out.natural(phrase.moments, 1);
        out.natural(static_cast<std::uint64_t>(phrase.slot), 1);
        out.text(phrase.stems);
      }
      return out.take();
    case Section::hash_word:
      return std::string(reinterpret_cast<const char*>(weights.word.data()), weights.word.size());
    case Section::hash_char:
      return std::string(reinterpret_cast<const char*>(weights.chars.data()), weights.chars.size());
    case Section::scales:
      out.numbers(std::array{weights.word_scale, weights.char_scale, weights.dense_scale});
      out.numbers(weights.bias);
      return out.take();
    case Section::calibration:
      out.numbers(parts.calibration.stage_temperature);
      out.numbers(parts.calibration.moment_temperature);
      out.number(parts.calibration.none_shift);
      out.numbers(parts.log_prior);
      for (const auto& roles : parts.stage_roles) out.numbers(roles);
      for (const auto& moments : parts.device_moment) out.numbers(moments);
      return out.take();
    case Section::chain:
      return parts.chain;
    case Section::dense:
      for (const std::int16_t weight : weights.dense) out.natural(static_cast<std::uint16_t>(weight), 2);
      return out.take();
    case Section::golden:
      out.natural(parts.goldens.size(), 4);
      for (const Golden& golden : parts.goldens) {
        out.text(golden.text);
        out.numbers(golden.log_ratio);
        out.numbers(golden.moments);
      }
      return out.take();
    case Section::web_words:
      out.natural(parts.web_words.size(), 4);
      for (const WebWord& word : parts.web_words) {
        out.natural(static_cast<std::uint64_t>(word.place), 1);
        out.natural(word.bits, 2);
        out.text(word.text);
      }
      return out.take();
  }
  return {};
}

void read_table(std::string_view in, std::vector<std::int8_t>& table) {
  table.resize(in.size());
  std::memcpy(table.data(), in.data(), in.size());
}

bool read_lexicon(Reader& in, ModelParts& parts) {
  const std::size_t count = in.natural(4);
  if (count > kPhrasesMax) return false;
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    Phrase phrase;
    phrase.labels = static_cast<std::uint16_t>(in.natural(2));
    phrase.roles = static_cast<std::uint16_t>(in.natural(2));
    phrase.moments = static_cast<std::uint8_t>(in.natural(1));
    const std::uint64_t slot = in.natural(1);
    phrase.slot = static_cast<Slot>(slot);
    phrase.stems = in.text();
    if (slot > 3 || phrase.stems.empty()) return false;
    parts.phrases.push_back(std::move(phrase));
  }
  return in.finished();
}

bool read_web_words(Reader& in, ModelParts& parts) {
  const std::size_t count = in.natural(4);
  if (count > kPhrasesMax) return false;
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    WebWord word;
    const std::uint64_t place = in.natural(1);
    word.place = static_cast<WebPlace>(place);
    word.bits = static_cast<std::uint16_t>(in.natural(2));
    word.text = in.text();
    if (place > static_cast<std::uint64_t>(WebPlace::path) || word.bits == 0) return false;
    parts.web_words.push_back(std::move(word));
  }
  return in.finished();
}

bool read_calibration(Reader& in, ModelParts& parts) {
  in.numbers(parts.calibration.stage_temperature);
  in.numbers(parts.calibration.moment_temperature);
  parts.calibration.none_shift = in.number();
  in.numbers(parts.log_prior);
  for (auto& roles : parts.stage_roles) in.numbers(roles);
  for (auto& moments : parts.device_moment) in.numbers(moments);
  bool positive = true;
  for (const float t : parts.calibration.stage_temperature) positive = positive && t > 0;
  for (const float t : parts.calibration.moment_temperature) positive = positive && t > 0;
  return positive && in.finished();
}

bool read_golden(Reader& in, ModelParts& parts) {
  const std::size_t count = in.natural(4);
  if (count == 0 || count > kGoldensMax) return false;
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    Golden golden;
    golden.text = in.text();
    in.numbers(golden.log_ratio);
    in.numbers(golden.moments);
    parts.goldens.push_back(std::move(golden));
  }
  return in.finished();
}

bool read_section(std::string_view bytes, Section section, ModelParts& parts) {
  Reader in(bytes);
  Weights& weights = parts.weights;
  switch (section) {
    case Section::meta:
      parts.meta = std::string(bytes);
      return true;
    case Section::labels:
      return bytes == labels_json();
    case Section::lexicon:
      return read_lexicon(in, parts);
    case Section::hash_word:
      read_table(bytes, weights.word);
      return bytes.size() == kBuckets * kColumns;
    case Section::hash_char:
      read_table(bytes, weights.chars);
      return bytes.size() == kBuckets * kColumns;
    case Section::scales:
      weights.word_scale = in.number();
      weights.char_scale = in.number();
      weights.dense_scale = in.number();
      in.numbers(weights.bias);
      return in.finished();
    case Section::calibration:
      return read_calibration(in, parts);
    case Section::chain:  // its numbers are judged by who runs by them
      parts.chain = std::string(bytes);
      return !bytes.empty();
    case Section::dense:
      weights.dense.resize(kDense * kColumns);
      for (std::int16_t& weight : weights.dense) weight = static_cast<std::int16_t>(in.natural(2));
      return in.finished();
    case Section::golden:
      return read_golden(in, parts);
    case Section::web_words:
      return read_web_words(in, parts);
  }
  return false;
}

std::string hex(std::uint64_t value, int digits) {
  std::string out;
  for (int i = digits - 1; i >= 0; --i) out += "0123456789abcdef"[value >> (4 * i) & 0xfU];
  return out;
}

tl::unexpected<Error> refuse(const std::string& why) {
  return fail(Domain::setup, "model", "the model file is refused: " + why);
}

// The golden queries must score as they did where the model was made.
Status self_test(const ModelParts& parts) {
  FeatureReader reader(parts.phrases, parts.matcher, parts.web);
  const auto near = [](float a, float b) { return a - b < 1e-5F && b - a < 1e-5F; };
  for (const Golden& golden : parts.goldens) {
    const Features& features = reader.read(golden.text);
    const TextEvidence found = evidence_of(parts, features, logits_of(parts, features), Device::desktop);
    bool same = true;
    for (std::size_t y = 0; y < kEvidenceClasses; ++y) same = same && near(found.log_ratio[y], golden.log_ratio[y]);
    for (std::size_t m = 0; m < kMoments; ++m) same = same && near(found.moments[m], golden.moments[m]);
    if (!same) return refuse("`" + golden.text + "` does not score as it did when the model was made");
  }
  return {};
}

}  // namespace

std::string version_of(const ModelParts& parts) {
  std::uint64_t hash = feature_schema_hash();
  for (const Section section : sections_of(parts)) {
    if (section != Section::meta) hash = hash64(write_section(parts, section), hash);
  }
  return "m-" + hex(hash & 0xffffffffU, 8);
}

}  // namespace text

std::string serialize(const TextModel& model) {
  using namespace text;
  const ModelParts& parts = model.parts();
  std::string body, table_text;
  Writer table;
  const std::vector<Section> sections = sections_of(parts);
  const std::size_t first = kHeader + sections.size() * kEntry;
  for (const Section section : sections) {
    body.resize((first + body.size() + kAlign - 1) / kAlign * kAlign - first, '\0');
    const std::string data = write_section(parts, section);
    table.natural(static_cast<std::uint64_t>(section), 4);
    table.natural(0, 4);
    table.natural(first + body.size(), 8);
    table.natural(data.size(), 8);
    table.natural(hash64(data), 8);
    body += data;
  }
  table_text = table.take();
  Writer head;
  head.natural(kMajor, 2);
  head.natural(kMinor, 2);
  head.natural(sections.size(), 4);
  head.natural(first + body.size(), 8);
  head.natural(parts.created_unix_ms, 8);
  head.natural(hash64(body), 8);
  head.natural(hash64(body, 1), 8);
  head.natural(hash64(table_text), 8);
  head.natural(feature_schema_hash(), 8);
  return std::string(kMagic) + head.take() + table_text + body;
}

namespace text {
namespace {

Result<std::unique_ptr<ModelParts>> read_parts(std::string_view bytes) {
  if (bytes.size() < kHeader || bytes.substr(0, kMagic.size()) != kMagic) return refuse("it is not a .jmodel file");
  Reader head(bytes.substr(kMagic.size(), kHeader - kMagic.size()));
  if (head.natural(2) != kMajor) return refuse("its layout is of another major version");
  head.natural(2);
  const std::uint64_t count = head.natural(4);
  if (head.natural(8) != bytes.size()) return refuse("its size is not what it says");
  auto parts = std::make_unique<ModelParts>();
  parts->created_unix_ms = head.natural(8);
  const std::uint64_t body_hash = head.natural(8), body_hash2 = head.natural(8), table_hash = head.natural(8);
  if (head.natural(8) != feature_schema_hash())
    return refuse("it was made for another feature schema; run juncture train again");
  if (count < kSections.size() || count > 64 || bytes.size() < kHeader + count * kEntry) {
    return refuse("sections are missing");
  }
  const std::string_view table_text = bytes.substr(kHeader, count * kEntry);
  const std::string_view body = bytes.substr(kHeader + count * kEntry);
  if (hash64(table_text) != table_hash) return refuse("its table is damaged");
  if (hash64(body) != body_hash || hash64(body, 1) != body_hash2) return refuse("it is damaged");
  Reader table(table_text);
  std::uint64_t seen = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t type = table.natural(4);
    table.natural(4);
    const std::uint64_t offset = table.natural(8), size = table.natural(8), hash = table.natural(8);
    if (offset > bytes.size() || size > bytes.size() - offset) return refuse("a section lies outside of it");
    const std::string_view data = bytes.substr(offset, size);
    if (hash64(data) != hash) return refuse("section " + std::to_string(type) + " is damaged");
    const auto section = static_cast<Section>(type);
    const bool known =
        section == Section::chain || std::find(kSections.begin(), kSections.end(), section) != kSections.end();
    if (!known) continue;
    if ((seen >> type & 1U) != 0 || !read_section(data, section, *parts)) {
      return refuse("section " + std::to_string(type) + " does not read");
    }
    seen |= std::uint64_t{1} << type;
  }
  for (const Section section : kSections) {
    if ((seen >> static_cast<std::uint64_t>(section) & 1U) == 0) return refuse("sections are missing");
  }
  if (Status done = complete(*parts); !done) return tl::unexpected<Error>(done.error());
  if (Status tested = self_test(*parts); !tested) return tl::unexpected<Error>(tested.error());
  parts->version = version_of(*parts);
  return parts;
}

}  // namespace
}  // namespace text

Result<TextModel> load_model(std::string_view bytes) {
  auto parts = text::read_parts(bytes);
  if (!parts) return tl::unexpected<Error>(parts.error());
  return TextModel(std::move(*parts));
}

std::vector<ModelFact> describe(const TextModel& model) {
  using namespace text;
  const ModelParts& parts = model.parts();
  std::vector<ModelFact> out{{"version", model.version()},
                             {"created_unix_ms", std::to_string(parts.created_unix_ms)},
                             {"feature_schema", hex(feature_schema_hash(), 16)},
                             {"meta", model.meta()}};
  for (const Section section : sections_of(parts)) {
    const std::string data = write_section(parts, section);
    out.push_back(
        {"section " + std::string(name_of(section)), std::to_string(data.size()) + " bytes " + hex(hash64(data), 16)});
  }
  const auto add = [&](const std::string& name, const auto& numbers) {
    std::string value;
    for (const float number : numbers) {
      if (!value.empty()) value += ' ';
      JsonWriter(value).fixed(static_cast<double>(number), 4);
    }
    out.push_back({name, value});
  };
  add("stage_temperature", parts.calibration.stage_temperature);
  add("moment_temperature", parts.calibration.moment_temperature);
  add("none_shift", std::array{parts.calibration.none_shift});
  add("log_prior", parts.log_prior);
  return out;
}

Result<TextModel> with_chain(const TextModel& model, std::string chain) {
  auto parts = text::read_parts(serialize(model));
  if (!parts) return tl::unexpected<Error>(parts.error());
  (*parts)->chain = std::move(chain);
  (*parts)->version = text::version_of(**parts);
  return TextModel(std::move(*parts));
}

}  // namespace juncture
