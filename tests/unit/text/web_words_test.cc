#include "text/web_words.h"

#include <catch2/catch.hpp>

namespace juncture::text {
namespace {

struct Given {
  WebIndex index;
  Given() {
    TaxonomyWeb web;
    web.queries[index_of(WebCue::task)] = {"make", "cut", "boil", "set up"};
    web.queries[index_of(WebCue::fact)] = {"price", "price of"};
    web.queries[index_of(WebCue::how_to)] = {"how to"};
    web.queries[index_of(WebCue::question)] = {"how"};
    web.queries[index_of(WebCue::name)] = {"bed bath and beyond", "google"};
    web.queries[index_of(WebCue::negation)] = {"not"};
    index = WebIndex(make_web_words(web));
  }
  WebCues find(std::string_view text) const {
    Normalised words;
    words.read(text);
    return find_web_cues(words, index);
  }
  int hits(std::string_view text, WebCue cue) const { return find(text).hits[index_of(cue)]; }
};

TEST_CASE("a task counts where a text begins with it, as a command or as a gerund", "[text]") {
  const Given given;
  for (const std::string_view text : {"make pie", "making pie", "cutting glass", "boiling eggs", "set up vpn"}) {
    CHECK(given.hits(text, WebCue::task) == 1);
  }
  for (const std::string_view text : {"pie to make", "makes pie", "maker of pie", "cuts", "cuting glass"}) {
    CHECK(given.hits(text, WebCue::task) == 0);
  }
}

TEST_CASE("the longest entry takes its words and plurals count", "[text]") {
  const Given given;
  CHECK(given.hits("price of copper", WebCue::fact) == 1);
  CHECK(given.hits("copper prices", WebCue::fact) == 1);
  CHECK(given.hits("prices and prices and prices", WebCue::fact) == 2);
  CHECK(given.hits("how to boil", WebCue::how_to) == 1);
  CHECK(given.hits("how to boil", WebCue::question) == 0);
  CHECK(given.hits("how many", WebCue::question) == 1);
  CHECK(given.find("bed bath and beyond google").name_words == 5);
  CHECK(given.find("bed bath and towels").name_words == 0);
}

TEST_CASE("three words behind a negation are negated", "[text]") {
  const Given given;
  CHECK(given.find("why not buy it at once").negated == 0b11100);
  CHECK(given.find("buy at once").negated == 0);
}

TEST_CASE("a table of no words finds none", "[text]") {
  Normalised words;
  words.read("how to");
  CHECK(find_web_cues(words, WebIndex()).hits == WebCues{}.hits);
  CHECK(find_web_cues(words, WebIndex(std::vector<WebWord>{})).hits == WebCues{}.hits);
}

}  // namespace
}  // namespace juncture::text
