#include "juncture/pipeline/account_pipeline.h"

#include <algorithm>
#include <string>
#include <vector>

#include "juncture/core/account.h"
#include "juncture/core/hash.h"
#include "juncture/inference/account_filter.h"
#include "juncture/ingest/dead_letter.h"
#include "juncture/pipeline/render.h"
#include "juncture/state/account_codec.h"
#include "juncture/state/due_index.h"
#include "juncture/state/keys.h"
#include "juncture/state/switches.h"
#include "pipeline/condition_events.h"

namespace juncture {
namespace {

enum Topic : std::size_t { kRows = 0, kDeadLetters = 1, kConditionChanges = 2 };
constexpr std::size_t kChecksPerTick = 1024;

bool forget_former(Account& account, std::uint64_t prospect) {
  const auto at = std::lower_bound(account.former.begin(), account.former.end(), prospect);
  if (at == account.former.end() || *at != prospect) return false;
  account.former.erase(at);
  return true;
}

// Whoever was seen longest ago makes room, and stays known by a hash: nobody is counted twice for coming back.
void coarsen(Account& account) {
  const auto oldest =
      std::min_element(account.members.begin(), account.members.end(), [](const Member& a, const Member& b) {
        return a.last_ms != b.last_ms ? a.last_ms < b.last_ms : a.prospect < b.prospect;
      });
  if (account.former.size() < kFormerMax) {
    account.former.insert(std::lower_bound(account.former.begin(), account.former.end(), oldest->prospect),
                          oldest->prospect);
  } else {
    ++account.beyond;
  }
  account.members.erase(oldest);
}

// Any order of different people's records ends in the same account; of one person's, the last stands.
void take(Account& account, const AccountEvidence& evidence) {
  const std::uint64_t prospect = hash64(evidence.prospect.text());
  const auto at = std::lower_bound(account.members.begin(), account.members.end(), prospect,
                                   [](const Member& member, std::uint64_t wanted) { return member.prospect < wanted; });
  const bool known = at != account.members.end() && at->prospect == prospect;
  if (evidence.kind == AccountEvidence::Kind::left) {
    if (known) {
      account.members.erase(at);
    } else {
      forget_former(account, prospect);
    }
    return;
  }
  const Member member{.prospect = prospect,
                      .first_ms = evidence.first_ms,
                      .last_ms = evidence.last_ms,
                      .signals = evidence.signals,
                      .stages = evidence.stages,
                      .person = evidence.person,
                      .offline = evidence.offline,
                      .known = evidence.known,
                      .basis = evidence.basis,
                      .has_roles = evidence.has_roles,
                      .roles = evidence.roles,
                      .track = evidence.track};
  if (known) {
    *at = member;
    return;
  }
  account.members.insert(at, member);
  forget_former(account, prospect);
  if (account.members.size() > kMembersMax) coarsen(account);
}

// Half hours since 1970 at which a tick is to look at it; what one has noticed holds until something newer is known.
void plan_check(Account& account, std::int64_t newest_ms) {
  if (account.checked_ms > newest_ms) return;
  account.checked_ms = 0;
  account.check_due = account.members.empty() ? 0 : first_check_after(newest_ms);
}

class AccountPipeline final : public Pipeline {
 public:
  AccountPipeline(const Knowledge& knowledge, Millis fresh_within, PipelineCounters& counters)
      : knowledge_(knowledge), fresh_within_(fresh_within), count_(counters) {}

  Status process(const Record& record, bool fresh, State& state, Output& output) override {
    count_.read.add();
    if (!noted_) {
      if (Status noted = note_knowledge(record, state); !noted) return noted;
    }
    AccountEvidence evidence;
    Status decoded = decode(record.value, evidence);
    if (!decoded && decoded.error().domain != Domain::record) return decoded;
    const bool tick = decoded && evidence.kind == AccountEvidence::Kind::tick;
    if (!decoded || (record.key.empty() && !tick)) return dead_letter(record, output);
    count_.accepted.add();
    if (tick) return let_time_pass(record, from_ms(evidence.recorded_ms), fresh, state, output);
    return take_in(record, evidence, fresh, state, output);
  }

 private:
  // As prospects do: who recomputes this state switches at the same record.
  Status note_knowledge(const Record& record, State& state) {
    noted_ = true;
    if (knowledge_.version == 0) return {};
    const Result<bool> switched = note_switch(state, record.offset, knowledge_.version);
    return switched ? Status{} : tl::unexpected(switched.error());
  }

  Status take_in(const Record& record, const AccountEvidence& evidence, bool fresh, State& state, Output& output) {
    if (Status loaded = load(AccountId(record.key), state); !loaded) return loaded;
    const bool existed = !account_.empty();
    const std::uint32_t registered = account_.check_due;
    // What was said of somebody who left is taken back, however old the news is. Where nothing is said nothing has to
    // be inferred: the state is the people.
    const bool left = evidence.kind == AccountEvidence::Kind::left;
    const bool recent = fresh && to_ms(record.timestamp) - evidence.recorded_ms <= fresh_within_.count();
    const bool speaks = left || recent;
    const AccountRules rules = rules_of(knowledge_, id_);
    const Conditions held = speaks ? held_before(rules.chain) : Conditions{};

    take(account_, evidence);
    const std::int64_t newest = newest_ms(account_);
    plan_check(account_, newest);
    if (account_.empty()) return existed ? forget(registered, state, output) : Status{};
    // The index starts at the oldest signal ever heard of, in whatever order they come.
    const std::int64_t oldest = left ? newest : std::min(evidence.first_ms, newest);
    if (Status saved = save(registered, oldest, state); !saved) return saved;

    if (!speaks) {
      count_.stale.add();
      return {};
    }
    const AccountBelief belief = folds_.belief(rules.chain, hash_, account_);
    const Conditions holding = conditions_of(rules.chain, account_, belief);
    folds_.note(hash_, value_, holding);
    return tell(record, rules, read_account(rules.chain, belief, from_ms(newest)), held, holding, output);
  }

