#include "juncture/core/math.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <string>

#include "juncture/core/json_writer.h"

using namespace juncture;

TEST_CASE("our exp and log agree with libm to 1e-14", "[core]") {
  for (double x = -40; x < 40; x += 0.0137) CHECK(exact_exp(x) == Approx(std::exp(x)).epsilon(1e-14));
  for (double x = 1e-9; x < 1e9; x *= 1.0173) CHECK(exact_log(x) == Approx(std::log(x)).epsilon(1e-14).margin(1e-15));
  CHECK(exact_exp(-800) == 0.0);
  CHECK(exact_log(0) == -745.0);
}

TEST_CASE("exp of many is exp of each, to the bit", "[core]") {
  std::array<double, 7> values{};
  for (double from = -900; from < 900; from += 3.717) {
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = from + static_cast<double>(i) * 1.0371;
    const std::array<double, 7> before = values;
    exact_exp_all(values);
    for (std::size_t i = 0; i < values.size(); ++i) {
      CHECK(std::bit_cast<std::uint64_t>(values[i]) == std::bit_cast<std::uint64_t>(exact_exp(before[i])));
    }
  }
}

TEST_CASE("JSON text cannot end its string, an SSE event or a script", "[core]") {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.member("q", "a\"b\\c\n\nevent: x</script>\xe2\x80\xa8");
  json.member("n", 0.1);
  json.key("list").begin_array();
  json.value(1);
  json.value(true);
  json.end_array();
  json.end_object();
  CHECK(out == R"({"q":"a\"b\\c\u000a\u000aevent: x\u003c/script>\u2028","n":0.1,"list":[1,true]})");
}
