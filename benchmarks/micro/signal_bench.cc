// What one signal costs without a log: from its record to the rows it leads to, through both sub-topologies.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "juncture/inference/conditions.h"
#include "juncture/inference/filter.h"
#include "juncture/ingest/canonical.h"
#include "juncture/pipeline/account_pipeline.h"
#include "juncture/pipeline/prospect_pipeline.h"
#include "juncture/text/scorer.h"
#include "support/knowledge.h"

namespace juncture {
namespace {

constexpr std::int64_t kStart = 1'763'971'200'000, kDayMs = 86'400'000;
constexpr int kProspects = 1000, kAccounts = 250, kVisits = 12;
constexpr std::array<std::string_view, 10> kTexts{"why does payroll fail every month",
                                                  "payroll requirements template",
                                                  "best erp for food manufacturers",
                                                  "business case payroll outsourcing",
                                                  "warehouse robots supplier comparison two shifts",
                                                  "pilot test script",
                                                  "payback period calculator",
                                                  "negotiate saas renewal uplift cap",
                                                  "purchase order approval workflow cfo",
                                                  "weather this weekend"};

struct Recorded {
  std::int64_t at_ms = 0;
  std::string prospect, value;
};

// A thousand prospects in 250 accounts over a quarter: visits of one to four signals, in the order of the log.
std::vector<Recorded> recorded_signals() {
  std::mt19937_64 random(20261122);
  std::vector<Recorded> out;
  for (int p = 0; p < kProspects; ++p) {
    const std::string prospect = "v-" + std::to_string(p), account = "account-" + std::to_string(p % kAccounts);
    for (int visit = 0; visit < kVisits; ++visit) {
      std::int64_t at = kStart + static_cast<std::int64_t>(random() % (90ULL * kDayMs));
      for (std::uint64_t n = 1 + random() % 4; n > 0;
           --n, at += 20'000 + static_cast<std::int64_t>(random() % 300'000)) {
        const std::string id = prospect + "-" + std::to_string(out.size());
        Signal signal;
        signal.id = id;
        signal.prospect = ProspectId(prospect);
        signal.anonymous = true;
        signal.account = AccountId(account);
        signal.type = random() % 4 == 0 ? SignalType::page : SignalType::query;
        signal.occurred_at = from_ms(at);
        signal.text = kTexts[random() % kTexts.size()];
        signal.url = "https://shop.example/guides/erp?campaign=7";
        signal.device = random() % 3 == 0 ? Device::mobile : Device::desktop;
        signal.consent = Consent::granted;
        signal.source = "native";
        Recorded& one = out.emplace_back(Recorded{.at_ms = at, .prospect = prospect, .value = {}});
        write_signal(signal, signal.occurred_at, one.value);
      }
    }
  }
  std::stable_sort(out.begin(), out.end(), [](const Recorded& a, const Recorded& b) { return a.at_ms < b.at_ms; });
  return out;
}

// As the engine's cache: a table by hash.
class HashState final : public State {
 public:
  Result<std::optional<std::string_view>> get(std::string_view key) override {
    const auto found = values_.find(key);
    if (found == values_.end()) return std::optional<std::string_view>{};
    return std::optional<std::string_view>{found->second};
  }
  Status put(std::string_view key, std::string_view value) override {
    const auto found = values_.find(key);
    if (found == values_.end()) {
      values_.emplace(key, value);
    } else {
      found->second = value;
    }
    return {};
  }
  Status remove(std::string_view key) override {
    if (const auto found = values_.find(key); found != values_.end()) values_.erase(found);
    return {};
  }

 private:
  std::unordered_map<std::string, std::string, TextHash, std::equal_to<>> values_;
};

// Copies what is emitted, as a producer's queue does; keeps what accounts are told.
class Outputs final : public Output {
 public:
  Status emit(std::size_t topic, std::string_view key, std::string_view value, Partition /*partition*/) override {
    bytes += key.size() + value.size();
    if (topic != kEvidence || !keep) {
      copy.assign(value);
      return {};
    }
    account.assign(key);
    evidence.assign(value);
    return {};
  }
  Status tombstone(std::size_t /*topic*/, std::string_view /*key*/) override { return {}; }