  // What was on record before this one: noted with the record before, as a rule.
  Conditions held_before(const StageChain& chain) {
    if (value_ == 0) return 0;
    if (const auto noted = folds_.holding(hash_, value_)) return *noted;
    return conditions_of(chain, account_, folds_.belief(chain, hash_, account_));
  }

  // A tick: accounts of which nothing has been heard are looked at, a bounded number at a time.
  Status let_time_pass(const Record& record, Timestamp now, bool fresh, State& state, Output& output) {
    const auto visited =
        index_.run_due(state, now, kChecksPerTick, [&](std::string_view id, DueIndex::Bucket bucket) -> Result<bool> {
          if (Status heard = hear_silence(record, AccountId(id), bucket, now, fresh, state, output); !heard) {
            return tl::unexpected(heard.error());
          }
          return false;
        });
    if (!visited) return tl::unexpected(visited.error());
    return {};
  }

  Status hear_silence(const Record& record, AccountId id, DueIndex::Bucket due, Timestamp now, bool fresh, State& state,
                      Output& output) {
    if (Status loaded = load(id, state); !loaded) return loaded;
    if (account_.check_due == 0 || account_.check_due > due) return {};  // it has moved on meanwhile
    const std::uint32_t registered = account_.check_due;
    const AccountRules rules = rules_of(knowledge_, id_);
    const AccountBelief belief = folds_.belief(rules.chain, hash_, account_);
    const Conditions held = conditions_of(rules.chain, account_, belief);
    const Conditions holding = conditions_after_silence(rules.chain, account_, belief, to_ms(now));
    if (holding != held) account_.checked_ms = to_ms(now);
    account_.check_due = next_check_after(belief.newest_ms, to_ms(now), holding);
    if (Status saved = save(registered, belief.newest_ms, state); !saved) return saved;
    if (!fresh || holding == held) return {};
    return tell(record, rules, read_account(rules.chain, belief, now), held, holding, output);
  }

  Status load(AccountId id, State& state) {
    id_ = id;
    hash_ = hash64(id.text());
    keys::account(id, key_);
    const auto value = state.get(key_);
    if (!value) return tl::unexpected(value.error());
    value_ = *value ? checksum_of(**value) : 0;
    if (*value) return decode(**value, account_);
    account_ = Account{};
    return {};
  }

  Status save(std::uint32_t registered, std::int64_t seen_ms, State& state) {
    encode(account_, buffer_);
    value_ = checksum_of(buffer_);
    if (Status saved = state.put(key_, buffer_); !saved) return saved;
    const auto before = registered != 0 ? std::optional(registered) : std::nullopt;
    if (account_.check_due != 0) {
      return index_.touch(state, id_.text(), before, account_.check_due, from_ms(seen_ms));
    }
    return before ? index_.drop(state, *before, id_.text()) : Status{};
  }

  Status forget(std::uint32_t registered, State& state, Output& output) {
    if (Status gone = state.remove(key_); !gone) return gone;
    if (registered != 0) {
      if (Status gone = index_.drop(state, registered, id_.text()); !gone) return gone;
    }
    if (Status gone = output.tombstone(kConditionChanges, condition_key("account", id_.text())); !gone) return gone;
    return output.tombstone(kRows, id_.text());
  }

  // What changed, and the row.
  Status tell(const Record& record, const AccountRules& rules, const AccountReading& reading, Conditions held,
              Conditions holding, Output& output) {
    if (holding != held) {
      const ConditionSubject subject{.kind = "account", .id = id_.text(), .account = {}};
      const ConditionTimes times{.at = reading.as_of, .recorded_at = record.timestamp};
      if (Status told =
              emit_changes(subject, held, holding, reading.odds, times, kConditionChanges, count_, buffer_, output);
          !told) {
        return told;
      }
    }
    buffer_.clear();
    JsonWriter json(buffer_);
    json.begin_object();
    write_account(json, rules, id_.text(), account_, reading, holding);
    json.end_object();
    return output.emit(kRows, id_.text(), buffer_);
  }

  Status dead_letter(const Record& record, Output& output) {
    const Rejection rejection{.code = "unknown_value", .detail = "not a record of accounts.evidence"};
    count_.rejected[index_in(kRejectionCodes, rejection.code)].add();
    buffer_.clear();
    write_dead_letter(dead_letter_of(record, "accounts", rejection), buffer_);
    return output.emit(kDeadLetters, record.key, buffer_);
  }

  const Knowledge& knowledge_;
  Millis fresh_within_;
  PipelineCounters& count_;
  DueIndex index_;
  AccountFolds folds_;
  // The account at hand: its id and the hash of it, and the checksum of its value; 0: there is none.
  Account account_;
  AccountId id_;
  std::uint64_t hash_ = 0, value_ = 0;
  std::string key_;
  std::string buffer_;
  bool noted_ = false;  // that the state knows of this knowledge
};

}  // namespace

std::unique_ptr<Pipeline> make_account_pipeline(const Knowledge& knowledge, Millis fresh_within,
                                                PipelineCounters& counters) {
  return std::make_unique<AccountPipeline>(knowledge, fresh_within, counters);
}

}  // namespace juncture
