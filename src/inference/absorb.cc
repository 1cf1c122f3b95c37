#include <algorithm>
#include <cstring>

#include "inference/step.h"
#include "juncture/inference/conditions.h"
#include "juncture/inference/filter.h"

namespace juncture {
namespace {

// Bytes of `text` that fit, cut between characters of UTF-8.
std::size_t fitting(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text.size();
  std::size_t n = most;
  while (n > 0 && (static_cast<unsigned char>(text[n]) & 0xc0U) == 0x80U) --n;
  return n;
}

bool is_own_words(SignalType type) {
  return type == SignalType::query || type == SignalType::chat || type == SignalType::email ||
         type == SignalType::offline;
}

void strip(Evidence& evidence) {
  Evidence bare;
  bare.at = evidence.at;
  bare.type = evidence.type;
  bare.consent = evidence.consent;
  bare.stripped = true;
  evidence = bare;
}

template <class Gone>
void drop_texts(Prospect& prospect, const Gone& gone) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < prospect.text_count; ++i) {
    if (gone(prospect.texts[i].at)) continue;
    if (kept != i) prospect.texts[kept] = prospect.texts[i];
    ++kept;
  }
  for (std::size_t i = kept; i < prospect.text_count; ++i) prospect.texts[i] = TimedText{};
  prospect.text_count = static_cast<std::uint8_t>(kept);
}

void insert_text(Prospect& prospect, const EventOrder& at, std::string_view text) {
  TimedText entry;
  entry.at = at;
  entry.size = static_cast<std::uint8_t>(fitting(text, kTextBytesMax));
  if (entry.size == 0) return;
  std::memcpy(entry.bytes.data(), text.data(), entry.size);
  if (prospect.text_count == kTextsMax) {
    if (at < prospect.texts[0].at) return;
    std::move(prospect.texts.begin() + 1, prospect.texts.end(), prospect.texts.begin());
    --prospect.text_count;
  }
  std::size_t i = prospect.text_count;
  for (; i > 0 && at < prospect.texts[i - 1].at; --i) prospect.texts[i] = prospect.texts[i - 1];
  prospect.texts[i] = entry;
  ++prospect.text_count;
}

// The strongest word on it, and of equally strong ones the newest.
void keep_account(Prospect& prospect, const EventOrder& at, std::string_view account, AccountBasis basis) {
  if (account.empty()) return;
  const TimedAccount& held = prospect.account;
  if (held.size > 0 && (basis != held.basis ? basis < held.basis : at < held.at)) return;
  prospect.account = TimedAccount{};
  prospect.account.at = at;
  prospect.account.basis = basis;
  prospect.account.size = static_cast<std::uint8_t>(fitting(account, kAccountBytesMax));
  std::memcpy(prospect.account.bytes.data(), account.data(), prospect.account.size);
}

// Who did not consent is linked to nobody.
void keep_link(Prospect& prospect, const Evidence& evidence, const Keep& keep) {
  if (!keep.links || (prospect.link.known && evidence.at < prospect.link.at)) return;
  if (evidence.consent != Consent::granted && keep.person != 0) return;
  prospect.link = TimedLink{};
  prospect.link.known = true;
  prospect.link.at = evidence.at;
  prospect.link.person = keep.person;
  if (keep.person == 0) return;
  prospect.link.account_size = static_cast<std::uint8_t>(fitting(keep.account, kAccountBytesMax));
  std::copy_n(keep.account.begin(), prospect.link.account_size, prospect.link.account.begin());
}

// Silence is to be looked into at some midnight; what a tick has noticed holds until something newer is known.
void plan_check(Prospect& prospect) {
  const bool followed = prospect.head.consent == Consent::granted && prospect.head.signals > 0;
  if (followed && prospect.checked_ms > prospect.newest_ms()) return;
  prospect.checked_ms = 0;
  prospect.check_due = followed ? first_check_after(prospect.newest_ms()) : 0;
}

// Entries of the tail that are in the base already.
std::size_t folded_count(const Prospect& prospect) {
  std::size_t n = 0;
  while (prospect.has_fold && n < prospect.tail_count && prospect.tail[n].at <= prospect.folded) ++n;
  return n;
}

void refold(const StageChain& chain, Prospect& prospect) {
  prospect.head = prospect.base;
  for (std::size_t i = folded_count(prospect); i < prospect.tail_count; ++i) {
    prospect.notes[i] = fold(chain, prospect.head, prospect.tail[i]);
  }
}
void drop_tail(Prospect& prospect, std::size_t count) {
  if (count == 0) return;
  std::move(prospect.tail.begin() + count, prospect.tail.begin() + prospect.tail_count, prospect.tail.begin());
  std::move(prospect.notes.begin() + count, prospect.notes.begin() + prospect.tail_count, prospect.notes.begin());
  prospect.tail_count = static_cast<std::uint8_t>(prospect.tail_count - count);
}

