#include "juncture/state/account_codec.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>

#include "juncture/state/keys.h"

using namespace juncture;

namespace {

constexpr std::int64_t kStart = 1'763'784'000'000;

AccountEvidence sample_evidence() {
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

Account sample_account() {
  Account out;
  for (std::uint64_t m = 1; m <= 2; ++m) {
    Member& member = out.members.emplace_back();
    member.prospect = m << 60U;
    member.first_ms = kStart - 5;
    member.last_ms = kStart + static_cast<std::int64_t>(m);
    member.signals = static_cast<std::uint16_t>(m);
    member.stages = sample_evidence().stages;
  }
  out.former = {5, 1ULL << 62U};
  out.beyond = 3;
  return out;
}

Account largest() {
  Account out;
  for (std::size_t m = 0; m < kMembersMax; ++m) out.members.push_back({.prospect = m + 1});
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
  CHECK(bytes_of(sample_account()) == slurp("account-v1.bin"));
  CHECK(bytes_of(sample_evidence()) == slurp("account-evidence-v1.bin"));
  CHECK(bytes_of(sample_left()) == slurp("account-left-v1.bin"));
}

TEST_CASE("golden files of accounts are written on request", "[.golden]") {
  std::ofstream(kGolden + "account-v1.bin", std::ios::binary) << bytes_of(sample_account());
  std::ofstream(kGolden + "account-evidence-v1.bin", std::ios::binary) << bytes_of(sample_evidence());
  std::ofstream(kGolden + "account-left-v1.bin", std::ios::binary) << bytes_of(sample_left());
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
  for (const AccountEvidence& evidence : {sample_evidence(), sample_left(), bare}) {
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
  newer[0] = 2;
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
