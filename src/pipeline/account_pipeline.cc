#include "juncture/pipeline/account_pipeline.h"

#include <algorithm>
#include <string>

#include "juncture/core/account.h"
#include "juncture/core/hash.h"
#include "juncture/ingest/dead_letter.h"
#include "juncture/pipeline/render.h"
#include "juncture/state/account_codec.h"
#include "juncture/state/keys.h"

namespace juncture {
namespace {

enum Topic : std::size_t { kRows = 0, kDeadLetters = 1 };

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
                      .stages = evidence.stages};
  if (known) {
    *at = member;
    return;
  }
  account.members.insert(at, member);
  forget_former(account, prospect);
  if (account.members.size() > kMembersMax) coarsen(account);
}

class AccountPipeline final : public Pipeline {
 public:
  AccountPipeline(Millis fresh_within, PipelineCounters& counters) : fresh_within_(fresh_within), count_(counters) {}

  Status process(const Record& record, bool fresh, State& state, Output& output) override {
    count_.read.add();
    AccountEvidence evidence;
    Status decoded = decode(record.value, evidence);
    if (!decoded && decoded.error().domain != Domain::record) return decoded;
    if (!decoded || record.key.empty()) return dead_letter(record, output);
    count_.accepted.add();

    const AccountId id(record.key);
    keys::account(id, key_);
    if (Status loaded = load(state); !loaded) return loaded;
    const bool existed = !account_.empty();
    take(account_, evidence);
    if (account_.empty()) {
      if (!existed) return {};
      if (Status gone = state.remove(key_); !gone) return gone;
      return output.tombstone(kRows, id.text());
    }
    encode(account_, buffer_);
    if (Status saved = state.put(key_, buffer_); !saved) return saved;

    // What was said of somebody who left is taken back, however old the news is.
    const bool left = evidence.kind == AccountEvidence::Kind::left;
    const bool recent = fresh && to_ms(record.timestamp) - evidence.recorded_ms <= fresh_within_.count();
    if (!left && !recent) {
      count_.stale.add();
      return {};
    }
    buffer_.clear();
    JsonWriter json(buffer_);
    json.begin_object();
    write_account(json, id.text(), account_, Timestamp::min());
    json.end_object();
    return output.emit(kRows, id.text(), buffer_);
  }

 private:
  Status load(State& state) {
    const auto value = state.get(key_);
    if (!value) return tl::unexpected(value.error());
    if (*value) return decode(**value, account_);
    account_.members.clear();
    account_.former.clear();
    account_.beyond = 0;
    return {};
  }

  Status dead_letter(const Record& record, Output& output) {
    const Rejection rejection{.code = "unknown_value", .detail = "not a record of accounts.evidence"};
    count_.rejected[index_in(kRejectionCodes, rejection.code)].add();
    buffer_.clear();
    write_dead_letter(dead_letter_of(record, "accounts", rejection), buffer_);
    return output.emit(kDeadLetters, record.key, buffer_);
  }

  Millis fresh_within_;
  PipelineCounters& count_;
  Account account_;
  std::string key_;
  std::string buffer_;
};

}  // namespace

std::unique_ptr<Pipeline> make_account_pipeline(Millis fresh_within, PipelineCounters& counters) {
  return std::make_unique<AccountPipeline>(fresh_within, counters);
}

}  // namespace juncture
