#include <algorithm>

#include "juncture/pipeline/render.h"

namespace juncture {
namespace {

constexpr std::int64_t kActiveMs = 30LL * 86'400'000;
constexpr double kWhole = 65535.0;

// Over several people: how far they are apart says as much as where they stand on average.
struct Spread {
  std::array<std::uint64_t, kStages> sum{};
  StageShares low{}, high{};
  std::size_t count = 0;

  void add(const StageShares& stages) {
    for (std::size_t s = 0; s < kStages; ++s) {
      sum[s] += stages[s];
      low[s] = count == 0 ? stages[s] : std::min(low[s], stages[s]);
      high[s] = count == 0 ? stages[s] : std::max(high[s], stages[s]);
    }
    ++count;
  }
  double mean(std::size_t s) const { return static_cast<double>(sum[s]) / (kWhole * static_cast<double>(count)); }
};

void write_shares(JsonWriter& json, std::string_view name, const StageShares& shares) {
  json.key(name).begin_array();
  for (const std::uint16_t share : shares) json.fixed(share / kWhole, 5);
  json.end_array();
}

void write_spread(JsonWriter& json, const Spread& spread) {
  json.key("stage");
  if (spread.count == 0) return json.null();
  json.begin_object();
  json.key("p").begin_array();
  for (std::size_t s = 0; s < kBuyingStages; ++s) json.fixed(spread.mean(s), 5);
  json.end_array();
  json.key("stalled").fixed(spread.mean(index_of(Stage::stalled)), 5);
  json.key("rejected").fixed(spread.mean(index_of(Stage::rejected)), 5);
  const auto most = std::max_element(spread.sum.begin(), spread.sum.end());
  json.member("mode", static_cast<std::size_t>(most - spread.sum.begin()) + 1);
  write_shares(json, "low", spread.low);
  write_shares(json, "high", spread.high);
  json.end_object();
}

}  // namespace

void write_account(JsonWriter& json, std::string_view account, const Account& state, Timestamp as_of) {
  std::int64_t last_ms = 0;
  std::uint64_t signals = 0;
  for (const Member& member : state.members) {
    last_ms = std::max(last_ms, member.last_ms);
    signals += member.signals;
  }
  const std::int64_t now_ms = std::max(to_ms(as_of), last_ms);
  const auto active = [&](const Member& member) { return member.last_ms > now_ms - kActiveMs; };
  const auto active_count = std::count_if(state.members.begin(), state.members.end(), active);
  Spread spread;
  for (const Member& member : state.members) {
    if (active_count == 0 || active(member)) spread.add(member.stages);
  }
  json.member("v", 1);
  json.member("account", account);
  json.member("as_of", now_ms);
  json.key("people").begin_object();
  json.member("seen", state.people());
  json.member("active_30d", active_count);
  json.member("kept", state.members.size());
  json.end_object();
  json.member("signals", signals);
  json.key("last_activity");
  state.members.empty() ? json.null() : json.value(last_ms);
  write_spread(json, spread);
}

}  // namespace juncture
