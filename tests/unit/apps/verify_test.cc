// verify must find every single wrong bit and say where it is; and must not cry wolf.
#include "apps/verify/verify.h"

#include "apps/verify/format.h"
#include "juncture/core/hash.h"
#include "juncture/state/keys.h"
#include "support/table_file.h"
#include "unit/apps/verify_support.h"

using namespace juncture;
using namespace juncture::test;
namespace fs = std::filesystem;
using apps::verify::Report;

namespace {

// A copy of the state folder in which one value has one bit flipped, with a checksum that fits.
fs::path with_flipped_value(const std::string& store_of, std::size_t which, std::string& key) {
  const fs::path copy = past().folder / "flipped";
  fs::remove_all(copy);
  fs::copy(past().folder / "state", copy, fs::copy_options::recursive);
  auto stores = make_rocksdb_stores({.directory = copy});
  REQUIRE(stores);
  auto store = (*stores)->open(store_of);
  REQUIRE(store);
  std::vector<std::pair<std::string, std::string>> all;
  REQUIRE((*store)->scan([&](std::string_view k, std::string_view v) { all.emplace_back(k, v); }));
  auto& [name, value] = all[which % all.size()];
  flip(value, which);
  key = name;
  const std::vector<Change> change{{name, std::string_view(value)}};
  REQUIRE((*store)->write(change, (*store)->mark().value()));
  REQUIRE((*store)->flush());
  return copy;
}

}  // namespace

TEST_CASE("what a clean run leaves is equal, bit for bit", "[verify]") {
  const Report report = verified(past().contents);

  INFO(kinds(report));
  CHECK(report.findings.total() == 0);
  REQUIRE(report.partitions.size() == 2);
  for (const auto& partition : report.partitions) {
    CHECK(partition.recomputed);
    CHECK(partition.store == "equal");
    CHECK(partition.to ==
          static_cast<Offset>(past().contents.at("signals")[static_cast<std::size_t>(partition.partition)].size()));
    CHECK(partition.prospects > 5);
    CHECK(partition.commits > 3);
    CHECK(partition.unchecked == 0);
  }
  std::uint64_t accounts = 0;
  REQUIRE(report.accounts.size() == 2);
  for (const auto& partition : report.accounts) {
    CHECK(partition.recomputed);
    CHECK(partition.store == (partition.commits > 0 ? "equal" : "missing"));
    accounts += partition.accounts;
  }
  CHECK(accounts == 2);
  std::size_t outputs = past().contents.at("signals.dead-letters")[0].size();
  for (const char* topic : {"recommendations.sales", "recommendations.public", "accounts.evidence", "conditions"}) {
    for (const auto& list : past().contents.at(topic)) {
      outputs += list.size() - static_cast<std::size_t>(std::count_if(list.begin(), list.end(), of_account));
    }
  }
  CHECK(report.outputs.matched == outputs);
  CHECK(report.outputs.withheld == 0);
  CHECK(past().contents.at("signals.dead-letters")[0].size() == 12);
}

TEST_CASE("one flipped bit in an output is found at its offset", "[verify]") {
  for (const char* topic :
       {"recommendations.sales", "recommendations.public", "signals.dead-letters", "accounts.evidence"}) {
    for (std::size_t n = 0; n < 12; ++n) {
      Contents contents = past().contents;
      auto& lists = contents.at(topic);
      const std::size_t p = n % lists.size(), offset = n * 37 % lists[p].size();
      Kept& kept = lists[p][offset];
      if (kept.tombstone || kept.value.size() < 20) continue;
      // Not in the part of a dead letter, or of what an account hears, that says whose it is.
      flip(kept.value, topic[0] == 'r' ? n * 1001 : (kept.value.size() - 3) * 8);
      const Report report = verified(contents);
      INFO(topic << " " << p << "@" << offset << "\n" << kinds(report));
      // A removal after the changed record, equal to one before it, may be reported with it; and what an account was
      // told shows in its state, as long as the person says no more.
      CHECK((report.findings.total() == 1 || topic[0] == 'a'));
      CHECK(located(report, "output_changed", at(topic, p, offset)));
    }
  }
}

