#include "juncture/state/codec.h"

#include <cstring>

#include "juncture/core/hash.h"
#include "state/belief_codec.h"
#include "state/bytes.h"
#include "state/evidence_codec.h"

namespace juncture {
namespace {

enum Flags : std::uint16_t { kHasFold = 1, kHasDenial = 2, kTombstone = 4 };
constexpr std::size_t kHeaderBytes = 12;  // u16 version, u16 flags, u64 XXH3 of the rest, seeded with the first four

bool plausible(const BeliefState& state) {
  for (const std::int64_t t : {state.first_ms, state.last_ms, state.belief_ms, state.session_ms, state.mode_since_ms}) {
    if (!plausible_time(t)) return false;
  }
  for (std::size_t i = 0; i < state.offer_count; ++i) {
    if (!plausible_time(state.offers[i].at_ms)) return false;
  }
  return state.snoozed_until_ms >= 0;
}

std::uint64_t checksum(std::uint16_t version, std::uint16_t flags, std::string_view body) {
  return hash64(body, std::uint64_t{version} << 16U | flags);
}

void begin(std::string& out) {
  out.assign(kHeaderBytes, '\0');
}

void seal(std::uint16_t flags, std::string& out) {
  std::string header;
  ByteWriter writer(header);
  writer.put(kProspectVersion);
  writer.put(flags);
  writer.put(checksum(kProspectVersion, flags, std::string_view(out).substr(kHeaderBytes)));
  out.replace(0, kHeaderBytes, header);
}

// Body of a value whose version and checksum are right; none else.
std::optional<std::string_view> open(std::string_view bytes, std::uint16_t& version, std::uint16_t& flags) {
  if (bytes.size() < kHeaderBytes || bytes.size() > kProspectBytesMax) return std::nullopt;
  ByteReader in(bytes);
  version = in.take<std::uint16_t>();
  flags = in.take<std::uint16_t>();
  const auto sum = in.take<std::uint64_t>();
  const std::string_view body = bytes.substr(kHeaderBytes);
  if (version < 1 || version > kProspectVersion || flags > 7 || sum != checksum(version, flags, body))
    return std::nullopt;
  return body;
}

void put_order(const EventOrder& at, ByteWriter& out) {
  out.put(at.time_ms);
  out.put(at.id);
}

EventOrder take_order(ByteReader& in) {
  EventOrder at;
  at.time_ms = in.take<std::int64_t>();
  at.id = in.take<std::uint64_t>();
  in.require(plausible_time(at.time_ms));
  return at;
}

template <class Timed>
void take_text(ByteReader& in, Timed& out) {
  out.size = in.take_at_most<std::uint8_t>(static_cast<std::uint8_t>(out.bytes.size()));
  const std::string_view text = in.take_bytes(out.size);
  if (!text.empty()) std::memcpy(out.bytes.data(), text.data(), text.size());
}

void take_tail(ByteReader& in, Prospect& out) {
  out.tail_count = in.take_at_most<std::uint8_t>(kTailMax);
  for (std::size_t i = 0; i < out.tail_count && in.ok(); ++i) {
    out.tail[i] = take_evidence(in);
    out.notes[i].mode_after = in.take_at_most<std::uint8_t>(kStages - 1);
    out.notes[i].weight = in.take<std::uint8_t>();
    in.require(plausible_time(out.tail[i].at.time_ms));
    in.require(i == 0 || out.tail[i - 1].at < out.tail[i].at);
  }
}

void take_texts(ByteReader& in, Prospect& out) {
  out.text_count = in.take_at_most<std::uint8_t>(kTextsMax);
  for (std::size_t i = 0; i < out.text_count && in.ok(); ++i) {
    out.texts[i] = TimedText{};
    out.texts[i].at = take_order(in);
    take_text(in, out.texts[i]);
    in.require(out.texts[i].size > 0 && (i == 0 || out.texts[i - 1].at < out.texts[i].at));
  }
  for (std::size_t i = out.text_count; i < kTextsMax; ++i) out.texts[i] = TimedText{};
}

// Before version 2 an account was always a declared one, and there were no links and no checks.
void take_account(ByteReader& in, std::uint16_t version, Prospect& out) {
  out.account = TimedAccount{};
  take_text(in, out.account);
  if (out.account.size > 0) out.account.at = take_order(in);
  out.link = TimedLink{};
  out.checked_ms = 0;
  out.check_due = 0;
  if (version < 2) return;
  if (out.account.size > 0) out.account.basis = in.take_enum(AccountBasis::declared);
  out.link.known = in.take_bool();
  if (out.link.known) {
    out.link.at = take_order(in);
    out.link.person = in.take<std::uint64_t>();
    out.link.account_size = in.take_at_most<std::uint8_t>(kAccountBytesMax);
    const std::string_view account = in.take_bytes(out.link.account_size);
    if (!account.empty()) std::memcpy(out.link.account.data(), account.data(), account.size());
    in.require(out.link.person != 0 || out.link.account_size == 0);
  }
  out.checked_ms = in.take<std::int64_t>();
  out.check_due = in.take<std::uint32_t>();
  in.require(plausible_time(out.checked_ms));
}

// Every version begins like this one. The checksum tells a newer one from a flipped bit.
bool is_newer(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes) return false;
  ByteReader in(bytes);
  const auto version = in.take<std::uint16_t>();
  const auto flags = in.take<std::uint16_t>();
  const auto sum = in.take<std::uint64_t>();
  return version > kProspectVersion && sum == checksum(version, flags, bytes.substr(kHeaderBytes));
}

tl::unexpected<Error> unreadable(std::string_view bytes) {
  if (is_newer(bytes)) {
    return fail(Domain::setup, "format_newer",
                "the state was written by a newer version of juncture; run that version or a later one");
  }
  return fail(Domain::environment, "state_corrupt",
              "a prospect's value of " + std::to_string(bytes.size()) + " bytes is damaged");
}

}  // namespace

