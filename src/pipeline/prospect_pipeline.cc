// THE FLOW. A reader who knows this file knows what juncture does; everything it calls is a pure function or a port.
#include "juncture/pipeline/prospect_pipeline.h"

#include <cmath>
#include <optional>
#include <string>

#include "juncture/core/hash.h"
#include "juncture/decision/decide.h"
#include "juncture/inference/conditions.h"
#include "juncture/inference/filter.h"
#include "juncture/ingest/canonical.h"
#include "juncture/ingest/dead_letter.h"
#include "juncture/pipeline/render.h"
#include "juncture/ports/faults.h"
#include "juncture/state/account_clock.h"
#include "juncture/state/account_codec.h"
#include "juncture/state/expiry.h"
#include "juncture/state/prospect_store.h"
#include "juncture/state/switches.h"
#include "juncture/text/scorer.h"
#include "pipeline/condition_events.h"
#include "pipeline/content_match.h"
#include "pipeline/hot_keys.h"
#include "pipeline/standing.h"

namespace juncture {
namespace {

enum Topic : std::size_t {
  kSales = 0,
  kPublic = 1,
  kDeadLetters = 2,
  kAccounts = 3,
  kConditionChanges = 4,
  kSignals = 5
};
constexpr std::size_t kExpirePerTick = 256;

class ProspectPipeline final : public Pipeline {
 public:
  ProspectPipeline(const Knowledge& knowledge, PipelineCounters& counters)
      : knowledge_(knowledge),
        count_(counters),
        scorer_(knowledge.text),
        signer_(knowledge.token_key),
        hot_(knowledge.hot_key_signals),
        store_({.prospect = knowledge.retention.prospect_ttl, .session_idle = knowledge.retention.session_idle}) {}

  Status process(const Record& record, bool fresh, State& state, Output& output) override {
    count_.read.add();
    count_.bytes.add(record.value.size());
    if (!noted_) {
      if (Status noted = note_knowledge(record, state, output); !noted) return noted;
    }
    // 1. Parse. Bad bytes are an outcome, not a failure.
    if (const auto rejection = parse_canonical(scratch_, record.value, parsed_)) {
      return dead_letter(record, *rejection, output);
    }
    count_.accepted.add();
    const Signal& signal = parsed_.signal;
    count_.signals[index_of(signal.type)].add();
    watch(record);
    switch (signal.type) {
      case SignalType::tick:
        return let_time_pass(record, signal.occurred_at, fresh, state, output);
      case SignalType::catalog:
      case SignalType::policy:
      case SignalType::model:
        return {};  // versions are fixed at start: this says, for later readers of the log, where one took effect
      case SignalType::erase:
        return erase(signal, state, output);
      default:
        // Customers, staff and partners look like late-stage buyers; they are not.
        if (knowledge_.leave_out.contains(signal.prospect.text()) ||
            knowledge_.leave_out.contains(signal.account.text())) {
          count_.left_out.add();
          return {};
        }
        return take_in(record, signal, fresh, state, output);
    }
  }

 private:
  // At the first record of a task: where another version takes effect is part of its state and of the log, so that
  // whoever recomputes it switches at the same record.
  Status note_knowledge(const Record& record, State& state, Output& output) {
    noted_ = true;
    if (knowledge_.version == 0) return {};
    const Result<bool> switched = note_switch(state, record.offset, knowledge_.version);
    if (!switched) return tl::unexpected(switched.error());
    if (!*switched) return {};
    const auto before = record.offset > 0 ? std::optional<std::int64_t>(record.offset - 1) : std::nullopt;
    buffer_.clear();
    write_switch(SignalType::model, knowledge_text(knowledge_.version), record.timestamp, before, buffer_);
    return output.emit(kSignals, {}, buffer_, record.partition);
  }

  void watch(const Record& record) {
    if (record.key.empty()) return;  // a tick
    if (const auto hot = hot_.count(record.key, record.timestamp)) {
      count_.hot_key.set(*hot);
      count_.hot_keys.add();
    }
  }

