// The user's own list of accounts: by which mail domains and networks they are told, and how they decide.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "juncture/core/vocabulary.h"

namespace juncture {

// An address of 16 bytes; IPv4 as ::ffff:a.b.c.d.
using NetworkAddress = std::array<std::uint8_t, 16>;
std::optional<NetworkAddress> parse_address(std::string_view text);

struct Network {
  NetworkAddress address{};
  unsigned bits = 128;
  bool holds(const NetworkAddress& other) const;
};
// "192.0.2.0/24", "2001:db8::/32", or one address. No bits may be set behind the prefix.
std::optional<Network> parse_network(std::string_view text);

// How an account buys: what stands for its size, since the number of employees says nothing of who decides.
enum class Responsibility : std::uint8_t { unknown, central, distributed };
inline constexpr std::array<std::string_view, 3> kResponsibilityNames{"unknown", "central", "distributed"};
enum class Degree : std::uint8_t { low, medium, high };
inline constexpr std::array<std::string_view, 3> kDegreeNames{"low", "medium", "high"};
struct Structure {
  Responsibility responsibility = Responsibility::unknown;
  Degree pain = Degree::medium;         // how much the problem hurts: what hurts is not left lying
  Degree bureaucracy = Degree::medium;  // how long each stage takes
  friend bool operator==(const Structure&, const Structure&) = default;
};

struct AccountEntry {
  std::string id;
  std::vector<std::string> also;     // other ids it goes by
  std::vector<std::string> domains;  // lower case, without subdomains
  std::vector<Network> networks;
  Structure structure;
};

// Immutable once built; any thread.
class AccountTable {
 public:
  AccountTable() = default;
  AccountTable(std::vector<AccountEntry> entries, std::vector<std::string> free_mail);

  // Null where the table has none. The longest prefix wins; of equal ones the first in the file.
  const AccountEntry* by_id(std::string_view id) const;
  const AccountEntry* by_domain(std::string_view domain) const;
  const AccountEntry* by_address(const NetworkAddress& address) const;
  // Mail of anybody: says nothing of an account.
  bool is_free_mail(std::string_view domain) const;
  const std::vector<AccountEntry>& entries() const { return entries_; }

 private:
  std::vector<AccountEntry> entries_;
  std::vector<std::string> free_mail_;  // sorted
  std::unordered_map<std::string, std::size_t> ids_, domains_;
  std::vector<std::pair<Network, std::size_t>> networks_;  // longest prefix first
};

}  // namespace juncture
