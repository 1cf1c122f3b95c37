// Lists of outputs as logs really have them, cleaned up and repeated, are no difference; one wrong record in them is.
#include "apps/verify/match.h"

#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <set>

#include "apps/verify/outputs.h"

using namespace juncture;
using namespace juncture::apps::verify;

namespace {

constexpr std::int64_t kBehind = 1'000;

// Outputs of one task, and what became of them in one partition.
struct Story {
  std::vector<Expected> expected;
  std::vector<Found> found;
  Lane lane;
  KeyNames keys;
  std::set<std::size_t> compacted;  // indices of expected
  std::mt19937_64 random;

  std::uint64_t draw(std::uint64_t below) { return random() % below; }
  bool chance(std::uint64_t percent) { return draw(100) < percent; }

  void expect(std::size_t count, bool twins) {
    for (std::size_t i = 0; i < count; ++i) {
      Expected one;
      one.key = keys.id("account-" + std::to_string(draw(7)));
      one.tombstone = chance(8);
      one.gate = one.tombstone || twins || chance(40) ? Gate::open : chance(30) ? Gate::late : Gate::head;
      one.source = static_cast<Offset>(i);
      one.at_ms = static_cast<std::int64_t>(draw(2 * kBehind));
      // Removals of one key are alike; rows are, where a signal was told of twice.
      const std::uint64_t version = one.tombstone ? 0 : 1 + (twins ? draw(4) : i);
      one.print = {one.key * 1'000'003ULL + version * 17, version};
      expected.push_back(one);
    }
    lane.allowance.behind_ms = kBehind;
    lane.allowance.settled = static_cast<Offset>(count);
  }

  // Indices of expected in the order of the log, with a -1 for each end of a transaction.
  std::vector<int> write(bool repeats) {
    std::vector<int> log;
    std::size_t committed = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const bool withheld = lane.allowance.withheld(expected[i]) && chance(50);
      if (!withheld) log.push_back(static_cast<int>(i));
      if (chance(5) && !repeats) log.push_back(-1);
      if (chance(5)) committed = i + 1;
      // What was written of an unfinished commit is written again.
      if (repeats && chance(3)) i = committed - 1;
    }
    return log;
  }

  // As brokers do: of each key the last record before some offset; removals go later, when nothing is left to remove.
  void keep(const std::vector<int>& log, std::size_t cleaned) {
    std::map<std::uint32_t, std::size_t> last;
    for (std::size_t i = 0; i < cleaned; ++i) {
      if (log[i] >= 0) last[expected[static_cast<std::size_t>(log[i])].key] = i;
    }
    std::set<std::size_t> there;
    Offset gone = 0;
    for (std::size_t i = 0; i < log.size(); ++i) {
      if (log[i] < 0) {
        ++gone;
        continue;
      }
      const auto which = static_cast<std::size_t>(log[i]);
      const Expected& one = expected[which];
      if (i < cleaned && (last[one.key] != i || (one.tombstone && chance(60)))) {
        ++gone;
        compacted.insert(which);
        continue;
      }
      there.insert(which);
      found.push_back({.key = one.key, .offset = static_cast<Offset>(i), .gone = gone, .print = one.print});
    }
    lane.gone = gone;
    std::erase_if(compacted, [&](std::size_t which) { return there.contains(which); });
  }

  struct Outcome {
    std::uint64_t differences = 0, compacted = 0;
    std::vector<Difference> shown;
  };
  Outcome compare() {
    std::vector<std::size_t> which(expected.size());
    for (std::size_t i = 0; i < which.size(); ++i) which[i] = i;
    std::vector<Fate> fates(expected.size(), Fate::missing);
    Findings findings;
    match(lane, expected, which, found, keys, fates, findings);
    if (lane.front_cut) expire(which, fates);
    Outcome out{.differences = findings.total(), .compacted = 0, .shown = findings.shown()};
    for (std::size_t i = 0; i < fates.size(); ++i) {
      if (fates[i] == Fate::compacted) ++out.compacted;
      if (fates[i] == Fate::missing && !lane.allowance.withheld(expected[i])) ++out.differences;
    }
    return out;
  }
};