TEST_CASE("an output that is missing, doubled, reordered or invented is found", "[verify]") {
  const std::string topic = "recommendations.sales";
  Contents contents = past().contents;
  auto& list = contents.at(topic)[1];
  SECTION("missing") {
    list.erase(list.begin() + 40);
    const Report report = verified(contents, Delivery::at_least_once, false);
    INFO(kinds(report));
    CHECK(report.findings.total() == 1);
    CHECK(report.findings.shown().front().kind == "output_missing");
  }
  SECTION("missing as a whole, although its record was fresh") {
    // Found by what the row says: sales and public rows of one decision.
    const std::string key = list[40].key;
    auto& slates = contents.at("recommendations.public")[1];
    std::size_t nth = 0;
    for (std::size_t i = 0; i < 40; ++i) nth += list[i].key == key ? 1U : 0U;
    list.erase(list.begin() + 40);
    for (std::size_t i = 0;; ++i) {
      REQUIRE(i < slates.size());
      if (slates[i].key != key) continue;
      if (nth-- > 0) continue;
      slates.erase(slates.begin() + static_cast<std::ptrdiff_t>(i));
      break;
    }
    const Report report = verified(contents, Delivery::at_least_once, false);
    INFO(kinds(report));
    CHECK(report.findings.total() == 2);
    CHECK(report.outputs.withheld == 0);
  }
  SECTION("doubled") {
    list.insert(list.begin() + 41, list[40]);
    const Report report = verified(contents);
    INFO(kinds(report));
    CHECK(report.findings.total() == 1);
    CHECK(located(report, "output_doubled", at(topic, 1, 41)));
  }
  SECTION("reordered") {
    std::swap(list[40], list[41]);
    const Report report = verified(contents, Delivery::at_least_once, false);
    INFO(kinds(report));
    CHECK(report.findings.total() == 1);
    CHECK(located(report, "output_reordered", at(topic, 1, 41)));
  }
  SECTION("invented") {
    list.push_back({"p-1", "{}", false, kNow});
    const Report report = verified(contents);
    INFO(kinds(report));
    CHECK(report.findings.total() == 1);
    CHECK(located(report, "output_changed", at(topic, 1, list.size() - 1)));
  }
}

TEST_CASE("repeats are legal at least once and only there", "[verify]") {
  Contents contents = past().contents;
  for (const char* topic : {"recommendations.sales", "recommendations.public"}) {
    auto& list = contents.at(topic)[0];
    // The last ones of a commit whose marker did not make it, written again after the restart.
    const std::vector<Kept> again(list.begin() + 50, list.begin() + 60);
    list.insert(list.begin() + 60, again.begin(), again.end());
  }
  const Report once = verified(contents);
  CHECK(once.findings.total() == 20);
  CHECK(once.findings.shown().front().kind == "output_doubled");

  const Report least = verified(contents, Delivery::at_least_once);
  INFO(kinds(least));
  CHECK(least.findings.total() == 0);
  CHECK(least.outputs.repeated == 20);
}

TEST_CASE("one flipped bit in the changelog is found at its offset and in its commit", "[verify]") {
  std::size_t values = 0;
  for (std::size_t n = 0; n < 40; ++n) {
    Contents contents = past().contents;
    const std::size_t p = n % 2;
    auto& list = contents.at(kChangelog)[p];
    const std::size_t offset = 1 + n * 53 % (list.size() - 1);
    if (list[offset].tombstone || list[offset].value.empty()) continue;
    flip(list[offset].value, n * 271);
    const bool marker = list[offset].key.front() == '\0';
    bool last = true;
    for (std::size_t i = offset + 1; i < list.size(); ++i) last = last && list[i].key != list[offset].key;

    const Report report = verified(contents);
    INFO(p << "@" << offset << " marker " << marker << "\n" << kinds(report));
    REQUIRE(report.findings.total() > 0);
    if (marker) {
      CHECK(located(report, "changelog_marker", at(kChangelog, p, offset)));
      continue;
    }
    std::size_t commit = offset;
    while (list[commit].key != std::string("\0commit", 7)) ++commit;
    CHECK(located(report, "changelog_content", at(kChangelog, p, commit)));
    // An overwritten value is in no state any more: only the chain can tell.
    CHECK(located(report, "changelog_value", at(kChangelog, p, offset)) == last);
    ++values;
  }
  CHECK(values > 10);
}

