#include <algorithm>
#include <map>

#include "config/map_reader.h"
#include "juncture/config/load.h"
#include "juncture/core/hash.h"

namespace juncture {
namespace config {
namespace {

constexpr std::size_t kItemsMax = 10'000;
constexpr std::size_t kIdMax = 64;
constexpr std::size_t kTitleMax = 200;
constexpr std::size_t kUrlMax = 1000;

bool legal_id(std::string_view id) {
  return !id.empty() && id.size() <= kIdMax && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  });
}

// https, a host, and nothing that a page or a log could take for something else.
bool legal_url(std::string_view url) {
  constexpr std::string_view kScheme = "https://";
  if (!url.starts_with(kScheme) || url.size() > kUrlMax) return false;
  const std::string_view rest = url.substr(kScheme.size());
  const std::string_view host = rest.substr(0, rest.find_first_of("/?#"));
  const bool plain = std::all_of(url.begin(), url.end(), [](char c) {
    return c > ' ' && c != 0x7f && c != '"' && c != '<' && c != '>' && c != '\\' && c != '`';
  });
  return plain && !host.empty() && host.find('@') == std::string_view::npos;
}

template <class Bits>
Bits bits_of(const std::vector<std::size_t>& indices) {
  unsigned bits = 0;
  for (const std::size_t index : indices) bits |= 1U << index;
  return static_cast<Bits>(bits);
}

void read_validity(MapReader& reader, ContentItem& item, Problems& problems) {
  reader.time("valid_from", item.valid_from);
  reader.time("valid_until", item.valid_until);
  if (item.valid_from >= item.valid_until) {
    problems.add(reader.tree().place, reader.where() + ": `valid_from` is not before `valid_until`");
  }
}

ContentItem read_item(const Tree& tree, Problems& problems) {
  ContentItem item;
  const Tree* id = tree.find("id");
  if (id != nullptr) item.id = id->text;
  MapReader reader(tree, item.id.empty() ? "item" : "item `" + item.id + "`", problems);
  if (const Tree* given = reader.required("id"); given != nullptr && !legal_id(item.id)) {
    reader.wrong(*given, "id", "1 to 64 letters, digits, `-`, `_` or `.`");
  }
  reader.text("title", item.title, true);
  if (item.title.size() > kTitleMax) reader.wrong(*tree.find("title"), "title", "200 bytes at most");
  if (reader.text("url", item.url, true) && !legal_url(item.url)) {
    reader.wrong(*tree.find("url"), "url", "an https:// address");
  }
  if (const auto kind = reader.word("kind", kContentKindNames, true)) item.kind = static_cast<ContentKind>(*kind);
  item.stages = bits_of<std::uint16_t>(reader.words("stages", kStageNames));
  item.moments = bits_of<std::uint8_t>(reader.words("moments", std::span(kMomentNames).first<4>()));
  item.roles = bits_of<std::uint16_t>(reader.words("roles", kRoleNames));
  item.pown = bits_of<std::uint8_t>(reader.words("pown", kPownNames));
  reader.text("application", item.application);
  // Deny by default: an item without a tier, or with a mistyped one, is never shown to the public.
  if (const auto tier = reader.word("tier", kTierNames)) item.tier = static_cast<Tier>(*tier);
  reader.number("minutes", item.minutes, 0, 600);
  reader.text("language", item.language);
  read_validity(reader, item, problems);
  reader.report_unknown();
  item.key = hash32(item.id);
  return item;
}

// Two items of one id, or of one key, could not be told apart in state.
void check_unique(const Catalog& catalog, const std::map<std::string, Place>& places, Problems& problems) {
  std::map<std::uint32_t, const ContentItem*> keys;
  for (const ContentItem& item : catalog.items) {
    const auto [at, added] = keys.emplace(item.key, &item);
    if (added || at->second->id == item.id) continue;
    problems.add(places.at(item.id),
                 "item `" + item.id + "` has the same hash as `" + at->second->id + "`: rename one of them");
  }
}

}  // namespace
}  // namespace config

Loaded<Catalog> load_catalog(const Source& source) {
  using config::Tree;
  Loaded<Catalog> out;
  config::Problems problems;
  const Tree tree = config::parse_yaml(source.text, source.filename, problems);
  if (problems.empty()) {
    config::MapReader reader(tree, "the catalog", problems);
    std::string version;
    reader.text("version", version, true);
    out.value.version = config::content_version(version, source.text);
    const Tree* items = reader.required("items");
    reader.report_unknown();
    if (items != nullptr && items->kind != Tree::Kind::list) reader.wrong(*items, "items", "a list");
    if (items != nullptr && items->items.size() > config::kItemsMax) {
      reader.wrong(*items, "items", "10000 items at most");
      items = nullptr;
    }
    std::map<std::string, config::Place> places;
    for (const Tree& node : items == nullptr ? std::vector<Tree>{} : items->items) {
      ContentItem item = config::read_item(node, problems);
      const auto [at, added] = places.emplace(item.id, node.place);
      if (!added && !item.id.empty()) {
        problems.add(node.place, "item `" + item.id + "` is there twice, first at " + at->second.text());
      }
      out.value.items.push_back(std::move(item));
    }
    config::check_unique(out.value, places, problems);
    std::sort(out.value.items.begin(), out.value.items.end(),
              [](const ContentItem& a, const ContentItem& b) { return a.id < b.id; });
  }
  out.errors = problems.take();
  return out;
}

}  // namespace juncture