Story story(std::uint64_t seed, bool repeats, bool twins, bool compacted = true) {
  Story out;
  out.random.seed(seed);
  out.lane = {.topic = "accounts", .input = "accounts.evidence/0", .repeats_legal = repeats, .compacted = compacted};
  out.expect(1 + out.draw(120), twins);
  const std::vector<int> log = out.write(repeats);
  out.keep(log, compacted ? out.draw(log.size() + 1) : 0);
  return out;
}

}  // namespace

TEST_CASE("what compaction, the freshness gate and repeats leave of a topic is no difference", "[verify]") {
  for (std::uint64_t seed = 0; seed < 4'000; ++seed) {
    const bool repeats = seed % 2 == 1, compacted = repeats || seed % 8 < 6, twins = compacted && seed % 4 >= 2;
    Story one = story(seed, repeats, twins, compacted);
    const Story::Outcome outcome = one.compare();
    INFO("seed " << seed << (outcome.shown.empty() ? "" : ": " + outcome.shown.front().where));
    REQUIRE(outcome.differences == 0);
    if (!repeats) CHECK(outcome.compacted >= one.compacted.size());
    CHECK(outcome.compacted <= static_cast<std::uint64_t>(one.lane.gone));
  }
}

TEST_CASE("what retention has taken from the beginning of a topic is no difference", "[verify]") {
  for (std::uint64_t seed = 0; seed < 2'000; ++seed) {
    Story one = story(seed, false, false, seed % 2 == 0);
    one.lane.front_cut = true;
    one.found.erase(one.found.begin(), one.found.begin() + static_cast<std::ptrdiff_t>(one.draw(one.found.size() + 1)));
    for (const Found& found : one.found) REQUIRE(found.gone <= one.lane.gone);
    INFO("seed " << seed);
    REQUIRE(one.compare().differences == 0);
  }
}

TEST_CASE("retention takes the beginning of what a task wrote, not the beginning of each key", "[verify]") {
  // Two subjects: of the first all is gone; of the second a record is missing behind the first that is there.
  OutputTopic topic{.name = "conditions", .kind = OutputKind::conditions};
  KeyNames keys;
  const std::uint32_t ada = keys.id("account/ada"), bob = keys.id("account/bob");
  Work work;
  work.allowance.settled = 5;
  for (const std::uint32_t key : {ada, ada, bob, ada, bob}) {
    Expected one;
    one.key = key;
    one.source = static_cast<Offset>(work.expected.size());
    // The first and the last of ada are removals, and alike.
    one.tombstone = key == ada && one.source != 1;
    one.print = one.tombstone ? Print{77, 77} : Print{static_cast<std::uint64_t>(one.source) + 1, 1};
    work.expected.push_back(one);
  }
  const auto outcome = [&](const std::vector<std::size_t>& there) {
    TopicOutputs out{.topic = topic, .partitions = 1, .found = {}, .extents = {{0, {.front_cut = true, .gone = 0}}}};
    for (const std::size_t i : there) {
      out.found[0].push_back(
          {.key = work.expected[i].key, .offset = static_cast<Offset>(i) + 10, .print = work.expected[i].print});
    }
    Findings findings;
    const OutputCounts counts = compare_outputs({out}, {work}, {.input = "evidence"}, keys, findings);
    return std::pair(findings.total(), counts.expired);
  };
  CHECK(outcome({0, 1, 2, 3, 4}) == std::pair<std::uint64_t, std::uint64_t>(0, 0));
  CHECK(outcome({2, 3, 4}) == std::pair<std::uint64_t, std::uint64_t>(0, 2));
  CHECK(outcome({3, 4}) == std::pair<std::uint64_t, std::uint64_t>(0, 3));
  CHECK(outcome({4}) == std::pair<std::uint64_t, std::uint64_t>(0, 4));
  CHECK(outcome({}) == std::pair<std::uint64_t, std::uint64_t>(0, 5));
  CHECK(outcome({1, 2, 4}) == std::pair<std::uint64_t, std::uint64_t>(1, 1));
  CHECK(outcome({0, 1, 3, 4}).first == 1);
}