TEST_CASE("a commit that is cut out of the changelog breaks the chain", "[verify]") {
  Contents contents = past().contents;
  auto& list = contents.at(kChangelog)[0];
  std::vector<std::size_t> commits;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (list[i].key == std::string("\0commit", 7)) commits.push_back(i);
  }
  REQUIRE(commits.size() > 3);
  SECTION("in the middle: values are found missing or old") {
    list.erase(list.begin() + static_cast<std::ptrdiff_t>(commits[1]) + 1,
               list.begin() + static_cast<std::ptrdiff_t>(commits[2]) + 1);
    CHECK(verified(contents).findings.total() > 0);
  }
  SECTION("the last: the group's offset and the store know of it") {
    list.resize(commits[commits.size() - 2] + 1);
    const Report report = verified(contents);
    INFO(kinds(report));
    CHECK(located(report, "group_offset", at("signals", 0, past().contents.at("signals")[0].size())));
    CHECK(located(report, "store_mark", "prospects-0"));
  }
  SECTION("its marker only: changes without one") {
    list.pop_back();
    const Report report = verified(contents);
    INFO(kinds(report));
    CHECK(report.findings.total() > 0);
  }
}

TEST_CASE("one flipped bit in a store's value is found by its key", "[verify]") {
  for (std::size_t n = 0; n < 10; ++n) {
    std::string key;
    const fs::path state = with_flipped_value(store_name(apps::kProspects, static_cast<Partition>(n % 2)), n * 7, key);
    const Report report = verified(past().contents, Delivery::exactly_once, true, state);
    INFO(kinds(report));
    REQUIRE(report.findings.total() == 1);
    const auto& found = report.findings.shown().front();
    CHECK(found.kind == "store_value");
    CHECK(found.where == store_name(apps::kProspects, static_cast<Partition>(n % 2)));
    CHECK(found.key == apps::verify::key_text(key));
    CHECK(report.partitions[n % 2].store == "different");
  }
}

TEST_CASE("one flipped bit in the state of an account is found by its key", "[verify]") {
  const Contents& clean = past().contents;
  std::size_t found = 0;
  for (std::size_t p = 0; p < 2; ++p) {
    const auto& list = clean.at(kAccountsChangelog)[p];
    for (std::size_t n = list.size(); n-- > 0 && found < 6;) {
      const auto account = keys::account_of(list[n].key);
      if (!account || list[n].tombstone) continue;
      ++found;
      Contents contents = clean;
      flip(contents.at(kAccountsChangelog)[p][n].value, n * 271);
      bool last = true;
      for (std::size_t i = n + 1; i < list.size(); ++i) last = last && list[i].key != list[n].key;

      const Report report = verified(contents);

      INFO(p << "@" << n << "\n" << kinds(report));
      std::size_t commit = n;
      while (list[commit].key != std::string("\0commit", 7)) ++commit;
      CHECK(located(report, "changelog_content", at(kAccountsChangelog, p, commit)));
      CHECK(located(report, "changelog_value", at(kAccountsChangelog, p, n)) == last);
      if (last) CHECK(report.findings.shown()[1].key == account->text());
    }
  }
  CHECK(found == 6);

  for (std::size_t n = 0; n < 10; ++n) {
    const std::string store = store_name(apps::kAccounts, static_cast<Partition>(busy_partition()));
    std::string key;
    const fs::path state = with_flipped_value(store, n * 7, key);
    const Report report = verified(clean, Delivery::exactly_once, true, state);
    INFO(kinds(report));
    REQUIRE(report.findings.total() == 1);
    CHECK(report.findings.shown().front().kind == "store_value");
    CHECK(report.findings.shown().front().where == store);
    CHECK(report.findings.shown().front().key == apps::verify::key_text(key));
  }
}

TEST_CASE("one flipped bit in a store's file is RocksDB's own error, with the file's name", "[verify]") {
  const fs::path copy = past().folder / "torn";
  fs::remove_all(copy);
  fs::copy(past().folder / "state", copy, fs::copy_options::recursive);
  const fs::path file = table_file(copy / "prospects-1");
  flip_bit(file, 200);

  const Report report = verified(past().contents, Delivery::exactly_once, true, copy);

  INFO(kinds(report));
  REQUIRE(report.findings.total() > 0);
  const auto& first = report.findings.shown().front();
  CHECK(first.kind == "store_damaged");
  CHECK(first.found.find(file.filename().string()) != std::string::npos);
}

