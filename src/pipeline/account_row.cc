#include <algorithm>
#include <limits>

#include "juncture/inference/committee.h"
#include "juncture/pipeline/render.h"

namespace juncture {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::int64_t kActiveMs = 30LL * kDayMs;
constexpr double kWhole = 65535.0;
constexpr double kShownRole = .1;  // likelier ones are named

// Over several people: how far they are apart says as much as where the account stands.
void write_range(JsonWriter& json, const Account& account, std::int64_t now_ms) {
  const auto active = [&](const Member& member) { return member.last_ms > now_ms - kActiveMs; };
  const bool any = std::any_of(account.members.begin(), account.members.end(), active);
  StageShares low, high{};
  low.fill(std::numeric_limits<std::uint16_t>::max());
  for (const Member& member : account.members) {
    if (any && !active(member)) continue;
    for (std::size_t s = 0; s < kStages; ++s) {
      low[s] = std::min(low[s], member.stages[s]);
      high[s] = std::max(high[s], member.stages[s]);
    }
  }
  const auto write = [&](JsonKey name, const StageShares& shares) {
    json.key(name).begin_array();
    for (const std::uint16_t share : shares) json.fixed(share / kWhole, 5);
    json.end_array();
  };
  write("low", low);
  write("high", high);
}

void write_stage(JsonWriter& json, const Account& account, const Reading& reading) {
  json.key("stage");
  if (account.members.empty()) return json.null();
  json.begin_object();
  write_stage_odds(json, reading);
  write_range(json, account, to_ms(reading.as_of));
  json.end_object();
}

void write_people(JsonWriter& json, const Account& account, std::int64_t now_ms) {
  const auto active = std::count_if(account.members.begin(), account.members.end(),
                                    [&](const Member& member) { return member.last_ms > now_ms - kActiveMs; });
  json.key("people").begin_object();
  json.member("seen", account.people());
  json.member("active_30d", active);
  json.member("kept", account.members.size());
  json.end_object();
}

void write_committee(JsonWriter& json, const Committee& committee) {
  json.key("committee").begin_object();
  json.key("size").begin_object();
  json.key("mean").fixed(committee.size.mean, 1);
  json.member("low", committee.size.low);
  json.member("high", committee.size.high);
  json.end_object();
  json.member("told_apart", committee.ids.people);
  json.member("anonymous_ids", committee.ids.anonymous);
  json.key("roles").begin_array();
  for (std::size_t r = 0; r + 1 < kRoles; ++r) {
    if (committee.present[r] < kShownRole) continue;
    json.begin_object();
    json.member("role", kRoleNames[r]);
    json.key("p").fixed(committee.present[r], 2);
    json.end_object();
  }
  json.end_array();
  json.key("missing").begin_array();
  for (const MissingRole& missing : committee.missing) {
    json.begin_object();
    json.member("role", kRoleNames[missing.role]);
    json.key("p").fixed(missing.present, 2);
    json.member("needed_at", index_of(missing.needed_at) + 1);
    json.end_object();
  }
  json.end_array();
  json.key("spread").fixed(committee.spread, 2);
  json.key("consensus").fixed(committee.consensus, 2);
  json.member("split", committee.split);
  json.member("buying", committee.buying);
  json.end_object();
}

std::size_t likeliest_stage(const Member& member) {
  return static_cast<std::size_t>(std::max_element(member.stages.begin(), member.stages.end()) - member.stages.begin());
}

void write_days(JsonWriter& json, const Member& member) {
  json.key("days").begin_array();
  for (const TrackDay& day : member.track) {
    json.begin_object();
    json.member("ts", static_cast<std::int64_t>(day.day) * kDayMs);
    json.member("signals", day.signals);
    json.member("visits", day.visits);
    json.member("offline", day.offline);
    // The condition that the day's texts spoke for, where they spoke at all.
    const auto most = std::max_element(day.against.begin(), day.against.end());
    json.key("spoke_for");
    if (*most == 0) {
      json.null();
    } else {
      json.value(std::min_element(day.against.begin(), day.against.end()) - day.against.begin() + 1);
    }
    json.end_object();
  }
  json.end_array();
}

void write_member(JsonWriter& json, const Member& member, const MemberView& view) {
  json.begin_object();
  json.member("id", decision_text(member.prospect).substr(2));
  json.member("known", member.known || member.person != 0);
  json.key("same_person_as");
  member.person != 0 ? json.value(decision_text(member.person).substr(2)) : json.null();
  json.member("basis", name_of(member.basis));
  json.key("confidence").fixed(kAccountConfidence[index_of(member.basis)] / 255.0, 2);
  json.member("first_seen", member.first_ms);
  json.member("last_seen", member.last_ms);
  json.member("signals", member.signals);
  json.member("offline", member.offline);
  json.key("active").fixed(view.active, 2);
  json.member("mode", likeliest_stage(member) + 1);
  json.key("stage").fixed(view.stage, 1);
  const auto role = std::max_element(view.roles.begin(), view.roles.end());
  json.member("role", kRoleNames[static_cast<std::size_t>(role - view.roles.begin())]);
  json.key("role_p").fixed(*role, 2);
  write_days(json, member);
  json.end_object();
}

// The odds at the end of each of the 26 weeks up to now, oldest first.
void write_weeks(JsonWriter& json, const StageChain& chain, const Account& account, std::int64_t now_ms) {
  constexpr std::int64_t kWeeks = 26, kWeekMs = 7 * kDayMs;
  std::vector<std::int64_t> ends;
  for (std::int64_t week = 1; week <= kWeeks; ++week) ends.push_back(now_ms - (kWeeks - week) * kWeekMs);
  const std::vector<StageOdds> odds = account_history(chain, account, ends);
  json.key("weeks").begin_array();
  for (std::size_t w = 0; w < odds.size(); ++w) {
    json.begin_object();
    json.member("start", ends[w] - kWeekMs);
    json.key("p").begin_array();
    for (std::size_t s = 0; s < kBuyingStages; ++s) json.fixed(static_cast<double>(odds[w][s]), 3);
    json.end_array();
    json.key("stalled").fixed(static_cast<double>(odds[w][index_of(Stage::stalled)]), 3);
    json.key("rejected").fixed(static_cast<double>(odds[w][index_of(Stage::rejected)]), 3);
    json.key("unobserved_share").fixed(unobserved_share(chain, odds[w]), 2);
    json.end_object();
  }
  json.end_array();
}

// Returns the committee, for who asks for its people too.
Committee write_whole(JsonWriter& json, const AccountRules& rules, std::string_view id, const Account& account,
                      const AccountReading& reading, Conditions holding) {
  const std::int64_t now_ms = to_ms(reading.as_of);
  Committee committee = committee_of(rules.chain, account, reading.stages, now_ms, rules.responsibility, holding);
  std::uint64_t signals = 0;
  for (const Member& member : account.members) signals += member.signals;
  json.member("v", 2);
  json.member("account", id);
  json.member("as_of", now_ms);
  write_people(json, account, now_ms);
  json.member("signals", signals);
  json.key("last_activity");
  account.members.empty() ? json.null() : json.value(to_ms(reading.last_seen));
  write_stage(json, account, reading);
  write_outlook(json, reading);
  write_offline(json, rules.chain, reading);
  write_committee(json, committee);
  write_conditions(json, reading.odds, reading.pace, holding);
  return committee;
}

}  // namespace

