#include "text/web_intent.h"

#include <algorithm>

#include "juncture/core/math.h"

namespace juncture::text {
namespace {

using Nats = std::array<double, kWebIntents>;  // factual, navigational, instrumental, transactional, open

constexpr Nats kBase{-0.3, -0.7, -1.0, -1.0, 0.4};

// By LandingKind: reference, how_to, media, download, shop, place, sign_in, search.
constexpr std::array<Nats, kLandingKinds> kHostNats{{{2.6, -0.6, -0.3, -0.6, 0},
                                                     {-0.3, -0.5, 2.2, 0, 0.2},
                                                     {-0.4, 0, 0.2, 0.9, 0},
                                                     {-0.6, 0, 0, 1.3, 0},
                                                     {-0.4, 0, -0.3, 0.4, 0.4},
                                                     {0, 0, -0.3, 0, 0.3},
                                                     {-1, 1.6, 0, 0, 0},
                                                     {0, 0, 0, 0, 0}}};
constexpr std::array<Nats, kLandingKinds> kPathNats{{{0.5, -0.3, 0, 0, 0},
                                                     {0, -0.3, 0.9, 0, 0.1},
                                                     {0, 0, 0, 0.4, 0},
                                                     {0, 0, 0, 0.7, 0},
                                                     {-0.2, 0, 0, 0.2, 0.2},
                                                     {0.1, 0.1, 0, 0, 0},
                                                     {-0.3, 1.0, 0, 0, 0},
                                                     {0, 0, 0, 0, 0}}};
// The same for know, go, do, buy and none of them.
constexpr std::array<std::array<double, kMoments>, kLandingKinds> kMomentNats{{{1.0, 0, 0, -0.3, 0},
                                                                               {0, 0, 1.2, -0.2, 0},
                                                                               {0.3, 0, 0.2, 0, 0},
                                                                               {-0.2, 0, 0.8, 0.3, 0},
                                                                               {-0.3, 0, -0.2, 1.3, 0},
                                                                               {-0.3, 1.4, -0.2, 0, 0},
                                                                               {-0.4, -0.4, -0.2, -0.4, 1.5},
                                                                               {0, 0, 0, 0, 0}}};
constexpr double kPathShare = 0.8;  // words of a path say a little less than a host that is known
constexpr double kFromShare = 0.3;  // and where the visitor was before says least

bool has(std::uint8_t bits, std::size_t bit) {
  return (bits >> bit & 1U) != 0;
}

template <std::size_t N>
void add(std::array<double, N>& to, const std::array<double, N>& nats, double share) {
  for (std::size_t i = 0; i < N; ++i) to[i] += nats[i] * share;
}

// How much the page is the site that the query names, 0 to 1.
double site_match(const LandingFacts& page) {
  if (page.likeness >= 0.8F || (page.covered >= 0.8F && page.used >= 0.8F)) return 1.0;
  if (page.likeness >= 0.55F || (page.covered >= 0.8F && page.used >= 0.4F)) return 0.75;
  if (page.initials || (page.covered >= 0.95F && page.leads)) return 0.55;
  return page.covered >= 0.6F ? 0.25 : 0.0;
}

void add_query(const Features& features, Nats& z) {
  const auto cue = [&](WebCue c) { return static_cast<double>(features.dense[kWebCueFeatures + index_of(c)]); };
  const double question = cue(WebCue::question), how_to = cue(WebCue::how_to), act = cue(WebCue::act);
  const double task = std::min(cue(WebCue::task), 1.0), site = std::min(cue(WebCue::site), 1.0);
  const double fact = cue(WebCue::fact);
  if (how_to > 0) add(z, {0, -1.0, 3.6, -1.0, 0}, 1);
  if (question > 0) add(z, {how_to > 0 ? 0.3 : 3.0, -1.5, 0, -1.5, 0}, 1);
  if (fact > 0) add(z, {1.9, -0.8, 0, -0.3, 0}, how_to > 0 ? 0.2 : 1);
  // `cook county circuit court` asks for nothing to be cooked.
  if (task > 0 && question == 0 && cue(WebCue::institution) == 0) add(z, {-0.3, -0.5, 2.4, -0.3, 0}, 1);
  if (act > 0) add(z, {-0.6, -0.4, -0.3, 2.6, 0}, question + how_to > 0 ? 0.2 : 1);
  if (site > 0) add(z, {-0.6, 2.8, -0.4, 0, 0}, question + how_to > 0 ? 0.3 : 1);
  if (features.dense[kHasNumber] != 0) add(z, {1.0, -0.2, 0, 0, 0}, 1);
  const double named = std::min(1.0, static_cast<double>(features.name_words) / std::max<double>(features.words, 1));
  if (named > 0 && question + how_to == 0) add(z, {-0.3, named >= 0.99 ? 3.4 : (named >= 0.5 ? 1.8 : 0.8), 0, 0, 0}, 1);
  if (cue(WebCue::institution) > 0 && features.words <= 6 && question + how_to + fact == 0) {
    add(z, {0, features.words < 4 ? 1.2 : 1.7, -0.3, -0.3, 0}, 1);
  }
  // Few words name a thing, many describe one.
  if (features.words <= 2) z[index_of(WebIntent::navigational)] += 0.2;
  if (features.words >= 4) z[index_of(WebIntent::navigational)] -= 0.5;
}

void add_page(const LandingFacts& page, const Features& features, Nats& z) {
  const auto cues = [&](WebCue c) { return features.dense[kWebCueFeatures + index_of(c)]; };
  const bool asks = cues(WebCue::question) + cues(WebCue::how_to) + cues(WebCue::fact) + cues(WebCue::act) > 0;
  for (std::size_t k = 0; k < kLandingKinds; ++k) {
    if (has(page.host_kinds, k)) add(z, kHostNats[k], 1);
    if (has(page.path_kinds, k)) add(z, kPathNats[k], kPathShare);
  }
  const double match = site_match(page);
  if (match > 0) add(z, {-0.4, 3.6, -0.4, 0, 0}, asks ? match * 0.35 : match);
  if (match == 0) z[index_of(WebIntent::navigational)] -= 1.2;
  if (page.depth == 0 && match < 1) z[index_of(WebIntent::navigational)] += 1.2;
  if (page.depth >= 2) z[index_of(WebIntent::navigational)] -= 0.5;
}

}  // namespace

WebIntentOdds web_intent_of(const Features& features, const LandingFacts& page) {
  Nats z = kBase;
  add_query(features, z);
  if (page.page) add_page(page, features, z);
  const double top = *std::max_element(z.begin(), z.end());
  double sum = 0;
  for (double& value : z) sum += (value = exact_exp(value - top));
  WebIntentOdds out{};
  for (std::size_t i = 0; i < kWebIntents; ++i) out[i] = static_cast<float>(z[i] / sum);
  return out;
}

std::array<double, kMoments> moment_nats_of(const LandingFacts& page, const Features& features) {
  std::array<double, kMoments> out{};
  for (std::size_t k = 0; k < kLandingKinds; ++k) {
    if (has(page.host_kinds, k)) add(out, kMomentNats[k], 1);
    if (has(page.path_kinds, k)) add(out, kMomentNats[k], kPathShare);
    if (has(page.from_kinds, k)) add(out, kMomentNats[k], kFromShare);
  }
  // A query that is only the name of the site wants the site.
  if (page.page && features.words > 0 && features.words <= 3) {
    out[index_of(Moment::unclear)] += 1.5 * site_match(page) * static_cast<double>(page.used);
  }
  return out;
}

}  // namespace juncture::text