TEST_CASE("a changed or missing input record shows in everything made of it", "[verify]") {
  Contents contents = past().contents;
  Kept& kept = contents.at("signals")[1][30];
  const std::size_t place = kept.value.find("\"id\":\"e-");
  REQUIRE(place != std::string::npos);
  flip(kept.value, (place + 8) * 8);
  const Report changed = verified(contents);
  INFO(kinds(changed));
  CHECK(changed.findings.total() > 0);

  contents = past().contents;
  contents.at("signals")[1].pop_back();
  const Report missing = verified(contents);
  INFO(kinds(missing));
  CHECK(located(missing, "input_short", at("signals", 1, contents.at("signals")[1].size())));
}

TEST_CASE("a group's offset that is not the marker's is found", "[verify]") {
  auto positions = past().positions;
  const std::string topic = GENERATE(as<std::string>(), "signals", "accounts.evidence");
  auto& position = positions.at({topic, static_cast<Partition>(busy_partition())});
  SECTION("another offset") {
    --position.next;
  }
  SECTION("another commit") {
    position.metadata = "j1;s=1;h=abc";
  }
  SECTION("by hand") {
    position.metadata.clear();
  }
  const auto log = log_with(past().contents, positions);
  const Report report = verify_log(*log, config_of(), past().folder / "state");
  CHECK(report.findings.total() == 1);
  CHECK(report.findings.shown().front().kind == "group_offset");
}

TEST_CASE("what retention has taken is said, and is no difference", "[verify]") {
  const auto emptied = [](const std::string& topic) {
    auto log = log_with(past().contents, past().positions, topic);
    // Retention takes records as they get old, in several passes.
    const auto gone = [&] { return log->watermarks({topic, 1})->begin == log->watermarks({topic, 1})->end; };
    for (int i = 0; i < 1000 && !gone(); ++i) std::this_thread::sleep_for(Millis{10});
    REQUIRE(log->watermarks({topic, 1})->begin == log->watermarks({topic, 1})->end);
    return log;
  };
  SECTION("of the outputs") {
    const auto log = emptied("recommendations.public");
    const Report report = verify_log(*log, config_of(), past().folder / "state");
    INFO(kinds(report));
    CHECK(report.findings.total() == 0);
    CHECK(report.outputs.expired > 100);
  }
  SECTION("of the input: changelog and store are still held against each other") {
    const auto log = emptied("signals");
    const Report report = verify_log(*log, config_of(), past().folder / "state");
    INFO(kinds(report));
    CHECK(report.findings.total() == 0);
    REQUIRE(report.findings.notes().size() == 2);
    CHECK(report.findings.notes().front().find("cannot be recomputed") != std::string::npos);
    for (const auto& partition : report.partitions) CHECK_FALSE(partition.recomputed);

    std::string key;
    const Report flipped = verify_log(*log, config_of(), with_flipped_value(store_name(apps::kProspects, 0), 3, key));
    CHECK(flipped.findings.total() == 1);
  }
}

