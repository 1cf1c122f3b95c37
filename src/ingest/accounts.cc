#include "ingest/accounts.h"

#include <libpsl.h>

namespace juncture {
namespace {

constexpr std::size_t kHostBytesMax = 253;
constexpr std::size_t kAccountBytesMax = 64;

}  // namespace

std::string registrable_domain(std::string_view email_or_host) {
  const std::size_t at = email_or_host.rfind('@');
  std::string_view given = at == std::string_view::npos ? email_or_host : email_or_host.substr(at + 1);
  while (!given.empty() && given.back() == '.') given.remove_suffix(1);
  if (given.empty() || given.size() > kHostBytesMax) return {};
  std::string host;
  for (const char c : given) {
    const char small = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    const bool legal = (small >= 'a' && small <= 'z') || (small >= '0' && small <= '9') || small == '-' || small == '.';
    if (!legal) return {};
    host.push_back(small);
  }
  const char* domain = psl_registrable_domain(psl_builtin(), host.c_str());
  return domain != nullptr ? std::string(domain) : std::string();
}

void resolve_account(const AccountTable& table, const SenderHints& hints, Signal& signal, Arena& arena) {
  if (!signal.account.empty()) {
    if (const AccountEntry* entry = table.by_id(signal.account.text())) signal.account = AccountId(entry->id);
    return;
  }
  const bool mail = hints.email.find('@') != std::string_view::npos;
  const std::string domain = mail ? registrable_domain(hints.email) : std::string();
  if (!domain.empty() && domain.size() <= kAccountBytesMax && !table.is_free_mail(domain)) {
    const AccountEntry* entry = table.by_domain(domain);
    signal.account = AccountId(entry != nullptr ? std::string_view(entry->id) : arena.keep(domain));
    signal.basis = AccountBasis::domain;
    return;
  }
  if (table.entries().empty() || hints.address.empty()) return;
  const auto address = parse_address(hints.address);
  const AccountEntry* entry = address ? table.by_address(*address) : nullptr;
  if (entry == nullptr) return;
  signal.account = AccountId(entry->id);
  signal.basis = AccountBasis::network;
}

}  // namespace juncture