  static constexpr std::size_t kEvidence = 3;
  bool keep = true;
  std::size_t bytes = 0;
  std::string copy, account, evidence;
};

// Both sub-topologies, joined without a log.
class Line {
 public:
  Line() : knowledge_(test::make_shipped_knowledge()) {
    index_accounts(*knowledge_);
    prospects_ = make_prospect_pipeline(*knowledge_, counters_);
    accounts_ = make_account_pipeline(*knowledge_, Millis{60'000}, account_counters_);
    account_outputs_.keep = false;
  }
  void take_prospect(const Recorded& one) {
    outputs_.evidence.clear();
    const Status done = prospects_->process({.topic = "signals",
                                             .offset = offset_++,
                                             .timestamp = from_ms(one.at_ms),
                                             .key = one.prospect,
                                             .value = one.value},
                                            true, state_, outputs_);
    benchmark::DoNotOptimize(done.has_value());
  }
  void take_account(const Recorded& one) {
    if (outputs_.evidence.empty()) return;
    const Status done = accounts_->process({.topic = "evidence",
                                            .offset = account_offset_++,
                                            .timestamp = from_ms(one.at_ms),
                                            .key = outputs_.account,
                                            .value = outputs_.evidence},
                                           true, account_state_, account_outputs_);
    benchmark::DoNotOptimize(done.has_value());
  }
  std::size_t bytes() const { return outputs_.bytes + account_outputs_.bytes; }

 private:
  std::shared_ptr<Knowledge> knowledge_;
  PipelineCounters counters_, account_counters_;
  std::unique_ptr<Pipeline> prospects_, accounts_;
  HashState state_, account_state_;
  Outputs outputs_, account_outputs_;
  Offset offset_ = 0, account_offset_ = 0;
};

// Of single calls; the clock's own cost, some 25 ns, is in each.
class Percentiles {
 public:
  explicit Percentiles(std::size_t most) { nanoseconds_.reserve(most); }
  template <class Call>
  void time(const Call& call) {
    const auto begin = std::chrono::steady_clock::now();
    call();
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
    if (nanoseconds_.size() < nanoseconds_.capacity()) nanoseconds_.push_back(took.count());
  }
  void report(benchmark::State& bench) {
    std::sort(nanoseconds_.begin(), nanoseconds_.end());
    const auto at = [&](double share) {
      return nanoseconds_[static_cast<std::size_t>(share * static_cast<double>(nanoseconds_.size() - 1))];
    };
    bench.counters["p50_ns"] = at(.5);
    bench.counters["p99_ns"] = at(.99);
  }

 private:
  std::vector<double> nanoseconds_;
};

enum class Part : std::uint8_t { whole, prospects, accounts };

// The second half of the signals, when everybody has a history: record to prospect, account, decision and rows.
void signal_percentiles(benchmark::State& bench, Part part) {
  static const std::vector<Recorded> all = recorded_signals();
  const std::size_t half = all.size() / 2;
  Line line;
  for (std::size_t i = 0; i < half; ++i) {
    line.take_prospect(all[i]);
    line.take_account(all[i]);
  }
  const std::size_t before = line.bytes();
  Percentiles percentiles(all.size());
  std::size_t i = half;
  for (auto _ : bench) {
    const Recorded& one = all[i++];
    if (part == Part::accounts) line.take_prospect(one);
    percentiles.time([&] {
      if (part != Part::accounts) line.take_prospect(one);
      if (part != Part::prospects) line.take_account(one);
    });
    if (part == Part::prospects) line.take_account(one);
  }
  percentiles.report(bench);
  bench.counters["bytes_out"] = static_cast<double>(line.bytes() - before) / static_cast<double>(i - half);
}
constexpr std::int64_t kTimed = 14'000;
BENCHMARK_CAPTURE(signal_percentiles, whole, Part::whole)->Iterations(kTimed);
BENCHMARK_CAPTURE(signal_percentiles, prospects, Part::prospects)->Iterations(kTimed);
BENCHMARK_CAPTURE(signal_percentiles, accounts, Part::accounts)->Iterations(kTimed);

// The same signals as evidence, each prospect's own in order.
struct Observed {
  std::size_t prospect = 0;
  Evidence evidence;
};

std::vector<Observed> observed_signals() {
  const auto knowledge = test::make_shipped_knowledge();
  TextScorer scorer(knowledge->text);
  Scratch scratch;
  Canonical parsed;
  std::vector<Observed> out;
  for (const Recorded& one : recorded_signals()) {
    static_cast<void>(parse_canonical(scratch, one.value, parsed));
    const Signal& signal = parsed.signal;
    const TextEvidence text = scorer.score(signal.text, signal.device, {signal.url, signal.referrer});
    out.push_back({std::stoul(one.prospect.substr(2)), observe(signal, text)});
  }
  return out;
}

// One step of the filter: time since the last signal, then what this one says.
void filter_percentiles(benchmark::State& bench) {
  static const std::vector<Observed> all = observed_signals();
  const StageChain chain;
  std::vector<Prospect> prospects(kProspects);
  const Keep keep{.text = "payback period calculator", .account = "account-7"};
  const std::size_t half = all.size() / 2;
  for (std::size_t i = 0; i < half; ++i) absorb(chain, prospects[all[i].prospect], all[i].evidence, keep);
  Percentiles percentiles(all.size());
  std::size_t i = half;
  for (auto _ : bench) {
    const Observed& one = all[i++];
    Prospect& prospect = prospects[one.prospect];
    percentiles.time([&] { benchmark::DoNotOptimize(absorb(chain, prospect, one.evidence, keep)); });
  }
  percentiles.report(bench);
}
BENCHMARK(filter_percentiles)->Iterations(kTimed);

// What a tick costs a prospect that it looks at: the silence since the last signal, and what it means.
void silence_percentiles(benchmark::State& bench) {
  static const std::vector<Observed> all = observed_signals();
  const StageChain chain;
  std::vector<Prospect> prospects(kProspects);
  for (const Observed& one : all) absorb(chain, prospects[one.prospect], one.evidence);
  Percentiles percentiles(static_cast<std::size_t>(kTimed));
  std::size_t i = 0;
  for (auto _ : bench) {
    const Prospect& prospect = prospects[i % prospects.size()];
    const std::int64_t now = kStart + 91 * kDayMs + static_cast<std::int64_t>(i++ / prospects.size()) * kDayMs;
    percentiles.time([&] { benchmark::DoNotOptimize(conditions_after_silence(chain, prospect.head, now)); });
  }
  percentiles.report(bench);
}
BENCHMARK(silence_percentiles)->Iterations(kTimed);

}  // namespace
}  // namespace juncture
