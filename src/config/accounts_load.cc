#include <algorithm>
#include <map>

#include "config/map_reader.h"
#include "juncture/config/load.h"

namespace juncture {
namespace config {
namespace {

constexpr std::size_t kAccountsMax = 100'000;
constexpr std::size_t kIdMax = 64;

bool legal_account(std::string_view id) {
  return !id.empty() && id.size() <= kIdMax && std::none_of(id.begin(), id.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '@';
  });
}

bool legal_domain(std::string_view domain) {
  return domain.find('.') != std::string_view::npos && domain.size() <= 253 &&
         std::all_of(domain.begin(), domain.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.'; });
}

std::vector<Tree> list_of(MapReader& reader, std::string_view key) {
  const Tree* list = reader.get(key);
  if (list == nullptr) return {};
  if (list->kind != Tree::Kind::list) {
    reader.wrong(*list, key, "a list");
    return {};
  }
  return list->items;
}

void read_ids(MapReader& reader, AccountEntry& out) {
  for (const Tree& id : list_of(reader, "also")) {
    if (!legal_account(id.text)) reader.wrong(id, "also", "an account's id of at most 64 bytes");
    out.also.push_back(id.text);
  }
  for (const Tree& domain : list_of(reader, "domains")) {
    if (!legal_domain(domain.text)) reader.wrong(domain, "domains", "a domain in small letters, as halvorsen.example");
    out.domains.push_back(domain.text);
  }
  for (const Tree& text : list_of(reader, "networks")) {
    const auto network = parse_network(text.text);
    if (!network) {
      reader.wrong(text, "networks", "a network as 192.0.2.0/24 or 2001:db8::/32, with nothing set behind the prefix");
      continue;
    }
    out.networks.push_back(*network);
  }
}

Structure read_structure(const Tree& tree, const std::string& where, Problems& problems) {
  Structure out;
  MapReader reader(tree, where + ", structure", problems);
  if (const auto word = reader.word("responsibility", kResponsibilityNames)) {
    out.responsibility = static_cast<Responsibility>(*word);
  }
  if (const auto word = reader.word("pain", kDegreeNames)) out.pain = static_cast<Degree>(*word);
  if (const auto word = reader.word("bureaucracy", kDegreeNames)) out.bureaucracy = static_cast<Degree>(*word);
  reader.report_unknown();
  return out;
}

AccountEntry read_account(const Tree& tree, Problems& problems) {
  AccountEntry out;
  const Tree* id = tree.find("id");
  if (id != nullptr) out.id = id->text;
  MapReader reader(tree, out.id.empty() ? "account" : "account `" + out.id + "`", problems);
  if (const Tree* given = reader.required("id"); given != nullptr && !legal_account(out.id)) {
    reader.wrong(*given, "id", "1 to 64 bytes without `@`");
  }
  read_ids(reader, out);
  if (const Tree* structure = reader.get("structure")) {
    out.structure = read_structure(*structure, reader.where(), problems);
  }
  reader.report_unknown();
  return out;
}

// One id, one domain: one account.
void check_unique(const std::vector<AccountEntry>& entries, const Tree& at, Problems& problems) {
  std::map<std::string, std::string> ids, domains;
  const auto claim = [&](std::map<std::string, std::string>& taken, const std::string& what, const std::string& by) {
    const auto [place, fresh] = taken.emplace(what, by);
    if (!fresh) problems.add(at.place, "`" + what + "` belongs to `" + place->second + "` and to `" + by + "`");
  };
  for (const AccountEntry& entry : entries) {
    claim(ids, entry.id, entry.id);
    for (const std::string& id : entry.also) claim(ids, id, entry.id);
    for (const std::string& domain : entry.domains) claim(domains, domain, entry.id);
  }
}

}  // namespace
}  // namespace config

Loaded<AccountTable> load_accounts(const Source& source) {
  using config::Tree;
  Loaded<AccountTable> out;
  config::Problems problems;
  const Tree tree = config::parse_yaml(source.text, source.filename, problems);
  if (problems.empty()) {
    config::MapReader reader(tree, "the list of accounts", problems);
    std::string version;
    reader.text("version", version, true);
    std::vector<std::string> free_mail;
    for (const Tree& domain : config::list_of(reader, "free_mail")) {
      if (!config::legal_domain(domain.text)) reader.wrong(domain, "free_mail", "a domain in small letters");
      free_mail.push_back(domain.text);
    }
    std::vector<AccountEntry> entries;
    const std::vector<Tree> accounts = config::list_of(reader, "accounts");
    if (accounts.size() > config::kAccountsMax) problems.add(tree.place, "at most 100000 accounts");
    entries.reserve(accounts.size());
    for (const Tree& account : accounts) entries.push_back(config::read_account(account, problems));
    config::check_unique(entries, tree, problems);
    reader.report_unknown();
    out.value = AccountTable(std::move(entries), std::move(free_mail));
  }
  out.errors = problems.take();
  return out;
}

}  // namespace juncture
