#include "ingest/url.h"

#include <catch2/catch.hpp>

namespace juncture {

TEST_CASE("an address is split where it should be", "[url]") {
  const UrlParts full = split_url("https://kim:pw@Shop.example:8443/a/b?q=1&s=2#part");
  CHECK(full.scheme == "https");
  CHECK(full.host == "Shop.example");
  CHECK(full.path == "/a/b");
  CHECK(full.query == "q=1&s=2");

  const UrlParts target = split_url("/a?next=http://b.example/");
  CHECK(target.host.empty());
  CHECK(target.path == "/a");
  CHECK(target.query == "next=http://b.example/");

  CHECK(split_url("http://[2001:db8::1]:80/").host == "2001:db8::1");
  CHECK(split_url("http://a?x").host == "a");
  CHECK(split_url("").path.empty());
}

TEST_CASE("a parameter is found by its whole name", "[url]") {
  CHECK(query_parameter("oq=a&q=b", "q") == std::string_view("b"));
  CHECK(query_parameter("q=&q=c", "q") == std::string_view("c"));
  CHECK_FALSE(query_parameter("qq=1&q", "q"));
  CHECK_FALSE(query_parameter("", "q"));
}

TEST_CASE("a decoded parameter is UTF-8 or nothing", "[url]") {
  Arena arena;
  CHECK(decode_parameter("a%20b+c%C3%A4", arena) == std::string_view("a b cä"));
  CHECK(decode_parameter("%", arena) == std::string_view("%"));
  CHECK(decode_parameter("%4", arena) == std::string_view("%4"));
  CHECK(decode_parameter("++a++", arena) == std::string_view("a"));
  CHECK_FALSE(decode_parameter("%ff", arena));
  CHECK_FALSE(decode_parameter("%ed%a0%80", arena));
}

}  // namespace juncture
