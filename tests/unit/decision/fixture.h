// Readings and catalogs for the tests of decisions: given ones and random ones.
#pragma once

#include <catch2/catch.hpp>
#include <fstream>
#include <random>
#include <sstream>
#include <string>

#include "juncture/config/load.h"
#include "juncture/core/hash.h"
#include "juncture/decision/decide.h"

namespace juncture::test {

inline std::string read_file(const std::string& name) {
  std::ifstream file(std::string(JUNCTURE_SOURCE_DIR) + "/" + name);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

inline const Policy& sample_policy() {
  static const Policy policy = [] {
    const Loaded<Policy> loaded = load_policy({.text = read_file("config/policy.yaml"), .filename = "policy.yaml"});
    for (const Error& error : loaded.errors) UNSCOPED_INFO(error.detail);
    REQUIRE(loaded.ok());
    return loaded.value;
  }();
  return policy;
}

inline const Catalog& sample_catalog() {
  static const Catalog catalog = [] {
    const Loaded<Catalog> loaded = load_catalog({.text = read_file("config/catalog.yaml"), .filename = "catalog.yaml"});
    for (const Error& error : loaded.errors) UNSCOPED_INFO(error.detail);
    REQUIRE(loaded.ok());
    return loaded.value;
  }();
  return catalog;
}

inline const Timestamp kNow = from_ms(1'795'000'000'000);

// A known desktop reader who agreed, at a stage with all odds on it.
inline Reading reading_at(Stage stage, Moment moment = Moment::know) {
  Reading reading;
  reading.as_of = kNow;
  reading.stages[index_of(stage)] = 1;
  reading.moments[index_of(moment)] = 1;
  reading.roles[kRoles - 1] = 1;
  reading.device = Device::desktop;
  reading.consent = Consent::granted;
  reading.known = true;
  reading.entitled = Tier::gated;
  reading.signals = 12;
  reading.first_seen = kNow - 20 * 24h;
  reading.last_seen = kNow;
  return reading;
}

inline ContentItem item_of(std::string id, std::string_view kind, Tier tier = Tier::public_) {
  ContentItem item;
  item.title = "Title of " + id;
  item.url = "https://example.com/" + id;
  item.key = hash32(id);
  item.id = std::move(id);
  item.kind = *parse_name<ContentKind>(kContentKindNames, kind);
  item.tier = tier;
  item.minutes = 5;
  return item;
}

inline Catalog catalog_of(std::vector<ContentItem> items) {
  return {.version = "test", .items = std::move(items)};
}

inline MaskReason mask_in(const Decision& decision, std::uint32_t item) {
  for (const Masked& masked : decision.masked) {
    if (masked.item == item) return masked.reason;
  }
  return MaskReason::none;
}

using Random = std::mt19937_64;

inline std::uint64_t below(Random& random, std::uint64_t n) {
  return random() % n;
}
inline float unit(Random& random) {
  return static_cast<float>(random() >> 40U) / static_cast<float>(1U << 24U);
}

template <class Odds>
void fill_odds(Random& random, Odds& odds) {
  float sum = 0;
  const bool sharp = below(random, 2) == 0;
  for (float& p : odds) {
    p = unit(random);
    if (sharp) p = p * p * p * p * p * p * p * p;
    sum += p;
  }
  for (float& p : odds) p /= sum;
}

inline Catalog random_catalog(Random& random, const std::string& sales_mark = "") {
  Catalog catalog;
  const std::uint64_t n = below(random, 40);
  for (std::uint64_t i = 0; i < n; ++i) {
    ContentItem item;
    item.tier = static_cast<Tier>(below(random, 4));
    const bool sales = item.tier == Tier::sales_only && !sales_mark.empty();
    const std::string id = (sales ? sales_mark : "item") + "-" + std::to_string(100 + i);
    item = item_of(id, kContentKindNames[below(random, kContentKinds)], item.tier);
    item.stages = below(random, 3) == 0 ? static_cast<std::uint16_t>(below(random, 1U << kStages)) : std::uint16_t{0};
    item.moments = below(random, 3) == 0 ? static_cast<std::uint8_t>(below(random, 16)) : std::uint8_t{0};
    item.roles = below(random, 3) == 0 ? static_cast<std::uint16_t>(below(random, 1U << kRoles)) : std::uint16_t{0};
    item.minutes = static_cast<float>(below(random, 40));
    if (below(random, 10) == 0) item.language = "de";
    if (below(random, 4) == 0) item.valid_from = kNow - Millis{24h} * static_cast<int>(below(random, 300)) + 48h;
    if (below(random, 8) == 0) item.valid_until = item.valid_from + Millis{24h} * static_cast<int>(below(random, 300));
    catalog.items.push_back(std::move(item));
  }
  return catalog;
}

inline Reading random_reading(Random& random, const Catalog& catalog) {
  Reading reading;
  reading.as_of = kNow;
  fill_odds(random, reading.stages);
  fill_odds(random, reading.moments);
  fill_odds(random, reading.roles);
  reading.device = static_cast<Device>(below(random, 4));
  reading.consent = below(random, 8) == 0 ? static_cast<Consent>(below(random, 3)) : Consent::granted;
  reading.known = below(random, 2) == 0;
  reading.entitled = static_cast<Tier>(below(random, 4));
  reading.noise = below(random, 6) == 0 ? unit(random) : 0.0F;
  reading.signals = static_cast<std::uint16_t>(below(random, 20));
  reading.first_seen = kNow - Millis{24h} * static_cast<int>(below(random, 60));
  if (below(random, 20) == 0) reading.snoozed_until = kNow + 1h;
  reading.dismissed = below(random, 20) == 0;
  for (std::uint64_t i = below(random, 6); !catalog.items.empty() && i > 0; --i) {
    const ContentItem& item = catalog.items[below(random, catalog.items.size())];
    reading.offers.push_back({.content = item.key,
                              .at_ms = to_ms(kNow) - static_cast<std::int64_t>(below(random, 40ULL * 86'400'000)),
                              .outcome = static_cast<FeedbackAction>(1 + below(random, 6)),
                              .kind = item.kind});
    if (below(random, 3) == 0) reading.consumed.push_back(item.key);
  }
  std::int64_t at = to_ms(kNow) - 10 * 86'400'000;
  for (std::uint64_t i = below(random, 8); i > 0; --i) {
    at += static_cast<std::int64_t>(below(random, 86'400'000));
    reading.course.push_back({.at_ms = at, .mode = static_cast<Stage>(below(random, kStages))});
  }
  return reading;
}

}  // namespace juncture::test
