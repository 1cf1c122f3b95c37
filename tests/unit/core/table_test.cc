#include "juncture/core/table.h"

#include <catch2/catch.hpp>

namespace juncture {
namespace {

TEST_CASE("tables read with commas and quotes or with raw tabs", "[core]") {
  const auto quoted = Table::parse("id,text\n\n1,\"a, \"\"b\"\"\nc\"\r\n2,\n", "t.csv");
  REQUIRE(quoted);
  CHECK(quoted->header() == std::vector<std::string>{"id", "text"});
  REQUIRE(quoted->rows() == 2);
  CHECK(quoted->at(0, 1) == "a, \"b\"\nc");
  CHECK(quoted->at(1, 1).empty());
  CHECK(*quoted->column("text") == 1);
  CHECK(quoted->bad(1, "why").value().detail == "t.csv:5:1: why");

  const auto raw = Table::parse("id\ttext\n1\t\"a, b", "t.tsv");
  REQUIRE(raw);
  CHECK(raw->at(0, 1) == "\"a, b");
}

TEST_CASE("a table that does not read says where", "[core]") {
  const auto detail = [](std::string_view text) {
    const auto table = Table::parse(text, "t.csv");
    return table ? std::string("read") : table.error().detail;
  };
  CHECK(detail("") == "t.csv:1:1: the file is empty");
  CHECK(detail("a,b\n1,2\n1,2,3\n") == "t.csv:3:1: expected 2 columns, found 3");
  const auto table = Table::parse("a,b\n1,x\n2.5e1,nan\n", "t.csv");
  REQUIRE(table);
  CHECK(table->column("c").error().detail == "t.csv:1:1: the header has no column `c`");
  CHECK(*table->number(1, 0) == 25.0);
  CHECK(table->number(0, 1).error().detail == "t.csv:2:1: `x` is not a number");
  CHECK_FALSE(table->number(1, 1));
}

TEST_CASE("times read as UTC to the millisecond", "[core]") {
  const auto time = [](const std::string& text) {
    return Table::parse("t\n" + text + "\n", "t.csv")->time_ms(0, 0).value_or(-1);
  };
  CHECK(time("1970-01-02") == 86'400'000);
  CHECK(time("2012-01-15 01:29:16") == 1'326'590'956'000);
  CHECK(time("2012-01-15T01:29:16.25Z") == 1'326'590'956'250);
  CHECK(time("2012-01-15T01:29") == 1'326'590'940'000);
  for (const char* wrong : {"2012-02-30", "2012-01-15 24:00:00", "2012-1-15", "yesterday", "2012-01-15 01:29:16 x"}) {
    CHECK(time(wrong) == -1);
  }
}

}  // namespace
}  // namespace juncture
