#include "juncture/text/pown.h"

#include <catch2/catch.hpp>
#include <string>

#include "juncture/core/catalog.h"

using namespace juncture;

namespace {

std::string_view tag(std::string_view text) {
  const auto pown = pown_of(text);
  return pown ? kPownNames[*pown] : "";
}

}  // namespace

TEST_CASE("a text is of a problem, an opportunity, a want or a need by its words", "[pown]") {
  CHECK(tag("why do payslips keep coming out wrong") == "problem");
  CHECK(tag("Pump seal FAILING again") == "problem");
  CHECK(tag("savings from payroll automation") == "opportunity");
  CHECK(tag("best rated water softener") == "want");
  CHECK(tag("mandatory requirements for connected devices") == "need");
}

TEST_CASE("what no word says has no tag, and neither has what is said of two alike", "[pown]") {
  for (const char* text :
       {"", "payroll", "warum faellt die pumpe aus", "best way to fix it", "topology of lawns", "\xff\xfe", "12345"}) {
    INFO(text);
    CHECK(tag(text).empty());
  }
  // Only the beginning of a long text is read.
  CHECK(tag(std::string(100, 'x') + " problem") == "problem");
  std::string padded;
  for (int i = 0; i < 64; ++i) padded += "word ";
  CHECK(tag(padded + "problem").empty());
}
