#include "juncture/core/account_table.h"

#include <catch2/catch.hpp>

using namespace juncture;

namespace {

AccountTable table() {
  AccountEntry halvorsen, oakmere;
  halvorsen.id = "halvorsen";
  halvorsen.also = {"halvorsen-no"};
  halvorsen.domains = {"halvorsen.example"};
  halvorsen.networks = {*parse_network("192.0.2.0/24"), *parse_network("2001:db8:17::/48")};
  oakmere.id = "oakmere";
  oakmere.networks = {*parse_network("192.0.2.64/26"), *parse_network("203.0.113.9")};
  return AccountTable({halvorsen, oakmere}, {"gmx.de", "gmail.com"});
}

std::string owner(const AccountTable& table, std::string_view address) {
  const auto parsed = parse_address(address);
  REQUIRE(parsed);
  const AccountEntry* entry = table.by_address(*parsed);
  return entry != nullptr ? entry->id : "";
}

}  // namespace

TEST_CASE("the longest prefix that holds an address tells its account", "[accounts]") {
  const AccountTable known = table();
  CHECK(owner(known, "192.0.2.1") == "halvorsen");
  CHECK(owner(known, "192.0.2.64") == "oakmere");
  CHECK(owner(known, "192.0.2.127") == "oakmere");
  CHECK(owner(known, "192.0.2.128") == "halvorsen");
  CHECK(owner(known, "192.0.3.1").empty());
  CHECK(owner(known, "203.0.113.9") == "oakmere");
  CHECK(owner(known, "203.0.113.8").empty());
  CHECK(owner(known, "2001:db8:17:ffff::1") == "halvorsen");
  CHECK(owner(known, "2001:db8:18::1").empty());
  CHECK(owner(known, "::ffff:192.0.2.1") == "halvorsen");
}

TEST_CASE("what is no network or address is none", "[accounts]") {
  for (const char* text : {"", "192.0.2.0/33", "192.0.2.1/24", "192.0.2.0/", "192.0.2.0/x", "192.0.2", "2001:db8::/129",
                           "2001:db8::1/32", "halvorsen", "192.0.2.0/-1", "192.0.2.0/24 "}) {
    INFO(text);
    CHECK_FALSE(parse_network(text));
  }
  CHECK_FALSE(parse_address("192.0.2.1:80"));
  CHECK_FALSE(parse_address(std::string(100, '1')));
  CHECK(parse_network("0.0.0.0/0"));
  CHECK(parse_network("::/0")->holds(*parse_address("192.0.2.1")));
}

TEST_CASE("accounts are found by id, by another id and by domain", "[accounts]") {
  const AccountTable known = table();
  CHECK(known.by_id("halvorsen-no")->id == "halvorsen");
  CHECK(known.by_id("halvorsen")->id == "halvorsen");
  CHECK(known.by_id("nobody") == nullptr);
  CHECK(known.by_domain("halvorsen.example")->id == "halvorsen");
  CHECK(known.is_free_mail("gmail.com"));
  CHECK_FALSE(known.is_free_mail("halvorsen.example"));
}
