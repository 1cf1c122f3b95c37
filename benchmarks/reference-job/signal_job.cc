#include "signal_job.h"

#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <fstream>

namespace juncture::reference {
namespace {

static_assert(std::endian::native == std::endian::little, "the state's layout is little endian");

constexpr std::int64_t kHourMs = 3'600'000;
constexpr double kHalfLifeMs = 36.0 * 3'600'000.0;
constexpr std::int64_t kBuckets = 36;

// e^x for |x| <= 80 to about 2e-7: a polynomial without branches, so that a loop of it runs in vector registers.
inline float fast_exp(float x) {
  const float scaled = x * 1.44269504F;
  const auto k = static_cast<std::int32_t>(scaled + 256.5F) - 256;
  const auto kf = static_cast<float>(k);
  const float r = (x - kf * 0.693359375F) + kf * 2.12194440e-4F;
  float p = 1.0F / 720;
  p = p * r + 1.0F / 120;
  p = p * r + 1.0F / 24;
  p = p * r + 1.0F / 6;
  p = p * r + 0.5F;
  p = p * r + 1.0F;
  p = p * r + 1.0F;
  return p * std::bit_cast<float>((k + 127) << 23);
}

constexpr std::array<char, 200> make_pairs() {
  std::array<char, 200> out{};
  for (std::size_t i = 0; i < 100; ++i) {
    out[i * 2] = static_cast<char>('0' + i / 10);
    out[i * 2 + 1] = static_cast<char>('0' + i % 10);
  }
  return out;
}
constexpr std::array<char, 200> kPairs = make_pairs();

// Appends to a buffer that is large enough.
class Writer {
 public:
  explicit Writer(char* at) : begin_(at), at_(at) {}
  void text(std::string_view text) {
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }
  void number(std::uint64_t value) {
    std::array<char, 20> digits;  // written from the back
    std::size_t at = digits.size();
    while (value >= 100) {
      at -= 2;
      std::memcpy(&digits[at], &kPairs[value % 100 * 2], 2);
      value /= 100;
    }
    if (value >= 10) {
      at -= 2;
      std::memcpy(&digits[at], &kPairs[value * 2], 2);
    } else {
      digits[--at] = static_cast<char>('0' + value);
    }
    text({&digits[at], digits.size() - at});
  }
  // Four decimals, never negative here.
  void fixed(float value) {
    const auto scaled = static_cast<std::uint32_t>(static_cast<double>(value) * 10000.0 + 0.5);
    const std::uint32_t whole = scaled / 10000, rest = scaled % 10000;
    if (whole < 10) {
      *at_++ = static_cast<char>('0' + whole);
    } else {
      number(whole);
    }
    *at_++ = '.';
    std::memcpy(at_, &kPairs[rest / 100 * 2], 2);
    std::memcpy(at_ + 2, &kPairs[rest % 100 * 2], 2);
    at_ += 4;
  }
  std::string_view done() const { return {begin_, static_cast<std::size_t>(at_ - begin_)}; }

 private:
  char* begin_;
  char* at_;
};

class SignalPipeline final : public Pipeline {
 public:
  explicit SignalPipeline(const Model& model) : model_(model) {}
  Status process(const Record& record, bool fresh, State& state, Output& output) override;

 private:
  bool parse(std::string_view value);
  bool parse_fields(simdjson::ondemand::document& document);
  Weights evidence();
  void update(ProspectState& state);
  void choose(ProspectState& state, const Weights& vector);
  std::string_view render();