  Status take_in(const Record& record, const Signal& signal, bool fresh, State& state, Output& output) {
    // 2. Recall what we know of this prospect.
    const auto found = store_.load(state, signal.prospect, prospect_);
    if (!found) return tl::unexpected(found.error());
    const int mode_before = prospect_.head.started ? static_cast<int>(prospect_.head.mode) : -1;
    const Consent consent_before = prospect_.head.consent;
    account_before_ = account_of(prospect_);
    const Conditions held = conditions_of(knowledge_.chain, prospect_);

    // 3. Admit: logs repeat themselves and phones come online late.
    const ContentItem* item = match_content(knowledge_, signal);
    const TextEvidence text = scorer_.score(signal.text, signal.device, {signal.url, signal.referrer});
    const Evidence evidence = observe(named(signal, item), text, item != nullptr ? item->kind : kNoKind);
    const Admission admission = admit(prospect_, evidence);
    if (admission != Admission::fresh) {
      (admission == Admission::duplicate ? count_.duplicate : count_.late).add();
      return {};
    }

    if (to_ms(signal.occurred_at) < prospect_.newest_ms()) count_.reordered.add();
    count_.skew.observe(static_cast<double>((record.timestamp - signal.occurred_at).count()) / 1000.0);

    // 4. Infer the micro-moment and the stage.
    absorb(knowledge_.chain, prospect_, evidence, keep(signal));
    count_signal(signal, text);

    // 5. Remember, and when to forget.
    if (Status saved = store_.save(state, signal.prospect, prospect_, *found); !saved) return saved;

    // 6. Roll up: the account hears of it, news or not; what it may not know any more is taken back.
    if (Status rolled = roll_up(record, signal.prospect, evidence, output); !rolled) return rolled;
    if (prospect_.head.consent == Consent::denied) {
      count_.denied.add();
      return consent_before == Consent::granted ? forget_outputs(signal.prospect, output) : Status{};
    }

    if (signal.links) return {};  // nobody did anything: there is nothing to answer

    // 7. Decide the next best content, or that nothing is better, and say so. Never for yesterday's question.
    if (!fresh) {
      count_.stale.add();
      return {};
    }
    if (Status told = tell_conditions(signal.prospect, held, signal.occurred_at, record, output); !told) return told;
    return recommend(record, signal, mode_before, output);
  }

  // What has been entered or left since `held`, each once.
  Status tell_conditions(ProspectId prospect, Conditions held, Timestamp at, const Record& record, Output& output) {
    const Conditions now = conditions_of(knowledge_.chain, prospect_);
    if (now == held) return {};
    const Likelihoods odds = likelihoods_at(knowledge_.chain, prospect_.head, to_ms(at));
    const ConditionSubject subject{.kind = "prospect", .id = prospect.text(), .account = account_of(prospect_)};
    const ConditionTimes times{.at = at, .recorded_at = record.timestamp};
    return emit_changes(subject, held, now, odds, times, kConditionChanges, count_, buffer_, output);
  }

  Status recommend(const Record& record, const Signal& signal, int mode_before, Output& output) {
    const Timestamp now = std::max(signal.occurred_at, from_ms(prospect_.newest_ms()));
    Reading reading = read_for_decision(knowledge_.chain, prospect_, now);
    reading.entitled = entitled_tier(reading);
    const auto [decision, slate] =
        decide_for_both(knowledge_.catalog, knowledge_.public_catalog, knowledge_.policy, reading);
    const int mode = static_cast<int>(index_of(most_likely(reading.stages)));
    count_decision(reading, decision, mode_before, mode);

    const std::uint64_t id = decision_id_of(signal.prospect.text(), signal.id);
    const Versions versions{knowledge_.model_version, knowledge_.catalog.version, knowledge_.policy.version};
    buffer_.clear();
    write_sales_row(buffer_,
                    {.prospect = signal.prospect.text(),
                     .account = account_of(prospect_),
                     .basis = account_basis_of(prospect_),
                     .decision_id = id,
                     .recorded_at = record.timestamp,
                     .occurred_at = signal.occurred_at,
                     .type = signal.type,
                     .source = signal.source,
                     .query = shown_text(signal),
                     .url = signal.url,
                     .queries = query_count(),
                     .offline = prospect_.head.offline,
                     .signals = prospect_.head.signals,
                     .mode_from = mode_before >= 0 && mode_before != mode ? mode_before : -1,
                     .synthetic = knowledge_.synthetic},
                    reading, decision, knowledge_.catalog, versions);
    if (Status sent = output.emit(kSales, record.key, buffer_); !sent) return sent;

    buffer_.clear();
    write_public_record(buffer_, signal.prospect.text(), {.decision_id = id, .as_of = reading.as_of}, slate,
                        knowledge_.public_catalog, versions, signer_);
    return output.emit(kPublic, record.key, buffer_);
  }

