#include "juncture/core/account_table.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace juncture {
namespace {

constexpr unsigned kMappedBits = 96;

std::uint8_t mask_of(unsigned bits, std::size_t byte) {
  const unsigned before = static_cast<unsigned>(byte) * 8;
  if (bits >= before + 8) return 0xff;
  return bits <= before ? std::uint8_t{0} : static_cast<std::uint8_t>(0xff00U >> (bits - before));
}

const AccountEntry* entry_at(const std::vector<AccountEntry>& entries,
                             const std::unordered_map<std::string, std::size_t>& index, std::string_view key) {
  const auto at = index.find(std::string(key));
  return at == index.end() ? nullptr : &entries[at->second];
}

}  // namespace

std::optional<NetworkAddress> parse_address(std::string_view text) {
  char buffer[INET6_ADDRSTRLEN] = {};
  if (text.empty() || text.size() >= sizeof(buffer)) return std::nullopt;
  std::memcpy(buffer, text.data(), text.size());
  NetworkAddress out{};
  if (inet_pton(AF_INET6, buffer, out.data()) == 1) return out;
  out = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (inet_pton(AF_INET, buffer, out.data() + kMappedBits / 8) == 1) return out;
  return std::nullopt;
}

bool Network::holds(const NetworkAddress& other) const {
  for (std::size_t i = 0; i < address.size(); ++i) {
    if (((address[i] ^ other[i]) & mask_of(bits, i)) != 0) return false;
  }
  return true;
}

std::optional<Network> parse_network(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view host = text.substr(0, slash);
  const auto address = parse_address(host);
  if (!address) return std::nullopt;
  Network out{.address = *address};
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), out.bits);
    const bool v4 = host.find(':') == std::string_view::npos;
    if (digits.empty() || read.ec != std::errc{} || read.ptr != digits.data() + digits.size()) return std::nullopt;
    if (out.bits > (v4 ? 32U : 128U)) return std::nullopt;
    if (v4) out.bits += kMappedBits;
  }
  for (std::size_t i = 0; i < out.address.size(); ++i) {
    if ((out.address[i] & ~mask_of(out.bits, i) & 0xff) != 0) return std::nullopt;
  }
  return out;
}

AccountTable::AccountTable(std::vector<AccountEntry> entries, std::vector<std::string> free_mail)
    : entries_(std::move(entries)), free_mail_(std::move(free_mail)) {
  std::sort(free_mail_.begin(), free_mail_.end());
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const AccountEntry& entry = entries_[i];
    ids_.emplace(entry.id, i);
    for (const std::string& id : entry.also) ids_.emplace(id, i);
    for (const std::string& domain : entry.domains) domains_.emplace(domain, i);
    for (const Network& network : entry.networks) networks_.emplace_back(network, i);
  }
  std::stable_sort(networks_.begin(), networks_.end(),
                   [](const auto& a, const auto& b) { return a.first.bits > b.first.bits; });
}

const AccountEntry* AccountTable::by_id(std::string_view id) const {
  return entry_at(entries_, ids_, id);
}

const AccountEntry* AccountTable::by_domain(std::string_view domain) const {
  return entry_at(entries_, domains_, domain);
}

const AccountEntry* AccountTable::by_address(const NetworkAddress& address) const {
  for (const auto& [network, entry] : networks_) {
    if (network.holds(address)) return &entries_[entry];
  }
  return nullptr;
}

bool AccountTable::is_free_mail(std::string_view domain) const {
  return std::binary_search(free_mail_.begin(), free_mail_.end(), domain);
}

}  // namespace juncture
