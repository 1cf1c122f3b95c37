#include "text/landing.h"

#include <catch2/catch.hpp>
#include <string>

#include "juncture/core/chance.h"

namespace juncture::text {
namespace {

bool has(std::uint8_t bits, LandingKind kind) {
  return (static_cast<unsigned>(bits) >> index_of(kind) & 1U) != 0;
}

struct Given {
  WebIndex index;
  Given() {
    TaxonomyWeb web;
    web.hosts[index_of(LandingKind::reference)] = {"wikipedia.org"};
    web.hosts[index_of(LandingKind::place)] = {"maps.example.com"};
    web.hosts[index_of(LandingKind::search)] = {"example.com"};
    web.paths[index_of(LandingKind::shop)] = {"pricing", "request a quote"};
    web.paths[index_of(LandingKind::sign_in)] = {"login"};
    index = WebIndex(make_web_words(web));
  }
  LandingFacts read(std::string_view url, std::string_view query = {}, std::string_view referrer = {}) const {
    Normalised words;
    words.read(query);
    return read_landing({url, referrer}, words, index);
  }
};

TEST_CASE("a host is known with its subdomains, a port and capitals, and the nearest entry wins", "[text]") {
  const Given given;
  CHECK(has(given.read("https://EN.Wikipedia.org:443/wiki/Pump").host_kinds, LandingKind::reference));
  CHECK(has(given.read("//me@www.wikipedia.org").host_kinds, LandingKind::reference));
  CHECK(given.read("https://notwikipedia.org/").host_kinds == 0);
  CHECK(given.read("https://maps.example.com/").host_kinds == 1U << index_of(LandingKind::place));
  CHECK(given.read("https://mail.example.com/").host_kinds == 1U << index_of(LandingKind::search));
  CHECK(has(given.read({}, {}, "https://de.wikipedia.org/x").from_kinds, LandingKind::reference));
}

TEST_CASE("words of a path are whole words, over slashes, hyphens and capitals", "[text]") {
  const Given given;
  CHECK(has(given.read("https://a.example/Pricing?x=login").path_kinds, LandingKind::shop));
  CHECK(has(given.read("/erp/request-a_quote.html").path_kinds, LandingKind::shop));
  CHECK(given.read("https://a.example/pricings/logins").path_kinds == 0);
  CHECK(given.read("https://a.example/x?next=/login").path_kinds == 0);
  CHECK(given.read("https://a.example").depth == 0);
  CHECK(given.read("https://a.example/a//b/c/").depth == 3);
}

TEST_CASE("what is no address is no page", "[text]") {
  const Given given;
  for (const std::string_view url : {"", "pricing", "mailto:a@b.example", "//", "https://"}) {
    CHECK_FALSE(given.read(url, "pricing").page);
  }
}

TEST_CASE("a query that names the site is told from one that does not", "[text]") {
  const Given given;
  const LandingFacts named = given.read("https://www.bestpumps.co.uk/", "best pumps");
  CHECK(named.covered == 1.0F);
  CHECK(named.used == 1.0F);
  CHECK(named.likeness == 1.0F);

  const LandingFacts more = given.read("https://www.bestpumps.co.uk/seals", "best pumps ceramic seals");
  CHECK(more.covered == 1.0F);
  CHECK(more.used < 0.6F);

  const LandingFacts other = given.read("https://www.zyx.example/", "best pumps");
  CHECK(other.covered == 0.0F);
  CHECK(other.likeness < 0.3F);

  CHECK(given.read("https://unt.example/", "university north texas").initials);
  CHECK_FALSE(given.read("https://unt.example/", "university texas").initials);
}

TEST_CASE("any bytes as address, referrer and query keep within bounds", "[text]") {
  const Given given;
  Chance chance(3);
  for (int i = 0; i < 2000; ++i) {
    const auto bytes = [&](std::string start) {
      const std::size_t size = chance.below(700);
      for (std::size_t b = 0; b < size; ++b) {
        start += chance.below(3) == 0 ? static_cast<char>(chance.below(256)) : "/.-a:@w0"[chance.below(8)];
      }
      return start;
    };
    const LandingFacts facts = given.read(bytes(i % 2 == 0 ? "https://" : ""), bytes(""), bytes("//"));
    CHECK((facts.covered >= 0 && facts.covered <= 1));
    CHECK((facts.used >= 0 && facts.used <= 1));
    CHECK((facts.likeness >= 0 && facts.likeness <= 2));
  }
}

}  // namespace
}  // namespace juncture::text