  const Model& model_;
  simdjson::ondemand::parser parser_;
  std::vector<char> json_;
  std::vector<char> words_;
  std::vector<char> out_;
  Event event_;
  Weights vector_{};
  std::size_t best_ = 0;
  float best_score_ = 0;
  std::uint64_t malformed_ = 0;
};

bool SignalPipeline::parse(std::string_view value) {
  const std::size_t room = value.size() + simdjson::SIMDJSON_PADDING;
  if (json_.size() < room) json_.resize(room * 2);
  std::memcpy(json_.data(), value.data(), value.size());
  simdjson::ondemand::document document;
  if (parser_.iterate(json_.data(), value.size(), json_.size()).get(document) != simdjson::SUCCESS) return false;
  event_ = {};
  return parse_fields(document) && !event_.event_id.empty() && !event_.prospect.empty() && !event_.type.empty();
}

bool SignalPipeline::parse_fields(simdjson::ondemand::document& document) {
  simdjson::ondemand::object object;
  if (document.get_object().get(object) != simdjson::SUCCESS) return false;
  bool ts = false, text = false;
  for (auto field : object) {
    simdjson::ondemand::raw_json_string key;
    if (field.key().get(key) != simdjson::SUCCESS) return false;
    simdjson::error_code error = simdjson::SUCCESS;
    if (key == "event_id") {
      error = field.value().get_string().get(event_.event_id);
    } else if (key == "ts") {
      error = field.value().get_int64().get(event_.ts);
      ts = true;
    } else if (key == "prospect_id") {
      error = field.value().get_string().get(event_.prospect);
    } else if (key == "type") {
      error = field.value().get_string().get(event_.type);
    } else if (key == "text") {
      error = field.value().get_string().get(event_.text);
      text = true;
    } else if (key == "device") {
      simdjson::ondemand::object device;
      std::string_view kind;
      error = field.value().get_object().get(device);
      if (error == simdjson::SUCCESS) error = device.find_field_unordered("kind").get_string().get(kind);
    }
    if (error != simdjson::SUCCESS) return false;
  }
  // Nothing may follow the object.
  return ts && text && document.current_location().error() == simdjson::OUT_OF_BOUNDS;
}

Weights SignalPipeline::evidence() {
  const std::string_view text = event_.text;
  if (words_.size() < text.size() + 16) words_.resize(text.size() * 2 + 64);
  char* low = words_.data();
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    low[i] = static_cast<char>(c + (static_cast<unsigned char>(c - 'A') < 26 ? 32 : 0));
  }
  low[text.size()] = ' ';
  Weights out{};
  const char* from = low;
  const char* const end = low + text.size();
  while (from < end) {
    const char* to = from;
    while (*to != ' ') ++to;
    const auto size = static_cast<std::size_t>(to - from);
    if (size > 0 && size <= 16) {
      if (const Weights* weights = model_.lexicon.find(Lexicon::word(from, size)); weights != nullptr) {
        for (std::size_t i = 0; i < kVector; ++i) out[i] += (*weights)[i];
      }
    }
    from = to + 1;
  }
  const float scale = event_.type == "query" ? 1.0F : (event_.type == "page_view" ? 0.6F : 0.8F);
  for (float& weight : out) weight *= scale;
  return out;
}

void SignalPipeline::update(ProspectState& s) {
  const Weights seen = evidence();
  const std::int64_t ts = event_.ts;
  if (s.version == 0) {
    s.posterior.fill(1.0F / kJobStages);
    s.moments_at = ts;
    s.hour = ts / kHourMs;
    s.offered.fill(-1);
    s.version = 1;
  }
  std::array<float, kJobStages> next{}, factor;
  for (std::size_t i = 0; i < kJobStages; ++i) {
    const float p = s.posterior[i];
    for (std::size_t j = 0; j < kJobStages; ++j) next[j] += p * model_.transition[i][j];
  }
  for (std::size_t j = 0; j < kJobStages; ++j) factor[j] = fast_exp(std::min(4.0F, std::max(-4.0F, seen[j])));
  float sum = 0;
  for (std::size_t j = 0; j < kJobStages; ++j) {
    next[j] *= factor[j];
    sum += next[j];
  }
  const float inverse = 1.0F / sum;
  for (std::size_t j = 0; j < kJobStages; ++j) vector_[j] = s.posterior[j] = next[j] * inverse;

  const std::int64_t passed = std::max<std::int64_t>(0, ts - s.moments_at);
  const auto decay =
      passed == 0 ? 1.0F
                  : static_cast<float>(std::exp(-0.6931471805599453 * static_cast<double>(passed) / kHalfLifeMs));
  for (std::size_t k = 0; k < kJobMoments; ++k) {
    const float m = s.moments[k] * decay + seen[kJobStages + k];
    s.moments[k] = m;
    vector_[kJobStages + k] = m / (1.0F + std::abs(m));
  }
  s.moments_at = std::max(s.moments_at, ts);

  const std::int64_t hour = ts / kHourMs;
  if (hour - s.hour >= kBuckets) s.counts = {};
  for (std::int64_t h = std::max(s.hour + 1, hour - kBuckets + 1); h <= hour; ++h) {
    s.counts[static_cast<std::size_t>(h % kBuckets)] = {};
  }
  s.hour = std::max(s.hour, hour);
  const std::size_t type = event_.type == "query" ? 0U : (event_.type == "page_view" ? 1U : 2U);
  if (hour > s.hour - kBuckets) ++s.counts[static_cast<std::size_t>(hour % kBuckets)][type];
  s.times[s.events & 7U] = ts;
  ++s.events;
  choose(s, vector_);
}

void SignalPipeline::choose(ProspectState& s, const Weights& vector) {
  std::array<float, kItemsMax> score{};
  for (std::size_t j = 0; j < kVector; ++j) {
    for (std::size_t i = 0; i < kItemsMax; ++i) score[i] += vector[j] * model_.content[j][i];
  }
  for (const std::int32_t item : s.offered) {
    if (item >= 0) score[static_cast<std::size_t>(item)] = -1e30F;
  }
  float best = score[0];
  for (std::size_t i = 1; i < kItemsMax; ++i) best = std::max(best, score[i]);
  std::size_t at = 0;
  while (score[at] != best) ++at;
  best_ = at;
  best_score_ = best;
  s.offered[(s.events - 1) & 3U] = static_cast<std::int32_t>(at);
}

std::string_view SignalPipeline::render() {
  const std::size_t room = event_.prospect.size() + event_.event_id.size() + 400;
  if (out_.size() < room) out_.resize(room * 2);
  const auto largest = [&](std::size_t from, std::size_t to) {
    std::size_t best = from;
    for (std::size_t i = from + 1; i < to; ++i) best = vector_[i] > vector_[best] ? i : best;
    return best - from;
  };
  Writer w(out_.data());
  w.text(R"({"prospect_id":")");
  w.text(event_.prospect);
  w.text(R"(","ts":)");
  w.number(static_cast<std::uint64_t>(event_.ts));
  w.text(R"(,"event_id":")");
  w.text(event_.event_id);
  w.text(R"(","content":")");
  w.text(model_.content_ids[best_]);
  w.text(R"(","score":)");
  w.fixed(best_score_);
  w.text(R"(,"stage":)");
  w.number(largest(0, kJobStages));
  w.text(R"(,"moment":)");
  w.number(largest(kJobStages, kVector));
  w.text(R"(,"posterior":[)");
  for (std::size_t j = 0; j < kJobStages; ++j) {
    if (j > 0) w.text(",");
    w.fixed(vector_[j]);
  }
  w.text("]}");
  return w.done();
}

Status SignalPipeline::process(const Record& record, bool, State& state, Output& output) {
  if (!parse(record.value)) {
    ++malformed_;
    return {};
  }
  const auto before = state.get(record.key);
  if (!before) return tl::unexpected(before.error());
  ProspectState prospect;
  if (*before && (*before)->size() == sizeof(prospect)) std::memcpy(&prospect, (*before)->data(), sizeof(prospect));
  update(prospect);
  if (Status put = state.put(record.key, {reinterpret_cast<const char*>(&prospect), sizeof(prospect)}); !put) {
    return put;
  }
  return output.emit(0, record.key, render(), record.partition);
}

}  // namespace

