// verify of what accounts put out: rows of a compacted topic, and what is said of their conditions.
#include "apps/verify/verify.h"

#include "juncture/state/account_codec.h"
#include "unit/apps/verify_support.h"

using namespace juncture;
using namespace juncture::test;
using apps::verify::Report;

namespace {

// Rows of accounts, and what is said of their conditions.
std::size_t account_outputs() {
  std::size_t out = 0;
  for (const auto& list : past().contents.at("accounts")) out += list.size();
  for (const auto& list : past().contents.at("conditions")) {
    out += static_cast<std::size_t>(std::count_if(list.begin(), list.end(), of_account));
  }
  return out;
}

}  // namespace

TEST_CASE("what accounts put out in a clean run is equal", "[verify]") {
  const Report report = verified(past().contents);

  INFO(kinds(report));
  CHECK(report.findings.total() == 0);
  CHECK(report.account_outputs.matched == account_outputs());
  CHECK(report.account_outputs.matched > 100);
  CHECK(report.account_outputs.withheld + report.account_outputs.compacted == 0);
}

TEST_CASE("one wrong record of what accounts put out is found where it is", "[verify]") {
  for (const std::string topic : {"accounts", "conditions"}) {
    std::size_t tried = 0;
    for (std::size_t n = 0; n < 16; ++n) {
      Contents contents = past().contents;
      auto& list = contents.at(topic)[topic == "accounts" ? busy_partition() : n % 2];
      const std::size_t p = static_cast<std::size_t>(&list - contents.at(topic).data());
      std::vector<std::size_t> theirs;
      for (std::size_t i = 0; i < list.size(); ++i) {
        if ((topic == "accounts" || of_account(list[i])) && !list[i].tombstone) theirs.push_back(i);
      }
      if (theirs.empty()) continue;
      ++tried;
      const std::size_t offset = theirs[n * 37 % theirs.size()];
      const std::string key = list[offset].key;
      std::string kind = "output_changed", where = at(topic, p, offset);
      switch (n / 2 % 4) {
        case 0:
          flip(list[offset].value, n * 1001);
          break;
        case 1:  // nothing has been compacted: there would be an offset without a record
          list.erase(list.begin() + static_cast<std::ptrdiff_t>(offset));
          kind = "output_missing";
          where = topic + "/" + std::to_string(p);
          break;
        case 2:
          list.insert(list.begin() + static_cast<std::ptrdiff_t>(offset), list[offset]);
          kind = "output_doubled";
          where = at(topic, p, offset + (topic == "accounts" ? 0 : 1));
          break;
        default:
          list.push_back({topic == "accounts" ? "nobody" : "account/nobody", "{}", false, kNow});
          where = at(topic, p, list.size() - 1);
      }

      const Report report = verified(contents);

      INFO(n << " " << where << "\n" << kinds(report));
      CHECK(report.findings.total() == 1);
      CHECK(located(report, kind, where));
      if (kind != "output_changed") CHECK(report.findings.shown().front().key == key);
      if (n / 2 % 4 != 0) continue;
      const std::size_t size = list[offset].value.size();
      const std::string differs = ": " + std::to_string(size) + " bytes, at " + std::to_string(n * 1001 / 8 % size);
      CHECK(report.findings.shown().front().expected.find(differs) != std::string::npos);
      CHECK(report.findings.shown().front().found.find(differs) != std::string::npos);
    }
    CHECK(tried >= 8);
  }
}

TEST_CASE("a topic of rows that is not there is rows that are missing", "[verify]") {
  Contents contents = past().contents;
  contents.erase("accounts");

  const Report report = verified(contents);

  std::size_t rows = 0;
  for (const auto& list : past().contents.at("accounts")) rows += list.size();
  CHECK(report.findings.total() == rows);
}

TEST_CASE("an account's rows may come twice at least once and only there", "[verify]") {
  Contents contents = past().contents;
  auto& rows = contents.at("accounts")[busy_partition()];
  // The last ones of a commit whose marker did not make it, written again after the restart.
  const std::vector<Kept> again(rows.begin() + 50, rows.begin() + 60);
  rows.insert(rows.begin() + 60, again.begin(), again.end());

  const Report once = verified(contents);
  CHECK(once.findings.total() == 10);
  CHECK(once.findings.shown().front().kind == "output_doubled");

  const Report least = verified(contents, Delivery::at_least_once);
  INFO(kinds(least));
  CHECK(least.findings.total() == 0);
  CHECK(least.account_outputs.repeated == 10);
}