void encode(const Prospect& prospect, std::string& out) {
  begin(out);
  ByteWriter writer(out);
  put_belief(prospect.head, writer);
  put_belief(prospect.base, writer);
  if (prospect.has_fold) put_order(prospect.folded, writer);
  if (prospect.has_denial) put_order(prospect.denied, writer);
  writer.put(prospect.tail_count);
  for (std::size_t i = 0; i < prospect.tail_count; ++i) {
    put_evidence(prospect.tail[i], writer);
    writer.put(prospect.notes[i].mode_after);
    writer.put(prospect.notes[i].weight);
  }
  writer.put(prospect.text_count);
  for (std::size_t i = 0; i < prospect.text_count; ++i) {
    put_order(prospect.texts[i].at, writer);
    writer.put(prospect.texts[i].size);
    writer.put(prospect.texts[i].text());
  }
  writer.put(prospect.account.size);
  writer.put(prospect.account.text());
  if (prospect.account.size > 0) {
    put_order(prospect.account.at, writer);
    writer.put(static_cast<std::uint8_t>(prospect.account.basis));
  }
  writer.put(static_cast<std::uint8_t>(prospect.link.known));
  if (prospect.link.known) {
    put_order(prospect.link.at, writer);
    writer.put(prospect.link.person);
    writer.put(prospect.link.account_size);
    writer.put(prospect.link.account_text());
  }
  writer.put(prospect.checked_ms);
  writer.put(prospect.check_due);
  seal(static_cast<std::uint16_t>((prospect.has_fold ? kHasFold : 0) | (prospect.has_denial ? kHasDenial : 0)), out);
  JUNCTURE_ASSERT(out.size() <= kProspectBytesMax);
}

Status decode(std::string_view bytes, Prospect& out) {
  std::uint16_t version = 0, flags = 0;
  const auto body = open(bytes, version, flags);
  if (!body || (flags & kTombstone) != 0) return unreadable(bytes);
  ByteReader in(*body);
  take_belief(in, version, out.head);
  take_belief(in, version, out.base);
  in.require(plausible(out.head) && plausible(out.base));
  out.has_fold = (flags & kHasFold) != 0;
  out.has_denial = (flags & kHasDenial) != 0;
  out.folded = out.has_fold ? take_order(in) : EventOrder{};
  out.denied = out.has_denial ? take_order(in) : EventOrder{};
  in.require(!out.has_denial || (out.has_fold && out.denied <= out.folded));
  in.require(out.has_fold || (!out.base.started && !out.base.strict));
  take_tail(in, out);
  take_texts(in, out);
  take_account(in, version, out);
  if (!in.ok() || !in.at_end()) return unreadable(bytes);
  return {};
}

void encode_tombstone(Timestamp erased_at, std::string& out) {
  begin(out);
  ByteWriter(out).put(to_ms(erased_at));
  seal(kTombstone, out);
}

std::optional<Timestamp> decode_tombstone(std::string_view bytes) {
  std::uint16_t version = 0, flags = 0;
  const auto body = open(bytes, version, flags);
  if (!body || flags != kTombstone || body->size() != sizeof(std::int64_t)) return std::nullopt;
  const auto ms = ByteReader(*body).take<std::int64_t>();
  return plausible_time(ms) ? std::optional(from_ms(ms)) : std::nullopt;
}

}  // namespace juncture