// Everything up to the denial goes for good; of what came after it, only signals with consent of their own stay.
void deny(const StageChain& chain, Prospect& prospect, const EventOrder& at) {
  prospect.base = denied_state();
  prospect.folded = prospect.has_fold ? std::max(prospect.folded, at) : at;
  prospect.denied = prospect.has_denial ? std::max(prospect.denied, at) : at;
  prospect.has_fold = prospect.has_denial = true;
  const EventOrder floor = prospect.folded;
  drop_tail(prospect, folded_count(prospect));
  drop_texts(prospect, [&](const EventOrder& text) { return text <= floor; });
  if (prospect.account.size > 0 && prospect.account.at <= floor) prospect.account = TimedAccount{};
  if (prospect.link.known && prospect.link.at <= floor) prospect.link = TimedLink{};
  for (std::size_t i = 0; i < prospect.tail_count; ++i) {
    Evidence& evidence = prospect.tail[i];
    if (evidence.consent == Consent::granted) continue;
    drop_texts(prospect, [&](const EventOrder& text) { return text == evidence.at; });
    if (prospect.account.size > 0 && prospect.account.at == evidence.at) prospect.account = TimedAccount{};
    if (prospect.link.known && prospect.link.at == evidence.at) prospect.link = TimedLink{};
    strip(evidence);
  }
  refold(chain, prospect);
}

// When the next evidence puts all of the tail out of the window, the base is to be what the head is now: no need to
// fold everything once more.
void catch_up(Prospect& prospect, std::int64_t next_ms) {
  if (prospect.tail_count == 0) return;
  const EventOrder& last = prospect.tail[prospect.tail_count - 1U].at;
  if (last.time_ms >= next_ms - kLateness.count() || (prospect.has_fold && last <= prospect.folded)) return;
  prospect.base = prospect.head;
  prospect.folded = last;
  prospect.has_fold = true;
}

// Evidence out of the window moves into the base; so does the oldest when there is more than the tail holds.
void fold_old(const StageChain& chain, Prospect& prospect) {
  const std::int64_t horizon = prospect.newest_ms() - kLateness.count();
  std::size_t count = folded_count(prospect);
  while (count < prospect.tail_count &&
         (prospect.tail[count].at.time_ms < horizon || prospect.tail_count - count > kTailMax)) {
    fold(chain, prospect.base, prospect.tail[count]);
    prospect.folded = prospect.tail[count].at;
    prospect.has_fold = true;
    ++count;
  }
  const std::size_t kept = std::max(prospect.tail_count - count, std::min<std::size_t>(prospect.tail_count, kTailKept));
  drop_tail(prospect, prospect.tail_count - kept);
}

// A profile that began later has no claim on words from before: sessions without consent end that way.
void forget_outlived(Prospect& prospect, Millis text_ttl) {
  std::int64_t oldest = prospect.newest_ms() - text_ttl.count();
  if (prospect.base.started && prospect.base.signals > 0) {
    oldest = std::max(oldest, prospect.base.first_ms);
    if (prospect.account.size > 0 && prospect.account.at.time_ms < prospect.base.first_ms) {
      prospect.account = TimedAccount{};
    }
  }
  drop_texts(prospect, [&](const EventOrder& text) { return text.time_ms < oldest; });
}

}  // namespace

Admission admit(const Prospect& prospect, const Evidence& evidence) {
  if (evidence.consent == Consent::denied) {
    // A withdrawal is honoured however late it comes.
    return prospect.has_denial && evidence.at <= prospect.denied ? Admission::duplicate : Admission::fresh;
  }
  if (prospect.empty()) return Admission::fresh;
  for (std::size_t i = prospect.tail_count; i-- > 0;) {
    if (prospect.tail[i].at.id == evidence.at.id) return Admission::duplicate;
  }
  if (prospect.has_fold && evidence.at <= prospect.folded) return Admission::late;
  return evidence.at.time_ms < prospect.newest_ms() - kLateness.count() ? Admission::late : Admission::fresh;
}

Admission absorb(const StageChain& chain, Prospect& prospect, const Evidence& evidence, const Keep& keep) {
  const Admission admission = admit(prospect, evidence);
  if (admission != Admission::fresh) return admission;
  if (evidence.consent == Consent::denied) {
    deny(chain, prospect, evidence.at);
    plan_check(prospect);
    return admission;
  }
  Evidence admitted = evidence;
  if (prospect.base.strict && evidence.consent != Consent::granted) {
    strip(admitted);
  } else {
    if (is_own_words(evidence.type)) insert_text(prospect, evidence.at, keep.text);
    if (keep.links) {
      keep_link(prospect, evidence, keep);
    } else {
      keep_account(prospect, evidence.at, keep.account, keep.basis);
    }
  }
  std::size_t place = prospect.tail_count;
  while (place > 0 && admitted.at < prospect.tail[place - 1].at) {
    prospect.tail[place] = prospect.tail[place - 1];
    prospect.notes[place] = prospect.notes[place - 1];
    --place;
  }
  const bool newest = place == prospect.tail_count;
  if (newest) catch_up(prospect, admitted.at.time_ms);
  prospect.tail[place] = admitted;
  ++prospect.tail_count;
  // In order, the head takes one step; out of order, it is folded again from the base.
  if (newest) {
    prospect.notes[place] = fold(chain, prospect.head, admitted);
  } else {
    refold(chain, prospect);
  }
  fold_old(chain, prospect);
  forget_outlived(prospect, keep.text_ttl);
  plan_check(prospect);
  return admission;
}

Prospect erased_at(Timestamp at) {
  Prospect out;
  out.has_fold = true;
  out.folded = {to_ms(at), ~std::uint64_t{0}};
  return out;
}

}  // namespace juncture