Lexicon::Lexicon(std::size_t words) : slots_(std::bit_ceil(words * 4)) {}

std::size_t Lexicon::slot_of(Word word) const {
  const std::uint64_t mixed = (word.low ^ std::rotl(word.high, 29)) * 0x9e3779b97f4a7c15ULL;
  return (mixed >> 20U) & (slots_.size() - 1);
}

void Lexicon::add(Word word, const Weights& weights) {
  std::size_t at = slot_of(word);
  while (slots_[at].weights >= 0) at = (at + 1) & (slots_.size() - 1);
  slots_[at] = {word, static_cast<std::int32_t>(weights_.size())};
  weights_.push_back(weights);
}

const Weights* Lexicon::find(Word word) const {
  for (std::size_t at = slot_of(word); slots_[at].weights >= 0; at = (at + 1) & (slots_.size() - 1)) {
    if (slots_[at].word == word) return &weights_[static_cast<std::size_t>(slots_[at].weights)];
  }
  return nullptr;
}

Lexicon::Word Lexicon::word(const char* at, std::size_t size) {
  Word out;
  std::memcpy(&out.low, at, 8);
  std::memcpy(&out.high, at + 8, 8);
  const auto mask = [](std::size_t bytes) { return bytes >= 8 ? ~0ULL : (1ULL << (bytes * 8)) - 1; };
  out.low &= mask(size);
  out.high &= size > 8 ? mask(size - 8) : 0;
  return out;
}

Result<Model> read_model(const std::string& path) {
  std::ifstream in(path);
  Model out;
  std::string name;
  std::size_t count = 0;
  in >> name >> count;
  if (!in || name != "words") return fail(Domain::setup, "model", path + " is not a model");
  out.lexicon = Lexicon(count);
  for (std::size_t i = 0; i < count; ++i) {
    Weights weights{};
    in >> name;
    for (float& weight : weights) in >> weight;
    if (name.size() > 16) return fail(Domain::setup, "model", "a word is longer than 16 bytes: " + name);
    std::array<char, 32> padded{};
    name.copy(padded.data(), name.size());
    out.lexicon.add(Lexicon::word(padded.data(), name.size()), weights);
  }
  in >> name >> count;
  for (auto& row : out.transition) {
    for (float& odds : row) in >> odds;
  }
  in >> name >> count;
  if (count != kItemsMax) return fail(Domain::setup, "model", "64 items were expected");
  for (std::size_t i = 0; i < count; ++i) {
    in >> name;
    out.content_ids.push_back(name);
    for (std::size_t j = 0; j < kVector; ++j) in >> out.content[j][i];
  }
  if (!in) return fail(Domain::setup, "model", path + " is cut short");
  return out;
}

std::unique_ptr<Pipeline> make_signal_pipeline(const Model& model) {
  return std::make_unique<SignalPipeline>(model);
}

}  // namespace juncture::reference
