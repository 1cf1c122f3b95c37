#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "juncture/ingest/canonical.h"
#include "juncture/journeys/journey.h"

using namespace juncture;
using namespace juncture::journeys;

namespace {

std::string own_bank() {
  std::ifstream in(std::string(JUNCTURE_SOURCE_DIR) + "/config/journey-phrases.tsv", std::ios::binary);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

const TextBank& bank() {
  static const TextBank value = [] {
    auto parsed = parse_text_bank(own_bank(), "journey-phrases.tsv");
    INFO((parsed ? std::string() : parsed.error().detail));
    REQUIRE(parsed);
    return *parsed;
  }();
  return value;
}

std::string bytes_of(const Plan& plan, std::uint64_t seed) {
  const Journey journey = journey_of(plan, bank(), seed);
  std::string out, scratch;
  for (const Deed& deed : journey.deeds) {
    write_signal(signal_of(journey, deed, scratch), from_ms(deed.received_ms), out);
  }
  write_truth(plan, journey, out);
  return out;
}

double mean_deeds(const Plan& plan, std::uint64_t count) {
  double deeds = 0;
  for (std::uint64_t seed = 0; seed < count; ++seed) {
    deeds += static_cast<double>(journey_of(plan, bank(), seed).deeds.size());
  }
  return deeds / static_cast<double>(count);
}

}  // namespace

TEST_CASE("the same seed gives the same bytes, another seed others, in each variant", "[journeys]") {
  for (std::size_t v = 0; v < kVariantNames.size(); ++v) {
    const Plan plan{.variant = static_cast<Variant>(v), .density = Density::dense};
    CHECK(bytes_of(plan, 3) == bytes_of(plan, 3));
    CHECK(bytes_of(plan, 3) != bytes_of(plan, 4));
  }
  CHECK(bytes_of({.variant = Variant::g1}, 3) != bytes_of({.variant = Variant::g5}, 3));
}

TEST_CASE("each signal is one that the topic takes, from someone of the journey, while it lasts", "[journeys]") {
  for (const Variant variant : {Variant::g1, Variant::g3}) {
    const Journey journey = journey_of({.variant = variant}, bank(), 17);
    REQUIRE(!journey.deeds.empty());
    std::set<std::string> ids;
    for (const Person& person : journey.people) ids.insert(person.id);
    Scratch scratch;
    std::string words;
    std::int64_t last = 0;
    for (const Deed& deed : journey.deeds) {
      std::string record;
      write_signal(signal_of(journey, deed, words), from_ms(deed.received_ms), record);
      Canonical read;
      REQUIRE_FALSE(parse_canonical(scratch, record, read));
      CHECK(ids.count(std::string(read.signal.prospect.text())) == 1);
      CHECK(!read.signal.text.empty());
      CHECK(read.signal.text.find('{') == std::string_view::npos);
      CHECK(deed.received_ms >= last);
      CHECK(deed.received_ms - deed.at_ms <= 36 * 3'600'000);
      last = deed.received_ms;
    }
  }
}

TEST_CASE("density is what it says, and the truth has a rework, stalls and rejections", "[journeys]") {
  CHECK(mean_deeds({.density = Density::sparse}, 150) == Approx(44).margin(9));
  CHECK(mean_deeds({.density = Density::dense}, 150) == Approx(165).margin(35));
  int back = 0, stalled = 0, rejected = 0, no_decision = 0, late_stages = 0;
  double days = 0;
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    const Journey journey = journey_of({}, bank(), seed);
    bool was_stalled = false, was_rejected = false, went_back = false, got_far = false;
    for (std::size_t d = 0; d < journey.days.size(); ++d) {
      const Day& day = journey.days[d];
      REQUIRE(day.stage < kBuyingStages);
      REQUIRE((day.done >= 0 && day.done <= 1));
      was_stalled = was_stalled || day.condition == Condition::stalled;
      was_rejected = was_rejected || day.condition == Condition::rejected;
      went_back = went_back || (d > 0 && day.stage < journey.days[d - 1].stage);
      got_far = got_far || day.stage == 11;
      // Once turned away, always.
      if (was_rejected) CHECK(day.condition == Condition::rejected);
    }
    days += static_cast<double>(journey.days.size()) / 150;
    back += went_back;
    stalled += was_stalled;
    rejected += was_rejected;
    no_decision += journey.end == End::no_decision;
    late_stages += got_far;
  }
  CHECK(days == Approx(440).margin(70));
  CHECK(back > 60);
  CHECK(stalled > 90);
  CHECK((rejected > 30 && rejected < 90));
  // As many as real purchases are said to end that way.
  CHECK((no_decision >= 150 * .40 && no_decision <= 150 * .60));
  CHECK(late_stages > 40);
}