TEST_CASE("one wrong record of a compacted topic is found where it is", "[verify]") {
  std::size_t changed = 0, doubled = 0, swapped = 0, lost = 0;
  for (std::uint64_t seed = 0; seed < 2'000; ++seed) {
    const bool repeats = seed % 2 == 1;
    Story one = story(seed, repeats, false);
    if (one.found.size() < 3) continue;
    const std::size_t n = one.draw(one.found.size() - 1);
    INFO("seed " << seed << ", record " << n);
    const Found record = one.found[n];
    const std::string where = place("accounts", 0, record.offset);
    switch (seed / 2 % 4) {
      case 0:  // other bytes
        one.found[n].print.a ^= 4;
        ++changed;
        REQUIRE(one.compare().shown.size() == 1);
        CHECK(one.compare().shown.front().kind == "output_changed");
        CHECK(one.compare().shown.front().where == where);
        break;
      case 1:  // written twice
        if (repeats) break;
        one.found.insert(one.found.begin() + static_cast<std::ptrdiff_t>(n), record);
        ++doubled;
        CHECK(one.compare().differences > 0);
        break;
      case 2:  // in each other's place
        if (repeats || one.found[n].print == one.found[n + 1].print) break;
        std::swap(one.found[n].print, one.found[n + 1].print);
        std::swap(one.found[n].key, one.found[n + 1].key);
        ++swapped;
        CHECK(one.compare().differences > 0);
        break;
      default: {  // never written, so that it leaves no gap
        const auto due = std::find_if(one.expected.begin(), one.expected.end(),
                                      [&](const Expected& e) { return e.print == record.print; });
        if (due->gate != Gate::open || due->tombstone) break;
        const bool newest = std::none_of(due + 1, one.expected.end(), [&](const Expected& later) {
          return later.key == due->key && std::any_of(one.found.begin(), one.found.end(),
                                                      [&](const Found& f) { return f.print == later.print; });
        });
        if (!newest && (repeats || one.lane.gone > 0)) break;
        std::erase_if(one.found, [&](const Found& f) { return f.print == record.print; });
        ++lost;
        CHECK(one.compare().differences == 1);
      }
    }
  }
  CHECK(changed > 300);
  CHECK(doubled > 100);
  CHECK(swapped > 100);
  CHECK(lost > 50);
}

TEST_CASE("at least once the last record of a key in a compacted topic is its last", "[verify]") {
  // Which of three rows of one account were found, and how many offsets hold no record.
  struct Row {
    std::vector<std::size_t> found;
    Offset gone;
    std::uint64_t differences;
  };
  const std::vector<Row> rows{{{0, 1, 2}, 0, 0},   {{0, 1, 0, 1, 2}, 0, 0}, {{2}, 2, 0},    {{1, 2}, 1, 0},
                              {{2}, 1, 1},         {{0, 2}, 0, 1},          {{0, 1}, 1, 1}, {{0, 2, 1}, 0, 1},
                              {{0, 1, 2, 0}, 0, 1}};
  for (const Row& row : rows) {
    Story one;
    one.lane = {.topic = "accounts", .input = "evidence", .repeats_legal = true, .compacted = true, .gone = row.gone};
    one.lane.allowance.settled = 3;
    for (std::uint64_t i = 0; i < 3; ++i) {
      Expected row_of;
      row_of.key = one.keys.id("account");
      row_of.source = static_cast<Offset>(i);
      row_of.print = {i + 1, i + 1};
      one.expected.push_back(row_of);
    }
    for (const std::size_t i : row.found) {
      one.found.push_back({.key = 0, .offset = static_cast<Offset>(one.found.size()), .print = one.expected[i].print});
    }
    INFO("found " << row.found.size() << ", the last " << row.found.back() << ", gone " << row.gone);
    CHECK(one.compare().differences == row.differences);
  }
}

TEST_CASE("a topic in which everything is wrong is told of from its beginning on", "[verify]") {
  Story one;
  one.lane = {.topic = "accounts", .input = "evidence", .compacted = GENERATE(true, false)};
  one.lane.allowance.settled = 200'000;
  for (std::uint64_t i = 0; i < 200'000; ++i) {
    Expected row;
    row.key = one.keys.id("account-" + std::to_string(i % 20'000));
    row.source = static_cast<Offset>(i);
    row.print = {i * 2, i};
    one.expected.push_back(row);
    one.found.push_back({.key = row.key, .offset = static_cast<Offset>(i), .print = {i * 2 + 1, i}});
  }
  const Story::Outcome outcome = one.compare();
  CHECK(outcome.differences == one.found.size());
  CHECK(outcome.shown.front().where == "accounts/0@0");
}
