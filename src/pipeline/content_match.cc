#include "pipeline/content_match.h"

#include "juncture/decision/decide.h"

namespace juncture {
namespace {

// Host and path, so that a campaign's parameters do not hide the item.
std::string_view page_of(std::string_view url) {
  if (const std::size_t scheme = url.find("://"); scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find_first_of("?#"));
  while (url.ends_with('/')) url.remove_suffix(1);
  return url;
}

}  // namespace

void index_catalog(Knowledge& knowledge) {
  knowledge.public_catalog = public_view(knowledge.catalog);
  knowledge.content_by_url.clear();
  knowledge.content_by_id.clear();
  for (std::uint32_t i = 0; i < knowledge.catalog.items.size(); ++i) {
    const ContentItem& item = knowledge.catalog.items[i];
    knowledge.content_by_url.emplace(page_of(item.url), i);
    knowledge.content_by_id.emplace(item.id, i);
  }
}

const ContentItem* match_content(const Knowledge& knowledge, const Signal& signal) {
  if (!signal.content.empty()) {
    const auto found = knowledge.content_by_id.find(signal.content.text());
    return found == knowledge.content_by_id.end() ? nullptr : &knowledge.catalog.items[found->second];
  }
  if (signal.url.empty() || (signal.type != SignalType::page && signal.type != SignalType::content)) return nullptr;
  const auto found = knowledge.content_by_url.find(page_of(signal.url));
  return found == knowledge.content_by_url.end() ? nullptr : &knowledge.catalog.items[found->second];
}

}  // namespace juncture
