#include "juncture/state/keys.h"

namespace juncture::keys {
namespace {

void begin(Kind kind, std::string& out) {
  out.clear();
  out.push_back(kTenant);
  out.push_back(static_cast<char>(kind));
}

bool is(Kind kind, std::string_view key) {
  return key.size() > 2 && key[0] == kTenant && key[1] == static_cast<char>(kind);
}

void put_big_endian(std::uint32_t value, int bytes, std::string& out) {
  for (int i = bytes - 1; i >= 0; --i) out.push_back(static_cast<char>(value >> (8 * i)));
}

}  // namespace

void prospect(ProspectId id, std::string& out) {
  begin(Kind::prospect, out);
  out += id.text();
}

std::optional<ProspectId> prospect_of(std::string_view key) {
  return is(Kind::prospect, key) ? std::optional(ProspectId(key.substr(2))) : std::nullopt;
}

void account(AccountId id, std::string& out) {
  begin(Kind::account, out);
  out += id.text();
}

std::optional<AccountId> account_of(std::string_view key) {
  return is(Kind::account, key) ? std::optional(AccountId(key.substr(2))) : std::nullopt;
}

void meta(std::string_view name, std::string& out) {
  begin(Kind::meta, out);
  out += name;
}

bool is_clock_mark(std::string_view key) {
  return is(Kind::meta, key) && (key.substr(2) == kDueCursor || key.substr(2) == kAccountMinute);
}

void expiry_day(std::uint32_t day, std::string& out) {
  begin(Kind::expiry_day, out);
  put_big_endian(day, 4, out);
}

void expiry_bucket(std::uint32_t bucket, std::string& out) {
  begin(Kind::expiry_bucket, out);
  put_big_endian(bucket, 4, out);
}

void expiry_shard(std::uint32_t bucket, std::uint16_t shard, std::string& out) {
  begin(Kind::expiry_shard, out);
  put_big_endian(bucket, 4, out);
  put_big_endian(shard, 2, out);
}

}  // namespace juncture::keys