  Status roll_up(const Record& record, ProspectId prospect, const Evidence& evidence, Output& output) {
    const std::string_view account = account_of(prospect_);
    if (!account_before_.empty() && account_before_ != account) {
      if (Status left = leave_account(prospect, AccountId(account_before_), output); !left) return left;
    }
    if (account.empty() || !concerns_account(prospect_, evidence)) return {};
    AccountEvidence standing = standing_of(knowledge_.chain, prospect_, evidence);
    standing.prospect = prospect;
    standing.recorded_ms = to_ms(record.timestamp);
    encode(standing, buffer_);
    return output.emit(kAccounts, account, buffer_);
  }

  Status leave_account(ProspectId prospect, AccountId account, Output& output) {
    AccountEvidence gone;
    gone.kind = AccountEvidence::Kind::left;
    gone.prospect = prospect;
    encode(gone, buffer_);
    return output.emit(kAccounts, account.text(), buffer_);
  }

  // A tick: what nobody came back to is forgotten, and who has gone silent is looked at; a bounded number at a time.
  // Accounts hear the same clock, a minute at a time.
  Status let_time_pass(const Record& record, Timestamp now, bool fresh, State& state, Output& output) {
    if (JUNCTURE_MUTANT("M8")) now = mutant_wall_time();
    const auto gone = store_.expiry().run_due(
        state, now, kExpirePerTick,
        [&](ProspectId prospect, AccountId account) { return forget(prospect, account, output); },
        [&](ProspectId prospect) { return hear_silence(record, prospect, now, fresh, state, output); });
    if (!gone) return tl::unexpected(gone.error());
    count_.expired.add(*gone);
    const auto told = new_minute(state, now);
    if (!told) return tl::unexpected(told.error());
    if (!*told) return {};
    AccountEvidence tick;
    tick.kind = AccountEvidence::Kind::tick;
    tick.recorded_ms = to_ms(now);
    encode(tick, buffer_);
    return output.emit(kAccounts, {}, buffer_, record.partition);
  }

  Status hear_silence(const Record& record, ProspectId id, Timestamp now, bool fresh, State& state, Output& output) {
    const auto found = store_.load(state, id, prospect_);
    if (!found) return tl::unexpected(found.error());
    const Conditions held = conditions_of(knowledge_.chain, prospect_);
    const Conditions holding = conditions_after_silence(knowledge_.chain, prospect_.head, to_ms(now));
    if (holding != held) prospect_.checked_ms = to_ms(now);
    prospect_.check_due = next_check_after(prospect_.newest_ms(), to_ms(now), holding);
    if (Status saved = store_.save(state, id, prospect_, *found); !saved) return saved;
    return fresh ? tell_conditions(id, held, now, record, output) : Status{};
  }

  Status erase(const Signal& signal, State& state, Output& output) {
    count_.erased.add();
    // Of a damaged value nobody knows the account any more; it goes all the same.
    const auto found = store_.load(state, signal.prospect, prospect_);
    if (!found && found.error().code != "state_corrupt") return tl::unexpected(found.error());
    account_before_ = found ? account_of(prospect_) : std::string_view{};
    if (Status erased = store_.erase(state, signal.prospect, signal.occurred_at); !erased) return erased;
    return forget(signal.prospect, AccountId(account_before_), output);
  }

  Status forget(ProspectId prospect, AccountId account, Output& output) {
    if (!account.empty()) {
      if (Status left = leave_account(prospect, account, output); !left) return left;
    }
    return forget_outputs(prospect, output);
  }

