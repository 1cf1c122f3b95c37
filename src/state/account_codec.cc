#include "juncture/state/account_codec.h"

#include "juncture/core/hash.h"
#include "state/belief_codec.h"
#include "state/bytes.h"

namespace juncture {
namespace {

constexpr std::size_t kHeaderBytes = 10;  // u16 version, u64 XXH3 of the rest, seeded with the version
constexpr std::size_t kProspectIdBytesMax = 256;
constexpr std::uint8_t kTextBegins = 32;  // no version comes near: text is a stray, not a later version

std::int64_t take_time(ByteReader& in) {
  const auto ms = in.take<std::int64_t>();
  in.require(plausible_time(ms));
  return ms;
}

// What versions before 2 did not have.
template <class Person>
void put_details(const Person& from, ByteWriter& out) {
  out.put(from.person, from.offline, static_cast<std::uint8_t>(from.basis));
  put_track(from.track, out);
}

template <class Person>
void take_details(ByteReader& in, std::uint16_t version, Person& out) {
  out.person = in.take<std::uint64_t>();
  out.offline = in.take<std::uint16_t>();
  out.basis = in.take_enum(AccountBasis::declared);
  take_track(in, version, out.track);
}

template <class Person>
void put_roles(const Person& from, ByteWriter& out) {
  out.put(static_cast<std::uint8_t>(from.has_roles));
  if (!from.has_roles) return;
  out.put(from.roles);
}

template <class Person>
void take_roles(ByteReader& in, Person& out) {
  out.has_roles = in.take_bool();
  if (!out.has_roles) return;
  in.take(out.roles);
}

void take_members(ByteReader& in, std::uint16_t version, Account& out) {
  out.members.clear();
  const auto count = in.take_at_most<std::uint8_t>(kMembersMax);
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    Member& member = out.members.emplace_back();
    member.prospect = in.take<std::uint64_t>();
    member.first_ms = take_time(in);
    member.last_ms = take_time(in);
    member.signals = in.take<std::uint16_t>();
    in.take(member.stages);
    if (version >= 2) {
      member.known = in.take_bool();
      take_roles(in, member);
      take_details(in, version, member);
    }
    in.require(i == 0 || out.members[i - 1].prospect < member.prospect);
  }
}

void take_former(ByteReader& in, Account& out) {
  out.former.clear();
  const auto count = in.take_at_most<std::uint16_t>(kFormerMax);
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    out.former.push_back(in.take<std::uint64_t>());
    in.require(i == 0 || out.former[i - 1] < out.former[i]);
  }
}

void take_standing(ByteReader& in, std::uint8_t version, AccountEvidence& out) {
  out.recorded_ms = in.take<std::int64_t>();
  out.at.time_ms = take_time(in);
  out.at.id = in.take<std::uint64_t>();
  out.type = in.take_enum(SignalType::erase);
  out.form = in.take_enum(Form::long_);
  out.known = in.take_bool();
  in.take(out.moments);
  out.first_ms = take_time(in);
  out.last_ms = take_time(in);
  out.signals = in.take<std::uint16_t>();
  in.take(out.stages);
  take_roles(in, out);
  if (version < 2) return;
  take_details(in, version, out);
}

}  // namespace

void encode(const Account& account, std::string& out) {
  JUNCTURE_ASSERT(account.members.size() <= kMembersMax && account.former.size() <= kFormerMax);
  out.assign(kHeaderBytes, '\0');
  ByteWriter writer(out);
  writer.put(static_cast<std::uint8_t>(account.members.size()));
  for (const Member& member : account.members) {
    writer.put(member.prospect, member.first_ms, member.last_ms, member.signals);
    writer.put(member.stages);
    writer.put(static_cast<std::uint8_t>(member.known));
    put_roles(member, writer);
    put_details(member, writer);
  }
  writer.put(static_cast<std::uint16_t>(account.former.size()));
  for (const std::uint64_t prospect : account.former) writer.put(prospect);
  writer.put(account.beyond);
  writer.put(account.checked_ms);
  writer.put(account.check_due);
  store(kAccountVersion, out.data());
  store(hash64(std::string_view(out).substr(kHeaderBytes), kAccountVersion), out.data() + sizeof(kAccountVersion));
  JUNCTURE_ASSERT(out.size() <= kAccountValueBytesMax);
}