TEST_CASE("rows that compaction has taken are no difference, the last one of an account is", "[verify]") {
  const Delivery delivery = GENERATE(Delivery::exactly_once, Delivery::at_least_once);
  const auto p = busy_partition();
  const auto& rows = past().contents.at("accounts")[p];
  for (std::size_t cleaned : {rows.size() / 3, rows.size() - 1, rows.size()}) {
    std::map<std::string, Offset> last;
    for (std::size_t i = 0; i < cleaned; ++i) last[rows[i].key] = static_cast<Offset>(i);
    std::set<Offset> taken;
    for (std::size_t i = 0; i < cleaned; ++i) {
      if (last[rows[i].key] != static_cast<Offset>(i)) taken.insert(static_cast<Offset>(i));
    }
    CleanedLog log(log_with(past().contents, past().positions), {"accounts", static_cast<Partition>(p)}, taken);

    const Report report = verify_log(log, config_of(delivery), past().folder / "state");

    INFO(kinds(report));
    CHECK(report.findings.total() == 0);
    CHECK(report.account_outputs.compacted == taken.size());
    CHECK(report.account_outputs.matched + taken.size() == account_outputs());

    const auto newest = static_cast<Offset>(rows.size()) - 1;
    log.taken().insert(newest);
    const Report without = verify_log(log, config_of(delivery), past().folder / "state");
    CHECK(without.findings.total() == 1);
    CHECK(without.findings.shown().front().kind == "output_missing");
    CHECK(without.findings.shown().front().key == rows.back().key);
  }
}

TEST_CASE("what a later version has written of accounts, and none was made of yet, stops no verification", "[verify]") {
  const Delivery delivery = GENERATE(Delivery::exactly_once, Delivery::at_least_once);
  Contents contents = past().contents;
  auto& heard = contents.at("accounts.evidence")[busy_partition()];
  Kept newer = *std::find_if(heard.begin(), heard.end(), [](const Kept& kept) { return !kept.key.empty(); });
  newer.value[0] = static_cast<char>(kAccountEvidenceVersion + 1);
  heard.push_back(newer);

  const Report report = verified(contents, delivery);

  // Nobody here can have written it.
  INFO(kinds(report));
  CHECK(report.findings.total() == 1);
  CHECK(located(report, "output_changed", at("accounts.evidence", busy_partition(), heard.size() - 1)));
  CHECK(report.account_outputs.matched == account_outputs());
}

TEST_CASE("rows that were too late to be written may be missing, but not wrong", "[verify]") {
  Contents contents = past().contents;
  auto& rows = contents.at("accounts")[busy_partition()];
  const auto row = std::find_if(rows.begin() + 20, rows.end(), [](const Kept& kept) { return !kept.tombstone; });
  const Config config = config_of(Delivery::exactly_once, Millis{0});
  const auto late = [&] {
    const auto log = log_with(contents, past().positions);
    return verify_log(*log, config, past().folder / "state", false);
  };
  SECTION("missing") {
    rows.erase(row);
    const Report report = late();
    INFO(kinds(report));
    CHECK(report.findings.total() == 0);
    CHECK(report.account_outputs.withheld == 1);
  }
  SECTION("wrong") {
    flip(row->value, 100);
    const Report report = late();
    INFO(kinds(report));
    CHECK(report.findings.total() == 1);
    CHECK(located(report, "output_changed",
                  at("accounts", busy_partition(), static_cast<std::size_t>(row - rows.begin()))));
  }
}

TEST_CASE("a record that an account never got shows in its state", "[verify]") {
  Contents contents = past().contents;
  auto& heard = contents.at("accounts.evidence")[busy_partition()];
  // The last word of somebody stands for all before it.
  const auto told = [](const Kept& kept) { return !kept.key.empty() && kept.value.size() > 100; };
  const auto first = std::find_if(heard.begin(), heard.end(), told);
  const auto last = std::find_if(heard.rbegin(), heard.rend(), told);
  REQUIRE(first->value != last->value);
  last->value = first->value;

  const Report report = verified(contents);

  INFO(kinds(report));
  CHECK(std::any_of(report.findings.shown().begin(), report.findings.shown().end(),
                    [](const auto& one) { return one.kind == "changelog_value"; }));
}
