// Keys of a task's state. The first byte is the tenant's, 1 for now (0 is the changelog's own); the second says what.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "juncture/core/types.h"

namespace juncture::keys {

inline constexpr char kTenant = '\1';
enum class Kind : char {
  prospect = 'P',
  account = 'A',
  meta = 'M',
  expiry_day = 'D',
  expiry_bucket = 'B',
  expiry_shard = 'X'
};

void prospect(ProspectId id, std::string& out);
// The id of a prospect's key; none for any other key.
std::optional<ProspectId> prospect_of(std::string_view key);

void account(AccountId id, std::string& out);
std::optional<AccountId> account_of(std::string_view key);

void meta(std::string_view name, std::string& out);
// Marks of how far the clock of the ticks has come, by their meta names; they move while nothing happens.
inline constexpr std::string_view kDueCursor = "expiry";  // what it was first for
inline constexpr std::string_view kAccountMinute = "minute";
bool is_clock_mark(std::string_view key);

// Big endian, so that they sort by time.
void expiry_day(std::uint32_t day, std::string& out);
void expiry_bucket(std::uint32_t bucket, std::string& out);
void expiry_shard(std::uint32_t bucket, std::uint16_t shard, std::string& out);

}  // namespace juncture::keys
