// Which account a signal belongs to, and the links between ids, through the connectors that know the sender.
#include "ingest/accounts.h"

#include <catch2/catch.hpp>

#include "juncture/ingest/canonical.h"
#include "juncture/ingest/connector.h"

using namespace juncture;

namespace {

const AccountTable& table() {
  static const AccountTable value = [] {
    AccountEntry halvorsen;
    halvorsen.id = "halvorsen";
    halvorsen.also = {"old-halvorsen"};
    halvorsen.domains = {"halvorsen.co.uk"};
    halvorsen.networks = {*parse_network("192.0.2.0/24")};
    return AccountTable({halvorsen}, {"gmail.com"});
  }();
  return value;
}

struct Parsed {
  ParseOutcome outcome;
  std::vector<Signal> signals;
};

Parsed parse(Scratch& scratch, std::string_view json, const AccountTable* accounts = &table(),
             std::string_view connector = "native") {
  Parsed out;
  const ParseContext context{
      .received_at = from_ms(1'763'784'000'000), .consent = Consent::granted, .accounts = accounts};
  out.outcome = find_connector(connector)->parse(scratch, json, context, out.signals);
  return out;
}

Signal one(Scratch& scratch, const std::string& members) {
  Parsed parsed = parse(scratch, R"({"type":"query","text":"erp","anonymous":"v-1",)" + members + "}");
  REQUIRE_FALSE(parsed.outcome.rejected());
  REQUIRE(parsed.signals.size() == 1);
  return parsed.signals[0];
}

}  // namespace

TEST_CASE("the organisation's domain is what the public suffix list makes of a host", "[accounts]") {
  CHECK(registrable_domain("ada@mail.Halvorsen.co.uk") == "halvorsen.co.uk");
  CHECK(registrable_domain("halvorsen.com.") == "halvorsen.com");
  CHECK(registrable_domain("x@co.uk").empty());
  CHECK(registrable_domain("x@localhost").empty());
  CHECK(registrable_domain("x@").empty());
  CHECK(registrable_domain("x@a b.com").empty());
  CHECK(registrable_domain("x@" + std::string(300, 'a') + ".com").empty());
}

TEST_CASE("the client's address counts where the event names none", "[accounts]") {
  Scratch scratch;
  const auto account_at = [&](const std::string& members, std::string_view address) {
    std::vector<Signal> signals;
    const ParseContext context{.received_at = from_ms(1'763'784'000'000), .accounts = &table(), .address = address};
    const std::string json = R"({"type":"query","text":"erp","anonymous":"v-1")" + members + "}";
    REQUIRE_FALSE(find_connector("native")->parse(scratch, json, context, signals).rejected());
    std::string record;
    write_signal(signals[0], context.received_at, record);
    if (!address.empty()) CHECK(record.find(address) == std::string::npos);  // looked up, and not kept
    return std::string(signals[0].account.text());
  };
  CHECK(account_at("", "192.0.2.7") == "halvorsen");
  CHECK(account_at("", "198.51.100.7").empty());
  CHECK(account_at("", "").empty());
  CHECK(account_at("", "not an address").empty());
  CHECK(account_at(R"(,"ip":"198.51.100.7")", "192.0.2.7").empty());
  CHECK(account_at(R"(,"account":"zeta")", "192.0.2.7") == "zeta");
}

TEST_CASE("a declared account comes before the mail domain, that before the network", "[accounts]") {
  Scratch scratch;
  const std::string mail = R"("email":"ada@mail.halvorsen.co.uk")", ip = R"("ip":"192.0.2.7")";
  Signal signal = one(scratch, R"("account":"acme",)" + mail + "," + ip);
  CHECK(signal.account == AccountId("acme"));
  CHECK(signal.basis == AccountBasis::declared);
  CHECK(one(scratch, R"("account":"old-halvorsen")").account == AccountId("halvorsen"));

  signal = one(scratch, mail + "," + ip);
  CHECK(signal.account == AccountId("halvorsen"));
  CHECK(signal.basis == AccountBasis::domain);
  signal = one(scratch, R"("email":"bo@sub.marston.de",)" + ip);
  CHECK(signal.account == AccountId("marston.de"));
  CHECK(signal.basis == AccountBasis::domain);

  signal = one(scratch, R"("email":"eve@gmail.com",)" + ip);
  CHECK(signal.account == AccountId("halvorsen"));
  CHECK(signal.basis == AccountBasis::network);
  CHECK(one(scratch, R"("email":"eve@gmail.com")").account.empty());
  CHECK(one(scratch, R"("ip":"198.51.100.1")").account.empty());
  CHECK(one(scratch, R"("ip":"no address")").account.empty());
}

TEST_CASE("neither address nor mail of the sender goes into the log", "[accounts]") {
  Scratch scratch;
  const Signal signal = one(scratch, R"("email":"ada@halvorsen.co.uk","ip":"192.0.2.7")");
  std::string record;
  write_signal(signal, from_ms(0), record);
  CHECK(record.find("ada") == std::string::npos);
  CHECK(record.find("192.0.2.7") == std::string::npos);
  Canonical read;
  REQUIRE_FALSE(parse_canonical(scratch, record, read));
  CHECK(read.signal.account == AccountId("halvorsen"));
  CHECK(read.signal.basis == AccountBasis::domain);
}

TEST_CASE("an access log's client address tells the account", "[accounts]") {
  Scratch scratch;
  const std::string line =
      R"x(192.0.2.9 - - [22/Nov/2025:09:00:00 +0000] "GET /pricing HTTP/1.1" 200 100 "-" "Mozilla/5.0 (X11)")x";
  const Parsed parsed = parse(scratch, line, &table(), "access-log");
  REQUIRE(parsed.signals.size() == 1);
  CHECK(parsed.signals[0].account == AccountId("halvorsen"));
  CHECK(parsed.signals[0].basis == AccountBasis::network);
  CHECK(parse(scratch, line, nullptr, "access-log").signals[0].account.empty());
}

TEST_CASE("an identify with both ids tells the anonymous one whose it is, and an unlink takes it back", "[accounts]") {
  Scratch scratch;
  Parsed parsed = parse(
      scratch,
      R"({"type":"identify","id":"i-1","prospect":"crm-1","anonymous":"v-1","account":"acme","consent":"granted"})");
  REQUIRE(parsed.signals.size() == 2);
  CHECK(parsed.signals[0].prospect == ProspectId("crm-1"));
  CHECK(parsed.signals[0].alias == "v-1");
  CHECK_FALSE(parsed.signals[0].links);
  std::string record;
  write_signal(parsed.signals[1], from_ms(0), record);
  Canonical link;
  REQUIRE_FALSE(parse_canonical(scratch, record, link));
  CHECK(link.signal.prospect == ProspectId("v-1"));
  CHECK(link.signal.anonymous);
  CHECK(link.signal.links);
  CHECK(link.signal.person == "crm-1");
  CHECK(link.signal.account == AccountId("acme"));
  CHECK(link.signal.consent == Consent::granted);

  parsed = parse(scratch, R"({"type":"identify","anonymous":"v-1","reason":"unlink"})");
  REQUIRE(parsed.signals.size() == 1);
  record.clear();
  write_signal(parsed.signals[0], from_ms(0), record);
  REQUIRE_FALSE(parse_canonical(scratch, record, link));
  CHECK(link.signal.links);
  CHECK(link.signal.person.empty());
  CHECK(parse(scratch, R"({"type":"identify","anonymous":"v-1"})").outcome.rejected());
  CHECK(parse(scratch, R"({"type":"identify","prospect":"v-1","anonymous":"v-1"})").signals.size() == 1);
}
