// What people want of the web at large, and where they land: closed sets in the order in which models store them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace juncture {

// After Broder (2002) as ORCAS-I (Alexander et al., SIGIR 2022) refines it. `open` is a search for information that is
// neither for a fact nor for how to do something.
enum class WebIntent : std::uint8_t { factual, navigational, instrumental, transactional, open };
inline constexpr std::size_t kWebIntents = 5;
inline constexpr std::array<std::string_view, kWebIntents> kWebIntentNames{"factual", "navigational", "instrumental",
                                                                           "transactional", "open"};
using WebIntentOdds = std::array<float, kWebIntents>;

// What a phrase of a query speaks for. `question`, `task`: where a text begins with it; `institution`: where it ends a
// name. `negation` takes the weight from cues behind it; `foreign` is a word that only a text in another language has.
enum class WebCue : std::uint8_t { question, how_to, task, fact, act, site, name, institution, negation, foreign };
inline constexpr std::size_t kWebCues = 10;
inline constexpr std::array<std::string_view, kWebCues> kWebCueNames{
    "question", "how_to", "task", "fact", "act", "site", "name", "institution", "negation", "foreign"};

// What a page is for, by its host or by a word of its path.
enum class LandingKind : std::uint8_t { reference, how_to, media, download, shop, place, sign_in, search };
inline constexpr std::size_t kLandingKinds = 8;
inline constexpr std::array<std::string_view, kLandingKinds> kLandingKindNames{
    "reference", "how_to", "media", "download", "shop", "place", "sign_in", "search"};

// Where a text led to and from where it came. Views for the length of the call; both may be empty.
struct Landing {
  std::string_view url;
  std::string_view referrer;
};

}  // namespace juncture
