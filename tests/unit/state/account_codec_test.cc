#include "juncture/state/account_codec.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>

#include "juncture/state/keys.h"

using namespace juncture;

namespace {

constexpr std::int64_t kStart = 1'763'784'000'000;

// As version 1 held it.
AccountEvidence sample_evidence_v1() {
  AccountEvidence out;
  out.prospect = ProspectId("v-3a10");
  out.recorded_ms = kStart + 1;
  out.at = {kStart, 0x0102030405060708};
  out.type = SignalType::page;
  out.form = Form::medium;
  out.known = true;
  out.moments = {1, 2, 3, 4, 245};
  out.first_ms = kStart - 5;
  out.last_ms = kStart;
  out.signals = 517;
  for (std::size_t s = 0; s < kStages; ++s) out.stages[s] = static_cast<std::uint16_t>(1000 * s + 1);
  out.has_roles = true;
  for (std::size_t r = 0; r < kRoles; ++r) out.roles[r] = static_cast<std::uint8_t>(r);
  return out;
}

// As version 2 held it.
AccountEvidence sample_evidence_v2() {
  AccountEvidence out = sample_evidence_v1();
  out.person = 0x1112131415161718;
  out.basis = AccountBasis::network;
  out.offline = 3;
  out.track.count = 2;
  for (std::size_t i = 0; i < 2; ++i) {
    TrackDay& day = out.track.days[i];
    day.day = static_cast<std::uint32_t>(20'416 + i);
    for (std::size_t s = 0; s < kStages; ++s) day.against[s] = static_cast<std::uint8_t>(3 * s + i);
    day.signals = 9;
    day.visits = 2;
    day.offline = 1;
    day.outcome = DealOutcome::no_decision;
  }
  return out;
}

AccountEvidence sample_evidence() {
  AccountEvidence out = sample_evidence_v2();
  for (std::size_t i = 0; i < 2; ++i) {
    out.track.days[i].stage = static_cast<std::uint8_t>(120 + i);
    out.track.days[i].active = 250;
  }
  return out;
}

// As version 1 held it.
Account sample_account_v1() {
  Account out;
  for (std::uint64_t m = 1; m <= 2; ++m) {
    Member& member = out.members.emplace_back();
    member.prospect = m << 60U;
    member.first_ms = kStart - 5;
    member.last_ms = kStart + static_cast<std::int64_t>(m);
    member.signals = static_cast<std::uint16_t>(m);
    member.stages = sample_evidence_v1().stages;
  }
  out.former = {5, 1ULL << 62U};
  out.beyond = 3;
  return out;
}

Account account_told(const AccountEvidence& evidence) {
  Account out = sample_account_v1();
  Member& member = out.members[0];
  member.person = evidence.person;
  member.offline = evidence.offline;
  member.known = true;
  member.basis = evidence.basis;
  member.has_roles = true;
  member.roles = evidence.roles;
  member.track = evidence.track;
  out.checked_ms = kStart + 60;
  out.check_due = 980'040;
  return out;
}

Account sample_account() {
  return account_told(sample_evidence());
}

Account largest() {
  Account out;
  for (std::size_t m = 0; m < kMembersMax; ++m) {
    Member& member = out.members.emplace_back();
    member.prospect = m + 1;
    member.has_roles = true;
    for (std::uint32_t day = 0; day < kTrackDays; ++day) member.track.days[member.track.count++].day = day;
  }
  for (std::size_t f = 0; f < kFormerMax; ++f) out.former.push_back(f);
  out.beyond = ~std::uint32_t{0};
  return out;
}

std::string bytes_of(const auto& value) {
  std::string out;
  encode(value, out);
  return out;
}

const std::string kGolden = JUNCTURE_SOURCE_DIR "/tests/unit/state/golden/";

std::string slurp(const std::string& name) {
  std::ifstream in(kGolden + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

AccountEvidence sample_left() {
  AccountEvidence out;
  out.kind = AccountEvidence::Kind::left;
  out.prospect = ProspectId("v-3a10");
  return out;
}

}  // namespace

TEST_CASE("the bytes of an account and of what it is told are those of the golden files", "[codec]") {
  CHECK(bytes_of(sample_account()) == slurp("account-v3.bin"));
  CHECK(bytes_of(sample_evidence()) == slurp("account-evidence-v3.bin"));
  CHECK(bytes_of(sample_left()) == slurp("account-left-v3.bin"));
}

TEST_CASE("what version 1 wrote of accounts is still read", "[codec]") {
  Account account;
  REQUIRE(decode(slurp("account-v1.bin"), account));
  CHECK(account == sample_account_v1());
  AccountEvidence evidence;
  const std::string told = slurp("account-evidence-v1.bin"), gone = slurp("account-left-v1.bin");
  REQUIRE(decode(told, evidence));
  CHECK(evidence == sample_evidence_v1());
  REQUIRE(decode(gone, evidence));
  CHECK(evidence == sample_left());
}

TEST_CASE("what version 2 wrote of accounts is still read", "[codec]") {
  Account account;
  REQUIRE(decode(slurp("account-v2.bin"), account));
  CHECK(account == account_told(sample_evidence_v2()));
  AccountEvidence evidence;
  const std::string told = slurp("account-evidence-v2.bin"), gone = slurp("account-left-v2.bin");
  REQUIRE(decode(told, evidence));
  CHECK(evidence == sample_evidence_v2());
  REQUIRE(decode(gone, evidence));
  CHECK(evidence == sample_left());
}

TEST_CASE("golden files of accounts are written on request", "[.golden]") {
  std::ofstream(kGolden + "account-v3.bin", std::ios::binary) << bytes_of(sample_account());
  std::ofstream(kGolden + "account-evidence-v3.bin", std::ios::binary) << bytes_of(sample_evidence());
  std::ofstream(kGolden + "account-left-v3.bin", std::ios::binary) << bytes_of(sample_left());
}

TEST_CASE("an account and what it is told read back as they were written", "[codec]") {
  for (const Account& account : {Account{}, sample_account(), largest()}) {
    const std::string bytes = bytes_of(account);
    Account out = sample_account();
    REQUIRE(decode(bytes, out));
    CHECK(out == account);
    CHECK(bytes.size() <= kAccountValueBytesMax);
  }
  AccountEvidence bare = sample_evidence();
  bare.has_roles = false;
  bare.roles = {};
  AccountEvidence tick;
  tick.kind = AccountEvidence::Kind::tick;
  tick.recorded_ms = kStart;
  for (const AccountEvidence& evidence : {sample_evidence(), sample_left(), bare, tick}) {
    const std::string bytes = bytes_of(evidence);
    AccountEvidence out = sample_evidence();
    REQUIRE(decode(bytes, out));
    CHECK(out == evidence);
  }
}

TEST_CASE("one wrong bit in an account is refused, and so is a value that is cut or too long", "[codec]") {
  const std::string bytes = bytes_of(sample_account());
  Account out;
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ static_cast<char>(1U << bit % 8));
    CHECK_FALSE(decode(damaged, out));
  }
  for (std::size_t n = 0; n < bytes.size(); ++n) CHECK_FALSE(decode(std::string_view(bytes).substr(0, n), out));
  CHECK_FALSE(decode(bytes + '\0', out));
}

TEST_CASE("what is no evidence is a bad record, and a later version is nobody's fault", "[codec]") {
  const std::string bytes = bytes_of(sample_evidence());
  AccountEvidence out;
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    const Status decoded = decode(std::string_view(bytes).substr(0, n), out);
    REQUIRE_FALSE(decoded);
    CHECK(decoded.error().domain == Domain::record);
  }
  CHECK_FALSE(decode(bytes + '\0', out));
  std::string newer = bytes;
  newer[0] = static_cast<char>(kAccountEvidenceVersion + 1);
  const Status decoded = decode(newer, out);
  REQUIRE_FALSE(decoded);
  CHECK(decoded.error().domain == Domain::environment);
  CHECK(decoded.error().code == "evidence_newer");
}

TEST_CASE("keys of accounts and prospects are told apart", "[codec]") {
  std::string key;
  keys::account(AccountId("acme"), key);
  CHECK(keys::account_of(key) == AccountId("acme"));
  CHECK_FALSE(keys::prospect_of(key));
  keys::prospect(ProspectId("acme"), key);
  CHECK_FALSE(keys::account_of(key));
}