Status decode(std::string_view bytes, Account& out) {
  const auto corrupt = [&] {
    return fail(Domain::environment, "state_corrupt",
                "an account's value of " + std::to_string(bytes.size()) + " bytes is damaged or of another version");
  };
  if (bytes.size() < kHeaderBytes || bytes.size() > kAccountValueBytesMax) return corrupt();
  ByteReader in(bytes);
  const auto version = in.take<std::uint16_t>();
  const auto sum = in.take<std::uint64_t>();
  if (sum != hash64(bytes.substr(kHeaderBytes), version)) return corrupt();
  if (version > kAccountVersion) {
    return fail(Domain::setup, "format_newer",
                "the state was written by a newer version of juncture; run that version or a later one");
  }
  if (version < 1) return corrupt();
  take_members(in, version, out);
  take_former(in, out);
  out.beyond = in.take<std::uint32_t>();
  out.checked_ms = version >= 2 ? take_time(in) : 0;
  out.check_due = version >= 2 ? in.take<std::uint32_t>() : 0;
  if (!in.ok() || !in.at_end()) return corrupt();
  return {};
}

std::uint64_t checksum_of(std::string_view bytes) {
  ByteReader in(bytes);
  static_cast<void>(in.take<std::uint16_t>());
  return in.take<std::uint64_t>();
}

void encode(const AccountEvidence& evidence, std::string& out) {
  out.clear();
  ByteWriter writer(out);
  writer.put(kAccountEvidenceVersion);
  writer.put(static_cast<std::uint8_t>(evidence.kind));
  if (evidence.kind == AccountEvidence::Kind::tick) return writer.put(evidence.recorded_ms);
  writer.put(static_cast<std::uint16_t>(evidence.prospect.text().size()));
  writer.put(evidence.prospect.text());
  if (evidence.kind == AccountEvidence::Kind::left) return;
  writer.put(evidence.recorded_ms);
  writer.put(evidence.at.time_ms);
  writer.put(evidence.at.id);
  writer.put(static_cast<std::uint8_t>(evidence.type));
  writer.put(static_cast<std::uint8_t>(evidence.form));
  writer.put(static_cast<std::uint8_t>(evidence.known));
  writer.put(evidence.moments);
  writer.put(evidence.first_ms);
  writer.put(evidence.last_ms);
  writer.put(evidence.signals);
  writer.put(evidence.stages);
  put_roles(evidence, writer);
  put_details(evidence, writer);
}

Status decode(std::string_view bytes, AccountEvidence& out) {
  out = AccountEvidence{};
  ByteReader in(bytes);
  const auto version = in.take<std::uint8_t>();
  if (in.ok() && version > kAccountEvidenceVersion && version < kTextBegins) {
    return fail(Domain::environment, "evidence_newer",
                "a record of accounts.evidence has version " + std::to_string(version) + ": a later juncture wrote it");
  }
  in.require(version >= 1 && version <= kAccountEvidenceVersion);
  out.kind = in.take_enum(version >= 2 ? AccountEvidence::Kind::tick : AccountEvidence::Kind::signal);
  if (out.kind == AccountEvidence::Kind::tick) {
    out.recorded_ms = take_time(in);
    if (in.ok() && in.at_end()) return {};
    return fail(Domain::record, "evidence_unreadable", "not a record of accounts.evidence");
  }
  const auto size = in.take_at_most<std::uint16_t>(kProspectIdBytesMax);
  out.prospect = ProspectId(in.take_bytes(size));
  in.require(!out.prospect.empty());
  if (in.ok() && out.kind != AccountEvidence::Kind::left) take_standing(in, version, out);
  if (in.ok() && in.at_end()) return {};
  return fail(Domain::record, "evidence_unreadable", "not a record of accounts.evidence");
}

}  // namespace juncture
