#include "juncture/ingest/dead_letter.h"

#include <catch2/catch.hpp>

#include <string>

namespace juncture {
namespace {

DeadLetter letter(std::string_view payload) {
  return {.topic = "web",
          .partition = 3,
          .offset = 41,
          .connector = "native",
          .reason = "invalid_json",
          .position = 7,
          .detail = "a \"quote\"",
          .received_at = from_ms(1763784000000),
          .key = "k",
          .payload = payload,
          .payload_bytes = payload.size()};
}

void check_round_trip(std::string_view payload) {
  std::string record;
  write_dead_letter(letter(payload), record);
  Scratch scratch;
  DeadLetter back;
  const auto problem = parse_dead_letter(scratch, record, back);
  INFO(record.substr(0, 300));
  REQUIRE_FALSE(problem);
  CHECK(back.topic == "web");
  CHECK(back.partition == 3);
  CHECK(back.offset == 41);
  CHECK(back.connector == "native");
  CHECK(back.reason == "invalid_json");
  CHECK(back.position == 7);
  CHECK(back.detail == "a \"quote\"");
  CHECK(to_ms(back.received_at) == 1763784000000);
  CHECK(back.key == "k");
  CHECK(back.payload == payload.substr(0, kPayloadBytesMax));
  CHECK(back.payload_bytes == payload.size());
}

}  // namespace

TEST_CASE("a dead letter comes back as it was, whatever its payload", "[dead-letter]") {
  using namespace std::string_literals;
  for (const std::string& payload : {""s, "{\"a\":"s, "\0\x01\x02"s, "\xff\xfe\xfd\xfc"s, "\xff"s, "\xff\xfe"s,
                                     std::string(70'000, '\x01'), std::string(70'000, '\xff')}) {
    check_round_trip(payload);
  }
}

TEST_CASE("a payload is text where it can be and base64 where it cannot", "[dead-letter]") {
  std::string record;
  write_dead_letter(letter("plain"), record);
  CHECK(record ==
        R"({"v":1,"topic":"web","partition":3,"offset":41,"connector":"native","reason":"invalid_json","position":7,)"
        R"("detail":"a \"quote\"","received_at":1763784000000,"key":"k","payload_bytes":5,"payload":"plain"})");
  record.clear();
  write_dead_letter(letter("\xff\x0f"), record);
  CHECK(record.find(R"("payload_base64":"/w8=")") != std::string::npos);
}

TEST_CASE("what is no dead letter is refused", "[dead-letter]") {
  Scratch scratch;
  DeadLetter back;
  for (const char* record : {"", "{}", "[]", R"({"v":1,"topic":"t","connector":"c","reason":"weather"})",
                             R"({"v":2,"topic":"t","connector":"c","reason":"empty"})",
                             R"({"v":1,"topic":"t","connector":"c","reason":"empty","payload_base64":"a=bc"})",
                             R"({"v":1,"topic":"t","connector":"c","reason":"empty","partition":-1})"}) {
    INFO(record);
    CHECK(parse_dead_letter(scratch, record, back));
  }
}

}  // namespace juncture
