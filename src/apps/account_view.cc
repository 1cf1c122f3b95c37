#include "apps/account_view.h"

#include <fmt/format.h>

#include <algorithm>

#include "apps/prospect_view.h"
#include "apps/wall_clock.h"
#include "juncture/inference/account_filter.h"
#include "juncture/inference/committee.h"
#include "juncture/pipeline/render.h"

namespace juncture::apps {
namespace {

std::string committee_text(const Committee& committee) {
  std::string out = fmt::format("committee of {} to {} people (90 % interval), {} told apart, {} anonymous ids\n",
                                committee.size.low, committee.size.high, committee.ids.people, committee.ids.anonymous);
  for (const MissingRole& missing : committee.missing) {
    out += fmt::format("  missing  {:<16} present {:.0f} %, usual at {}\n", kRoleNames[missing.role],
                       missing.present * 100, name_of(missing.needed_at));
  }
  out += fmt::format("  {} of {:.1f} stages\n", committee.split ? "split, spread" : "spread", committee.spread);
  return out;
}

std::string members_text(const Account& account, const Committee& committee) {
  std::string out = "people\n";
  for (std::size_t i = 0; i < account.members.size(); ++i) {
    const Member& member = account.members[i];
    const MemberView& view = committee.members[i];
    const auto role = std::max_element(view.roles.begin(), view.roles.end()) - view.roles.begin();
    out += fmt::format("  {}  {:<9} {:<8} {:<16} {:3.0f} %  at {:4.1f}  {:>3} signals  last {}\n",
                       decision_text(member.prospect).substr(2), member.known ? "known" : "anonymous",
                       name_of(member.basis), kRoleNames[static_cast<std::size_t>(role)],
                       *std::max_element(view.roles.begin(), view.roles.end()) * 100, view.stage, member.signals,
                       utc_text(from_ms(member.last_ms)));
  }
  return out;
}

}  // namespace

std::string explain_account(const Knowledge& knowledge, std::string_view id, const Account& account, Timestamp now) {
  const AccountRules rules = rules_of(knowledge, AccountId(id));
  const StageChain& chain = rules.chain;
  const AccountBelief belief = account_belief(chain, account);
  const AccountReading reading = read_account(chain, belief, now);
  const std::int64_t now_ms = to_ms(reading.as_of);
  const Committee committee = committee_of(chain, account, reading.stages, now_ms, rules.responsibility);
  std::string out = fmt::format("{}  as of {}  {} ids seen, {} kept\n", id, utc_text(reading.as_of), account.people(),
                                account.members.size());
  out += odds_text(reading.stages);
  out += outlook_text(chain, reading);
  out += conditions_text(reading.odds, conditions_of(chain, account, belief));
  out += committee_text(committee);
  out += members_text(account, committee);
  return out;
}

}  // namespace juncture::apps