TEST_CASE("who is stalled or turned away is seen less", "[journeys]") {
  std::array<double, 3> deeds{}, days{};
  for (std::uint64_t seed = 0; seed < 80; ++seed) {
    const Journey journey = journey_of({}, bank(), seed);
    for (const Day& day : journey.days) days[index_of(day.condition)] += 1;
    for (const Deed& deed : journey.deeds) {
      const auto day =
          std::min(static_cast<std::size_t>((deed.at_ms - journey.start_ms) / kDayMs), journey.days.size() - 1);
      deeds[index_of(journey.days[day].condition)] += 1;
    }
  }
  CHECK(deeds[1] / days[1] < 0.4 * deeds[0] / days[0]);
  CHECK(deeds[2] / days[2] < 0.4 * deeds[0] / days[0]);
}

TEST_CASE("each variant spoils what it says", "[journeys]") {
  std::map<std::string, std::string> home;
  std::istringstream lines(own_bank());
  for (std::string line; std::getline(lines, line);) {
    const std::size_t a = line.find('\t'), b = line.find('\t', a + 1);
    if (b != std::string::npos) home[line.substr(b + 1)] = line.substr(0, a);
  }
  CHECK(home.size() == bank().size() + 1);

  int duplicates = 0, late = 0, strangers = 0, split = 0, shared = 0;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const Journey journey = journey_of({.variant = Variant::g3}, bank(), seed);
    std::set<std::uint32_t> serials;
    for (const Deed& deed : journey.deeds) {
      duplicates += !serials.insert(deed.serial).second;
      late += deed.received_ms > deed.at_ms + 3'600'000;
      split += deed.split;
    }
    for (std::size_t p = 0; p < journey.people.size(); ++p) {
      strangers += !journey.people[p].of_committee;
      shared += journey.people[p].device_of != p;
    }
  }
  CHECK(duplicates > 20);
  CHECK(late > 20);
  CHECK(strangers > 5);
  CHECK(split > 10);
  CHECK(shared > 0);

  const Journey plain = journey_of({.variant = Variant::g1}, bank(), 5),
                drifted = journey_of({.variant = Variant::g5}, bank(), 5);
  REQUIRE(plain.deeds.size() == drifted.deeds.size());
  int early_others = 0, late_others = 0;
  for (std::size_t i = 0; i < plain.deeds.size(); ++i) {
    const bool after = (plain.deeds[i].at_ms - plain.start_ms) / kDayMs >= 300;
    (after ? late_others : early_others) += plain.deeds[i].text != drifted.deeds[i].text;
  }
  CHECK(early_others == 0);
  CHECK(late_others > 0);
}

TEST_CASE("a bank says what is wrong with it, by line", "[journeys]") {
  const auto message = [](const std::string& tsv) {
    const auto parsed = parse_text_bank(tsv, "bank.tsv");
    REQUIRE_FALSE(parsed);
    return parsed.error().detail;
  };
  CHECK(message("query\tmoment\nx\tknow\n") == "bank.tsv:1:1: the header has no column `stage`");
  CHECK(message("# c\nquery\tstage\nx\tscoping\ny\tnowhere\n") == "bank.tsv:4:1: unknown stage `nowhere`");
  CHECK(message("query\tstage\nx\n") == "bank.tsv:2:1: expected 2 columns, found 1");
  CHECK(message("query\tstage\nx\tscoping\n").find("no phrase for problem_realization") != std::string::npos);
  // The columns of labelled files, in their order.
  std::string tsv = "id\tquery\tdevice\tstage\r\n";
  for (std::size_t s = 0; s < kBuyingStages; ++s) tsv += "1\tq\tmobile\t" + std::string(kStageNames[s]) + "\r\n";
  tsv += "1\tq\tmobile\tstalled_no_decision\r\n1\tq\tmobile\tsilently_rejected\r\n1\tq\tmobile\tnone\r\n";
  CHECK(parse_text_bank(tsv, "labelled.tsv"));
}
