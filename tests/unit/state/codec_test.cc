#include "juncture/state/codec.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>

#include "juncture/core/hash.h"
#include "juncture/inference/filter.h"
#include "juncture/state/keys.h"
#include "state/bytes.h"
#include "unit/inference/journey.h"

using namespace juncture;
using namespace juncture::test;

namespace {

// Numbers chosen by hand: the golden file must not move when inference does.
BeliefState sample_belief(int k) {
  BeliefState out;
  out.started = true;
  for (std::size_t p = 0; p + 1 < kPhases; ++p) out.phases[p] = p < 30 ? 1.0F / 32 : 1.0F / 16;
  out.activity = {.75F, .1875F, .0625F};
  out.visits = 2.5F;
  out.exposure_days = 12.25F;
  out.noise = .21875F;
  for (std::size_t r = 0; r < 15; ++r) out.roles[r] = static_cast<float>(r) / 8;
  out.moments = {.5F, .125F, .25F, .0625F, .0625F};
  out.first_ms = kStart;
  out.last_ms = out.belief_ms = kStart + k * kHour;
  out.residual = 4321;
  out.session_ms = kStart + kMinute;
  out.session_signals = 3;
  out.session_text_count = 2;
  out.session_texts[0] = 0xdeadbeef;
  out.session_texts[1] = 0x01020304;
  out.mode_since_ms = kStart + 2;
  out.mode = 9;
  out.challenger = 10;
  out.challenges = 1;
  out.signals = 517;
  out.offline = 2;
  out.windows.add(kStart, true);
  out.windows.add(kStart + k * kHour, false);
  out.consent = Consent::granted;
  out.device = Device::mobile;
  out.known = true;
  out.dismissed = true;
  out.outcome = DealOutcome::no_decision;
  out.snoozed_until_ms = kStart + kDay;
  out.offer_count = 2;
  out.offers[0] = {7, kStart, FeedbackAction::click, 3};
  out.offers[1] = {8, kStart + 1, FeedbackAction::impression, kNoKind};
  out.consumed_count = 1;
  out.consumed[0] = 99;
  return out;
}

TrackDay sample_day(std::uint32_t day) {
  TrackDay out;
  out.day = day;
  for (std::size_t s = 0; s < kStages; ++s) out.against[s] = static_cast<std::uint8_t>(16 * s);
  out.signals = 7;
  out.visits = 2;
  out.offline = 1;
  out.outcome = DealOutcome::lost;
  return out;
}

// As version 1 held it.
Prospect sample_v1() {
  Prospect out;
  out.head = sample_belief(30);
  out.base = sample_belief(1);
  out.base.strict = true;
  out.base.counted = 4;
  out.has_fold = out.has_denial = true;
  out.folded = {kStart, 5};
  out.denied = {kStart - 1, 4};
  out.tail_count = 3;
  out.tail[0] = query_for(9, kStart + kHour, 6);
  out.tail[0].role = 4;
  out.tail[0].role_strength = 11;
  out.tail[0].form = Form::long_;
  out.tail[0].clamped = true;
  out.tail[1] = Evidence{};
  out.tail[1].at = {kStart + 2 * kHour, 1};
  out.tail[1].type = SignalType::feedback;
  out.tail[1].action = FeedbackAction::snooze;
  out.tail[1].by_analyst = true;
  out.tail[1].until_ms = kStart + kDay;
  out.tail[1].content = 7;
  out.tail[1].kind = 17;
  out.tail[2] = Evidence{};
  out.tail[2].at = {kStart + 30 * kHour, 2};
  out.tail[2].stripped = true;
  out.notes[0] = {9, 204};
  out.notes[1] = {10, 0};
  out.notes[2] = {13, 255};
  out.text_count = 1;
  out.texts[0].at = out.tail[0].at;
  out.texts[0].size = 5;
  std::copy_n("rfp\xc3\xa9", 5, out.texts[0].bytes.begin());
  out.account.at = out.tail[1].at;
  out.account.size = 4;
  std::copy_n("acme", 4, out.account.bytes.begin());
  return out;
}

// As version 2 held it.
Prospect sample_v2() {
  Prospect out = sample_v1();
  for (BeliefState* belief : {&out.head, &out.base}) {
    belief->conditions = bit_of(Condition::surge) | bit_of(Condition::stalled);
    belief->track.count = 2;
    belief->track.days[0] = sample_day(20'000);
    belief->track.days[1] = sample_day(20'417);
  }
  out.account.basis = AccountBasis::domain;
  out.link = {true, {kStart + 3, 9}, 0x0102030405060708, 4, {}};
  std::copy_n("zeta", 4, out.link.account.begin());
  out.checked_ms = kStart + 60 * kDay;
  out.check_due = 980'040;
  return out;
}

Prospect sample() {
  Prospect out = sample_v2();
  for (BeliefState* belief : {&out.head, &out.base}) {
    belief->track.days[0].stage = 41;
    belief->track.days[0].active = 255;
    belief->track.days[1].stage = 221;
    belief->track.days[1].active = 3;
  }
  return out;
}

std::string slurp(const std::string& name) {
  std::ifstream in(JUNCTURE_SOURCE_DIR "/tests/unit/state/golden/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// A prospect with everything at its limit.
Prospect largest() {
  Dice dice{1};
  Prospect out;
  const std::string words(400, 'w');
  for (int i = 0; i < 200; ++i) {
    const std::int64_t at = kStart + i * 20 * kMinute;
    const auto id = static_cast<std::uint64_t>(i + 1);
    Evidence e = i % 3 == 0 ? query_for(3, at, id) : random_evidence(dice, at, id, true);
    absorb(chain(), out, e, {.text = words, .account = words});
    Evidence shown;
    shown.at = {at, id + 1000};
    shown.type = SignalType::feedback;
    shown.consent = Consent::granted;
    shown.action = FeedbackAction::click;
    shown.content = static_cast<std::uint32_t>(i + 1);
    absorb(chain(), out, shown);
  }
  return out;
}

// Encodes, damages the body and makes the checksum right again: what only the checks of each field can catch.
std::string resealed(std::string bytes) {
  const auto flags = static_cast<std::uint16_t>(static_cast<unsigned char>(bytes[2]));
  const std::uint64_t sum = hash64(std::string_view(bytes).substr(12), std::uint64_t{kProspectVersion} << 16U | flags);
  std::string header;
  ByteWriter(header).put(sum);
  bytes.replace(4, 8, header);
  return bytes;
}

}  // namespace

TEST_CASE("the bytes of a prospect are those of the golden file", "[codec]") {
  std::string bytes;
  encode(sample(), bytes);
  CHECK(bytes.size() == slurp("prospect-v3.bin").size());
  CHECK(bytes == slurp("prospect-v3.bin"));
  encode_tombstone(from_ms(kStart), bytes);
  CHECK(bytes == slurp("tombstone-v3.bin"));
  CHECK(decode_tombstone(bytes) == from_ms(kStart));
  Prospect out;
  CHECK_FALSE(decode(bytes, out));
}

TEST_CASE("a value of version 1 is still read, and written as what it is now", "[codec]") {
  Prospect out = largest();
  REQUIRE(decode(slurp("prospect-v1.bin"), out));
  const Prospect before = sample_v1();
  CHECK(out.head == before.head);
  CHECK(out.base == before.base);
  CHECK(out.account == before.account);
  CHECK_FALSE(out.link.known);
  CHECK(out.check_due == 0);
  std::string again, expected;
  encode(out, again);
  encode(before, expected);
  CHECK(again == expected);
  CHECK(decode_tombstone(slurp("tombstone-v1.bin")) == from_ms(kStart));
}

TEST_CASE("a value of version 2 is still read: its days do not say where they ended", "[codec]") {
  Prospect out = largest();
  REQUIRE(decode(slurp("prospect-v2.bin"), out));
  const Prospect before = sample_v2();
  CHECK(out.head == before.head);
  CHECK(out.base == before.base);
  std::string again, expected;
  encode(out, again);
  encode(before, expected);
  CHECK(again == expected);
  CHECK(decode_tombstone(slurp("tombstone-v2.bin")) == from_ms(kStart));
}

TEST_CASE("a value of a newer version is told from a damaged one", "[codec]") {
  std::string bytes;
  encode(sample(), bytes);
  const std::string body = bytes.substr(12) + "what the newer version adds";
  std::string newer;
  ByteWriter writer(newer);
  const std::uint16_t version = kProspectVersion + 1, flags = 8;
  writer.put(version);
  writer.put(flags);
  writer.put(hash64(body, std::uint64_t{version} << 16U | flags));
  newer += body;
  Prospect out;

  const Status refused = decode(newer, out);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == "format_newer");
  CHECK(refused.error().domain == Domain::setup);

  bytes[0] = static_cast<char>(bytes[0] ^ 1);  // a flipped bit in the version
  const Status damaged = decode(bytes, out);
  REQUIRE_FALSE(damaged);
  CHECK(damaged.error().code == "state_corrupt");
}

TEST_CASE("golden files are written on request", "[.golden]") {
  std::string bytes;
  encode(sample(), bytes);
  std::ofstream(JUNCTURE_SOURCE_DIR "/tests/unit/state/golden/prospect-v3.bin", std::ios::binary) << bytes;
  encode_tombstone(from_ms(kStart), bytes);
  std::ofstream(JUNCTURE_SOURCE_DIR "/tests/unit/state/golden/tombstone-v3.bin", std::ios::binary) << bytes;
}

TEST_CASE("what is decoded encodes to the same bytes, over a value that held another prospect", "[codec]") {
  Dice dice{9};
  Prospect reused = largest();
  for (int n = 0; n < 50; ++n) {
    Prospect p;
    std::int64_t at = kStart;
    for (std::uint64_t i = 0; i < 1 + dice.below(90); ++i) {
      at += static_cast<std::int64_t>(dice.below(static_cast<std::uint64_t>(9 * kHour)));
      absorb(chain(), p, random_evidence(dice, at, i + 1, dice.below(5) != 0), {.text = "words", .account = "a"});
    }
    std::string bytes, again;
    encode(p, bytes);
    REQUIRE(decode(bytes, reused));
    encode(reused, again);
    CHECK(again == bytes);
    CHECK(reused.head == p.head);
    CHECK(reused.base == p.base);
    CHECK(std::equal(p.tail.begin(), p.tail.begin() + p.tail_count, reused.tail.begin()));
    CHECK(reused.texts == p.texts);
  }
  const Prospect full = sample();
  std::string bytes;
  encode(full, bytes);
  REQUIRE(decode(bytes, reused));
  CHECK(reused.head == full.head);
  for (std::size_t i = 0; i < 3; ++i) CHECK(reused.tail[i] == full.tail[i]);
}

TEST_CASE("the largest prospect stays within 8 KB", "[codec]") {
  const Prospect p = largest();
  std::string bytes;
  encode(p, bytes);
  CHECK(p.tail_count == kTailMax);
  CHECK(p.text_count == kTextsMax);
  CHECK(p.head.offer_count == kOffersMax);
  CHECK(p.head.consumed_count == kConsumedMax);
  CHECK(bytes.size() > 6000);
  CHECK(bytes.size() <= kProspectBytesMax);
  std::string one;
  Prospect first;
  absorb(chain(), first, query_for(1, kStart, 1), {.text = "payroll errors", .account = {}});
  encode(first, one);
  CHECK(one.size() < 640);
}

TEST_CASE("damaged bytes are refused", "[codec]") {
  Dice dice{21};
  std::string good;
  encode(largest(), good);
  Prospect out;
  for (std::size_t n = 0; n < good.size(); n += 37) CHECK_FALSE(decode(std::string_view(good).substr(0, n), out));
  for (int n = 0; n < 3000; ++n) {
    std::string bad = good;
    bad[dice.below(bad.size())] ^= static_cast<char>(1U << dice.below(8));
    CHECK_FALSE(decode(bad, out));
  }
  CHECK_FALSE(decode(good + "x", out));
  CHECK_FALSE(decode("", out));
}

TEST_CASE("damage under a right checksum is refused or read as another valid prospect", "[codec]") {
  Dice dice{22};
  std::string small, big;
  encode(sample(), small);
  encode(largest(), big);
  Prospect out;
  int accepted = 0;
  for (int n = 0; n < 20'000; ++n) {
    std::string bad = n % 2 == 0 ? small : big;
    for (std::uint64_t k = 0; k <= dice.below(3); ++k) {
      bad[12 + dice.below(bad.size() - 12)] = static_cast<char>(dice.next());
    }
    if (dice.below(4) == 0) bad.resize(12 + dice.below(bad.size() - 12));
    bad = resealed(bad);
    if (!decode(bad, out)) continue;
    ++accepted;
    std::string again;
    encode(out, again);
    REQUIRE(again == bad);
    // Whatever was accepted can be worked with.
    const std::int64_t next = std::max(out.newest_ms(), std::int64_t{0}) + kHour;
    absorb(chain(), out, query_for(1, next, dice.next()));
    static_cast<void>(read(chain(), out, from_ms(next + kDay)));
  }
  CHECK(accepted > 100);
}

TEST_CASE("keys sort by kind and time and give the id back", "[codec]") {
  std::string a, b;
  keys::prospect(ProspectId("anna"), a);
  CHECK(a == std::string("\1Panna", 6));
  CHECK(keys::prospect_of(a) == ProspectId("anna"));
  keys::expiry_bucket(255, a);
  keys::expiry_bucket(256, b);
  CHECK(a < b);
  CHECK_FALSE(keys::prospect_of(a));
}