double unobserved_share(const StageChain& chain, const StageOdds& stages) {
  double share = 0, mass = 0;
  for (std::size_t s = 0; s < kBuyingStages; ++s) {
    share += static_cast<double>(stages[s]) * chain.parameters().offline_share[s];
    mass += static_cast<double>(stages[s]);
  }
  return mass > 0 ? share / mass : 0;
}

void write_offline(JsonWriter& json, const StageChain& chain, const Reading& reading) {
  json.key("offline").begin_object();
  json.member("signals", reading.offline);
  json.key("unobserved_share").fixed(unobserved_share(chain, reading.stages), 2);
  json.end_object();
}

void write_conditions(JsonWriter& json, const Likelihoods& odds, const Pace& pace, Conditions holding) {
  json.key("likelihoods").begin_object();
  json.key("warning_signs").fixed(static_cast<double>(odds.warning_signs), 3);
  json.key("no_decision_risk").fixed(static_cast<double>(odds.no_decision_risk), 3);
  json.key("stalled").fixed(static_cast<double>(odds.stalled), 3);
  json.key("silently_rejected").fixed(static_cast<double>(odds.silently_rejected), 3);
  json.end_object();
  json.key("surge").begin_object();
  json.key("signals").fixed(pace.count, 0);
  json.key("usual").fixed(pace.expected, 2);
  json.end_object();
  json.key("conditions").begin_array();
  for (std::size_t c = 0; c < kConditions; ++c) {
    if (holds(holding, static_cast<Condition>(c))) json.value(kConditionNames[c]);
  }
  json.end_array();
}

void write_outlook(JsonWriter& json, const Reading& reading) {
  json.key("progress").begin_object();
  json.key("mean").fixed(static_cast<double>(reading.progress_mean), 1);
  json.key("lo").fixed(static_cast<double>(reading.progress_lo), 1);
  json.key("hi").fixed(static_cast<double>(reading.progress_hi), 1);
  json.end_object();
  json.key("dwell").begin_object();
  json.key("days").fixed(static_cast<double>(reading.dwell_days), 1);
  json.key("median").fixed(static_cast<double>(reading.dwell_median_days), 1);
  json.key("p90").fixed(static_cast<double>(reading.dwell_p90_days), 1);
  json.end_object();
  json.key("forecast").begin_object();
  json.member("stage", index_of(reading.next_stage) + 1);
  json.key("p").fixed(static_cast<double>(reading.next_stage_p), 3);
  json.key("stall_p").fixed(static_cast<double>(reading.stall_p_14d), 3);
  json.key("visit").begin_object();
  json.key("days").fixed(static_cast<double>(reading.next_visit_days), 1);
  json.key("p").fixed(static_cast<double>(reading.next_visit_p), 2);
  json.end_object();
  json.end_object();
}

void write_account(JsonWriter& json, const AccountRules& rules, std::string_view id, const Account& account,
                   const AccountReading& reading, Conditions holding) {
  write_whole(json, rules, id, account, reading, holding);
}

void write_account_people(JsonWriter& json, const AccountRules& rules, std::string_view id, const Account& account,
                          const AccountReading& reading, Conditions holding) {
  const Committee committee = write_whole(json, rules, id, account, reading, holding);
  json.key("members").begin_array();
  for (std::size_t i = 0; i < account.members.size(); ++i) {
    write_member(json, account.members[i], committee.members[i]);
  }
  json.end_array();
  write_weeks(json, rules.chain, account, to_ms(reading.as_of));
}

}  // namespace juncture