TEST_CASE("behind the freshness gate rows are withheld, counted, and not allowed when strict", "[verify]") {
  const fs::path state = past().folder / "gated";
  auto log = empty_log();
  make_topics(*log);
  send_signals(*log, 0, 300);          // a backlog: three seconds long
  send_signals(*log, 30'000, 30'060);  // and five minutes later its head
  {
    Run run(*log, state);
    run.until_done(*log);
    REQUIRE(run.engine().stop());
  }
  auto config = config_of(Delivery::exactly_once, Millis{60'000});
  const Report report = verify_log(*log, config, state, false);
  INFO(kinds(report));
  CHECK(report.findings.total() == 0);
  CHECK(report.outputs.withheld > 200);
  // One more that is missing as a whole is one too many.
  Contents contents = contents_of(*log);
  for (const char* topic : {"recommendations.sales", "recommendations.public"}) contents.at(topic)[0].clear();
  const auto emptied = log_with(contents, positions_of(*log));
  config.engine.fresh_within = Millis{-1'000'000};  // as if all of them were old
  CHECK(located(verify_log(*emptied, config, state, false), "outputs_withheld", "signals/0"));

  const Report strict = verify_log(*log, config_of(), state, true);
  CHECK(strict.findings.total() == report.outputs.withheld * 2);
}

TEST_CASE("after a kill, state is whole and the store may be behind", "[verify]") {
  const fs::path state = past().folder / "killed";
  auto log = empty_log();
  make_topics(*log);
  for (int round = 0; round < 4; ++round) {
    send_signals(*log, round * 100, round * 100 + 100);
    Run run(*log, state);
    run.until_done(*log);
    if (round == 1) REQUIRE(run.engine().stop());
    if (round != 1) run.engine().kill();
  }
  const Report report = verify_log(*log, config_of(Delivery::at_least_once), state);
  INFO(kinds(report));
  CHECK(report.findings.total() == 0);
  for (const auto& partition : report.partitions) CHECK(partition.recomputed);
}

TEST_CASE("a store that is behind may hold old committed values and no others", "[verify]") {
  // The store as it was at an earlier commit, beside the changelog of the whole run.
  const fs::path state = past().folder / "early";
  auto log = empty_log();
  make_topics(*log);
  send_signals(*log, 0, 100);
  {
    Run run(*log, state);
    run.until_done(*log);
    REQUIRE(run.engine().stop());
  }
  fs::copy(state, past().folder / "before", fs::copy_options::recursive);
  send_signals(*log, 100, 200);
  {
    Run run(*log, state);
    run.until_done(*log);
    REQUIRE(run.engine().stop());
  }
  const Report behind = verify_log(*log, config_of(), past().folder / "before");
  INFO(kinds(behind));
  CHECK(behind.findings.total() == 0);
  for (const auto& partition : behind.partitions) CHECK(partition.store == "behind");

  auto stores = make_rocksdb_stores({.directory = past().folder / "before"});
  REQUIRE(stores);
  auto store = (*stores)->open("prospects-0");
  REQUIRE(store);
  std::string key, value;
  REQUIRE((*store)->scan([&](std::string_view k, std::string_view v) {
    if (apps::verify::key_text(k).starts_with("p-")) {
      key = k;
      value = v;
    }
  }));
  flip(value, 100);
  const std::vector<Change> change{{key, std::string_view(value)}};
  REQUIRE((*store)->write(change, (*store)->mark().value()));
  REQUIRE((*store)->flush());
  store->reset();
  const Report flipped = verify_log(*log, config_of(), past().folder / "before");
  INFO(kinds(flipped));
  REQUIRE(flipped.findings.total() == 1);
  CHECK(flipped.findings.shown().front().key == apps::verify::key_text(key));
}

TEST_CASE("verify reads the changelog's formats as the documents have them", "[verify]") {
  using namespace apps::verify;
  // Version 1, sequence 2, previous 3, content 4, count 5, time 6, one input `in` at 7: by hand, byte by byte.
  std::string bytes(
      "\1\2\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0\4\0\0\0\0\0\0\0\5\0\0\0\6\0\0\0\0\0\0\0\1\0\2\0in\7\0\0\0\0\0\0\0", 51);
  std::string hash;
  for (std::uint64_t bits = hash64(bytes), i = 0; i < 8; ++i, bits >>= 8U) hash.push_back(static_cast<char>(bits));
  const auto commit = read_commit(bytes + hash);
  REQUIRE(commit);
  CHECK(commit->sequence == 2);
  CHECK(commit->previous == 3);
  CHECK(commit->content == 4);
  CHECK(commit->count == 5);
  CHECK(commit->next_of("in") == 7);
  CHECK_FALSE(read_commit(bytes));
  CHECK_FALSE(read_commit(bytes + hash + "x"));
  // Version 2 says how it was delivered, and how many records were stale: 9.
  bytes[0] = 2;
  bytes.insert(37, std::string("\1\11\0\0\0\0\0\0\0", 9));
  hash.clear();
  for (std::uint64_t bits = hash64(bytes), i = 0; i < 8; ++i, bits >>= 8U) hash.push_back(static_cast<char>(bits));
  const auto second = read_commit(bytes + hash);
  REQUIRE(second);
  CHECK((second->exactly_once && second->stale == 9 && second->next_of("in") == 7));
  const auto mark = read_mark("j1;g=ff;n=12;s=3;h=abc;t=1");
  REQUIRE(mark);
  CHECK((mark->genesis == 255 && mark->offset == 12 && mark->sequence == 3 && mark->hash == 0xabc));
  CHECK_FALSE(read_mark("j1;g=ff;n=12"));
  CHECK_FALSE(read_certificate("by hand"));
}
