// Behind proxies: who is believed about whose request it is.
#include "apps/client_address.h"

#include <catch2/catch.hpp>

using namespace juncture;
using apps::client_address;

TEST_CASE("what anybody sends as X-Forwarded-For is not believed", "[client]") {
  const auto nobody = apps::networks_of({}), proxy = apps::networks_of({"127.0.0.1"});
  CHECK(client_address("127.0.0.1", "192.0.2.7", nobody) == "127.0.0.1");
  CHECK(client_address("203.0.113.9", "192.0.2.7", proxy) == "203.0.113.9");
  CHECK(client_address("203.0.113.9", "", proxy) == "203.0.113.9");
}

TEST_CASE("a trusted proxy names its client, and what the client claimed before that is not believed", "[client]") {
  const auto proxy = apps::networks_of({"127.0.0.1"});
  CHECK(client_address("127.0.0.1", "192.0.2.7", proxy) == "192.0.2.7");
  CHECK(client_address("127.0.0.1", "198.51.100.1, 192.0.2.7", proxy) == "192.0.2.7");
  CHECK(client_address("127.0.0.1", "127.0.0.1,  192.0.2.7 ", proxy) == "192.0.2.7");
}

TEST_CASE("a chain of trusted proxies is followed to the first that is not", "[client]") {
  const auto chain = apps::networks_of({"127.0.0.1", "10.0.0.0/8", "2001:db8:1::/48"});
  CHECK(client_address("127.0.0.1", "198.51.100.1, 192.0.2.7, 10.1.2.3", chain) == "192.0.2.7");
  CHECK(client_address("127.0.0.1", "192.0.2.7, 2001:db8:1::5, 10.1.2.3", chain) == "192.0.2.7");
  // Nobody but proxies: somebody of the house.
  CHECK(client_address("127.0.0.1", "10.0.0.1, 10.1.2.3", chain) == "10.0.0.1");
  CHECK(client_address("127.0.0.1", "", chain) == "127.0.0.1");
}

TEST_CASE("a port is left out, and what is no address is nobody's", "[client]") {
  const auto proxy = apps::networks_of({"127.0.0.1"});
  CHECK(client_address("127.0.0.1", "192.0.2.7:4711", proxy) == "192.0.2.7");
  CHECK(client_address("127.0.0.1", "[2001:db8::7]:4711", proxy) == "2001:db8::7");
  CHECK(client_address("127.0.0.1", "2001:db8::7", proxy) == "2001:db8::7");
  for (const char* bad : {"unknown", "[", "[]", ",", " , ", "192.0.2.7, ", "192.0.2.7, _hidden", "192.0.2"}) {
    INFO(bad);
    CHECK(client_address("127.0.0.1", bad, proxy).empty());
  }
}