  static Status forget_outputs(ProspectId prospect, Output& output) {
    if (Status gone = output.tombstone(kSales, prospect.text()); !gone) return gone;
    if (Status gone = output.tombstone(kPublic, prospect.text()); !gone) return gone;
    return output.tombstone(kConditionChanges, condition_key("prospect", prospect.text()));
  }

  Status dead_letter(const Record& record, const Rejection& rejection, Output& output) {
    count_.rejected[index_in(kRejectionCodes, rejection.code)].add();
    buffer_.clear();
    write_dead_letter(dead_letter_of(record, "canonical", rejection), buffer_);
    return output.emit(kDeadLetters, record.key, buffer_);
  }

  // The signal as if it had named the item that its url belongs to.
  static Signal named(const Signal& signal, const ContentItem* item) {
    Signal out = signal;
    if (item != nullptr) out.content = ContentId(item->id);
    return out;
  }

  Keep keep(const Signal& signal) {
    const Retention& retention = knowledge_.retention;
    return {.text = shown_text(signal),
            .text_ttl = retention.text_ttl,
            .account = signal.account.text(),
            .basis = signal.basis,
            .links = signal.links,
            .person = signal.person.empty() ? 0 : hash64(signal.person)};
  }

  std::string_view shown_text(const Signal& signal) {
    switch (knowledge_.retention.text) {
      case TextPrivacy::verbatim:
        return signal.text;
      case TextPrivacy::hashed:
        hashed_ = signal.text.empty() ? "" : "#" + decision_text(hash64(signal.text)).substr(2);
        return hashed_;
      case TextPrivacy::none:
        return {};
    }
    return {};
  }

  std::uint16_t query_count() const {
    std::uint16_t queries = 0;
    for (std::size_t i = 0; i < prospect_.tail_count; ++i) {
      if (prospect_.tail[i].type == SignalType::query) ++queries;
    }
    return queries;
  }

  void count_signal(const Signal& signal, const TextEvidence& text) {
    if (text.words > 0) {
      count_.texts.add();
      count_.text_words.add(text.words);
      count_.text_unknown_words.add(scorer_.unknown_words());
      count_.text_none.add(thousandths(text.none));
    }
    if (signal.clamped) count_.clamped.add();
    if (signal.type == SignalType::feedback) count_.feedback[index_of(signal.action)].add();
  }

  static std::uint64_t thousandths(float odds) { return static_cast<std::uint64_t>(std::lround(odds * 1000.0F)); }

  void count_decision(const Reading& reading, const Decision& decision, int mode_before, int mode) {
    count_.moments[index_of(most_likely(reading.moments))].add();
    count_.modes[static_cast<std::size_t>(mode)].add();
    if (mode_before >= 0 && mode_before != mode) {
      count_.transitions[static_cast<std::size_t>(mode_before)][static_cast<std::size_t>(mode)].add();
    }
    for (std::size_t s = 0; s < kStages; ++s) count_.stage_odds[s].add(thousandths(reading.stages[s]));
    count_.outcomes[index_of(decision.outcome)].add();
    if (decision.outcome == Outcome::abstained) count_.abstained[index_of(decision.reason)].add();
  }

  const Knowledge& knowledge_;
  PipelineCounters& count_;
  TextScorer scorer_;
  TokenSigner signer_;
  HotKeys hot_;
  ProspectStore store_;
  Scratch scratch_;
  Canonical parsed_;
  Prospect prospect_;
  std::string buffer_;
  std::string hashed_;
  std::string account_before_;
  bool noted_ = false;  // that the state knows of this knowledge
};

}  // namespace

std::unique_ptr<Pipeline> make_prospect_pipeline(const Knowledge& knowledge, PipelineCounters& counters) {
  return std::make_unique<ProspectPipeline>(knowledge, counters);
}

std::string knowledge_text(std::uint64_t version) {
  return "k-" + decision_text(version).substr(2);
}

Tier entitled_tier(const Reading& reading) {
  if (reading.consent != Consent::granted) return Tier::public_;
  return reading.known ? Tier::gated : Tier::public_;
}

}  // namespace juncture
