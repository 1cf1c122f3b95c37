// Numbers and texts as JSON: the quick ways give what the plain ones give.
#include "juncture/core/json_writer.h"

#include <array>
#include <bit>
#include <catch2/catch.hpp>
#include <charconv>
#include <limits>
#include <random>

using namespace juncture;

namespace {

std::string fixed(double number, int decimals) {
  std::string out;
  JsonWriter(out).fixed(number, decimals);
  return out;
}

std::string by_the_library(double number, int decimals) {
  std::array<char, 512> buffer{};
  const auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, std::chars_format::fixed, decimals).ptr;
  return {buffer.data(), end};
}

std::string text(std::string_view value) {
  std::string out;
  JsonWriter(out).value(value);
  return out;
}

}  // namespace

TEST_CASE("a number with fixed decimals is rounded as to_chars rounds it", "[json]") {
  std::mt19937_64 random(20261122);
  for (const double number :
       {0.0, -0.0, .5, 1.5, 2.5, .125, .375, .00005, .000005, 1e-300, -1e-9, .99999, .999995, 4294967295.0,
        4294967295.9, 4294967296.0, 1e12, -123456.789, std::numeric_limits<double>::denorm_min()}) {
    for (int decimals = 0; decimals <= 7; ++decimals) {
      INFO(number << " to " << decimals);
      CHECK(fixed(number, decimals) == by_the_library(number, decimals));
    }
  }
  int different = 0;
  for (int n = 0; n < 200'000; ++n) {
    const int decimals = static_cast<int>(random() % 8);
    // Odds, ties of few binary digits, and any bits of a middling size.
    const double odds = static_cast<double>(random() >> 11U) * 0x1p-53;
    const double tie = static_cast<double>(random() % 4096) / 64.0;
    const double any = std::bit_cast<double>((random() & 0x800fffffffffffffULL) | (960 + random() % 90) << 52U);
    for (const double number : {odds, tie, any})
      different += fixed(number, decimals) != by_the_library(number, decimals);
  }
  CHECK(different == 0);
  CHECK(fixed(std::numeric_limits<double>::infinity(), 3) == "null");
}

TEST_CASE("texts are escaped where they must be, and copied where not", "[json]") {
  CHECK(text("") == R"("")");
  CHECK(text("plain") == R"("plain")");
  CHECK(text("a\"b\\c") == R"("a\"b\\c")");
  CHECK(text("<script>") == R"("\u003cscript>")");
  CHECK(text(std::string_view("\x00\x1f\x7f\t", 4)) == R"("\u0000\u001f\u007f\u0009")");
  CHECK(text("caf\xc3\xa9 \xe2\x82\xac") == "\"caf\xc3\xa9 \xe2\x82\xac\"");
  CHECK(text("a\xe2\x80\xa8"
             "b\xe2\x80\xa9") == R"("a\u2028b\u2029")");
  CHECK(text("end \xe2\x80") == "\"end \xe2\x80\"");
  CHECK(text("\"") == R"("\"")");
}

TEST_CASE("what is written stands in the string once the outermost object is closed", "[json]") {
  std::string out = "data: ";
  JsonWriter json(out);
  json.begin_object();
  json.member("a", 1);
  json.member(std::string("a \"name\""), "b");
  json.key("many").begin_array();
  for (int i = 0; i < 1000; ++i) json.value(i);
  json.end_array();
  json.end_object();
  CHECK(out.starts_with("data: {\"a\":1,\"a \\\"name\\\"\":\"b\",\"many\":[0,1,2,"));
  CHECK(out.ends_with(",998,999]}"));
  out += "\n";
  json.begin_array();
  json.end_array();
  CHECK(out.ends_with("]}\n,[]"));
}

TEST_CASE("texts of every length are written whole, and escaped where one byte asks for it", "[json]") {
  CHECK(text({}) == "\"\"");
  for (std::size_t size = 0; size <= 70; ++size) {
    const std::string plain(size, 'x');
    CHECK(text(plain) == '"' + plain + '"');
    for (std::size_t at = 0; at < size; ++at) {
      std::string quoted = plain;
      quoted[at] = '"';
      CHECK(text(quoted) == '"' + plain.substr(0, at) + "\\\"" + plain.substr(at + 1) + '"');
    }
  }
}
