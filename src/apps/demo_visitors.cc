#include "apps/demo_visitors.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace juncture::apps {
namespace {

constexpr std::size_t kVisitors = 160;
constexpr std::array<std::string_view, 10> kProducts{
    "warehouse software", "payroll", "process pumps",      "threat detection",   "cloud hosting",
    "field service app",  "crm",     "invoice automation", "quality lab system", "fleet telematics"};
constexpr std::array<std::string_view, 24> kAccounts{
    "halvorsen", "brackwater", "whitlock", "marston",   "oakmere",  "vantaa",    "penrose",  "delgado",
    "hollis",    "castellan",  "brandt",   "lindqvist", "okafor",   "tamura",    "ferreira", "kowalski",
    "ashdown",   "bellerive",  "corrigan", "dunmore",   "eastlake", "fairhaven", "garnet",   "hillcrest"};

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// SplitMix64: a counter through a mixing function, so that draw n of a seed is the same everywhere.
std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31U);
}

}  // namespace

std::uint64_t DemoVisitors::draw() {
  return mix(seed_ ^ mix(++count_));
}
double DemoVisitors::uniform() {
  return static_cast<double>(draw() >> 11U) * 0x1.0p-53;
}

DemoVisitors::DemoVisitors(std::uint64_t seed, std::string_view phrases) : seed_(mix(seed)) {
  for (const std::string_view line : lines_of(phrases)) {
    const std::size_t first = line.find('\t');
    const std::size_t second = line.find('\t', first + 1);
    if (line.starts_with('#') || second == std::string_view::npos) continue;
    const auto moment = parse_name<Moment>(kMomentNames, line.substr(first + 1, second - first - 1));
    phrases_.push_back({.stage = std::atoi(std::string(line.substr(0, first)).c_str()),
                        .moment = moment.value_or(Moment::know),
                        .text = std::string(line.substr(second + 1))});
  }
  JUNCTURE_ASSERT(!phrases_.empty());
  for (std::size_t i = 0; i < kVisitors; ++i) {
    Visitor visitor;
    const std::size_t account = below(kAccounts.size());
    visitor.noise = uniform() < 0.12;
    visitor.known = uniform() < 0.2;
    visitor.denied = uniform() < 0.04;
    visitor.account = visitor.noise || uniform() < 0.25 ? "" : std::string(kAccounts[account]);
    visitor.product = kProducts[account % kProducts.size()];
    visitor.stage = 1 + 11 * std::sqrt(uniform()) * uniform();
    visitor.pace = 0.03 + 0.25 * uniform();
    const std::uint64_t tag = draw();
    constexpr std::string_view kHex = "0123456789abcdef";
    visitor.id = visitor.known ? "p-" : "v-";
    for (unsigned k = 0; k < 6; ++k) visitor.id.push_back(kHex[(tag >> (4 * k)) & 0xfU]);
    visitors_.push_back(std::move(visitor));
  }
}

const DemoVisitors::Phrase& DemoVisitors::phrase_for(int stage) {
  for (int attempt = 0; attempt < 200; ++attempt) {
    const Phrase& phrase = phrases_[below(phrases_.size())];
    if (phrase.stage == stage) return phrase;
  }
  return phrases_.front();
}

void DemoVisitors::step(Visitor& visitor, Timestamp at, const Emit& emit) {
  // Mostly forward, sometimes back: a new stakeholder reopens what was settled.
  visitor.stage = std::clamp(visitor.stage + visitor.pace * (uniform() < 0.12 ? -6.0 : 1.3), 1.0, 12.0);
  const double jitter = uniform();
  int stage = static_cast<int>(visitor.stage) + (jitter < 0.1 ? -1 : jitter > 0.9 ? 1 : 0);
  stage = visitor.noise || uniform() < 0.06 ? 0 : std::clamp(stage, 1, 12);
  const Phrase& phrase = phrase_for(stage);
  text_ = phrase.text;
  if (const std::size_t slot = text_.find("{p}"); slot != std::string::npos) text_.replace(slot, 3, visitor.product);
  id_ = visitor.id + "-" + std::to_string(draw() & 0xffffffffU);

  Signal signal;
  signal.id = id_;
  signal.prospect = ProspectId(visitor.id);
  signal.anonymous = !visitor.known;
  signal.account = AccountId(visitor.account);
  signal.occurred_at = at;
  signal.device = uniform() < 0.35 ? Device::mobile : Device::desktop;
  signal.consent = visitor.denied ? Consent::denied : Consent::granted;
  signal.source = "demo";
  const double kind = uniform();
  signal.type = kind < 0.72 ? SignalType::query : kind < 0.94 ? SignalType::page : SignalType::offline;
  if (signal.type == SignalType::offline)
    text_ = stage >= 6 ? "meeting on site with our rep" : "met at an industry day";
  signal.text = text_;
  if (signal.type == SignalType::page) signal.url = "https://example.com/insights";
  ++visitor.signals;
  emit(signal);
}

void DemoVisitors::history(Timestamp now, const Emit& emit) {
  struct Due {
    Timestamp at;
    std::size_t visitor;
  };
  std::vector<Due> due;
  for (std::size_t v = 0; v < visitors_.size(); ++v) {
    if (uniform() < 0.3) continue;  // some are new
    const std::size_t signals = 1 + below(10);
    const double span_days = 1 + 80 * uniform();
    for (std::size_t k = 0; k < signals; ++k) {
      const double days = span_days * uniform() + 0.02;
      due.push_back({.at = now - Millis{static_cast<std::int64_t>(days * 86'400'000.0)}, .visitor = v});
    }
  }
  std::stable_sort(due.begin(), due.end(), [](const Due& a, const Due& b) { return a.at < b.at; });
  for (const Due& one : due) step(visitors_[one.visitor], one.at, emit);
}

void DemoVisitors::next(Timestamp now, const Emit& emit) {
  // A few visitors are in a session at any time: signals come in bursts.
  const std::size_t window = static_cast<std::size_t>(to_ms(now) / 20'000);
  const std::size_t pick =
      uniform() < 0.6 ? mix(seed_ + window + below(3)) % visitors_.size() : below(visitors_.size());
  step(visitors_[pick], now, emit);
}

}  // namespace juncture::apps
